/** Other ways to run jobs from Kafka, set up to do the worker's work. */
@NullMarked
package dev.penstock.bench.peer;

import org.jspecify.annotations.NullMarked;
