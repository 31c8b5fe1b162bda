package dev.penstock.chaos.law;

import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A record that no one can read.
 *
 * @param origin {@code topic:partition:offset} of where it was first
 * @param keyHex its key as hexadecimal digits, or null when it has none
 * @param valueHex its value as hexadecimal digits, or null when it has none
 * @param reason why it can't be read; empty where it was planted
 */
public record Poison(
    String origin, @Nullable String keyHex, @Nullable String valueHex, String reason) {

  /** Hexadecimal digits, or null for null. */
  public static @Nullable String hex(byte @Nullable [] bytes) {
    return bytes == null ? null : HexFormat.of().formatHex(bytes);
  }

  /** Whether key and value are the same, byte for byte. */
  boolean sameBytes(Poison other) {
    return Objects.equals(keyHex, other.keyHex) && Objects.equals(valueHex, other.valueHex);
  }
}
