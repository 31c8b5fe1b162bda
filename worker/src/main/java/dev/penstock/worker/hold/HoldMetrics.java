package dev.penstock.worker.hold;

import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.Counter;
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
      waiting.put(hold, registry.gauge("penstock.worker.hold.waiting", tags, new AtomicLong()));
      hops.put(hold, registry.counter("penstock.worker.hold.hops", tags));
    }
    transactions = registry.timer("penstock.worker.hold.commit");
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
