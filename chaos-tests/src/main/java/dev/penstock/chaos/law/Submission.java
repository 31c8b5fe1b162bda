package dev.penstock.chaos.law;

import dev.penstock.job.JobId;
import java.util.Optional;

/**
 * One submission as its client saw it.
 *
 * @param idempotencyKey the key under which it was sent, if one; equal keys mean equal payloads
 * @param answer what came back
 */
public record Submission(Optional<String> idempotencyKey, Answer answer) {

  /** What came back. */
  public sealed interface Answer {
    /** A 2xx: the job exists, whatever happens. */
    record Accepted(JobId id) implements Answer {}

    /** Any other answer, or none: the job may exist or not. */
    record Indeterminate(String why) implements Answer {}
  }
}
