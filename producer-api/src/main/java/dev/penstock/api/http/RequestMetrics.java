package dev.penstock.api.http;

import dev.penstock.api.publish.Acceptance;
import dev.penstock.runtime.ops.Buckets;
import dev.penstock.submission.problem.ProblemType;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What the intake counts. Labels are routes, statuses and codes: bounded. Thread-safe. */
public final class RequestMetrics {
  private final MeterRegistry registry;
  private final Map<String, Timer> requests = new ConcurrentHashMap<>();
  private final Counter accepted;
  private final Counter replayed;
  private final Map<ProblemType, Counter> refused = new EnumMap<>(ProblemType.class);

  public RequestMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.accepted = jobs("accepted");
    this.replayed = jobs("replayed");
    for (ProblemType type : ProblemType.values()) {
      refused.put(type, jobs(type.code()));
    }
  }

  /** A request was answered. */
  void answered(String method, String route, int status, long nanos) {
    requests
        .computeIfAbsent(
            method + " " + route + " " + status,
            _ ->
                Timer.builder("penstock.api.requests")
                    .description(
                        "Requests by method, route and status; those for events last as long as"
                            + " someone listens")
                    .tag("method", method)
                    .tag("route", route)
                    .tag("status", String.valueOf(status))
                    .serviceLevelObjectives(Buckets.exchanges())
                    .register(registry))
        .record(Duration.ofNanos(nanos));
  }

  /** A request was refused before it reached a route. */
  void refused(String route, ProblemType type) {
    answered("-", route, type.status(), 0);
  }

  /** A submission was answered. */
  void submitted(Acceptance acceptance) {
    switch (acceptance) {
      case Acceptance.Accepted job -> (job.replayed() ? replayed : accepted).increment();
      case Acceptance.Refused(var problem) -> refused(problem.type());
    }
  }

  /** A submission was refused. */
  void refused(ProblemType type) {
    Counter counter = refused.get(type);
    if (counter != null) {
      counter.increment();
    }
  }

  /** A gauge that follows the returned number. */
  AtomicInteger gauge(String name, String description) {
    var number = new AtomicInteger();
    Gauge.builder(name, number, AtomicInteger::get).description(description).register(registry);
    return number;
  }

  private Counter jobs(String outcome) {
    return Counter.builder("penstock.api.jobs")
        .description("Submissions by what they were answered")
        .tag("outcome", outcome)
        .register(registry);
  }
}
