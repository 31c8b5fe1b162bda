package dev.penstock.bench;

import io.helidon.http.HeaderNames;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A server that answers every chat completion with the same one, after a while. Runs in a JVM of
 * its own, with the port and the latency in milliseconds as its arguments.
 */
final class ProviderServer {
  private static final String ANSWER_TEXT = "Some years ago, never mind how long precisely. ";

  private ProviderServer() {}

  /** Serves until the process is ended. */
  public static void main(String[] args) {
    byte[] answer = completion().getBytes(StandardCharsets.UTF_8);
    Duration latency = Duration.ofMillis(Long.parseLong(args[1]));
    BareServer.serve(
        Integer.parseInt(args[0]),
        "/v1/chat/completions",
        (request, response) -> {
          if (request.content().as(byte[].class).length == 0) {
            throw new IllegalStateException("there is no body");
          }
          Thread.sleep(latency);
          response.header(HeaderNames.CONTENT_TYPE, "application/json");
          response.header(HeaderNames.create("x-request-id"), "req_0123456789");
          response.header(HeaderNames.create("x-ratelimit-limit-requests"), "10000");
          response.header(HeaderNames.create("x-ratelimit-remaining-requests"), "9999");
          response.header(HeaderNames.create("x-ratelimit-reset-requests"), "6ms");
          response.header(HeaderNames.create("x-ratelimit-limit-tokens"), "2000000");
          response.header(HeaderNames.create("x-ratelimit-remaining-tokens"), "1999000");
          response.header(HeaderNames.create("x-ratelimit-reset-tokens"), "30ms");
          response.send(answer);
        });
  }

  /** About 1.5 KB, with the fields that OpenAI sends. */
  static String completion() {
    return """
    {"id":"chatcmpl-0123456789","object":"chat.completion","created":1795255200,\
    "model":"gpt-4.1-mini-2025-04-14","choices":[{"index":0,"message":{"role":"assistant",\
    "content":"%s","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],\
    "usage":{"prompt_tokens":231,"completion_tokens":212,"total_tokens":443,\
    "prompt_tokens_details":{"cached_tokens":128,"audio_tokens":0},\
    "completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,\
    "accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},\
    "service_tier":"default","system_fingerprint":"fp_0123456789"}\
    """
        .formatted(ANSWER_TEXT.repeat(20).strip());
  }
}
