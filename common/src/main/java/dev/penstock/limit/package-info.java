/** What workers tell each other of the limits and budgets that they share. */
@NullMarked
package dev.penstock.limit;

import org.jspecify.annotations.NullMarked;
