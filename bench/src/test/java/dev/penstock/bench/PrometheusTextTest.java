package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class PrometheusTextTest {
  private static final PrometheusText PAGE =
      new PrometheusText(
          """
          # HELP slots Slots there are
          # TYPE slots gauge
          slots 10.0
          slots_busy 7.5
          heap{area="heap",id="a b"} 1.5E3
          heap{area="heap",id="c"} 500.0
          heap{area="nonheap",id="d"} 7.0
          lost NaN
          """);

  @Test
  void seriesOfOneMetricAreAddedUp() {
    assertThat(PAGE.sum("slots", "")).isEqualTo(10);
    assertThat(PAGE.sum("slots_busy", "")).isEqualTo(7.5);
    assertThat(PAGE.sum("heap", "area=\"heap\"")).isEqualTo(2_000);
    assertThat(PAGE.sum("heap", "")).isEqualTo(2_007);
  }

  @Test
  void aMetricThatIsNotThereIsAnError() {
    assertThatThrownBy(() -> PAGE.sum("slot", ""))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("slot");
    assertThatThrownBy(() -> PAGE.sum("lost", ""))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("lost");
  }
}
