/** The simulated Kafka, held against the real one. */
@NullMarked
package dev.penstock.chaos.simulated.kafka;

import org.jspecify.annotations.NullMarked;
