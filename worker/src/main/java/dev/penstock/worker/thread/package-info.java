/** Threads and waiting, as a port: real ones in production, simulated ones in the simulation. */
@NullMarked
package dev.penstock.worker.thread;

import org.jspecify.annotations.NullMarked;
