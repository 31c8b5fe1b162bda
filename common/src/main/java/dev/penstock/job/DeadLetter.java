package dev.penstock.job;

import java.time.Instant;
import java.util.List;

/**
 * A job that ended without success, whole. (A record that could not even be read is kept byte for
 * byte instead; see the dead-letter topic.)
 *
 * @param job the job
 * @param generation the generation that failed
 * @param attempts every attempt, in order
 * @param reason why there is no further one
 * @param origin the record whose consumption ended it
 * @param at when
 */
public record DeadLetter(
    Job job, int generation, List<Attempt> attempts, Failure reason, Origin origin, Instant at) {
  public DeadLetter {
    attempts = List.copyOf(attempts);
  }

  /** Where a record stood. */
  public record Origin(String topic, int partition, long offset) {}
}
