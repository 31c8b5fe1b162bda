package dev.penstock.api.http;

import dev.penstock.api.publish.JobPublisher;
import dev.penstock.api.publish.PlainIntake;
import dev.penstock.api.publish.Written;
import dev.penstock.codec.Json;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** {@code DELETE /v1/jobs/{id}}: asks for a job's end. The worker that owns the job decides. */
final class CancelJob {
  private final ServiceClient views;
  private final JobPublisher publisher;
  private final InstantSource clock;

  CancelJob(ServiceClient views, JobPublisher publisher, InstantSource clock) {
    this.views = views;
    this.publisher = publisher;
    this.clock = clock;
  }

  void handle(ServerRequest request, ServerResponse response) {
    JobId id = JobViews.jobId(request);
    HttpResponse<byte[]> view = views.get(JobViews.path(id), Map.of());
    if (view.statusCode() != 200) {
      JobViews.refuse(request, response, view.statusCode(), view, view.body());
      return;
    }
    JsonNode job = read(view.body());
    String state = job.path("state").asString("");
    if (isTerminal(state)) {
      throw new ProblemException(
          Problem.of(ProblemType.ALREADY_FINISHED, "the job has ended as " + state)
              .with("state", state));
    }
    var cancel = new CancelRequest(id, job.path("generation").asInt(0), clock.instant());
    String traceparent = RequestTraces.traceparent();
    Written written = publisher.cancel(cancel, traceparent).join();
    String orderingKey = job.path("orderingKey").asString("");
    if (written instanceof Written.Acknowledged && Ordering.isKey(orderingKey)) {
      // Workers don't have it while it waits for its turn; the sequencer hands it over to one.
      var leave = new OrderedRecord.Cancel(id, cancel.generation());
      written = publisher.order(orderingKey, leave, traceparent).join();
    }
    answer(request, response, written, id, "cancel");
  }

  /** Says that {@code what} is requested, once that is durable. */
  static void answer(
      ServerRequest request, ServerResponse response, Written written, JobId id, String what) {
    switch (written) {
      case Written.Acknowledged _ -> {
        response.status(Status.ACCEPTED_202);
        response.header(Answers.JSON);
        Answers.closeUnlessRead(request, response);
        response.send(
            ("{\"id\":\"" + id + "\",\"" + what + "\":\"requested\"}")
                .getBytes(StandardCharsets.ISO_8859_1));
      }
      case Written.NotWritten _ -> throw new ProblemException(PlainIntake.notAccepted());
      case Written.Unknown _ -> throw new ProblemException(PlainIntake.indeterminate());
    }
  }

  private static boolean isTerminal(String state) {
    return Arrays.stream(JobState.values())
        .anyMatch(known -> known.isTerminal() && known.wireName().equals(state));
  }

  static JsonNode read(byte[] json) {
    try {
      return Json.MAPPER.readTree(json);
    } catch (JacksonException _) {
      throw ServiceClient.viewsFault();
    }
  }
}
