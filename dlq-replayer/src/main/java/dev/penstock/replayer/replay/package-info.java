/**
 * The decider of a partition of dead letters: who gets a next generation, and that nobody gets two.
 * {@link dev.penstock.replayer.replay.Decider} is to be read first.
 */
@NullMarked
package dev.penstock.replayer.replay;

import org.jspecify.annotations.NullMarked;
