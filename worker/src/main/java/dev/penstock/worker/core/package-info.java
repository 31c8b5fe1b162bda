/**
 * The decisions: events in, actions out, on one thread, without I/O and without a clock of its own.
 */
@NullMarked
package dev.penstock.worker.core;

import org.jspecify.annotations.NullMarked;
