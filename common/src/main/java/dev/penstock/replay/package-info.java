/** Ways out of the dead letters: plans, what became of each dead letter, and who wanted it. */
@NullMarked
package dev.penstock.replay;

import org.jspecify.annotations.NullMarked;
