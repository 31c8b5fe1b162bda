package dev.penstock.streams;

import dev.penstock.streams.view.ViewProgress;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;

/**
 * The few figures of Kafka Streams that tell how the view is doing. Micrometer's binder would
 * export all of them for each thread, task, node and store, which grows with the partitions; these
 * are the worst of their kind, whatever the number.
 */
final class StreamsMeters {
  private static final double SECOND = 1e-3;

  private StreamsMeters() {}

  /** Partitions of the view. */
  static void bind(ViewProgress progress, MeterRegistry registry) {
    Gauge.builder("penstock.streams.partitions", progress, ViewProgress::size)
        .description("Partitions of the view that this instance serves")
        .register(registry);
  }

  /**
   * What tells how an application is doing.
   *
   * @param app its name as a label
   */
  static void bind(KafkaStreams streams, String app, MeterRegistry registry) {
    var meters = new App(streams, app, registry);
    meters.worst(
        "input.lag",
        "Records that the slowest input partition is behind",
        "records",
        1,
        new Source("consumer-fetch-manager-metrics", "records-lag-max"));
    meters.worst(
        "restore.remaining",
        "Records that are still to be restored before all partitions are served",
        "records",
        1,
        new Source("stream-task-metrics", "restore-remaining-records-total"));
    meters.worst(
        "delay.max",
        "Longest time lately between a record's being written and its being read here",
        "seconds",
        SECOND,
        new Source("stream-processor-node-metrics", "record-e2e-latency-max"));
    meters.worst(
        "commit.latency.max",
        "Longest commit of a stream thread lately",
        "seconds",
        SECOND,
        new Source("stream-thread-metrics", "commit-latency-max"));
    meters.worst(
        "process.latency.max",
        "Longest processing of one batch lately",
        "seconds",
        SECOND,
        new Source("stream-thread-metrics", "process-latency-max"));
    meters.worst(
        "failed.threads",
        "Stream threads that failed since the start",
        null,
        1,
        new Source("stream-metrics", "failed-stream-threads"));
    meters.worst(
        "alive.threads",
        "Stream threads that run",
        null,
        1,
        new Source("stream-metrics", "alive-stream-threads"));
  }

  /** A metric of Kafka. */
  private record Source(String group, String name) {}

  private record App(KafkaStreams streams, String app, MeterRegistry registry) {
    void worst(
        String name, String description, @Nullable String unit, double factor, Source source) {
      Gauge.builder("penstock.streams." + name, streams, from -> max(from, source) * factor)
          .description(description)
          .baseUnit(unit)
          .tag("app", app)
          .register(registry);
    }
  }

  private static double max(KafkaStreams streams, Source source) {
    double max = 0;
    for (Map.Entry<MetricName, ? extends Metric> entry : streams.metrics().entrySet()) {
      MetricName name = entry.getKey();
      if (name.name().equals(source.name)
          && name.group().equals(source.group)
          && entry.getValue().metricValue() instanceof Number value
          && value.doubleValue() > max) {
        max = value.doubleValue();
      }
    }
    return max;
  }
}
