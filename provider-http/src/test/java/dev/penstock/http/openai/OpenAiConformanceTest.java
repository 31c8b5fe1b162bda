package dev.penstock.http.openai;

import dev.penstock.http.HttpConformance;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;

/** The ways in which the type {@code openai} can be set up. */
final class OpenAiConformanceTest {
  private static final HttpConformance.Servers SERVERS =
      HttpConformance.Servers.start(new TinyOpenAi(), "{\"error\":{\"message\":\"no\"}}");

  @AfterAll
  static void stop() {
    SERVERS.close();
  }

  @Nested
  final class ChatCompletionsStreamed extends Conformance {
    ChatCompletionsStreamed() {
      super(Map.of());
    }
  }

  @Nested
  final class ChatCompletionsWhole extends Conformance {
    ChatCompletionsWhole() {
      super(Map.of("stream", "false"));
    }
  }

  @Nested
  final class ResponsesStreamed extends Conformance {
    ResponsesStreamed() {
      super(Map.of("api", "responses"));
    }
  }

  @Nested
  final class ResponsesWhole extends Conformance {
    ResponsesWhole() {
      super(Map.of("api", "responses", "stream", "false"));
    }
  }

  abstract static class Conformance extends HttpConformance {
    private Conformance(Map<String, String> particular) {
      super("openai", SERVERS, embeddings(particular));
    }

    private static Map<String, String> embeddings(Map<String, String> particular) {
      var settings = new HashMap<>(particular);
      settings.put("embedding-model", "tiny-embedding");
      return settings;
    }
  }
}
