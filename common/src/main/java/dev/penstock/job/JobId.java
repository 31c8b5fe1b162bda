package dev.penstock.job;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The identity of a job: a UUID of version 7 (RFC 9562, section 5.7), so ids sort by the
 * millisecond of their acceptance.
 *
 * <p>Immutable and thread-safe. The text form is the lower-case, 36-character one.
 */
public record JobId(UUID value) implements Comparable<JobId> {
  private static final int TEXT_LENGTH = 36;

  public JobId {
    Objects.requireNonNull(value, "value");
    if (value.version() != 7 || value.variant() != 2) {
      throw new IllegalArgumentException("a job id is a UUID of version 7, not " + value);
    }
  }

  /** A fresh id for a job accepted at {@code acceptedAt}. */
  public static JobId random(Instant acceptedAt) {
    var random = ThreadLocalRandom.current();
    return of(acceptedAt, random.nextLong(), random.nextLong());
  }

  /**
   * The id of a job that was submitted with an idempotency key: its time is the one at which the
   * key was claimed, the rest is the SHA-256 of the key, so whoever redoes the claim arrives at the
   * same id.
   */
  public static JobId ofKey(Instant claimedAt, String idempotencyKey) {
    byte[] digest = sha256(idempotencyKey.getBytes(StandardCharsets.UTF_8));
    var bytes = ByteBuffer.wrap(digest);
    return of(claimedAt, bytes.getLong(), bytes.getLong());
  }

  private static JobId of(Instant at, long high, long low) {
    long most = (at.toEpochMilli() << 16) | 0x7000L | (high & 0x0FFFL);
    long least = (low & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
    return new JobId(new UUID(most, least));
  }

  /** The id that {@code text} spells in its canonical form, or nothing. */
  public static Optional<JobId> parse(String text) {
    if (text.length() != TEXT_LENGTH) {
      return Optional.empty();
    }
    try {
      var id = new JobId(UUID.fromString(text));
      return id.toString().equals(text) ? Optional.of(id) : Optional.empty();
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /**
   * The id that {@code text} spells.
   *
   * @throws IllegalArgumentException when it spells none
   */
  public static JobId of(String text) {
    return parse(text).orElseThrow(() -> new IllegalArgumentException("not a job id"));
  }

  /** The millisecond at which the id was made. */
  public Instant time() {
    return Instant.ofEpochMilli(value.getMostSignificantBits() >>> 16);
  }

  @Override
  public int compareTo(JobId other) {
    int most =
        Long.compareUnsigned(value.getMostSignificantBits(), other.value.getMostSignificantBits());
    return most != 0
        ? most
        : Long.compareUnsigned(
            value.getLeastSignificantBits(), other.value.getLeastSignificantBits());
  }

  // Written out: ids are looked up more often than anything else.

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof JobId(UUID id) && id.equals(value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  @Override
  public String toString() {
    return value.toString();
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
