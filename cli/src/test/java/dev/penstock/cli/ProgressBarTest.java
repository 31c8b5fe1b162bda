package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressBarTest {
  private static Rate hundredPerSecond() {
    var rate = new Rate();
    rate.add(0, 0);
    rate.add(Duration.ofSeconds(5).toNanos(), 500);
    return rate;
  }

  @Test
  void showsBarRateTimeLeftAndCounts() {
    assertThat(
            ProgressBar.render(
                "running", 500, 1_000, hundredPerSecond(), "500 succeeded", 79, true))
        .isEqualTo(
            "running │██████████▌          │  50%  500/1,000  100/s  ETA 0:05  500 succeeded");
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 60, 79, 119})
  void fitsTheWindow(int columns) {
    for (long done : new long[] {0, 1, 499, 999, 1_000}) {
      assertThat(
              ProgressBar.render(
                      "running",
                      done,
                      1_000,
                      hundredPerSecond(),
                      "\u001b[32m12 ok\u001b[0m",
                      columns,
                      true)
                  .replaceAll("\u001b\\[[0-9;]*m", ""))
          .hasSizeLessThanOrEqualTo(columns);
    }
  }

  @Test
  void anUnknownTotalHasNoBarAndNoTimeLeft() {
    assertThat(ProgressBar.render("submitting", 500, 0, hundredPerSecond(), "", 79, true))
        .isEqualTo("submitting 500  100/s");
  }

  @Test
  void theRateForgetsWhatWasLongAgo() {
    var rate = new Rate();
    rate.add(0, 0);
    for (int second = 0; second <= 60; second++) {
      rate.add(Duration.ofSeconds(second).toNanos(), second < 40 ? 0 : (second - 40) * 10L);
    }

    assertThat(rate.perSecond()).isEqualTo(10);
    assertThat(rate.timeFor(50)).contains(Duration.ofSeconds(5));
  }

  @Test
  void clocksAreReadAtAGlance() {
    assertThat(ProgressBar.clock(Duration.ofSeconds(7))).isEqualTo("0:07");
    assertThat(ProgressBar.clock(Duration.ofSeconds(754))).isEqualTo("12:34");
    assertThat(ProgressBar.clock(Duration.ofSeconds(7_384))).isEqualTo("2:03:04");
  }
}
