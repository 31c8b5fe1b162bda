package dev.penstock.runtime.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** {@code log.*}. */
final class LoggingTest {
  @Test
  void settingsSayWhoLogsWhat() {
    Level before = logger("dev.penstock").getLevel();
    try {
      Logging.apply(
          Settings.load(
              Optional.empty(),
              Map.of("PENSTOCK_LOG_LEVEL", "debug", "PENSTOCK_LOG_LEVEL_ORG_EXAMPLE", "error"),
              Map.of("log.level.org.example.Loud", "OFF")));
      assertThat(logger("dev.penstock").getLevel()).isEqualTo(Level.DEBUG);
      assertThat(logger("org.example").getLevel()).isEqualTo(Level.ERROR);
      assertThat(logger("org.example.Loud").getLevel()).isEqualTo(Level.OFF);
    } finally {
      logger("dev.penstock").setLevel(before);
    }
  }

  @Test
  void allThatIsWrongIsSaidAtOnce() {
    Settings wrong =
        Settings.of(Map.of("log.format", "xml", "log.level", "loud", "log.level.a.b", "quiet"));
    assertThatThrownBy(() -> Logging.apply(wrong))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.errors())
                    .hasSize(3)
                    .anySatisfy(error -> assertThat(error).contains("log.format is 'xml'"))
                    .anySatisfy(error -> assertThat(error).contains("log.level is 'loud'"))
                    .anySatisfy(error -> assertThat(error).contains("log.level.a.b is 'quiet'")));
  }

  private static Logger logger(String name) {
    return (Logger) LoggerFactory.getLogger(name);
  }
}
