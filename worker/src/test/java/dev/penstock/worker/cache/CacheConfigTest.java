package dev.penstock.worker.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class CacheConfigTest {
  @Test
  void modelsHaveTheirTimes() {
    CacheConfig config =
        read(
            Map.of(
                "worker.cache-ttl.fast", "1h",
                "worker.cache-ttl.openai:gpt-4.1-mini", "30s",
                "worker.cache-megabytes", "5"));
    assertThat(config.ttls())
        .containsOnly(
            Map.entry("fast", Duration.ofHours(1)),
            Map.entry("openai:gpt-4.1-mini", Duration.ofSeconds(30)));
    assertThat(config.bytes()).isEqualTo(5_000_000);
    assertThat(read(Map.of())).isEqualTo(CacheConfig.DEFAULT);
  }

  @Test
  void everythingThatIsWrongIsToldAtOnce() {
    ConfigException refused =
        catchThrowableOfType(
            ConfigException.class,
            () ->
                read(
                    Map.of(
                        "worker.cache-ttl.slow", "1h",
                        "worker.cache-ttl.fast", "31d",
                        "worker.cache-answer-kilobytes", "0")));
    assertThat(refused.errors())
        .hasSize(3)
        .anySatisfy(error -> assertThat(error).contains("no such route or provider"))
        .anySatisfy(error -> assertThat(error).contains("worker.cache-ttl.fast is '31d'"))
        .anySatisfy(error -> assertThat(error).contains("worker.cache-answer-kilobytes"));
  }

  private static CacheConfig read(Map<String, String> settings) {
    SettingsReader reader = Settings.of(settings).reader();
    CacheConfig config = CacheConfig.read(reader, Set.of("fast"), Set.of("openai"));
    return reader.build(() -> config);
  }
}
