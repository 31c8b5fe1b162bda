package dev.penstock.worker.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

final class AimdTest {
  private static final int SLOTS = 200;

  private final Aimd aimd = new Aimd(SLOTS);
  private final Deque<Instant> running = new ArrayDeque<>();
  private Instant now = Instant.parse("2026-11-21T08:00:00Z");

  /** Keeps as many calls running as it lets; those beyond {@code capacity} are refused. */
  private void load(int calls, int capacity) {
    for (int i = 0; i < calls; i++) {
      now = now.plusMillis(1);
      while (aimd.isOpen()) {
        aimd.begun();
        running.add(now);
      }
      boolean refused = running.size() > capacity;
      aimd.ended(refused, running.remove(), now);
    }
  }

  @Test
  void nothingIsBoundedWithoutTrouble() {
    load(1_000, SLOTS);
    assertThat(aimd.limit()).isEqualTo(SLOTS);
    assertThat(aimd.isLowered()).isFalse();
  }

  @Test
  void itFindsWhatATargetBears() {
    load(3_000, 40);
    assertThat(aimd.limit()).isBetween(26, 48);
  }

  @Test
  void itGoesBackWhenTheTroubleIsOver() {
    load(3_000, 40);
    load(30_000, SLOTS);
    assertThat(aimd.isLowered()).isFalse();
  }

  @Test
  void oneCallIsAlwaysLeft() {
    load(5_000, 0);
    assertThat(aimd.limit()).isEqualTo(1);
    assertThat(running).hasSizeLessThanOrEqualTo(1);
  }

  @Test
  void fewErrorsSayNothingAboutLoad() {
    for (int i = 0; i < 1_000; i++) {
      aimd.begun();
      aimd.ended(i % 20 == 0, now, now);
    }
    assertThat(aimd.isLowered()).isFalse();
  }

  @Test
  void aWaveOfRefusalsCountsOnce() {
    for (int i = 0; i < SLOTS; i++) {
      aimd.begun();
    }
    Instant begun = now;
    for (int i = 0; i < SLOTS; i++) {
      now = now.plusMillis(1);
      aimd.ended(true, begun, now);
    }
    assertThat(aimd.limit()).as("of the 101 that ran when it was judged").isEqualTo(70);
  }
}
