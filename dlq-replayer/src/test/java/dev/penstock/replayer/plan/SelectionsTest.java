package dev.penstock.replayer.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.replayer.select.Selecting;
import dev.penstock.replayer.select.Selecting.Selected;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.Test;

final class SelectionsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Instant NOW = Instant.parse("2026-11-22T03:00:00Z");
  private static final Selected FOUND =
      new Selected(
          Map.of(1, OffsetSet.of(4)),
          Map.of(1, OffsetSet.of(5, 6), 2, new OffsetSet()),
          new JsonObject("{\"matched\":3}"));

  private static Plan plan(String id) {
    return new Draft(
            new PlanId(id),
            id,
            "ann",
            new JsonObject("{}"),
            new Action.Discard("old"),
            new Pace(1, null),
            null)
        .selecting(List.of(9L), NOW);
  }

  private static Selections selections(Selecting selecting) {
    return new Selections(selecting, _ -> {}, Duration.ofSeconds(1), Threads.REAL);
  }

  /** What has ended, when so many have. */
  private static List<Selections.Ended> ended(Selections selections, int count) {
    var ended = new ArrayList<Selections.Ended>();
    await()
        .atMost(PATIENCE)
        .until(() -> {
          ended.addAll(selections.ended());
          return ended.size() >= count;
        });
    return ended;
  }

  private static String problem(Selecting selecting) {
    try (Selections selections = selections(selecting)) {
      selections.start(plan("p"));
      Selections.Ended ended = ended(selections, 1).getFirst();
      assertThat(ended.found()).isNull();
      return Objects.requireNonNull(ended.problem());
    }
  }

  @Test
  void whatIsFoundIsFrozenInStagesWithItsPreview() {
    try (Selections selections = selections(_ -> FOUND)) {
      selections.start(plan("p"));
      Selections.Ended ended = ended(selections, 1).getFirst();
      assertThat(ended.problem()).isNull();
      Frozen found = Objects.requireNonNull(ended.found());
      assertThat(found.shares())
          .containsExactly(new Share(Draft.CANARY, 1, 1, 1), new Share(Draft.REST, 1, 2, 1));
      assertThat(found.records())
          .extracting(PlanRecord::key)
          .containsExactly("p/0/1/0", "p/1/1/0", "p/preview");
    }
  }

  @Test
  void someRunAtOnceAndTheOthersWait() {
    var gate = new CountDownLatch(1);
    var begun = new AtomicInteger();
    try (Selections selections =
        selections(_ -> {
          begun.incrementAndGet();
          gate.await();
          return FOUND;
        })) {
      List<Plan> all = List.of(plan("a"), plan("b"), plan("c"));
      all.forEach(selections::start);
      all.forEach(selections::start);
      await().atMost(PATIENCE).until(() -> begun.get() == Selections.MAX_RUNNING);
      gate.countDown();
      assertThat(ended(selections, 2)).hasSize(2);
      assertThat(begun.get()).isEqualTo(2);
      selections.start(plan("c"));
      assertThat(ended(selections, 1).getFirst().plan()).isEqualTo(plan("c"));
    }
  }

  @Test
  void theOneThatIsStoppedIsInterruptedAndNotTold() {
    var never = new CountDownLatch(1);
    var interrupted = new AtomicInteger();
    try (Selections selections =
        selections(plan -> {
          try {
            if (plan.id().text().equals("never")) {
              never.await();
            }
          } catch (InterruptedException e) {
            interrupted.incrementAndGet();
            throw e;
          }
          return FOUND;
        })) {
      selections.start(plan("never"));
      selections.stop(new PlanId("never"));
      await().atMost(PATIENCE).until(() -> interrupted.get() == 1);
      selections.start(plan("next"));
      assertThat(ended(selections, 1))
          .extracting(Selections.Ended::plan)
          .containsExactly(plan("next"));
      selections.start(plan("never"));
    }
    // Closing stops those that run.
    await().atMost(PATIENCE).until(() -> interrupted.get() == 2);
  }

  @Test
  void whatKafkaDoesNotGiveIsAskedForAgainAndTheRestIsTold() {
    var attempts = new AtomicInteger();
    try (Selections selections =
        selections(_ -> {
          if (attempts.incrementAndGet() < Selections.MAX_ATTEMPTS) {
            throw new KafkaException("away");
          }
          return FOUND;
        })) {
      selections.start(plan("p"));
      assertThat(ended(selections, 1).getFirst().problem()).isNull();
    }
    assertThat(
            problem(_ -> {
              throw new KafkaException("away");
            }))
        .isEqualTo("the dead letters can't be read: away");
    assertThat(
            problem(_ -> {
              throw new IllegalArgumentException("/filter: is none");
            }))
        .isEqualTo("it can't be selected: /filter: is none");
    assertThat(
            problem(_ -> {
              throw new IllegalStateException("broken");
            }))
        .isEqualTo("it can't be looked for: a fault of the service");
  }

  @Test
  void aCanaryIsNoPartOfTheRest() {
    assertThat(
            problem(_ ->
                new Selected(
                    Map.of(1, OffsetSet.of(4)),
                    Map.of(1, OffsetSet.of(4, 5)),
                    new JsonObject("{}"))))
        .contains("share an offset");
  }
}
