package dev.penstock.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SettingsTest {
  @TempDir Path directory;

  @Test
  void theCommandLineWinsOverTheEnvironmentAndThatOverTheFile() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("p.properties"), "a.one=file\na.two=file\na.three=file\n");
    var reader =
        Settings.load(
                Optional.of(file),
                Map.of(
                    "PENSTOCK_A_TWO",
                    "environment",
                    "PENSTOCK_A_THREE",
                    "environment",
                    "OTHER",
                    "x"),
                Map.of("a.three", "line"))
            .reader();
    assertThat(reader.text("a.one", "")).isEqualTo("file");
    assertThat(reader.text("a.two", "")).isEqualTo("environment");
    assertThat(reader.text("a.three", "")).isEqualTo("line");
    assertThat(reader.text("a.four", "default")).isEqualTo("default");
  }

  @Test
  void allErrorsAreToldAtOnceWithKeyValueAndBound() {
    var reader =
        Settings.of(Map.of("slots", "many", "wait", "5 parsecs", "on", "maybe", "port", "70000"))
            .reader();
    reader.integer("slots", 1, 1, 10);
    reader.duration("wait", Duration.ofSeconds(1), Duration.ZERO, Duration.ofMinutes(1));
    reader.flag("on", true);
    reader.integer("port", 1, 0, 65_535);
    reader.requiredText("kafka.bootstrap", "give host:port");
    assertThatThrownBy(() -> reader.build(() -> "never"))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.errors())
                    .hasSize(5)
                    .anySatisfy(m -> assertThat(m).contains("slots", "'many'", "from 1 to 10"))
                    .anySatisfy(m -> assertThat(m).contains("wait", "'5 parsecs'"))
                    .anySatisfy(m -> assertThat(m).contains("on", "'maybe'", "true or false"))
                    .anySatisfy(m -> assertThat(m).contains("port", "'70000'", "65535"))
                    .anySatisfy(m -> assertThat(m).contains("kafka.bootstrap", "give host:port")));
  }

  @Test
  void durationsHaveUnits() {
    var reader =
        Settings.of(
                Map.of("a", "250ms", "b", "30s", "c", "5m", "d", "24h", "e", "7d", "f", "PT1.5S"))
            .reader();
    assertThat(duration(reader, "a")).isEqualTo(Duration.ofMillis(250));
    assertThat(duration(reader, "b")).isEqualTo(Duration.ofSeconds(30));
    assertThat(duration(reader, "c")).isEqualTo(Duration.ofMinutes(5));
    assertThat(duration(reader, "d")).isEqualTo(Duration.ofHours(24));
    assertThat(duration(reader, "e")).isEqualTo(Duration.ofDays(7));
    assertThat(duration(reader, "f")).isEqualTo(Duration.ofMillis(1_500));
    assertThat(reader.<String>build(() -> "fine")).isEqualTo("fine");
  }

  @Test
  void whatLiesBelowAPrefixIsFoundFromEveryLayerOnce() {
    var reader =
        Settings.load(
                Optional.empty(),
                Map.of("PENSTOCK_WORKER_PROVIDER_X_FAILURE_RATE", "0.5"),
                Map.of("worker.provider.x.seed", "7"))
            .reader();
    assertThat(reader.below("worker.provider.x."))
        .containsExactlyInAnyOrderEntriesOf(Map.of("failure-rate", "0.5", "seed", "7"));
  }

  @Test
  void aSecretIsNeverPrinted() {
    var secret = Settings.of(Map.of("key", "hush")).reader().secret("key");
    assertThat(secret).asString().doesNotContain("hush");
    assertThat(secret.reveal()).isEqualTo("hush");
  }

  @Test
  void aFileThatCannotBeReadIsOneClearError() {
    assertThatThrownBy(
            () -> Settings.load(Optional.of(directory.resolve("none")), Map.of(), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("none");
  }

  private static Duration duration(SettingsReader reader, String key) {
    return reader.duration(key, Duration.ZERO, Duration.ZERO, Duration.ofDays(30));
  }
}
