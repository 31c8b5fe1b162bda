package dev.penstock.worker.admit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class AdmissionConfigTest {
  @Test
  void aRouteIsAListOfTargetsInTheirOrder() {
    AdmissionConfig config =
        read(
            Map.of(
                "worker.route.fast", "openai:gpt-x, ollama:llama:8b,local",
                "worker.breaker.open", "1s"));
    assertThat(config.routes())
        .containsOnly(
            Map.entry(
                "fast",
                List.of(
                    new Target("openai", "gpt-x"),
                    new Target("ollama", "llama:8b"),
                    new Target("local", ""))));
    assertThat(config.breaker().open()).isEqualTo(Duration.ofSeconds(1));
    assertThat(config.breaker().enabled()).isTrue();
  }

  @Test
  void everythingThatIsWrongIsToldAtOnce() {
    ConfigException refused =
        catchThrowableOfType(
            ConfigException.class,
            () ->
                read(
                    Map.of(
                        "worker.route.local", "openai",
                        "worker.route.fast", "anthropic,local",
                        "worker.route.twice", "local,local",
                        "worker.route.empty", "local,,openai",
                        "worker.route.long", "local" + ",openai".repeat(10),
                        "worker.breaker.open", "10m")));
    assertThat(refused.errors())
        .anyMatch(error -> error.contains("worker.route.local: a provider has this name"))
        .anyMatch(error -> error.contains("there is no provider 'anthropic'"))
        .anyMatch(error -> error.contains("names 'local' twice"))
        .anyMatch(
            error -> error.startsWith("worker.route.empty is 'local,,openai', but is made of"))
        .anyMatch(error -> error.startsWith("worker.route.long is"))
        .anyMatch(error -> error.contains("worker.breaker.longest-open"));
  }

  private static AdmissionConfig read(Map<String, String> settings) {
    var reader = Settings.of(settings).reader();
    AdmissionConfig config = AdmissionConfig.read(reader, Set.of("openai", "ollama", "local"));
    return reader.build(() -> config);
  }
}
