package dev.penstock.replayer.travel;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CacheRule;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Priority;
import dev.penstock.job.TenantId;
import dev.penstock.replay.Refusal;
import dev.penstock.replayer.change.Change;
import dev.penstock.replayer.change.PatchedSubmission;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.topic.Topics;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes of a job that has ended the one that runs it again, in an experiment's namespace. Pure and
 * thread-safe.
 */
final class Again {
  private final Experiment experiment;
  private final Change change;

  /**
   * @throws IllegalArgumentException when the experiment's patch is none
   */
  Again(SubmissionReader reader, Experiment experiment) {
    this.experiment = experiment;
    String patch = experiment.patch();
    this.change = patch == null ? Change.NONE : new PatchedSubmission(reader, patch);
  }

  /** What became of a job. */
  sealed interface Made {
    /**
     * It can run.
     *
     * @param value the record, encoded
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Ready(Job job, byte[] value) implements Made {}

    /**
     * It can't.
     *
     * @param detail for people
     */
    record Refused(String reason, String detail) implements Made {}
  }

  /** The job that runs {@code original} again, taken at {@code now}. */
  Made of(Job original, Instant now) {
    return switch (change.apply(before(original, now), now)) {
      case Change.Changed.Refused(Refusal reason, String detail) ->
          new Made.Refused(reason.wireName(), detail);
      case Change.Changed.Same(Job job) -> ready(original, job);
      case Change.Changed.Other(Job job) -> ready(original, job);
    };
  }

  /**
   * As it runs where nothing is changed: at once, after all that is urgent, whatever runs beside
   * it, and by a call of its own, even where another item asks for the same.
   */
  Job before(Job original, Instant now) {
    return job(
        experiment.rerunOf(original.id()),
        original,
        now,
        null,
        original.labels(),
        null,
        Priority.LOW,
        experiment.tenant(),
        CacheRule.NEVER);
  }

  private Made ready(Job original, Job changed) {
    var labels = new HashMap<>(changed.labels());
    labels.put(Experiment.ORIGINAL, original.id().toString());
    if (labels.size() > Job.MAX_LABELS) {
      return new Made.Refused(
          Refusal.INVALID_CHANGE.wireName(),
          "it has " + Job.MAX_LABELS + " labels, and needs one more: take one away");
    }
    Job job =
        job(
            changed.id(),
            changed,
            changed.acceptedAt(),
            changed.expireAt(),
            labels,
            changed.runAt(),
            changed.priority(),
            changed.tenant(),
            changed.cache());
    byte[] value = JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(job));
    return value.length > Topics.MAX_JOB_BYTES
        ? new Made.Refused(
            Refusal.TOO_LARGE.wireName(), "its record would have " + value.length + " bytes")
        : new Made.Ready(job, value);
  }

  private static Job job(
      JobId id,
      Job job,
      Instant acceptedAt,
      @Nullable Instant expireAt,
      Map<String, String> labels,
      @Nullable Instant runAt,
      Priority priority,
      TenantId tenant,
      @Nullable CacheRule cache) {
    return new Job(
        id,
        job.model(),
        job.input(),
        job.maxAttempts(),
        job.attemptTimeout(),
        acceptedAt,
        expireAt,
        labels,
        runAt,
        job.retry(),
        null,
        priority,
        false,
        tenant,
        cache);
  }
}
