package dev.penstock.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SettingsTest {
  private final Settings settings =
      Settings.load(
          Optional.empty(),
          Map.of("PENSTOCK_API_PORT", "1", "PENSTOCK_WORKER_SLOTS", "2"),
          Map.of("kafka.bootstrap", "b:1"));

  @Test
  void overridesWinOverEveryLayer() {
    Settings changed = settings.with(Map.of("api.port", "9", "kafka.bootstrap", "c:2"));

    assertThat(text(changed, "api.port")).isEqualTo("9");
    assertThat(text(changed, "kafka.bootstrap")).isEqualTo("c:2");
    assertThat(text(changed, "worker.slots")).isEqualTo("2");
    assertThat(text(settings, "api.port")).isEqualTo("1");
  }

  @Test
  void defaultsLoseAgainstEveryLayer() {
    Settings changed =
        settings.withDefaults(
            Map.of("api.port", "9", "kafka.bootstrap", "c:2", "topics.partitions", "4"));

    assertThat(text(changed, "api.port")).isEqualTo("1");
    assertThat(text(changed, "kafka.bootstrap")).isEqualTo("b:1");
    assertThat(text(changed, "topics.partitions")).isEqualTo("4");
  }

  private static String text(Settings settings, String key) {
    return settings.reader().text(key, "");
  }
}
