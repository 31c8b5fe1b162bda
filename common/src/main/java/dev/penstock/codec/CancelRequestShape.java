package dev.penstock.codec;

import dev.penstock.job.CancelRequest;
import dev.penstock.job.JobId;
import java.time.Instant;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link CancelRequest}. */
final class CancelRequestShape extends Shape<CancelRequest> {
  private static final SerializedString JOB_ID = new SerializedString("jobId");
  private static final SerializedString GENERATION = new SerializedString("generation");
  private static final SerializedString REQUESTED_AT = new SerializedString("requestedAt");

  @Override
  CancelRequest readFields(Fields in) {
    JobId jobId = null;
    Integer generation = null;
    Instant requestedAt = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "jobId" -> jobId = in.id();
        case "generation" -> generation = in.integer();
        case "requestedAt" -> requestedAt = in.instant();
        default -> in.skip();
      }
    }
    return new CancelRequest(
        in.required("jobId", jobId),
        in.required("generation", generation),
        in.required("requestedAt", requestedAt));
  }

  @Override
  void writeFields(CancelRequest request, JsonGenerator out) {
    out.writeName(JOB_ID).writeString(request.jobId().toString());
    out.writeName(GENERATION).writeNumber(request.generation());
    out.writeName(REQUESTED_AT).writeString(TimeText.text(request.requestedAt()));
  }
}
