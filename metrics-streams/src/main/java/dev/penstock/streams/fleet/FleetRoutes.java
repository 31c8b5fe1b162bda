package dev.penstock.streams.fleet;

import dev.penstock.codec.Json;
import dev.penstock.fleet.WorkerReport;
import dev.penstock.streams.query.Problem;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Workers, providers and topics over HTTP. Before {@link #open} and after {@link #close} every
 * answer is 503. Every instance knows all of it by itself.
 *
 * <pre>
 *   GET  /v1/workers               200, 503
 *   POST /v1/workers/{id}/drain    202, 404, 503
 *   POST /v1/workers/{id}/resume   202, 404, 503
 *   GET  /v1/providers             200, 503
 *   GET  /v1/topics                200, 503
 * </pre>
 *
 * The same under {@code /internal}, for the intake.
 */
public final class FleetRoutes implements HttpService {
  private static final Logger log = LoggerFactory.getLogger(FleetRoutes.class);

  private volatile @Nullable Fleet fleet;

  private interface Answering {
    void answer(Fleet fleet, ServerRequest request, ServerResponse response) throws Exception;
  }

  @Override
  public void routing(HttpRules rules) {
    for (String prefix : List.of("/internal", "")) {
      rules
          .get(
              prefix + "/v1/workers", (request, response) -> read(request, response, this::workers))
          .get(
              prefix + "/v1/providers",
              (request, response) -> read(request, response, this::providers))
          .get(prefix + "/v1/topics", (request, response) -> read(request, response, this::topics))
          .post(
              prefix + "/v1/workers/{id}/drain",
              (request, response) -> command(true, request, response))
          .post(
              prefix + "/v1/workers/{id}/resume",
              (request, response) -> command(false, request, response));
    }
  }

  /** Answers from now on. */
  public void open(Fleet answeredBy) {
    fleet = answeredBy;
  }

  /** Answers no more. */
  public void close() {
    fleet = null;
  }

  private void read(ServerRequest request, ServerResponse response, Answering answering)
      throws Exception {
    Fleet open = fleet;
    if (open == null) {
      Problem.viewNotReady("This instance is starting or stopping.").send(response);
    } else if (!request.query().isEmpty()) {
      new Problem(
              400,
              "invalid_parameter",
              "Invalid parameter",
              "There are no parameters here; leave them out.")
          .send(response);
    } else {
      answering.answer(open, request, response);
    }
  }

  private void workers(Fleet open, ServerRequest request, ServerResponse response) {
    Optional<List<FleetTail.Worker>> workers = open.workers();
    if (workers.isPresent()) {
      json(response, WorkersAnswer.of(workers.get()));
    } else {
      unheard().send(response);
    }
  }

  private void providers(Fleet open, ServerRequest request, ServerResponse response) {
    Optional<List<FleetTail.Worker>> workers = open.workers();
    if (workers.isPresent()) {
      json(response, ProvidersAnswer.of(workers.get()));
    } else {
      unheard().send(response);
    }
  }

  private void topics(Fleet open, ServerRequest request, ServerResponse response)
      throws InterruptedException {
    try {
      json(response, open.topics().now());
    } catch (TopicFigures.Unavailable e) {
      log.debug("topics can't be told of", e);
      Problem.viewNotReady(e.getMessage() + ".").send(response);
    }
  }

  private void command(boolean drain, ServerRequest request, ServerResponse response)
      throws InterruptedException {
    Fleet open = fleet;
    if (open == null) {
      Problem.viewNotReady("This instance is starting or stopping.").send(response);
      return;
    }
    String id = request.path().pathParameters().get("id");
    Optional<List<FleetTail.Worker>> workers = open.workers();
    if (workers.isEmpty()) {
      unheard().send(response);
      return;
    }
    if (!WorkerReport.isId(id)
        || workers.get().stream().noneMatch(worker -> worker.report().worker().equals(id))) {
      new Problem(
              404,
              "worker_not_found",
              "Worker not found",
              "No worker of that id was heard lately; GET /v1/workers lists them.")
          .send(response);
      return;
    }
    try {
      open.command(id, drain);
    } catch (KafkaException e) {
      log.warn("worker {} could not be told to {}", id, drain ? "drain" : "resume", e);
      Problem.viewNotReady("Kafka did not take the command; whether it holds is not known.")
          .send(response);
      return;
    }
    response.status(Status.ACCEPTED_202);
    json(response, new Commanded(id, drain ? "drain" : "resume"));
  }

  /** What was asked for. */
  private record Commanded(String id, String requested) {}

  private static Problem unheard() {
    return Problem.viewNotReady("What workers tell is not read yet, or Kafka does not answer.");
  }

  private static void json(ServerResponse response, Object answer) {
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    response.send(Json.MAPPER.writeValueAsBytes(answer));
  }
}
