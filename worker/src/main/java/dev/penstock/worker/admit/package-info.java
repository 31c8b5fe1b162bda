/**
 * Who is called for a job, and whether now: the chains of routes, and what each of their targets
 * says to it.
 */
@NullMarked
package dev.penstock.worker.admit;

import org.jspecify.annotations.NullMarked;
