package dev.penstock.worker.hold;

import dev.penstock.runtime.ops.Buckets;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/** What is measured of the hold topics, by hold. Thread-safe. */
public final class HoldMetrics {
  private final Map<Duration, AtomicLong> waiting = new HashMap<>();
  private final Map<Duration, Counter> hops = new HashMap<>();
  private final Timer transactions;

  public HoldMetrics(MeterRegistry registry, Topics topics) {
    for (Duration hold : topics.holds()) {
      var tags = Tags.of("hold", Topics.holdName(hold));
      var records = new AtomicLong();
      Gauge.builder("penstock.worker.hold.waiting", records, AtomicLong::get)
          .description("Records in this worker's partitions of the hold topic that have to wait")
          .tags(tags)
          .register(registry);
      waiting.put(hold, records);
      hops.put(
          hold,
          Counter.builder("penstock.worker.hold.hops")
              .description("Records that were moved on out of the hold topic")
              .tags(tags)
              .register(registry));
    }
    transactions =
        Timer.builder("penstock.worker.hold.commit")
            .description("Transactions that move held jobs, from their begin to their commit")
            .serviceLevelObjectives(Buckets.exchanges())
            .register(registry);
  }

  /**
   * How many records wait in this worker's partitions of the hold; transaction markers are counted
   * too.
   */
  void waiting(Duration hold, long records) {
    Objects.requireNonNull(waiting.get(hold)).set(records);
  }

  void moved(Duration hold, int records) {
    Objects.requireNonNull(hops.get(hold)).increment(records);
  }

  void transaction(Duration time) {
    transactions.record(time);
  }
}
