/** What every provider has to pass. */
@NullMarked
package dev.penstock.kit;

import org.jspecify.annotations.NullMarked;
