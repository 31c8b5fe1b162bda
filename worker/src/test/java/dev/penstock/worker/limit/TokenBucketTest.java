package dev.penstock.worker.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class TokenBucketTest {
  private static final Instant T0 = Instant.parse("2026-11-21T08:00:00Z");

  private final TokenBucket bucket = new TokenBucket(T0);

  private static Instant at(double seconds) {
    return T0.plusNanos(Math.round(seconds * 1e9));
  }

  /** Takes as many as go through until {@code to}. */
  private int through(double cost, Instant from, Instant to) {
    int count = 0;
    for (Instant now = bucket.freeAt(cost, from);
        !now.isAfter(to);
        now = bucket.freeAt(cost, now)) {
      bucket.take(cost, now);
      count++;
    }
    return count;
  }

  @Test
  void itBeginsEmptyAndLetsTheRateThrough() {
    bucket.rate(600, T0);
    assertThat(bucket.freeAt(1, T0)).isBetween(at(0.1), at(0.100001));
    assertThat(through(1, T0, at(60))).isBetween(599, 600);
  }

  @Test
  void itSavesUpOneSecondsWorth() {
    bucket.rate(600, T0);
    assertThat(through(1, at(100), at(100))).isEqualTo(10);
  }

  @Test
  void itSavesUpOneCallHoweverLowTheRateIs() {
    bucket.rate(6, T0);
    assertThat(bucket.freeAt(1, T0)).isBetween(at(10), at(10.000001));
    assertThat(through(1, at(100), at(100))).isEqualTo(1);
  }

  @Test
  void whatIsLargerThanItLeavesADebt() {
    bucket.rate(60_000, T0);
    assertThat(through(3_000, T0, at(60))).isBetween(20, 21);
  }

  @Test
  void whatIsGivenBackCanBeTakenAgain() {
    bucket.rate(60_000, T0);
    bucket.take(900, at(1));
    bucket.giveBack(800, at(1));
    assertThat(bucket.freeAt(900, at(1))).isEqualTo(at(1));
    bucket.giveBack(1_000_000, at(1));
    assertThat(through(100, at(1), at(1))).isEqualTo(10);
  }

  @Test
  void aLowerRateKeepsLess() {
    bucket.rate(6_000, T0);
    bucket.rate(60, at(5));
    assertThat(through(1, at(5), at(5))).isEqualTo(1);
  }

  @Test
  void nothingGoesThroughAtNoRate() {
    bucket.rate(600, T0);
    bucket.rate(0, at(5));
    assertThat(bucket.freeAt(1, at(9))).isEqualTo(Instant.MAX);
  }

  @Test
  void nothingGoesThroughAndNothingIsSavedUpWhileItIsClosed() {
    bucket.rate(600, T0);
    bucket.closeUntil(at(10));
    assertThat(bucket.freeAt(1, at(5))).isBetween(at(10), at(10.2));
    assertThat(through(1, at(5), at(10.5))).isBetween(4, 5);
  }

  @Test
  void timeThatRunsBackwardsGivesNothing() {
    bucket.rate(600, at(10));
    bucket.rate(600, at(5));
    assertThat(Duration.between(at(10), bucket.freeAt(1, at(10))).toNanos() / 1e9)
        .isCloseTo(0.1, within(0.001));
  }
}
