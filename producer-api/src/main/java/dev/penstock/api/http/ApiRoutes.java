package dev.penstock.api.http;

import dev.penstock.runtime.ops.OpsRoutes;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/** All operations of the contract, and the answers to what is none. */
final class ApiRoutes {
  private static final List<String> OPS = List.of("/healthz", "/readyz", "/metrics");

  private final List<Route> routes;
  private final OpsRoutes ops;
  private final RequestMetrics metrics;
  private final RequestTraces traces;

  ApiRoutes(List<Route> routes, OpsRoutes ops, RequestMetrics metrics, RequestTraces traces) {
    this.routes = List.copyOf(routes);
    this.ops = ops;
    this.metrics = metrics;
    this.traces = traces;
  }

  /** {@code METHOD /path} of every operation, as the contract writes them. */
  List<String> operations() {
    var operations = new ArrayList<String>();
    routes.forEach(route -> operations.add(route.method().text() + " " + route.path()));
    OPS.forEach(path -> operations.add("GET " + path));
    return operations;
  }

  void register(HttpRouting.Builder routing) {
    routing.addFilter(ApiRoutes::frame);
    routing.register(ops);
    var methods = new TreeMap<String, TreeSet<String>>();
    for (Route route : routes) {
      routing.route(route.method(), route.path(), traces.around(route, route.guarded(metrics)));
      methods.computeIfAbsent(route.path(), _ -> new TreeSet<>()).add(route.method().text());
    }
    OPS.forEach(path -> methods.computeIfAbsent(path, _ -> new TreeSet<>()).add("GET"));
    methods.forEach((path, allowed) -> routing.any(path, notAllowed(String.join(", ", allowed))));
    routing.any(
        new Route(
                Method.create("-"),
                "other",
                (request, response) ->
                    Answers.send(
                        request,
                        response,
                        Problem.of(
                            ProblemType.NOT_FOUND, "see /docs for what there is on this server")))
            .guarded(metrics));
  }

  /** Around every request, whoever answers it. */
  private static void frame(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    for (Header header : Answers.SECURITY) {
      response.header(header);
    }
    try {
      chain.proceed();
    } finally {
      IncomingBytes.current()
          .requestDone(request.content().hasEntity() && !request.content().consumed());
    }
  }

  private Handler notAllowed(String allowed) {
    return new Route(
            Method.create("-"),
            "other",
            (request, response) -> {
              response.header(HeaderNames.ALLOW, allowed);
              Answers.send(
                  request,
                  response,
                  Problem.of(ProblemType.METHOD_NOT_ALLOWED, "allowed here: " + allowed));
            })
        .guarded(metrics);
  }
}
