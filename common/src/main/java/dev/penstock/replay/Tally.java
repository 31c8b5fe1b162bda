package dev.penstock.replay;

import dev.penstock.job.JobState;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * How far something has come, in dead letters. Immutable.
 *
 * @param replayed that have a new generation
 * @param discarded that are given up
 * @param purged that are given up and go from the log
 * @param refused that were left as they are, by reason; a reason that is missing stands for none
 * @param succeeded of the replayed, those whose new generation succeeded
 * @param deadLettered of the replayed, those that came back
 * @param cancelled of the replayed, those whose new generation was cancelled
 * @param expired of the replayed, those whose new generation expired
 * @param unknown of the replayed, those whose outcome is no longer kept
 * @param cancelsAsked of the replayed, those that were asked to be cancelled by undoing the plan;
 *     what came of it, {@code cancelled} tells
 */
public record Tally(
    long replayed,
    long discarded,
    long purged,
    Map<Refusal, Long> refused,
    long succeeded,
    long deadLettered,
    long cancelled,
    long expired,
    long unknown,
    long cancelsAsked) {
  public static final Tally NONE = new Tally(0, 0, 0, Map.of(), 0, 0, 0, 0, 0, 0);

  public Tally {
    var sorted = new EnumMap<Refusal, Long>(Refusal.class);
    sorted.putAll(refused);
    refused = Collections.unmodifiableMap(sorted);
  }

  /** Of {@code count} dead letters, each has a new generation. */
  public static Tally ofReplayed(long count) {
    return new Tally(count, 0, 0, Map.of(), 0, 0, 0, 0, 0, 0);
  }

  /** {@code count} dead letters are given up. */
  public static Tally ofDiscarded(long count) {
    return new Tally(0, count, 0, Map.of(), 0, 0, 0, 0, 0, 0);
  }

  /** {@code count} dead letters are given up and go. */
  public static Tally ofPurged(long count) {
    return new Tally(0, 0, count, Map.of(), 0, 0, 0, 0, 0, 0);
  }

  /** {@code count} dead letters stay as they are. */
  public static Tally ofRefused(Refusal reason, long count) {
    return new Tally(0, 0, 0, Map.of(reason, count), 0, 0, 0, 0, 0, 0);
  }

  /** {@code count} generations were asked to be cancelled. */
  public static Tally ofCancelsAsked(long count) {
    return new Tally(0, 0, 0, Map.of(), 0, 0, 0, 0, 0, count);
  }

  /** The replayed ones whose new generation has not ended. */
  public long open() {
    return replayed - succeeded - deadLettered - cancelled - expired - unknown;
  }

  /** All that were looked at. */
  public long decided() {
    return replayed
        + discarded
        + purged
        + refused.values().stream().mapToLong(Long::longValue).sum();
  }

  /** The same, of which no outcome is known yet. */
  public Tally withoutOutcomes() {
    return new Tally(replayed, discarded, purged, refused, 0, 0, 0, 0, 0, cancelsAsked);
  }

  /** The same, with no outcome to be known any more. */
  public Tally withoutOpen() {
    return new Tally(
        replayed,
        discarded,
        purged,
        refused,
        succeeded,
        deadLettered,
        cancelled,
        expired,
        unknown + open(),
        cancelsAsked);
  }

  /** One more of the replayed has ended so. */
  public Tally with(JobState end) {
    return switch (end) {
      case SUCCEEDED -> plus(outcome(1, 0, 0, 0));
      case DEAD_LETTERED -> plus(outcome(0, 1, 0, 0));
      case CANCELLED -> plus(outcome(0, 0, 1, 0));
      case EXPIRED -> plus(outcome(0, 0, 0, 1));
      case SCHEDULED, QUEUED, RUNNING, WAITING ->
          throw new IllegalArgumentException(end + " is no end");
    };
  }

  private static Tally outcome(long succeeded, long deadLettered, long cancelled, long expired) {
    return new Tally(0, 0, 0, Map.of(), succeeded, deadLettered, cancelled, expired, 0, 0);
  }

  /** Both together. */
  public Tally plus(Tally other) {
    var reasons = new EnumMap<Refusal, Long>(Refusal.class);
    reasons.putAll(refused);
    other.refused.forEach((refusal, count) -> reasons.merge(refusal, count, Long::sum));
    return new Tally(
        replayed + other.replayed,
        discarded + other.discarded,
        purged + other.purged,
        reasons,
        succeeded + other.succeeded,
        deadLettered + other.deadLettered,
        cancelled + other.cancelled,
        expired + other.expired,
        unknown + other.unknown,
        cancelsAsked + other.cancelsAsked);
  }
}
