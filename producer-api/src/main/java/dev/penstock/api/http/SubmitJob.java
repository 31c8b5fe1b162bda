package dev.penstock.api.http;

import dev.penstock.api.publish.Acceptance;
import dev.penstock.job.JobState;
import dev.penstock.runtime.ownership.Neighbours;
import dev.penstock.submission.Submission;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** {@code POST /v1/jobs} with one job. */
final class SubmitJob {
  static final HeaderName IDEMPOTENCY_KEY = HeaderNames.create("Idempotency-Key");
  static final HeaderName FORWARDED = HeaderNames.create(Neighbours.FORWARDED);
  private static final Header REPLAYED = HeaderValues.createCached("Idempotency-Replayed", "true");

  private final SubmissionReader reader;
  private final Intake intake;
  private final RateLimit rateLimit;
  private final Limits limits;
  private final RequestMetrics metrics;

  SubmitJob(
      SubmissionReader reader,
      Intake intake,
      RateLimit rateLimit,
      Limits limits,
      RequestMetrics metrics) {
    this.reader = reader;
    this.intake = intake;
    this.rateLimit = rateLimit;
    this.limits = limits;
    this.metrics = metrics;
  }

  void handle(ServerRequest request, ServerResponse response) {
    try {
      Submission submission = read(request, response);
      answer(response, submission, submit(request, submission));
    } catch (ProblemException e) {
      metrics.refused(e.problem().type());
      throw e;
    }
  }

  private Submission read(ServerRequest request, ServerResponse response) {
    checkKey(request);
    byte[] body = Bodies.read(request, limits.bodyBytes(), limits.bodyTimeout());
    rateLimit.take(response);
    return reader.readJob(body);
  }

  private Acceptance submit(ServerRequest request, Submission submission) {
    return switch (submission) {
      case Submission.Refused(Problem problem) -> new Acceptance.Refused(problem);
      case Submission.Valid valid ->
          intake.submit(
              valid.request(),
              key(request),
              RequestTraces.traceparent(),
              request.headers().contains(FORWARDED));
    };
  }

  private void answer(ServerResponse response, Submission submission, Acceptance acceptance) {
    switch (acceptance) {
      case Acceptance.Accepted job -> {
        metrics.submitted(job);
        String id = job.id().toString();
        response.status(Status.ACCEPTED_202);
        response.header(Answers.JSON);
        response.header(HeaderValues.create(HeaderNames.LOCATION, "/v1/jobs/" + id));
        if (job.replayed()) {
          response.header(REPLAYED);
        }
        response.send(body(id, job, state(submission)).getBytes(StandardCharsets.ISO_8859_1));
      }
      case Acceptance.Refused(Problem problem) -> throw new ProblemException(problem);
    }
  }

  private static JobState state(Submission submission) {
    return submission instanceof Submission.Valid valid && valid.request().isScheduled()
        ? JobState.SCHEDULED
        : JobState.QUEUED;
  }

  private static String body(String id, Acceptance.Accepted job, JobState state) {
    return "{\"id\":\""
        + id
        + "\",\"state\":\""
        + state.wireName()
        + "\",\"acceptedAt\":\""
        + job.acceptedAt()
        + "\"}";
  }

  private static Optional<String> key(ServerRequest request) {
    return request.headers().first(IDEMPOTENCY_KEY);
  }

  /** Before the body is read: who sends a wrong key need not wait for it. */
  private static void checkKey(ServerRequest request) {
    if (!request.headers().contains(IDEMPOTENCY_KEY)) {
      return;
    }
    Header header = request.headers().get(IDEMPOTENCY_KEY);
    if (header.valueCount() != 1 || !SubmissionReader.isIdempotencyKey(header.get())) {
      throw new ProblemException(
          Problem.of(
              ProblemType.INVALID_IDEMPOTENCY_KEY,
              "Idempotency-Key is one value of 1 to 255 printable ASCII characters"));
    }
  }
}
