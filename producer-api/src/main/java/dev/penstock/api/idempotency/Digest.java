package dev.penstock.api.idempotency;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import org.apache.kafka.common.utils.Utils;

/** A SHA-256. Keys are kept as digests, so that no one reads them out of a topic. */
record Digest(long a, long b, long c, long d) {
  private static final int BYTES = 32;

  static Digest of(byte[] content) {
    try {
      return ofBytes(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  static Digest ofText(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The digest that {@link #hex} wrote, or nothing. */
  static Optional<Digest> parse(String hex) {
    if (hex.length() != 2 * BYTES) {
      return Optional.empty();
    }
    try {
      return Optional.of(ofBytes(HexFormat.of().parseHex(hex)));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private static Digest ofBytes(byte[] digest) {
    var bytes = ByteBuffer.wrap(digest);
    return new Digest(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
  }

  String hex() {
    var hex = HexFormat.of();
    return hex.toHexDigits(a) + hex.toHexDigits(b) + hex.toHexDigits(c) + hex.toHexDigits(d);
  }

  /** The key of the record that tells what this key stands for. */
  byte[] recordKey() {
    return hex().getBytes(StandardCharsets.US_ASCII);
  }

  /** The partition of keys that this one belongs to: as Kafka's own partitioner would say. */
  int partition(int partitions) {
    return Utils.toPositive(Utils.murmur2(recordKey())) % partitions;
  }
}
