package dev.penstock.submission;

import dev.penstock.submission.problem.Problem;
import org.jspecify.annotations.Nullable;

/** What reading a submission came to. */
public sealed interface Submission {

  /**
   * A valid one.
   *
   * @param idempotencyKey the key that stood in it (only a line of a stream can have one)
   */
  record Valid(JobRequest request, @Nullable String idempotencyKey) implements Submission {}

  record Refused(Problem problem) implements Submission {}
}
