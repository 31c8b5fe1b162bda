/**
 * Limits of providers: each holds for all workers together, so each worker has a share of it, and
 * what the workers tell each other moves the shares to where the work is.
 */
@NullMarked
package dev.penstock.worker.limit;

import org.jspecify.annotations.NullMarked;
