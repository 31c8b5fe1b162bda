/** What workers tell each other of the limits that they share. */
@NullMarked
package dev.penstock.limit;

import org.jspecify.annotations.NullMarked;
