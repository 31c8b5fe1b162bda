package dev.penstock.worker.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import dev.penstock.provider.Target;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class LimitRulesTest {
  private static LimitRules read(Map<String, String> settings) {
    var reader = Settings.of(settings).reader();
    LimitRules rules = LimitRules.read(reader, Set.of("openai", "local"));
    return reader.build(() -> rules);
  }

  @Test
  void limitsAreReadByProviderAndByModel() {
    LimitRules rules =
        read(
            Map.of(
                "worker.limit.openai.requests-per-minute", "500",
                "worker.limit.openai.concurrency", "20",
                "worker.limit.openai.model.gpt-4.1.tokens-per-minute", "30000"));
    var target = Target.of("openai:gpt-4.1");
    assertThat(rules.ofProvider(target)).isEqualTo(new LimitRules.Rule(500L, null, 20L));
    assertThat(rules.ofModel(target)).isEqualTo(new LimitRules.Rule(null, 30_000L, null));
    assertThat(rules.ofModel(Target.of("openai:other"))).isEqualTo(LimitRules.Rule.NONE);
  }

  @Test
  void everythingThatIsWrongIsTold() {
    assertThatThrownBy(() ->
            read(
                Map.of(
                    "worker.limit.opnai.concurrency", "20",
                    "worker.limit.local.concurrency", "0",
                    "worker.limit.local.tokens-per-minute", "many",
                    "worker.limit.local.tokens-per-day", "7")))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.errors())
                    .hasSize(4)
                    .anyMatch(error -> error.contains("opnai"))
                    .anyMatch(error -> error.contains("'0'"))
                    .anyMatch(error -> error.contains("'many'"))
                    .anyMatch(error -> error.contains("tokens-per-day")));
  }
}
