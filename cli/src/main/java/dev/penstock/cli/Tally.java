package dev.penstock.cli;

import dev.penstock.job.JobState;
import java.util.EnumMap;
import java.util.Map;

/**
 * How far a set of jobs is.
 *
 * @param total how many there are
 * @param ended how many ended, by their terminal state
 * @param unknown how many the server does not know
 */
public record Tally(long total, Map<JobState, Long> ended, long unknown) {
  public Tally {
    ended = Map.copyOf(ended);
  }

  /** How many ended in {@code state}. */
  public long in(JobState state) {
    return ended.getOrDefault(state, 0L);
  }

  /** How many need not be waited for any more. */
  public long done() {
    return ended.values().stream().mapToLong(Long::longValue).sum() + unknown;
  }

  /** Whether all there are succeeded. */
  public boolean allSucceeded() {
    return in(JobState.SUCCEEDED) == total;
  }

  /** The counts that are not zero, with colours where they are welcome: {@code 12 succeeded}. */
  public String describe(Terminal terminal) {
    var parts = new java.util.ArrayList<String>();
    new EnumMap<JobState, Long>(ended.isEmpty() ? Map.of(JobState.SUCCEEDED, 0L) : ended)
        .forEach((state, count) -> {
          String text = String.format(java.util.Locale.ROOT, "%,d %s", count, state.wireName());
          parts.add(
              switch (state) {
                case SUCCEEDED -> terminal.green(text);
                case DEAD_LETTERED -> terminal.red(text);
                case CANCELLED, EXPIRED -> terminal.yellow(text);
                case SCHEDULED, QUEUED, RUNNING, WAITING -> text;
              });
        });
    if (unknown > 0) {
      parts.add(terminal.red(String.format(java.util.Locale.ROOT, "%,d not found", unknown)));
    }
    return String.join(", ", parts);
  }
}
