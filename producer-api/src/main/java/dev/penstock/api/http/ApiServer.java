package dev.penstock.api.http;

import dev.penstock.api.publish.JobPublisher;
import dev.penstock.api.schedule.Schedules;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.runtime.ops.HttpConfig;
import dev.penstock.runtime.ops.HttpEndpoint;
import dev.penstock.runtime.ops.Metrics;
import dev.penstock.runtime.ops.OpsRoutes;
import dev.penstock.runtime.telemetry.Traces;
import dev.penstock.submission.CacheEntryReader;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.DirectHandler;
import io.helidon.http.Method;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The HTTP server of the intake. Thread-safe. */
public final class ApiServer implements Service {
  /** How often the server looks for connections that are idle for too long. */
  private static final Duration IDLE_CHECK = Duration.ofSeconds(5);

  private final HttpEndpoint endpoint;
  private final ApiRoutes routes;
  private final JobViews views;

  private ApiServer(HttpEndpoint endpoint, ApiRoutes routes, JobViews views) {
    this.endpoint = endpoint;
    this.routes = routes;
    this.views = views;
  }

  /**
   * What the server works with.
   *
   * @param defaultModel of requests that name none
   * @param health that of the whole service, for the readiness page
   * @param traces where requests are told of
   */
  public record Parts(
      Contract contract,
      Intake intake,
      JobPublisher publisher,
      Schedules schedules,
      ServiceClient views,
      ServiceClient replayers,
      Metrics metrics,
      String defaultModel,
      Supplier<Health> health,
      Traces traces) {}

  /** A server that is not started. */
  public static ApiServer of(HttpConfig http, Limits limits, InstantSource clock, Parts parts) {
    var metrics = new RequestMetrics(parts.metrics().registry());
    var reader = new SubmissionReader(parts.contract(), clock);
    var rateLimit = new RateLimit(limits.jobsPerSecond());
    var single = new SubmitJob(reader, parts.intake(), rateLimit, limits, metrics);
    var stream = new SubmitStream(reader, parts.intake(), rateLimit, limits, metrics);
    var views = new JobViews(parts.views(), limits.eventStreams(), metrics);
    var cancel = new CancelJob(parts.views(), parts.publisher(), clock);
    var release = new ReleaseJob(parts.views(), parts.publisher());
    var retryNow = new RetryJobNow(parts.views(), parts.publisher(), clock);
    var routes = new ArrayList<Route>();
    routes.add(
        new Route(
            Method.POST,
            "/v1/jobs",
            (request, response) -> submit(single, stream, request, response)));
    var pages = new ViewPages(parts.views());
    routes.add(new Route(Method.GET, "/v1/jobs", pages::relay));
    routes.add(new Route(Method.GET, "/v1/jobs/{id}", views::job));
    routes.add(new Route(Method.DELETE, "/v1/jobs/{id}", cancel::handle));
    routes.add(new Route(Method.POST, "/v1/jobs/{id}/release", release::handle));
    routes.add(new Route(Method.POST, "/v1/jobs/{id}/retry-now", retryNow::handle));
    routes.add(new Route(Method.GET, "/v1/jobs/{id}/result", views::result));
    routes.add(new Route(Method.GET, "/v1/jobs/{id}/events", views::events));
    var fleet = new FleetRelay(parts.views());
    routes.addAll(fleet.routes());
    for (String path : List.of("/v1/metrics", "/v1/overview", "/v1/failures")) {
      routes.add(new Route(Method.GET, path, fleet.read(path)));
    }
    routes.add(new Route(Method.GET, "/v1/live", views::live));
    routes.addAll(new ScheduleRoutes(parts.schedules(), limits).routes());
    var entries = new CacheEntryReader(parts.contract(), reader, parts.defaultModel());
    routes.addAll(new CacheRoutes(entries, parts.publisher(), limits).routes());
    routes.addAll(new ReplayRelay(parts.replayers(), limits).routes());
    routes.addAll(new DocsPages(parts.contract()).routes());
    var api =
        new ApiRoutes(
            routes,
            new OpsRoutes(parts.health(), parts.metrics()),
            metrics,
            new RequestTraces(parts.traces(), clock));
    var endpoint =
        new HttpEndpoint("api", http, builder -> configure(builder, limits, api, metrics));
    return new ApiServer(endpoint, api, views);
  }

  private static void submit(
      SubmitJob single, SubmitStream stream, ServerRequest request, ServerResponse response) {
    Bodies.checkNotEncoded(request);
    switch (Bodies.mediaType(request)) {
      case "application/json" -> single.handle(request, response);
      case "application/x-ndjson" -> stream.handle(request, response);
      default ->
          throw new ProblemException(
              Problem.of(
                  ProblemType.UNSUPPORTED_MEDIA_TYPE,
                  "send Content-Type application/json (one job) or application/x-ndjson (one job a"
                      + " line)"));
    }
  }

  private static void configure(
      WebServerConfig.Builder builder, Limits limits, ApiRoutes routes, RequestMetrics metrics) {
    var problems = new TransportProblems(metrics);
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(type, problems);
    }
    builder
        .protocolsDiscoverServices(false)
        .addConnectionSelector(new ConnectionGuard(limits.bodyTimeout()))
        .connectionOptions(AcceptedSockets.of(IncomingBytes.TICK))
        .idleConnectionTimeout(IncomingBytes.KEEP_ALIVE)
        .idleConnectionPeriod(IDLE_CHECK)
        .directHandlers(handlers.build())
        // Gives the direct handlers the reason; they pass on none of it.
        .errorHandling(errors -> errors.includeEntity(true))
        .routing(routes::register);
  }

  /** {@code METHOD /path} of every operation that it serves, as the contract writes them. */
  public List<String> operations() {
    return routes.operations();
  }

  /** The port that it listens on; 0 before the start. */
  public int port() {
    return endpoint.port();
  }

  @Override
  public String name() {
    return endpoint.name();
  }

  @Override
  public void start() {
    endpoint.start();
  }

  @Override
  public Health health() {
    return endpoint.health();
  }

  @Override
  public void close() {
    views.close();
    endpoint.close();
  }
}
