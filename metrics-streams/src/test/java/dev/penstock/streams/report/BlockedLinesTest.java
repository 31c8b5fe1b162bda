package dev.penstock.streams.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.streams.order.HeldLines.Held;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BlockedLinesTest {
  private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");
  private static final JobId DEAD = JobId.random(NOW);
  private static final JobId ALIVE = JobId.random(NOW);

  @Test
  void aLineBehindADeadLetterIsSaidWithItsJobAndHowManyWait() throws Exception {
    var lines = lines(List.of(new Held("a", DEAD, 0, 17), new Held("b", ALIVE, 0, 3)), List.of());
    assertThat(lines.now()).isEmpty();
    lines.look();
    Attention said = lines.now().getFirst();
    assertThat(said.code()).isEqualTo("ordering_key_blocked");
    assertThat(said.title()).isEqualTo("An ordering key is blocked by a dead letter");
    assertThat(said.detail()).startsWith("'a': 17 jobs wait behind " + DEAD).contains("release");
    assertThat(said.href()).isEqualTo("/#/jobs/" + DEAD);
    assertThat(lines.now()).hasSize(1);
  }

  @Test
  void aReplayOfTheDeadLetterBlocksNothing() throws Exception {
    var lines = lines(List.of(new Held("a", DEAD, 1, 17)), List.of());
    lines.look();
    assertThat(lines.now()).isEmpty();
  }

  @Test
  void whatOtherInstancesTellIsAddedAndWhatCannotBeReadIsLeftOut() throws Exception {
    var elsewhere = new BlockedLines.Part(4, List.of(new BlockedLines.Blocked("z", "job-z", 1)));
    var lines =
        lines(
            List.of(new Held("a", DEAD, 0, 17)),
            List.of(Json.MAPPER.writeValueAsBytes(elsewhere), new byte[] {'?'}));
    lines.look();
    Attention said = lines.now().getFirst();
    assertThat(said.title()).isEqualTo("5 ordering keys are blocked by dead letters");
    assertThat(said.detail()).contains("'z': 1 job waits behind job-z; and 3 more");
    assertThat(said.href()).isEqualTo("/#/dead-letters");
    assertThat(lines.own().count()).isEqualTo(1);
  }

  private static BlockedLines lines(List<Held> held, List<byte[]> elsewhere) {
    return new BlockedLines(
        () -> held, (job, generation) -> job.equals(DEAD) && generation == 0, _ -> elsewhere);
  }
}
