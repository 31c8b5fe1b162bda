package dev.penstock.streams;

import dev.penstock.streams.view.ViewProgress;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.streams.KafkaStreams;

/**
 * The few figures of Kafka Streams that tell how the view is doing. Micrometer's binder would
 * export all of them for each thread, task, node and store, which grows with the partitions; these
 * are the worst of their kind, whatever the number.
 */
final class StreamsMeters {
  private StreamsMeters() {}

  static void bind(KafkaStreams streams, ViewProgress progress, MeterRegistry registry) {
    Gauge.builder("penstock.streams.partitions", progress, ViewProgress::size)
        .description("Partitions of the view that this instance serves")
        .register(registry);
    worst(
        streams,
        registry,
        "penstock.streams.input.lag",
        "Records that the slowest input partition is behind",
        new Source("consumer-fetch-manager-metrics", "records-lag-max"));
    worst(
        streams,
        registry,
        "penstock.streams.commit.latency.max.ms",
        "Longest commit of a stream thread lately, in milliseconds",
        new Source("stream-thread-metrics", "commit-latency-max"));
    worst(
        streams,
        registry,
        "penstock.streams.process.latency.max.ms",
        "Longest processing of one batch lately, in milliseconds",
        new Source("stream-thread-metrics", "process-latency-max"));
    worst(
        streams,
        registry,
        "penstock.streams.failed.threads",
        "Stream threads that failed since the start",
        new Source("stream-metrics", "failed-stream-threads"));
    worst(
        streams,
        registry,
        "penstock.streams.alive.threads",
        "Stream threads that run",
        new Source("stream-metrics", "alive-stream-threads"));
  }

  /** A metric of Kafka. */
  private record Source(String group, String name) {}

  private static void worst(
      KafkaStreams streams,
      MeterRegistry registry,
      String name,
      String description,
      Source source) {
    Gauge.builder(name, streams, from -> max(from, source))
        .description(description)
        .register(registry);
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
