package dev.penstock.worker;

import dev.penstock.worker.partial.PartialMetrics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts what is told of answers while they are written. */
final class PartialCounters implements PartialMetrics {
  private final Counter told;
  private final Counter lost;
  private final Counter leftOut;

  PartialCounters(MeterRegistry registry) {
    this.told =
        Counter.builder("penstock.worker.progress.pieces")
            .description("Pieces of answers that were handed to Kafka")
            .register(registry);
    this.lost =
        Counter.builder("penstock.worker.progress.lost")
            .description("Pieces handed to Kafka that it did not take in time")
            .register(registry);
    this.leftOut =
        Counter.builder("penstock.worker.progress.left.out.characters")
            .description("Characters that were written faster than they may be told")
            .register(registry);
  }

  @Override
  public void told() {
    told.increment();
  }

  @Override
  public void notTold() {
    lost.increment();
  }

  @Override
  public void leftOut(long chars) {
    leftOut.increment((double) chars);
  }
}
