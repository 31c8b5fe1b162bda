package dev.penstock.worker.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LanesTest {
  private static final Instant START = Instant.parse("2026-11-21T08:00:00Z");
  private static final Duration AGEING = Duration.ofMinutes(5);
  private static final JobRecord RECORD =
      JobRecord.accepted(
          new Job(
              JobId.random(START),
              "simulated",
              new JobInput.Embed("text"),
              1,
              Duration.ofSeconds(1),
              START,
              null,
              Map.of()));

  private final Lanes lanes = new Lanes(new CoreLimits.LaneRule(0, 16, 4, 1, AGEING));
  private long offset;

  @Test
  void aLaneIsFirstInFirstOut() {
    Claim first = add(Priority.NORMAL, START);
    Claim second = add(Priority.NORMAL, START);
    assertThat(lanes.next(START)).isSameAs(first);
    assertThat(lanes.next(START)).isSameAs(second);
    assertThat(lanes.next(START)).isNull();
    assertThat(lanes.size()).isZero();
  }

  @Test
  void whileAllWaitTheSharesAreThoseOfTheWeights() {
    for (Priority priority : Priority.all()) {
      add(priority, 3_000);
    }
    Map<Priority, Integer> picked = pick(2_100, START);
    assertThat(picked)
        .containsEntry(Priority.HIGH, 1_600)
        .containsEntry(Priority.NORMAL, 400)
        .containsEntry(Priority.LOW, 100);
  }

  @Test
  void aLaneWithoutClaimsLeavesItsShareToTheOthersAndSavesNothingUp() {
    add(Priority.HIGH, 5_000);
    add(Priority.LOW, 5_000);
    assertThat(pick(1_700, START)).containsEntry(Priority.HIGH, 1_600);
    add(Priority.NORMAL, 1_000);
    assertThat(pick(210, START))
        .as("it was away for long and does not make up for it")
        .containsEntry(Priority.HIGH, 160)
        .containsEntry(Priority.NORMAL, 40);
  }

  @Test
  void whatHasWaitedLongGetsOnePickInFourBeyondItsShare() {
    add(Priority.LOW, 1_000);
    Instant later = START.plus(AGEING).plusSeconds(1);
    for (int i = 0; i < 1_000; i++) {
      add(Priority.HIGH, later);
    }
    Map<Priority, Integer> picked = pick(400, later);
    assertThat(picked.get(Priority.LOW)).isBetween(100 + 300 / 17, 100 + 300 / 17 + 1);
    assertThat(pick(40, START.plus(AGEING)))
        .as("who has not waited that long gets the share of the weights")
        .containsEntry(Priority.LOW, 2);
  }

  @Test
  void whatReservedSlotsTakeIsNotHeldAgainstTheLane() {
    add(Priority.HIGH, 2_000);
    add(Priority.NORMAL, 2_000);
    for (int i = 0; i < 1_000; i++) {
      assertThat(Objects.requireNonNull(lanes.nextOf(Priority.HIGH)).lane())
          .isEqualTo(Priority.HIGH);
    }
    assertThat(lanes.nextOf(Priority.LOW)).isNull();
    assertThat(pick(100, START)).containsEntry(Priority.HIGH, 80);
  }

  @Test
  void whatIsTakenOutDoesNotComeAgain() {
    Claim gone = add(Priority.LOW, START);
    Claim stays = add(Priority.LOW, START);
    assertThat(lanes.remove(gone)).isTrue();
    assertThat(lanes.remove(gone)).isFalse();
    assertThat(lanes.next(START)).isSameAs(stays);
    assertThat(lanes.size(Priority.LOW)).isZero();
  }

  /**
   * Whatever comes when: a claim with so many before it in its lane runs within as many weighted
   * picks as the weights make of that, and the picks out of turn between them.
   */
  @Test
  void noClaimWaitsForMoreThanABoundedNumberOfPicks() {
    for (int round = 0; round < 200; round++) {
      long seed = new Random().nextLong();
      var random = new Random(seed);
      var rule =
          new CoreLimits.LaneRule(
              0,
              1 + random.nextInt(20),
              1 + random.nextInt(20),
              1 + random.nextInt(20),
              Duration.ofMillis(1 + random.nextInt(200)));
      int weights = rule.high() + rule.normal() + rule.low();
      var tried = new Lanes(rule);
      var bounds = new HashMap<Claim, Integer>();
      Instant now = START;
      int picks = 0;
      for (int step = 0; step < 2_000; step++) {
        now = now.plusMillis(random.nextInt(3));
        if (random.nextInt(100) < 52) {
          Priority priority = Priority.all().get(random.nextInt(3));
          Claim claim = claim(priority);
          int turns = (tried.size(priority) + 1) * weights / rule.weight(priority) + 3;
          bounds.put(claim, picks + turns * Lanes.AGED_EVERY / (Lanes.AGED_EVERY - 1) + 2);
          tried.add(claim, now);
        } else {
          Claim claim = tried.next(now);
          if (claim != null) {
            picks++;
            assertThat(picks)
                .as("seed %d, step %d, %s, %s", seed, step, claim.lane(), rule)
                .isLessThanOrEqualTo(Objects.requireNonNull(bounds.remove(claim)));
          }
        }
      }
      int last = picks;
      assertThat(bounds.values())
          .as("seed %d: who waits still is not overdue", seed)
          .allMatch(bound -> bound >= last);
      assertThat(tried.size()).isEqualTo(bounds.size());
    }
  }

  private Map<Priority, Integer> pick(int count, Instant now) {
    var picked = new EnumMap<Priority, Integer>(Priority.class);
    for (int i = 0; i < count; i++) {
      @Nullable Claim claim = lanes.next(now);
      picked.merge(Objects.requireNonNull(claim).lane(), 1, Integer::sum);
    }
    return picked;
  }

  private void add(Priority priority, int count) {
    for (int i = 0; i < count; i++) {
      add(priority, START);
    }
  }

  private Claim add(Priority priority, Instant readyAt) {
    Claim claim = claim(priority);
    lanes.add(claim, readyAt);
    return claim;
  }

  private Claim claim(Priority priority) {
    var source =
        new SourceRecord(
            new TopicPartition("jobs", 0), offset++, new Decoded.Value<>(RECORD), null, 100, null);
    return new Claim(source, RECORD, priority);
  }
}
