package dev.penstock.job;

/**
 * A piece of an answer that is being written. It is a glimpse: pieces can be missing, and what came
 * of the job is told by its outcome alone.
 *
 * @param jobId whose answer
 * @param generation the job's generation
 * @param attempt the attempt that writes it, from 1
 * @param from how much of the attempt's answer stands before it, in UTF-16 code units; 0 begins a
 *     new answer, also when the same attempt is made again
 * @param text what was added; not empty, at most {@link #MAX_CHARS} UTF-16 code units
 */
public record PartialAnswer(JobId jobId, int generation, int attempt, long from, String text) {
  /** The longest piece. */
  public static final int MAX_CHARS = 4_000;

  /** Of one attempt's answer no more than this is told before it is whole. */
  public static final int MAX_ANSWER_CHARS = 200_000;

  public PartialAnswer {
    if (generation < 0 || attempt < 1 || from < 0) {
      throw new IllegalArgumentException(
          "generations are counted from 0, attempts from 1, and from is not negative");
    }
    if (text.isEmpty() || text.length() > MAX_CHARS) {
      throw new IllegalArgumentException(
          "a piece of an answer has 1 to " + MAX_CHARS + " characters");
    }
  }
}
