package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.streams.state.HostInfo;
import org.junit.jupiter.api.Test;

final class StreamsConfigurationTest {
  @Test
  void onlyTheBrokerIsNeeded() {
    StreamsConfiguration config = read(Map.of());
    assertThat(config.http().port()).isEqualTo(8082);
    assertThat(config.advertised()).isEmpty();
    assertThat(config.finishedRetention()).isEqualTo(Duration.ofDays(7));
    assertThat(config.threads()).isEqualTo(1);
    assertThat(config.standbyReplicas()).isZero();
    assertThat(config.api()).hasToString("http://127.0.0.1:8080");
  }

  @Test
  void theAdvertisedAddressIsHostAndPort() {
    assertThat(read(Map.of("streams.advertised-url", "streams-0.svc:8082")).advertised())
        .contains(new HostInfo("streams-0.svc", 8082));
  }

  @Test
  void finishedJobsAreNotKeptLongerThanTheEventsTheyCameFrom() {
    assertThat(read(Map.of("topics.event-retention", "1h")).finishedRetention())
        .isEqualTo(Duration.ofHours(1));
    assertThatThrownBy(
            () -> read(Map.of("topics.event-retention", "1h", "streams.finished-retention", "2h")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("streams.finished-retention");
  }

  @Test
  void allErrorsAreToldAtOnce() {
    assertThatThrownBy(() ->
            read(
                Map.of(
                    "streams.host", "0.0.0.0",
                    "streams.port", "70000",
                    "streams.threads", "0",
                    "streams.standby-replicas", "x",
                    "streams.view-wait", "2m",
                    "streams.api-url", "intake:8080",
                    "streams.search-text", "some",
                    "streams.advertised-url", "http://somewhere/")))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.errors())
                    .hasSize(8)
                    .anyMatch(error -> error.startsWith("streams.advertised-url is"))
                    .anyMatch(error -> error.startsWith("streams.api-url is"))
                    .anyMatch(error -> error.startsWith("streams.host is"))
                    .anyMatch(error -> error.startsWith("streams.view-wait is")));
  }

  private static StreamsConfiguration read(Map<String, String> more) {
    var settings = new HashMap<>(Map.of("kafka.bootstrap", "127.0.0.1:9092"));
    settings.putAll(more);
    return StreamsConfiguration.read(Settings.of(settings));
  }
}
