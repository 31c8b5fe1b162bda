/**
 * Kafka in memory: logs, transactions and their coordinator, consumer groups and theirs, and
 * clients with Kafka's own interfaces. What it does is what Kafka 4.3.1 does, as far as the worker
 * can see; KafkaConformanceTest runs against both.
 */
@NullMarked
package dev.penstock.chaos.simulated.kafka;

import org.jspecify.annotations.NullMarked;
