package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the statistics say, on a clock that the test turns. */
class LedgerTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Limits LIMITS = new Limits(600, 60_000, 0, Duration.ofSeconds(1));

  private final Ledger ledger = new Ledger(START, 0);

  @Test
  void theUsedShareIsOfWhatFlowedInMeanwhile() {
    // 10 a second flow in; 9 a second are let in for a minute, and 1 a second is refused.
    for (int i = 0; i < 600; i++) {
      call(i * SECOND / 10, i % 10 == 9 ? "limited_requests" : "answered", null);
    }

    Stats stats = ledger.stats(LIMITS, 60 * SECOND);

    Stats.KeyUse use = stats.keys().getFirst();
    assertThat(use.calls()).isEqualTo(600);
    assertThat(use.admitted()).isEqualTo(540);
    assertThat(use.limited()).isEqualTo(60);
    assertThat(use.seconds()).isEqualTo(59.9, within(1e-9));
    assertThat(use.requestsUsedShare()).isEqualTo(540 / 599.0, within(1e-9));
    // 70 input and 30 output tokens a call.
    assertThat(use.tokensUsedShare()).isEqualTo(54_000 / 59_900.0, within(1e-9));
    assertThat(stats.limited()).isEqualTo(60);
    assertThat(stats.perSecond()).hasSize(60);
    assertThat(stats.perSecond().get(30)).isEqualTo(new Stats.Second(30, 10, 9, 9, 1, 0, 900));
  }

  @Test
  void callsAtOnceAndTheirPeakAreCounted() {
    ledger.came("k", null, 0);
    ledger.admitted("k", 1, 0);
    ledger.came("k", null, 0);
    ledger.admitted("k", 1, 0);
    ledger.settled("k", 1, SECOND);

    assertThat(ledger.stats(LIMITS, SECOND).inFlight()).isEqualTo(1);
    assertThat(ledger.stats(LIMITS, SECOND).peakInFlight()).isEqualTo(2);
  }

  @Test
  void aResetForgetsAllButWhatIsUnderWay() {
    call(0, "answered", "job-1");
    ledger.came("k", null, 0);
    ledger.admitted("k", 1, 0);

    ledger.reset(START.plusSeconds(5), 5 * SECOND);

    Stats stats = ledger.stats(LIMITS, 6 * SECOND);
    assertThat(stats.since()).isEqualTo(START.plusSeconds(5));
    assertThat(stats.seconds()).isEqualTo(1);
    assertThat(stats.calls()).isZero();
    assertThat(stats.keys()).isEmpty();
    assertThat(stats.inFlight()).isEqualTo(1);
    assertThat(stats.peakInFlight()).isEqualTo(1);
    assertThat(ledger.calls()).isEmpty();
  }

  @Test
  void onlyTheLastCallsAreKept() {
    for (int i = 0; i < Ledger.MAX_CALLS + 5; i++) {
      call(i, "answered", null);
    }

    assertThat(ledger.calls()).hasSize(Ledger.MAX_CALLS);
    assertThat(ledger.calls().getFirst().number()).isEqualTo(6);
    assertThat(ledger.stats(LIMITS, SECOND).calls()).isEqualTo(Ledger.MAX_CALLS + 5L);
  }

  private void call(long now, String outcome, @Nullable String idempotencyKey) {
    long number = ledger.came("k", idempotencyKey, now);
    boolean admitted = outcome.equals("answered");
    if (admitted) {
      ledger.admitted("k", 70, now);
      ledger.settled("k", 30, now);
    }
    ledger.ended(
        new CallRecord(
            number,
            START.plusNanos(now),
            "k",
            "/v1/chat/completions",
            "m",
            false,
            outcome,
            admitted ? 200 : 429,
            0,
            admitted ? 70 : 0,
            admitted ? 30 : 0,
            "req",
            idempotencyKey),
        now);
  }
}
