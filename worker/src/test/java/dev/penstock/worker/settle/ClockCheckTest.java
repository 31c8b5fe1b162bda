package dev.penstock.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ClockCheckTest {
  private static final Instant BROKER = Instant.parse("2026-11-21T08:00:00Z");

  private final ClockCheck check = new ClockCheck(Duration.ofMillis(500));

  @Test
  void aClockWithinTheBoundIsNoProblem() {
    assertThat(problem(Duration.ofMillis(-400), Duration.ofMillis(-390))).isNull();
    assertThat(problem(Duration.ofMillis(390), Duration.ofMillis(400))).isNull();
  }

  @Test
  void aClockThatIsAheadOrBehindIsToldWithHowMuchAtLeast() {
    assertThat(problem(Duration.ofMillis(700), Duration.ofMillis(710)))
        .contains("at least 699 ms ahead of Kafka's", "may be off by 500 ms");
    assertThat(problem(Duration.ofMillis(-710), Duration.ofMillis(-700)))
        .contains("at least 700 ms behind Kafka's");
  }

  @Test
  void aLongWayIsNotTakenForAWrongClock() {
    assertThat(problem(Duration.ofSeconds(-30), Duration.ofMillis(100))).isNull();
    assertThat(problem(Duration.ofMillis(-100), Duration.ofSeconds(30))).isNull();
    assertThat(problem(Duration.ofSeconds(-30), Duration.ofMillis(-501))).isNotNull();
  }

  /** Sent and answered at these times by the local clock, when it was {@link #BROKER}. */
  private @Nullable String problem(Duration sent, Duration answered) {
    return check.problem(BROKER.plus(sent), BROKER, BROKER.plus(answered)).orElse(null);
  }
}
