/** Attempts, calls and commits as parts of their jobs' traces. */
@NullMarked
package dev.penstock.worker.trace;

import org.jspecify.annotations.NullMarked;
