package dev.penstock.http.anthropic;

import dev.penstock.http.HttpConformance;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;

/** The ways in which the type {@code anthropic} can be set up. */
final class AnthropicConformanceTest {
  private static final HttpConformance.Servers SERVERS =
      HttpConformance.Servers.start(
          new TinyAnthropic(),
          "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"no\"}}");

  @AfterAll
  static void stop() {
    SERVERS.close();
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

  abstract static class Conformance extends HttpConformance {
    private Conformance(Map<String, String> particular) {
      super("anthropic", SERVERS, particular);
    }
  }
}
