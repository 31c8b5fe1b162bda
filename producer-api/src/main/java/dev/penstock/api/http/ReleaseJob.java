package dev.penstock.api.http;

import dev.penstock.api.publish.JobPublisher;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.http.HttpResponse;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * {@code POST /v1/jobs/{id}/release}: lets those run that wait behind a dead-lettered job. The
 * sequencer obeys only if it is that job that they wait for.
 */
final class ReleaseJob {
  private final ServiceClient views;
  private final JobPublisher publisher;

  ReleaseJob(ServiceClient views, JobPublisher publisher) {
    this.views = views;
    this.publisher = publisher;
  }

  void handle(ServerRequest request, ServerResponse response) {
    JobId id = JobViews.jobId(request);
    HttpResponse<byte[]> view = views.get(JobViews.path(id), Map.of());
    if (view.statusCode() != 200) {
      JobViews.refuse(request, response, view.statusCode(), view, view.body());
      return;
    }
    JsonNode job = CancelJob.read(view.body());
    String key = job.path("orderingKey").asString("");
    String state = job.path("state").asString("");
    if (!Ordering.isKey(key)) {
      throw refused("the job has no ordering key");
    }
    // Only a dead letter blocks: to release a job that is still to be run would undo the order.
    if (!state.equals(JobState.DEAD_LETTERED.wireName())) {
      throw refused("the job is " + state + "; only a dead-lettered one blocks its ordering key");
    }
    var release = new OrderedRecord.Release(id, job.path("generation").asInt(0));
    CancelJob.answer(
        request,
        response,
        publisher.order(key, release, RequestTraces.traceparent()).join(),
        id,
        "release");
  }

  private static ProblemException refused(String detail) {
    return new ProblemException(Problem.of(ProblemType.NOT_BLOCKING, detail));
  }
}
