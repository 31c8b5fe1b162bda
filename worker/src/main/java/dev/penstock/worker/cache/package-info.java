/**
 * Answers that identical jobs share, over all workers: who makes the call, who waits for it, and
 * what is kept for how long.
 */
@NullMarked
package dev.penstock.worker.cache;

import org.jspecify.annotations.NullMarked;
