package dev.penstock.worker.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class RetryBudgetTest {
  private static final Instant T0 = Instant.parse("2026-11-21T08:00:00Z");

  @Test
  void tenSecondsOfTheFloorAreFreeAndWhatIsMoreIsPaidInTurn() {
    var budget = new RetryBudget(0.2, 10);
    for (int i = 0; i < 100; i++) {
      assertThat(budget.spend("p", T0)).isZero();
    }
    for (int i = 1; i <= 50; i++) {
      assertThat(budget.spend("p", T0)).isEqualTo(Duration.ofMillis(100L * i));
    }
    assertThat(budget.spend("p", T0.plusSeconds(5))).isEqualTo(Duration.ofMillis(100));
    assertThat(budget.spend("p", T0.plusSeconds(60))).isZero();
  }

  @Test
  void firstCallsEarnTheirShare() {
    var budget = new RetryBudget(0.2, 1);
    Instant now = T0;
    int granted = 0;
    for (int second = 0; second < 60; second++) {
      for (int call = 0; call < 100; call++) {
        now = now.plusMillis(10);
        budget.earn("p", now);
        granted += budget.spend("p", now).isZero() ? 1 : 0;
      }
    }
    // The first are free; then all are in debt, and the debt grows, because each call is retried.
    assertThat(granted).isLessThan(6_000 / 5);
    assertThat(budget.spend("p", now)).isBetween(Duration.ofMinutes(3), Duration.ofMinutes(5));
  }

  @Test
  void aFifthOfTheCallsIsRetriedWithoutDelay() {
    var budget = new RetryBudget(0.2, 1);
    Instant now = T0;
    for (int call = 0; call < 10_000; call++) {
      now = now.plusMillis(10);
      budget.earn("p", now);
      if (call % 5 == 0) {
        assertThat(budget.spend("p", now)).isZero();
      }
    }
  }

  @Test
  void providersDoNotPayForEachOther() {
    var budget = new RetryBudget(0, 1);
    for (int i = 0; i < 100; i++) {
      budget.spend("bad", T0);
    }
    assertThat(budget.spend("bad", T0)).isPositive();
    assertThat(budget.spend("good", T0)).isZero();
  }

  @Test
  void noRetryIsMovedFurtherThanAnHour() {
    var budget = new RetryBudget(0, 1);
    for (int i = 0; i < 100_000; i++) {
      assertThat(budget.spend("p", T0)).isLessThanOrEqualTo(Duration.ofHours(1));
    }
    assertThat(budget.spend("p", T0)).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void aClockThatGoesBackEarnsNothing() {
    var budget = new RetryBudget(0, 1);
    for (int i = 0; i < 10; i++) {
      budget.spend("p", T0);
    }
    assertThat(budget.spend("p", T0.minusSeconds(100))).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void aBudgetThatEarnsNothingIsRefused() {
    assertThatThrownBy(() -> new RetryBudget(0.2, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RetryBudget(-1, 1)).isInstanceOf(IllegalArgumentException.class);
  }
}
