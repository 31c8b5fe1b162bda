/** The providers of this worker, and the simulated one. */
@NullMarked
package dev.penstock.worker.provider;

import org.jspecify.annotations.NullMarked;
