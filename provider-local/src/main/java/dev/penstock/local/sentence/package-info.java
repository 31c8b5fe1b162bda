/** Where sentences begin and end, by language. */
@NullMarked
package dev.penstock.local.sentence;

import org.jspecify.annotations.NullMarked;
