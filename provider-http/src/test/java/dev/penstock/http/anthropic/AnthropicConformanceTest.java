package dev.penstock.http.anthropic;

import dev.penstock.http.TinyServer;
import dev.penstock.kit.ProviderConformance;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;

/** The ways in which the type {@code anthropic} can be set up. */
final class AnthropicConformanceTest {
  private static final TinyServer SERVER = TinyServer.start(new TinyAnthropic());
  private static final TinyServer SILENT = TinyServer.start((_, _) -> Thread.sleep(Long.MAX_VALUE));
  private static final TinyServer BROKEN =
      TinyServer.start(
          TinyServer.json(
              500, "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"no\"}}"));

  @AfterAll
  static void stop() {
    SERVER.close();
    SILENT.close();
    BROKEN.close();
  }

  @Nested
  final class Streamed extends Conformance {
    Streamed() {
      super(Map.of());
    }
  }

  @Nested
  final class Whole extends Conformance {
    Whole() {
      super(Map.of("stream", "false"));
    }
  }

  abstract static class Conformance extends ProviderConformance {
    private final Map<String, String> particular;

    private Conformance(Map<String, String> particular) {
      this.particular = particular;
    }

    @Override
    protected String type() {
      return "anthropic";
    }

    @Override
    protected Map<String, String> settings() {
      return settings(SERVER);
    }

    @Override
    protected Optional<Map<String, String>> hangingSettings() {
      return Optional.of(settings(SILENT));
    }

    @Override
    protected Optional<Map<String, String>> failingSettings() {
      return Optional.of(settings(BROKEN));
    }

    @Override
    protected Optional<String> unknownModel() {
      return Optional.of("no-such-model");
    }

    private Map<String, String> settings(TinyServer server) {
      var settings = new HashMap<>(particular);
      settings.put("base-url", server.url());
      settings.put("model", "tiny");
      return settings;
    }
  }
}
