package dev.penstock.replayer.audit;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.PlanId;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The chain of the audit's entries, as far as its last one: makes the next, and says whether one
 * that was read follows. Immutable and thread-safe.
 *
 * <p>The hash of an entry is the SHA-256, in lower-case hexadecimal, of its JSON with an empty
 * {@code hash}. Since that JSON names the hash before, an entry stands for all that went before it:
 * who knows the last hash can tell whether anything was changed, left out or put in.
 *
 * @param sequence the number of the last entry; 0 where there is none
 * @param hash its hash
 */
public record AuditChain(long sequence, String hash) {
  private static final String NOTHING = "0".repeat(64);

  /** The chain without an entry. */
  public static final AuditChain EMPTY = new AuditChain(0, NOTHING);

  /** The entry that follows. */
  public AuditEntry next(
      Instant at, String who, String did, @Nullable PlanId plan, @Nullable JsonObject detail) {
    return sealed(new AuditEntry(sequence + 1, at, who, did, plan, detail, hash, ""));
  }

  /** The chain that ends with {@code entry}. */
  public static AuditChain endingWith(AuditEntry entry) {
    return new AuditChain(entry.sequence(), entry.hash());
  }

  /** Why {@code entry} does not follow; nothing when it does. */
  public Optional<String> problem(AuditEntry entry) {
    if (entry.sequence() != sequence + 1) {
      return Optional.of(
          "entry " + entry.sequence() + " stands where " + (sequence + 1) + " has to");
    }
    if (!entry.previousHash().equals(hash)) {
      return Optional.of("entry " + entry.sequence() + " does not name the one before it");
    }
    return sealed(entry).hash().equals(entry.hash())
        ? Optional.empty()
        : Optional.of("entry " + entry.sequence() + " is not as it was written");
  }

  private static AuditEntry sealed(AuditEntry entry) {
    var open =
        new AuditEntry(
            entry.sequence(),
            entry.at(),
            entry.who(),
            entry.did(),
            entry.plan(),
            entry.detail(),
            entry.previousHash(),
            "");
    String hash = sha256(JsonCodec.AUDIT.encode(open));
    return new AuditEntry(
        open.sequence(),
        open.at(),
        open.who(),
        open.did(),
        open.plan(),
        open.detail(),
        open.previousHash(),
        hash);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
