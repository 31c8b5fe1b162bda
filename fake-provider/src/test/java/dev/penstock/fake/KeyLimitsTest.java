package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.fake.Admission.Kind;
import dev.penstock.fake.Admission.Refused;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What a key may use, on a clock that the test turns. */
class KeyLimitsTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Duration BURST = Duration.ofSeconds(1);

  @Test
  void aBurstIsLetInAndThenTheRate() {
    var limits = new KeyLimits(new Limits(600, 0, 0, BURST), 0);
    assertThat(admitted(limits, 20, 1, 0)).isEqualTo(10);

    int later = 0;
    for (long now = 0; now < 60 * SECOND; now += SECOND / 100) {
      later += admitted(limits, 1, 1, now + SECOND / 100);
    }

    assertThat(later).isBetween(599, 600);
  }

  @Test
  void theBurstCanBeSet() {
    assertThat(admitted(new KeyLimits(new Limits(600, 0, 0, Duration.ofMinutes(1)), 0), 900, 1, 0))
        .isEqualTo(600);
    assertThat(admitted(new KeyLimits(new Limits(600, 0, 0, Duration.ofMillis(10)), 0), 900, 1, 0))
        .isEqualTo(1);
  }

  @Test
  void aRefusalSaysWhenToComeBackAndCostsNothing() {
    var limits = new KeyLimits(new Limits(60, 0, 0, BURST), 0);
    limits.admit(1, 0);

    Refused refused = (Refused) limits.admit(1, SECOND / 4);

    assertThat(refused).isEqualTo(new Refused(Kind.REQUESTS, 60, 60, 1, Duration.ofMillis(750)));
    assertThat(limits.admit(1, SECOND)).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void inputCountsAtTheBeginningAndOutputAtTheEnd() {
    var limits = new KeyLimits(new Limits(0, 60_000, 0, BURST), 0);
    assertThat(limits.admit(400, 0)).isInstanceOf(Admission.Admitted.class);
    assertThat(limits.state(0).tokens())
        .isEqualTo(new LimitState.Gauge(60_000, 600, Duration.ofMillis(400)));

    limits.settle(1_600, 0);

    // 1,000 overdrawn: in a second it is level, in another full.
    assertThat(limits.state(0).tokens())
        .isEqualTo(new LimitState.Gauge(60_000, 0, Duration.ofSeconds(2)));
    Refused refused = (Refused) limits.admit(100, 0);
    assertThat(refused.kind()).isEqualTo(Kind.TOKENS);
    assertThat(refused.retryAfter()).isEqualTo(Duration.ofMillis(1_100));
    assertThat(limits.admit(100, 1_100 * SECOND / 1_000)).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void aCallThatIsLargerThanTheBurstWaitsForAFullBucket() {
    var limits = new KeyLimits(new Limits(0, 60_000, 0, BURST), 0);

    assertThat(limits.admit(5_000, 0)).isInstanceOf(Admission.Admitted.class);
    Refused refused = (Refused) limits.admit(5_000, 0);

    assertThat(refused.retryAfter()).isEqualTo(Duration.ofSeconds(5));
    assertThat(limits.admit(5_000, 5 * SECOND)).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void callsAtOnceAreBounded() {
    var limits = new KeyLimits(new Limits(0, 0, 2, BURST), 0);
    assertThat(admitted(limits, 3, 1, 0)).isEqualTo(2);
    assertThat(((Refused) limits.admit(1, 0)).kind()).isEqualTo(Kind.CONCURRENCY);

    limits.settle(1, 0);

    assertThat(admitted(limits, 3, 1, 0)).isEqualTo(1);
  }

  @Test
  void withoutLimitsEverythingIsLetIn() {
    var limits = new KeyLimits(Limits.NONE, 0);

    assertThat(admitted(limits, 10_000, 1_000_000, 0)).isEqualTo(10_000);
    assertThat(limits.state(0)).isEqualTo(LimitState.NONE);
  }

  @Test
  void limitsOutOfBoundsAreNamed() {
    assertThatThrownBy(() -> new Limits(-1, 0, -2, Duration.ofHours(1)))
        .hasMessage(
            "requestsPerMinute is -1, but must be from 0 (no limit) to 1000000000000; concurrency"
                + " is -2, but must be from 0 (no limit) to 2147483647; burst is PT1H, but must be"
                + " from PT0.001S to PT1M");
  }

  private static int admitted(KeyLimits limits, int calls, long tokens, long now) {
    int admitted = 0;
    for (int i = 0; i < calls; i++) {
      if (limits.admit(tokens, now) instanceof Admission.Admitted) {
        admitted++;
      }
    }
    return admitted;
  }
}
