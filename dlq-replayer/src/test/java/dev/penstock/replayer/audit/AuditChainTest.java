package dev.penstock.replayer.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.PlanId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class AuditChainTest {
  private static final Instant AT = Instant.parse("2026-11-22T03:00:00.5Z");

  private static List<AuditEntry> entries() {
    var entries = new ArrayList<AuditEntry>();
    AuditChain chain = AuditChain.EMPTY;
    for (String did : List.of("draft", "confirm", "abort")) {
      var detail = did.equals("draft") ? new JsonObject("{\"count\": 7}") : null;
      AuditEntry entry = chain.next(AT, "ann", did, new PlanId("plan"), detail);
      entries.add(entry);
      chain = AuditChain.endingWith(entry);
    }
    return entries;
  }

  /** The first thing that is wrong. */
  private static Optional<String> verify(List<AuditEntry> entries) {
    AuditChain chain = AuditChain.EMPTY;
    for (AuditEntry entry : entries) {
      Optional<String> problem = chain.problem(entry);
      if (problem.isPresent()) {
        return problem;
      }
      chain = AuditChain.endingWith(entry);
    }
    return Optional.empty();
  }

  @Test
  void whatWasWrittenIsVerifiedAfterItWasRead() {
    var read = new ArrayList<AuditEntry>();
    for (AuditEntry entry : entries()) {
      read.add(
          ((Decoded.Value<AuditEntry>) JsonCodec.AUDIT.decode(JsonCodec.AUDIT.encode(entry)))
              .value());
    }
    assertThat(verify(read)).isEmpty();
  }

  @Test
  void aChangedEntryIsFound() {
    List<AuditEntry> entries = new ArrayList<>(entries());
    AuditEntry second = entries.get(1);
    entries.set(
        1,
        new AuditEntry(
            2, AT, "bob", second.did(), second.plan(), null, second.previousHash(), second.hash()));
    assertThat(verify(entries)).contains("entry 2 is not as it was written");
  }

  @Test
  void anEntryThatWasSealedAnewIsFoundByTheNext() {
    List<AuditEntry> entries = new ArrayList<>(entries());
    entries.set(1, AuditChain.endingWith(entries.get(0)).next(AT, "bob", "confirm", null, null));
    assertThat(verify(entries)).contains("entry 3 does not name the one before it");
  }

  @Test
  void aMissingEntryIsFound() {
    List<AuditEntry> entries = new ArrayList<>(entries());
    entries.remove(1);
    assertThat(verify(entries)).contains("entry 3 stands where 2 has to");
  }
}
