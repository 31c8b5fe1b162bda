package dev.penstock.api.publish;

import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.submission.JobRequest;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletableFuture;

/** Takes jobs that have no idempotency key. Thread-safe. */
public final class PlainIntake {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final JobPublisher publisher;
  private final InstantSource clock;
  private final String defaultModel;

  public PlainIntake(JobPublisher publisher, InstantSource clock, String defaultModel) {
    this.publisher = publisher;
    this.clock = clock;
    this.defaultModel = defaultModel;
  }

  /**
   * Writes the job. Blocks only while the producer's buffer is full or Kafka is not known yet.
   *
   * @return completes with the answer when Kafka has acknowledged or it is known that it does not
   */
  public CompletableFuture<Acceptance> submit(JobRequest request, String traceparent) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    Job job = request.toJob(JobId.random(now), now, defaultModel);
    byte[] value = Records.encode(job);
    if (value.length > Topics.MAX_JOB_BYTES) {
      return CompletableFuture.completedFuture(new Acceptance.Refused(tooLarge(value.length)));
    }
    return publisher
        .publish(job, value, traceparent)
        .thenApply(written -> answer(written, job.id(), now));
  }

  private static Acceptance answer(Written written, JobId id, Instant acceptedAt) {
    return switch (written) {
      case Written.Acknowledged _ -> new Acceptance.Accepted(id, acceptedAt, false);
      case Written.NotWritten _ -> new Acceptance.Refused(notAccepted());
      case Written.Unknown _ -> new Acceptance.Refused(indeterminate());
    };
  }

  /** The job's record would be larger than its topic allows. */
  public static Problem tooLarge(int bytes) {
    return Problem.of(
        ProblemType.JOB_TOO_LARGE,
        "the job takes "
            + bytes
            + " bytes as a record; at most "
            + Topics.MAX_JOB_BYTES
            + " are possible");
  }

  /** Kafka is away, and the record certainly was not written. */
  public static Problem notAccepted() {
    return Problem.passing(
        ProblemType.KAFKA_UNAVAILABLE,
        "Kafka does not answer; nothing was accepted; try again",
        RETRY_AFTER);
  }

  /** Kafka is away, and no one knows whether the record was written. */
  public static Problem indeterminate() {
    return Problem.passing(
        ProblemType.ACCEPTANCE_UNKNOWN,
        "Kafka did not acknowledge in time; the outcome is indeterminate: it may have been accepted"
            + " or may yet be; with an idempotency key it is safe to send it again",
        RETRY_AFTER);
  }
}
