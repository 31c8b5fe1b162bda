package dev.penstock.replayer.http;

import dev.penstock.replay.PlanId;
import dev.penstock.replayer.plan.Companion;
import dev.penstock.replayer.plan.Coordinator.Reply;
import dev.penstock.replayer.plan.Coordinator.Request;
import dev.penstock.replayer.travel.ExperimentRequests;
import dev.penstock.replayer.travel.Experiments;
import dev.penstock.runtime.ownership.Neighbours;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Experiments. Every replayer answers; one that does not coordinate passes on what changes
 * something. Thread-safe.
 *
 * <pre>
 *   POST /v1/experiments                   202, 400, 409, 413, 415, 422, 503
 *   GET  /v1/experiments                   200, 400, 503
 *   GET  /v1/experiments/{id}              200, 404, 503
 *   GET  /v1/experiments/{id}/items        200, 400, 404, 503
 *   POST /v1/experiments/{id}/{command}    200, 400, 404, 409, 413, 415, 422, 503
 * </pre>
 */
public final class ExperimentRoutes implements HttpService {
  private static final String PATH = "/v1/experiments";

  /** So long a read waits to know what is committed. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final ExperimentRequests requests;
  private final Experiments experiments;
  private final PlanDesk desk;

  /**
   * @param desk takes what changes one
   */
  public ExperimentRoutes(ExperimentRequests requests, Experiments experiments, PlanDesk desk) {
    this.requests = requests;
    this.experiments = experiments;
    this.desk = desk;
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .post(PATH, Handling.of(this::create))
        .get(PATH, Handling.of(this::list))
        .get(PATH + "/{id}", Handling.of(this::show))
        .get(PATH + "/{id}/items", Handling.of(this::items))
        .post(PATH + "/{id}/{command}", Handling.of(this::command));
  }

  private void create(ServerRequest request, ServerResponse response)
      throws IOException, InterruptedException {
    ExperimentRequests.Wanted wanted = requests.experiment(Handling.jsonBody(request));
    ask(wanted.wish(), PATH, wanted.json(), Status.ACCEPTED_202, request, response);
  }

  private void command(ServerRequest request, ServerResponse response)
      throws IOException, InterruptedException {
    String id = request.path().pathParameters().get("id");
    String command = request.path().pathParameters().get("command");
    byte[] body = Handling.jsonBody(request);
    Companion.Wish wish =
        requests
            .move(id, command, body)
            .orElseThrow(() ->
                new ProblemException(
                    Problem.of(ProblemType.NOT_FOUND, "an experiment takes confirm and abort")));
    if (!PlanId.isId(id)) {
      throw none();
    }
    ask(
        wish,
        PATH + "/" + id + "/" + command,
        new String(body, StandardCharsets.UTF_8),
        Status.OK_200,
        request,
        response);
  }

  private void ask(
      Companion.Wish wish,
      String path,
      String json,
      Status done,
      ServerRequest request,
      ServerResponse response)
      throws InterruptedException {
    PlanDesk.Told told =
        desk.ask(
            new Request.Aside(wish),
            path,
            json,
            request.headers().contains(HeaderNames.create(Neighbours.FORWARDED)));
    switch (told) {
      case PlanDesk.Told.Here(Reply reply) -> {
        JsonNode experiment = granted(reply);
        response.status(done);
        response.header(HeaderNames.LOCATION, PATH + "/" + experiment.path("id").asString(""));
        Handling.send(response, experiment);
      }
      case PlanDesk.Told.Elsewhere elsewhere -> ReplayRoutes.passBack(elsewhere, response);
    }
  }

  private static JsonNode granted(Reply reply) {
    return switch (reply) {
      case Reply.Granted(JsonNode json) -> json;
      case Reply.Done _ -> throw new IllegalStateException("a plan came of an experiment");
      case Reply.Missing _ -> throw none();
      case Reply.Refused(String reason) ->
          throw new ProblemException(Problem.of(ProblemType.EXPERIMENT_CONFLICT, reason));
      case Reply.Unavailable(String reason) -> throw Handling.unavailable(reason);
      case Reply.Unknown(String reason) ->
          throw Handling.unavailable(reason + "; it may have been done");
    };
  }

  private static ProblemException none() {
    return new ProblemException(
        Problem.of(ProblemType.EXPERIMENT_NOT_FOUND, "GET /v1/experiments lists those there are"));
  }

  private void catchUp() throws InterruptedException {
    if (!experiments.catchUp(PATIENCE)) {
      throw Handling.unavailable("the experiments are not read to their end yet");
    }
  }

  private void list(ServerRequest request, ServerResponse response) throws InterruptedException {
    Query.of(request).check(Set.of());
    catchUp();
    Handling.send(response, experiments.list());
  }

  private void show(ServerRequest request, ServerResponse response) throws InterruptedException {
    Query.of(request).check(Set.of());
    catchUp();
    Handling.send(
        response,
        experiments
            .show(request.path().pathParameters().get("id"))
            .orElseThrow(ExperimentRoutes::none));
  }

  private void items(ServerRequest request, ServerResponse response) throws InterruptedException {
    Query query = Query.of(request).check(Set.of("limit", "cursor", "different"));
    int limit = query.limit();
    int from = (int) query.number("cursor", 0, 0, Integer.MAX_VALUE);
    String different = query.text("different").orElse("false");
    if (!different.equals("true") && !different.equals("false")) {
      throw Query.invalid("different", "must be true or false");
    }
    catchUp();
    Handling.send(
        response,
        experiments
            .items(request.path().pathParameters().get("id"), from, limit, different.equals("true"))
            .orElseThrow(ExperimentRoutes::none));
  }
}
