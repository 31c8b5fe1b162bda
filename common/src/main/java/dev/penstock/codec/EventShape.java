package dev.penstock.codec;

import dev.penstock.job.Attempt;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.Outcome;
import java.time.Instant;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link JobEvent}: which event first, then what it has. */
final class EventShape extends Shape<JobEvent> {
  static final EventShape EVENT = new EventShape();

  private static final SerializedString NAME = new SerializedString("event");
  private static final SerializedString JOB_ID = new SerializedString("jobId");
  private static final SerializedString GENERATION = new SerializedString("generation");
  private static final SerializedString ATTEMPT = new SerializedString("attempt");
  private static final SerializedString PROVIDER = new SerializedString("provider");
  private static final SerializedString WORKER = new SerializedString("worker");
  private static final SerializedString FAILED = new SerializedString("failed");
  private static final SerializedString DUE_AT = new SerializedString("dueAt");
  private static final SerializedString ATTEMPTS = new SerializedString("attempts");
  private static final SerializedString OUTCOME = new SerializedString("outcome");
  private static final SerializedString INPUT_COST = new SerializedString("inputCostNanos");
  private static final SerializedString AT = new SerializedString("at");

  @Override
  JobEvent readFields(Fields in) {
    return switch (in.type("event")) {
      case "attempt-started" -> started(in);
      case "retry-scheduled" -> retry(in);
      case "finished" -> finished(in);
      default -> throw in.misfit("an event that this program does not know");
    };
  }

  private static JobEvent started(Fields in) {
    JobId jobId = null;
    Integer generation = null;
    Integer attempt = null;
    String provider = null;
    String worker = null;
    Long inputCost = null;
    Instant at = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "jobId" -> jobId = in.id();
        case "generation" -> generation = in.integer();
        case "attempt" -> attempt = in.integer();
        case "provider" -> provider = in.text();
        case "worker" -> worker = in.text();
        case "inputCostNanos" -> inputCost = in.isNull() ? null : Long.valueOf(in.longInteger());
        case "at" -> at = in.instant();
        default -> in.skip();
      }
    }
    return new JobEvent.AttemptStarted(
        in.required("jobId", jobId),
        in.required("generation", generation),
        in.required("attempt", attempt),
        in.required("provider", provider),
        in.required("worker", worker),
        in.required("at", at),
        inputCost);
  }

  private static JobEvent retry(Fields in) {
    JobId jobId = null;
    Integer generation = null;
    Attempt failed = null;
    Instant dueAt = null;
    Instant at = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "jobId" -> jobId = in.id();
        case "generation" -> generation = in.integer();
        case "failed" -> failed = in.object(AttemptShape.ATTEMPT);
        case "dueAt" -> dueAt = in.instant();
        case "at" -> at = in.instant();
        default -> in.skip();
      }
    }
    return new JobEvent.RetryScheduled(
        in.required("jobId", jobId),
        in.required("generation", generation),
        in.required("failed", failed),
        in.required("dueAt", dueAt),
        in.required("at", at));
  }

  private static JobEvent finished(Fields in) {
    JobId jobId = null;
    Integer generation = null;
    List<Attempt> attempts = null;
    Outcome outcome = null;
    Instant at = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "jobId" -> jobId = in.id();
        case "generation" -> generation = in.integer();
        case "attempts" -> attempts = in.objects(AttemptShape.ATTEMPT);
        case "outcome" -> outcome = in.object(OutcomeShape.OUTCOME);
        case "at" -> at = in.instant();
        default -> in.skip();
      }
    }
    return new JobEvent.Finished(
        in.required("jobId", jobId),
        in.required("generation", generation),
        in.required("attempts", attempts),
        in.required("outcome", outcome),
        in.required("at", at));
  }

  @Override
  void writeFields(JobEvent event, JsonGenerator out) {
    switch (event) {
      case JobEvent.AttemptStarted started -> {
        begin("attempt-started", event, out);
        out.writeName(ATTEMPT).writeNumber(started.attempt());
        out.writeName(PROVIDER).writeString(started.provider());
        out.writeName(WORKER).writeString(started.worker());
        Long inputCost = started.inputCostNanos();
        if (inputCost != null) {
          out.writeName(INPUT_COST).writeNumber(inputCost);
        }
      }
      case JobEvent.RetryScheduled scheduled -> {
        begin("retry-scheduled", event, out);
        out.writeName(FAILED);
        AttemptShape.ATTEMPT.write(scheduled.failed(), out);
        out.writeName(DUE_AT).writeString(TimeText.text(scheduled.dueAt()));
      }
      case JobEvent.Finished finished -> {
        begin("finished", event, out);
        out.writeName(ATTEMPTS);
        AttemptShape.ATTEMPT.writeArray(finished.attempts(), out);
        out.writeName(OUTCOME);
        OutcomeShape.OUTCOME.write(finished.outcome(), out);
      }
    }
    out.writeName(AT).writeString(TimeText.text(event.at()));
  }

  private static void begin(String name, JobEvent event, JsonGenerator out) {
    out.writeName(NAME).writeString(name);
    out.writeName(JOB_ID).writeString(event.jobId().toString());
    out.writeName(GENERATION).writeNumber(event.generation());
  }
}
