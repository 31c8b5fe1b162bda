package dev.penstock.worker;

import dev.penstock.job.Job;
import dev.penstock.job.JobKind;
import dev.penstock.worker.cache.CacheMetrics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** The cache of answers as metrics, by route (or provider) and kind, of which there are few. */
final class CacheMeters implements CacheMetrics {
  private final MeterRegistry registry;
  private final Function<Job, String> route;
  private final Counter evicted;
  private final Map<Event, Map<Labels, Counter>> events = new EnumMap<>(Event.class);
  private final Map<Bypass, Counter> bypasses = new HashMap<>();
  private volatile LongSupplier entries = CacheMeters::nothing;
  private volatile LongSupplier bytes = CacheMeters::nothing;

  private record Labels(String route, JobKind kind) {}

  private record Bypass(Labels labels, String reason) {}

  /**
   * @param route the label of a job's route, of few different values
   */
  CacheMeters(MeterRegistry registry, Function<Job, String> route) {
    this.registry = registry;
    this.route = route;
    this.evicted =
        Counter.builder("penstock.worker.cache.evictions")
            .description("Answers that gave way to others before they expired")
            .register(registry);
    Gauge.builder("penstock.worker.cache.entries", () -> entries.getAsLong())
        .description("Answers in this worker's memory")
        .register(registry);
    Gauge.builder("penstock.worker.cache.size", () -> bytes.getAsLong())
        .description("What the answers in this worker's memory take")
        .baseUnit("bytes")
        .register(registry);
  }

  private static long nothing() {
    return 0;
  }

  @Override
  public void counted(Event event, Job job) {
    events
        .computeIfAbsent(event, _ -> new HashMap<>())
        .computeIfAbsent(labels(job), labels -> counter(event, labels))
        .increment();
  }

  private static String name(Event event) {
    return switch (event) {
      case HIT -> "penstock.worker.cache.hits";
      case MISS -> "penstock.worker.cache.misses";
      case WAIT -> "penstock.worker.cache.waits";
      case STORE -> "penstock.worker.cache.stores";
    };
  }

  private Labels labels(Job job) {
    return new Labels(route.apply(job), job.input().kind());
  }

  private static String description(Event event) {
    return switch (event) {
      case HIT -> "Jobs that were served with an answer that was there";
      case MISS -> "Calls that were made for all who ask the same";
      case WAIT -> "How often a job began to wait for another one's call";
      case STORE -> "Answers that were kept";
    };
  }

  private Counter counter(Event event, Labels labels) {
    return Counter.builder(name(event))
        .description(description(event))
        .tag("route", labels.route())
        .tag("kind", labels.kind().wireName())
        .register(registry);
  }

  @Override
  public void bypassed(Job job, String reason) {
    bypasses
        .computeIfAbsent(
            new Bypass(labels(job), reason),
            bypass ->
                Counter.builder("penstock.worker.cache.bypassed")
                    .description("Calls that were made past the cache, and answers not kept")
                    .tag("route", bypass.labels().route())
                    .tag("kind", bypass.labels().kind().wireName())
                    .tag("reason", reason)
                    .register(registry))
        .increment();
  }

  @Override
  public void evicted() {
    evicted.increment();
  }

  @Override
  public void sizes(LongSupplier newEntries, LongSupplier newBytes) {
    entries = newEntries;
    bytes = newBytes;
  }
}
