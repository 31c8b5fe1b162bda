/**
 * The worker in simulation: its real code on a simulated Kafka, clock and provider, under faults
 * that follow from a seed, judged by the laws. {@code Simulation} is the file to read first.
 */
@NullMarked
package dev.penstock.chaos.simulated;

import org.jspecify.annotations.NullMarked;
