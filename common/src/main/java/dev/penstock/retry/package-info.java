/** When and how often a failed attempt is made again. */
@NullMarked
package dev.penstock.retry;

import org.jspecify.annotations.NullMarked;
