package dev.penstock.api.http;

import dev.penstock.api.publish.JobPublisher;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.http.HttpResponse;
import java.time.InstantSource;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * {@code POST /v1/jobs/{id}/retry-now}: the next attempt of a job that waits is due now. It is
 * asked for the wait that the view tells of: when the job has moved on, it means nothing. To ask
 * twice comes to the same as once.
 */
final class RetryJobNow {
  private final ServiceClient views;
  private final JobPublisher publisher;
  private final InstantSource clock;

  RetryJobNow(ServiceClient views, JobPublisher publisher, InstantSource clock) {
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
    JsonNode job = CancelJob.read(view.body());
    String state = job.path("state").asString("");
    if (!state.equals(JobState.WAITING.wireName())
        && !state.equals(JobState.SCHEDULED.wireName())) {
      throw new ProblemException(
          Problem.of(ProblemType.JOB_NOT_WAITING, "the job " + why(state)).with("state", state));
    }
    var retry =
        new RetryNowRequest(id, job.path("generation").asInt(0), attempts(job), clock.instant());
    CancelJob.answer(
        request,
        response,
        publisher.retryNow(retry, RequestTraces.traceparent()).join(),
        id,
        "retryNow");
  }

  private static String why(String state) {
    return switch (state) {
      case "queued" ->
          "is queued: it is run as soon as a worker has room and its provider takes it";
      case "running" -> "runs already";
      case "dead-lettered" ->
          "is dead-lettered: it has no attempt left; submit it again as a new job";
      default -> "has ended as " + state;
    };
  }

  /**
   * How many attempts it waits behind; of an attempt that the view does not know the next tells.
   */
  private static int attempts(JsonNode job) {
    JsonNode attempts = job.path("attempts");
    return attempts.isEmpty() ? 0 : attempts.get(attempts.size() - 1).path("number").asInt(0);
  }
}
