package dev.penstock.codec;

import dev.penstock.job.Attempt;
import dev.penstock.job.Job;
import dev.penstock.job.JobRecord;
import java.time.Instant;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link JobRecord}. */
final class JobRecordShape extends Shape<JobRecord> {
  private static final SerializedString JOB = new SerializedString("job");
  private static final SerializedString GENERATION = new SerializedString("generation");
  private static final SerializedString ATTEMPTS = new SerializedString("attempts");
  private static final SerializedString DUE_AT = new SerializedString("dueAt");
  private static final SerializedString CANCELLED = new SerializedString("cancelled");

  @Override
  JobRecord readFields(Fields in) {
    Job job = null;
    Integer generation = null;
    List<Attempt> attempts = null;
    Instant dueAt = null;
    boolean cancelled = false;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "job" -> job = in.object(JobShape.JOB);
        case "generation" -> generation = in.integer();
        case "attempts" -> attempts = in.objects(AttemptShape.ATTEMPT);
        case "dueAt" -> dueAt = in.isNull() ? null : in.instant();
        case "cancelled" -> cancelled = !in.isNull() && in.bool();
        default -> in.skip();
      }
    }
    return new JobRecord(
        in.required("job", job),
        in.required("generation", generation),
        in.required("attempts", attempts),
        dueAt,
        cancelled);
  }

  @Override
  void writeFields(JobRecord record, JsonGenerator out) {
    out.writeName(JOB);
    JobShape.JOB.write(record.job(), out);
    out.writeName(GENERATION).writeNumber(record.generation());
    out.writeName(ATTEMPTS);
    AttemptShape.ATTEMPT.writeArray(record.attempts(), out);
    Instant dueAt = record.dueAt();
    if (dueAt != null) {
      out.writeName(DUE_AT).writeString(TimeText.text(dueAt));
    }
    if (record.cancelled()) {
      out.writeName(CANCELLED).writeBoolean(true);
    }
  }
}
