/** Which language a text is written in. */
@NullMarked
package dev.penstock.local.language;

import org.jspecify.annotations.NullMarked;
