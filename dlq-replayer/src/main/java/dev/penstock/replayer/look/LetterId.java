package dev.penstock.replayer.look;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a dead letter stands on its topic: that names it for ever. As text {@code
 * PARTITION-OFFSET}.
 */
public record LetterId(int partition, long offset) {
  private static final Pattern FORM = Pattern.compile("(0|[1-9][0-9]{0,9})-(0|[1-9][0-9]{0,18})");

  public LetterId {
    if (partition < 0 || offset < 0) {
      throw new IllegalArgumentException("partitions and offsets are not negative");
    }
  }

  /** The one that {@code text} spells, or nothing. */
  public static Optional<LetterId> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new LetterId(Integer.parseInt(matcher.group(1)), Long.parseLong(matcher.group(2))));
    } catch (NumberFormatException _) {
      // No log is so long.
      return Optional.empty();
    }
  }

  @Override
  public String toString() {
    return partition + "-" + offset;
  }
}
