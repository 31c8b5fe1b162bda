package dev.penstock.http;

import dev.penstock.job.JobInput;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Takes out of a message what must not go on: keys, also such that are not ours, and pieces of the
 * job's text. What is left is cut and has no control characters.
 */
final class Redaction {
  /** The longest message that is passed on, in UTF-16 code units. */
  static final int MAX_CHARS = 300;

  /** Shorter pieces of the text than this are words that a message can have by itself. */
  private static final int PIECE_CHARS = 24;

  private static final String GONE = "***";

  /** What keys of the usual providers look like, and the headers that carry them. */
  private static final Pattern KEYS =
      Pattern.compile("(?i)\\bbearer\\s+\\S+|\\b(sk|pk|key|gsk|xai|sess)[-_][\\w.*-]{6,}");

  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\s]+");

  private Redaction() {}

  static String of(String message, @Nullable String key, JobInput input) {
    // Cut before work is done on it; a key may not hang over the edge, so with room to spare.
    String text = message.length() > 4 * MAX_CHARS ? message.substring(0, 4 * MAX_CHARS) : message;
    if (key != null && !key.isEmpty()) {
      text = text.replace(key, GONE);
    }
    text = KEYS.matcher(text).replaceAll(GONE);
    text = withoutPiecesOf(text, input.text());
    if (input instanceof JobInput.Generate(_, String system, _) && system != null) {
      text = withoutPiecesOf(text, system);
    }
    text = CONTROL.matcher(text).replaceAll(" ").strip();
    return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS - 1) + "…";
  }

  /** Marks what of {@code message} stands in {@code source} too, in runs of some length. */
  private static String withoutPiecesOf(String message, String source) {
    String whole = source.strip();
    if (whole.length() < PIECE_CHARS) {
      // A short text is replaced as a whole, unless it is a word that could be anything.
      return whole.length() >= PIECE_CHARS / 3
          ? message.replace(whole, "[the job's text]")
          : message;
    }
    if (message.length() < PIECE_CHARS) {
      return message;
    }
    var shared = new boolean[message.length()];
    boolean any = false;
    for (int at = 0; at + PIECE_CHARS <= message.length(); at++) {
      if (source.contains(message.substring(at, at + PIECE_CHARS))) {
        Arrays.fill(shared, at, at + PIECE_CHARS, true);
        any = true;
      }
    }
    if (!any) {
      return message;
    }
    var left = new StringBuilder();
    for (int at = 0; at < message.length(); at++) {
      if (!shared[at]) {
        left.append(message.charAt(at));
      } else if (at == 0 || !shared[at - 1]) {
        left.append("[the job's text]");
      }
    }
    return left.toString();
  }
}
