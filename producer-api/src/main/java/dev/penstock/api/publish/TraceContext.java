package dev.penstock.api.publish;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/** W3C trace context: the submitter's, or the beginning of a new trace. */
public final class TraceContext {
  private static final Pattern VALID =
      Pattern.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
  private static final int LENGTH = 55;

  private TraceContext() {}

  /** {@code received} when it is valid, else a fresh one. An empty text counts as none. */
  public static String continueOrStart(String received) {
    if (received.length() == LENGTH && VALID.matcher(received).matches()) {
      return received;
    }
    var random = ThreadLocalRandom.current();
    var hex = HexFormat.of();
    return "00-"
        + hex.toHexDigits(random.nextLong() | 1)
        + hex.toHexDigits(random.nextLong())
        + "-"
        + hex.toHexDigits(random.nextLong() | 1)
        + "-01";
  }
}
