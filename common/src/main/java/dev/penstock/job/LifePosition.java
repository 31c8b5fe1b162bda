package dev.penstock.job;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;

/**
 * A place in the life of a job. Positions are ordered as a job lives through them, so a view that
 * keeps the highest one arrives at the same state in whatever order it reads. Its text form ({@code
 * generation.attempt.step}) is the version of the views: the ETag and the id of a server-sent
 * event.
 */
public record LifePosition(int generation, int attempt, Step step)
    implements Comparable<LifePosition> {
  private static final Comparator<LifePosition> ORDER =
      Comparator.comparingInt(LifePosition::generation)
          .thenComparingInt(LifePosition::attempt)
          .thenComparing(LifePosition::step);

  /**
   * The steps of an attempt in order; {@link #ACCEPTED} stands at attempt 0, {@link #FINISHED}
   * after all attempts.
   */
  public enum Step {
    ACCEPTED(0),
    STARTED(1),
    RETRY_SCHEDULED(2),
    FINISHED(3);

    private final int number;

    Step(int number) {
      this.number = number;
    }

    private static Optional<Step> ofNumber(int number) {
      return Arrays.stream(values()).filter(step -> step.number == number).findFirst();
    }
  }

  public static LifePosition accepted(int generation) {
    return new LifePosition(generation, 0, Step.ACCEPTED);
  }

  public static LifePosition finished(int generation) {
    return new LifePosition(generation, Job.MAX_ATTEMPTS + 1, Step.FINISHED);
  }

  /** The position that {@link #toString} wrote, or nothing. */
  public static Optional<LifePosition> parse(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 3) {
      return Optional.empty();
    }
    try {
      int generation = Integer.parseInt(parts[0]);
      int attempt = Integer.parseInt(parts[1]);
      return Step.ofNumber(Integer.parseInt(parts[2]))
          .map(step -> new LifePosition(generation, attempt, step));
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }

  @Override
  public int compareTo(LifePosition other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return generation + "." + attempt + "." + step.number;
  }
}
