package dev.penstock.runtime.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code telemetry.*}, and what OpenTelemetry's own variables say. */
final class TelemetryConfigTest {
  private static final String SECRET = "s3cret";

  @Test
  void tracesAreOffUnlessAskedForWhateverTheVariablesSay() {
    TelemetryConfig config =
        read(Map.of(), Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"));
    assertThat(config.isOn()).isFalse();
    try (Traces traces = Traces.of(config)) {
      assertThat(traces).isSameAs(Traces.OFF);
      Span span = traces.begin(SpanKind.SERVER, "submit", null, Instant.EPOCH);
      assertThat(span.isRecording()).isFalse();
      assertThat(span.child(SpanKind.CLIENT, "chat", Instant.EPOCH).traceparent()).isEmpty();
    }
  }

  @Test
  void variablesSayWhatSettingsDoNot() {
    TelemetryConfig config =
        read(
            Map.of("telemetry.traces", "otlp"),
            Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "http://collector:4318/",
                "OTEL_RESOURCE_ATTRIBUTES",
                "deployment.environment.name=test,note=a%2Cb",
                "OTEL_EXPORTER_OTLP_HEADERS",
                "api-key=" + SECRET));
    assertThat(config.isOn()).isTrue();
    assertThat(config.endpoint()).hasToString("http://collector:4318/v1/traces");
    assertThat(config.serviceName()).isEqualTo("penstock-worker");
    assertThat(config.resource())
        .containsOnly(Map.entry("deployment.environment.name", "test"), Map.entry("note", "a,b"));
    assertThat(config.headers().reveal()).isEqualTo("api-key=" + SECRET);
    assertThat(config.toString()).doesNotContain(SECRET);
  }

  @Test
  void settingsWinOverVariables() {
    TelemetryConfig config =
        read(
            Map.of(
                "telemetry.otlp-endpoint", "https://other/v1/traces",
                "telemetry.service-name", "mine",
                "telemetry.sample-ratio", "0.25"),
            Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318",
                "OTEL_SERVICE_NAME", "theirs"));
    assertThat(config.endpoint()).hasToString("https://other/v1/traces");
    assertThat(config.serviceName()).isEqualTo("mine");
    assertThat(config.sampleRatio()).isEqualTo(0.25);
  }

  @Test
  void allThatIsWrongIsSaidAtOnceAndNoSecretWithIt() {
    assertThatThrownBy(() ->
            read(
                Map.of(
                    "telemetry.traces",
                    "zipkin",
                    "telemetry.otlp-endpoint",
                    "http://user:" + SECRET + "@collector",
                    "telemetry.sample-ratio",
                    "2",
                    "telemetry.otlp-headers",
                    SECRET),
                Map.of("OTEL_RESOURCE_ATTRIBUTES", "a=%zz")))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e -> {
              assertThat(e.errors()).hasSize(5);
              assertThat(e.getMessage()).doesNotContain(SECRET);
            });
  }

  @Test
  void idsAreReadOutOfAContextAndOfNothingElse() {
    String context = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assertThat(TraceIds.trace(context)).isEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(TraceIds.span(context)).isEqualTo("b7ad6b7169203331");
    for (String other :
        new String[] {"", "00-", context.toUpperCase(java.util.Locale.ROOT), context + "0"}) {
      assertThat(TraceIds.trace(other)).as(other).isEmpty();
      assertThat(TraceIds.span(other)).as(other).isEmpty();
    }
  }

  private static TelemetryConfig read(Map<String, String> settings, Map<String, String> variables) {
    SettingsReader reader = Settings.of(settings).reader();
    TelemetryConfig config = TelemetryConfig.read(reader, "worker", variables);
    return reader.build(() -> config);
  }
}
