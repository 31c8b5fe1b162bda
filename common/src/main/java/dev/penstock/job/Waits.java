package dev.penstock.job;

/**
 * Where the time before an attempt's call went, by its worker's clock, in milliseconds.
 *
 * @param queuedMillis from when the attempt was due until its call began, but for {@code
 *     limitMillis}: in the line of its ordering key, for its claim and for a slot. The first
 *     attempt is due when its job is accepted, or at the job's {@code runAt} where that is later
 * @param limitMillis because nobody might be called for it meanwhile (limits, breakers, budgets),
 *     or because somebody made the same call already
 */
public record Waits(long queuedMillis, long limitMillis) {
  public Waits {
    if (queuedMillis < 0 || limitMillis < 0) {
      throw new IllegalArgumentException("nothing waits for a negative time");
    }
  }
}
