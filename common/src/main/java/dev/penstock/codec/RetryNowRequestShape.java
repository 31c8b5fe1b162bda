package dev.penstock.codec;

import dev.penstock.job.JobId;
import dev.penstock.job.RetryNowRequest;
import java.time.Instant;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/**
 * {@link RetryNowRequest}. Its time is not called as that of a {@link CancelRequestShape} is: a
 * program that knows of requests to cancel only must not take it for one.
 */
final class RetryNowRequestShape extends Shape<RetryNowRequest> {
  private static final SerializedString JOB_ID = new SerializedString("jobId");
  private static final SerializedString GENERATION = new SerializedString("generation");
  private static final SerializedString ATTEMPTS = new SerializedString("attempts");
  private static final SerializedString RETRY_NOW_AT = new SerializedString("retryNowAt");

  @Override
  RetryNowRequest readFields(Fields in) {
    JobId jobId = null;
    Integer generation = null;
    Integer attempts = null;
    Instant requestedAt = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "jobId" -> jobId = in.id();
        case "generation" -> generation = in.integer();
        case "attempts" -> attempts = in.integer();
        case "retryNowAt" -> requestedAt = in.instant();
        default -> in.skip();
      }
    }
    return new RetryNowRequest(
        in.required("jobId", jobId),
        in.required("generation", generation),
        in.required("attempts", attempts),
        in.required("retryNowAt", requestedAt));
  }

  @Override
  void writeFields(RetryNowRequest request, JsonGenerator out) {
    out.writeName(JOB_ID).writeString(request.jobId().toString());
    out.writeName(GENERATION).writeNumber(request.generation());
    out.writeName(ATTEMPTS).writeNumber(request.attempts());
    out.writeName(RETRY_NOW_AT).writeString(TimeText.text(request.requestedAt()));
  }
}
