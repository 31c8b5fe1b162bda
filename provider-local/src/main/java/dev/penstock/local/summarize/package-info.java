/** The most telling sentences of a text. */
@NullMarked
package dev.penstock.local.summarize;

import org.jspecify.annotations.NullMarked;
