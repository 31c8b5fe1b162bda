package dev.penstock.job;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Failures that are one and the same to people: of the same code, provider, model and kind, whose
 * messages differ in numbers, ids and quoted texts only.
 *
 * @param provider who was called, or empty
 * @param message as {@link #normalised} makes it
 */
public record FailureGroup(
    String code, String provider, String model, String kind, String message) {
  /** The longest message that is kept, in UTF-16 code units. */
  public static final int MAX_MESSAGE_CHARS = 200;

  /** Of a message so many UTF-16 code units are looked at. */
  private static final int MAX_READ_CHARS = 400;

  private static final int FINGERPRINT_BYTES = 8;

  /**
   * Quoted texts; then words with a digit in them, of letters, digits and what ids, versions, times
   * and addresses are made of; then hexadecimal numbers of eight digits or more without one.
   */
  private static final Pattern VARIABLE =
      Pattern.compile(
          "\"[^\"]*\"|'[^' ][^']*'|`[^`]*`"
              + "|[\\p{L}_]*\\p{Nd}[\\p{L}\\p{Nd}_]*(?:[-.:/+][\\p{L}\\p{Nd}_]+)*"
              + "|\\b[0-9a-fA-F]{8,}\\b");

  private static final Pattern SPACE = Pattern.compile("\\s+");

  /** The group of a failure. */
  public static FailureGroup of(
      String code, String provider, String model, String kind, String message) {
    return new FailureGroup(code, provider, model, kind, normalised(message));
  }

  /** The same group but for its message. */
  public FailureGroup withMessage(String other) {
    return new FailureGroup(code, provider, model, kind, other);
  }

  /** What is the same in all such messages; what differs stands as {@code *}. */
  public static String normalised(String message) {
    String read =
        message.length() <= MAX_READ_CHARS ? message : message.substring(0, MAX_READ_CHARS);
    String same = SPACE.matcher(VARIABLE.matcher(read).replaceAll("*")).replaceAll(" ").strip();
    return same.length() <= MAX_MESSAGE_CHARS
        ? same
        : same.substring(0, MAX_MESSAGE_CHARS - 1) + "…";
  }

  /** Sixteen hexadecimal digits that name the group. */
  public String fingerprint() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      add(code, digest);
      add(provider, digest);
      add(model, digest);
      add(kind, digest);
      add(message, digest);
      return HexFormat.of().formatHex(digest.digest(), 0, FINGERPRINT_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  /** Its length goes before it, in groups of seven bits, so that no two groups run into one. */
  private static void add(String text, MessageDigest digest) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int rest = bytes.length;
    while (rest > 0x7f) {
      digest.update((byte) (rest | 0x80));
      rest >>>= 7;
    }
    digest.update((byte) rest);
    digest.update(bytes);
  }
}
