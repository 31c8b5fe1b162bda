/** How well labels fit a text, without training. */
@NullMarked
package dev.penstock.local.classify;

import org.jspecify.annotations.NullMarked;
