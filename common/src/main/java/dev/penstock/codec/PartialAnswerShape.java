package dev.penstock.codec;

import dev.penstock.job.JobId;
import dev.penstock.job.PartialAnswer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link PartialAnswer}. */
final class PartialAnswerShape extends Shape<PartialAnswer> {
  private static final SerializedString JOB_ID = new SerializedString("jobId");
  private static final SerializedString GENERATION = new SerializedString("generation");
  private static final SerializedString ATTEMPT = new SerializedString("attempt");
  private static final SerializedString FROM = new SerializedString("from");
  private static final SerializedString TEXT = new SerializedString("text");

  @Override
  PartialAnswer readFields(Fields in) {
    JobId jobId = null;
    Integer generation = null;
    Integer attempt = null;
    Long from = null;
    String text = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "jobId" -> jobId = in.id();
        case "generation" -> generation = in.integer();
        case "attempt" -> attempt = in.integer();
        case "from" -> from = in.longInteger();
        case "text" -> text = in.text();
        default -> in.skip();
      }
    }
    return new PartialAnswer(
        in.required("jobId", jobId),
        in.required("generation", generation),
        in.required("attempt", attempt),
        in.required("from", from),
        in.required("text", text));
  }

  @Override
  void writeFields(PartialAnswer answer, JsonGenerator out) {
    out.writeName(JOB_ID).writeString(answer.jobId().toString());
    out.writeName(GENERATION).writeNumber(answer.generation());
    out.writeName(ATTEMPT).writeNumber(answer.attempt());
    out.writeName(FROM).writeNumber(answer.from());
    out.writeName(TEXT).writeString(wellFormed(answer.text()));
  }
}
