package dev.penstock.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.job.Priority;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TopicsTest {
  private static final Duration LONGEST = Duration.ofDays(30);

  private final Topics topics = Topics.defaults();

  /**
   * Follows a job down the holds, each move late by less than a second: it must never be held past
   * its due time, and what waits for it in memory must be short.
   */
  @Test
  void aWaitingJobIsNeverHeldPastItsDueTimeAndComesToTheRetryTopicShortlyBefore() {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    for (int i = 0; i < 4_000; i++) {
      Duration remaining = Duration.ofMillis(random.nextLong(LONGEST.toMillis()));
      boolean held = false;
      Priority lane = Priority.all().get(random.nextInt(Priority.all().size()));
      int moves = 0;
      while (!topics.waiting(remaining, lane).equals(topics.retry(lane))) {
        remaining =
            remaining
                .minus(holdOf(topics.waiting(remaining, lane)))
                .minusMillis(random.nextInt(1_000));
        held = true;
        moves++;
      }
      assertThat(remaining).as("seed %d", seed).isLessThan(topics.waitingHorizon());
      if (held) {
        assertThat(remaining).as("seed %d", seed).isGreaterThan(Duration.ofSeconds(3));
      }
      assertThat(moves).as("seed %d", seed).isLessThanOrEqualTo(645);
    }
  }

  @Test
  void aCancelOfAWaitingJobTakesAtMostTheLongestHold() {
    assertThat(topics.holds().getLast()).isLessThan(Duration.ofMinutes(70));
  }

  @Test
  void holdsAreBoundedAndRise() {
    for (List<Duration> wrong :
        List.of(
            List.<Duration>of(),
            List.of(Duration.ZERO),
            List.of(Duration.ofDays(31)),
            List.of(Duration.ofNanos(100_000_001)),
            List.of(Duration.ofSeconds(2), Duration.ofSeconds(2)),
            List.of(Duration.ofSeconds(2), Duration.ofSeconds(1)))) {
      assertThatThrownBy(() -> new Topics("p.", 1, LONGEST, LONGEST, wrong))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void eachPriorityHasTopicsOfItsOwnFromWhichItCanBeTold() {
    assertThat(topics.claimed()).doesNotHaveDuplicates().hasSize(6);
    for (Priority priority : Priority.all()) {
      assertThat(Topics.laneOf(topics.jobs(priority))).isEqualTo(priority);
      assertThat(Topics.laneOf(topics.retry(priority))).isEqualTo(priority);
    }
    assertThat(topics.jobs()).isEqualTo("penstock.jobs");
    assertThat(topics.retry()).isEqualTo("penstock.retry");
  }

  private Duration holdOf(String topic) {
    return topics.holds().stream()
        .filter(hold -> topics.hold(hold).equals(topic))
        .findFirst()
        .orElseThrow();
  }
}
