/** Tests of the fake providers. */
@NullMarked
package dev.penstock.fake;

import org.jspecify.annotations.NullMarked;
