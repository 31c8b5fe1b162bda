package dev.penstock.api.http;

import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Workers, providers, topics and the records of jobs, relayed from the service that keeps the
 * views.
 */
final class FleetRelay {
  private static final Pattern WORKER = Pattern.compile("[a-zA-Z0-9._-]{1,200}");

  private final ServiceClient views;

  FleetRelay(ServiceClient views) {
    this.views = views;
  }

  List<Route> routes() {
    return List.of(
        new Route(Method.GET, "/v1/workers", read("/internal/v1/workers")),
        new Route(Method.POST, "/v1/workers/{id}/drain", command("drain")),
        new Route(Method.POST, "/v1/workers/{id}/resume", command("resume")),
        new Route(Method.GET, "/v1/providers", read("/internal/v1/providers")),
        new Route(Method.GET, "/v1/topics", read("/internal/v1/topics")),
        new Route(Method.GET, "/v1/jobs/{id}/records", ofJob("/records")),
        new Route(Method.GET, "/v1/jobs/{id}/input", ofJob("/input")));
  }

  /** Relays a GET with its query. */
  Handler read(String path) {
    return (request, response) -> {
      String query = request.query().rawValue();
      String whole = query.isEmpty() ? path : path + "?" + query;
      relay(request, response, views.get(whole, Map.of()));
    };
  }

  private Handler ofJob(String suffix) {
    return (request, response) ->
        relay(
            request,
            response,
            views.get(JobViews.path(JobViews.jobId(request)) + suffix, Map.of()));
  }

  private Handler command(String what) {
    return (request, response) -> {
      String worker = request.path().pathParameters().get("id");
      if (!WORKER.matcher(worker).matches()) {
        throw new ProblemException(
            Problem.of(
                ProblemType.WORKER_NOT_FOUND,
                "the id of a worker is 1 to 200 letters, digits, '.', '_' and '-'"));
      }
      relay(request, response, views.post("/internal/v1/workers/" + worker + "/" + what));
    };
  }

  private static void relay(
      ServerRequest request, ServerResponse response, HttpResponse<byte[]> answer) {
    int status = answer.statusCode();
    if (status != 200 && status != 202) {
      JobViews.refuse(request, response, status, answer, answer.body());
      return;
    }
    Answers.closeUnlessRead(request, response);
    response.status(Status.create(status));
    response.header(Answers.JSON);
    response.send(answer.body());
  }
}
