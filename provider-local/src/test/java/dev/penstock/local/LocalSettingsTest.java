package dev.penstock.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LocalSettingsTest {
  @Test
  void defaultsLeaveHalfTheProcessorsToOthers() {
    LocalSettings settings = LocalSettings.read(Map.of());
    int processors = Runtime.getRuntime().availableProcessors();
    assertThat(settings.inferenceThreads()).isEqualTo(Math.max(1, processors / 2));
    assertThat(settings.cachedLabels()).isEqualTo(10_000);
  }

  @Test
  void settingsAreRead() {
    assertThat(LocalSettings.read(Map.of("inference-threads", " 3 ", "cached-labels", "7")))
        .isEqualTo(new LocalSettings(3, 7));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "257", "many", "", "99999999999"})
  void aWrongNumberOfThreadsIsRefusedWithItsBound(String value) {
    assertThatThrownBy(() -> LocalSettings.read(Map.of("inference-threads", value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("worker.provider.local.inference-threads is '" + value + "'")
        .hasMessageContaining("from 1 to 256");
  }

  @Test
  void everythingThatIsWrongIsSaidAtOnce() {
    assertThatThrownBy(() ->
            LocalSettings.read(
                Map.of("inference-thread", "2", "cached-labels", "x", "gpu", "true")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("worker.provider.local.inference-thread is '2'")
        .hasMessageContaining("worker.provider.local.cached-labels is 'x'")
        .hasMessageContaining("worker.provider.local.gpu is 'true', but there is no such setting")
        .hasMessageContaining("known are inference-threads, cached-labels");
  }
}
