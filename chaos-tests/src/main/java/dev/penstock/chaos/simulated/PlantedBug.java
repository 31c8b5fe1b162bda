package dev.penstock.chaos.simulated;

import dev.penstock.retry.RetryPolicy;
import dev.penstock.worker.core.CoreLimits;
import dev.penstock.worker.thread.Threads;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;

/** A mistake that a worker could make. */
enum PlantedBug {
  NONE;

  Threads threads(Threads threads) {
    return threads;
  }

  CoreLimits limits(CoreLimits limits) {
    return limits;
  }

  RetryPolicy retry(RetryPolicy retry) {
    return retry;
  }

  Producer<byte[], byte[]> producer(Producer<byte[], byte[]> producer) {
    return producer;
  }

  Consumer<byte[], byte[]> consumer(Consumer<byte[], byte[]> consumer) {
    return consumer;
  }
}
