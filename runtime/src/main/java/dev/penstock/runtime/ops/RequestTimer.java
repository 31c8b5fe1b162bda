package dev.penstock.runtime.ops;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Times each request by method, route and status. The route is the pattern that the request
 * matched, so there are as many as were registered; what matched none is {@code other}. A request
 * that is answered by a stream of events lasts as long as someone listens. Thread-safe.
 */
public final class RequestTimer implements Filter {
  private static final String OTHER = "other";
  private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "DELETE");

  private final MeterRegistry registry;
  private final String name;
  private final Map<Labels, Timer> timers = new ConcurrentHashMap<>();

  private record Labels(String method, String route, int status) {}

  /**
   * @param name of the metric, without its unit
   */
  public RequestTimer(MeterRegistry registry, String name) {
    this.registry = registry;
    this.name = name;
  }

  @Override
  public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    long start = System.nanoTime();
    try {
      chain.proceed();
    } finally {
      String method = request.prologue().method().text();
      timer(
              new Labels(
                  METHODS.contains(method) ? method : OTHER,
                  request.matchingPattern().orElse(OTHER),
                  response.status().code()))
          .record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
    }
  }

  private Timer timer(Labels labels) {
    return timers.computeIfAbsent(
        labels,
        _ ->
            Timer.builder(name)
                .description("Requests by method, route and status")
                .tag("method", labels.method)
                .tag("route", labels.route)
                .tag("status", String.valueOf(labels.status))
                .serviceLevelObjectives(Buckets.exchanges())
                .register(registry));
  }
}
