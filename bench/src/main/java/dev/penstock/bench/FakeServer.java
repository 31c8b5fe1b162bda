package dev.penstock.bench;

import dev.penstock.broker.FreePort;
import dev.penstock.codec.Json;
import dev.penstock.process.PenstockCommands;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * A fake provider in a JVM of its own: it speaks a real protocol over sockets, keeps limits and
 * misbehaves as it is told. It is outside of the workers, so what it saw is what happened.
 */
final class FakeServer implements AutoCloseable {
  private static final Duration READY = Duration.ofSeconds(60);
  private static final Duration ANSWER = Duration.ofSeconds(30);

  /** It remembers as many calls; beyond, what it tells is not all. */
  private static final int MOST_CALLS = 100_000;

  private final int port;
  private final HttpClient client = HttpClient.newHttpClient();

  private FakeServer(int port) {
    this.port = port;
  }

  /**
   * Starts one that a lab ends.
   *
   * @param options of {@code penstock fake-provider}, such as its limits
   */
  static FakeServer start(Lab lab, String name, List<String> options) throws InterruptedException {
    int port = FreePort.find();
    var process = lab.start(PenstockCommands.fakeProvider(name, port, options));
    process.awaitReady(Lab.uri(port, "/_fake/health"), READY);
    return new FakeServer(port);
  }

  /** The settings of a provider of that name that calls it, with their prefix. */
  Map<String, String> providerSettings(String name) {
    String prefix = "worker.provider." + name + ".";
    return Map.of(
        prefix + "type", "openai",
        prefix + "base-url", Lab.uri(port, "/v1").toString(),
        prefix + "api-key", "sk-fake",
        prefix + "model", "gpt-fake-1",
        // A stream is spread over the latency: many small writes, which are not what is measured.
        prefix + "stream", "false");
  }

  /** Behaves so from now on. */
  void script(String json) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(uri("script"))
            .timeout(ANSWER)
            .PUT(BodyPublishers.ofString(json))
            .build();
    HttpResponse<String> answer =
        client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    if (answer.statusCode() != 204) {
      throw new IllegalStateException(
          "the fake provider does not take its script: " + answer.body());
    }
  }

  /** Counts from the start, by their names in {@code docs/fake-provider.md}. */
  JsonNode stats() throws IOException, InterruptedException {
    return get("stats");
  }

  /**
   * A call that has ended.
   *
   * @param isRefused whether a limit refused it
   */
  record Call(Instant at, Instant end, boolean isRefused, String outcome, long tokens) {}

  /** All calls that have ended. */
  List<Call> calls() throws IOException, InterruptedException {
    var calls = new ArrayList<Call>();
    for (JsonNode call : get("calls")) {
      Instant at = Instant.parse(call.path("at").asString());
      String outcome = call.path("outcome").asString();
      calls.add(
          new Call(
              at,
              at.plusMillis(call.path("millis").asLong()),
              outcome.startsWith("limited_"),
              outcome,
              call.path("inputTokens").asLong() + call.path("outputTokens").asLong()));
    }
    if (calls.size() >= MOST_CALLS) {
      throw new IllegalStateException(
          "more than " + MOST_CALLS + " calls were made, and not all are remembered; measure less");
    }
    return calls;
  }

  private JsonNode get(String what) throws IOException, InterruptedException {
    HttpResponse<byte[]> answer =
        client.send(
            HttpRequest.newBuilder(uri(what)).timeout(ANSWER).build(),
            HttpResponse.BodyHandlers.ofByteArray());
    if (answer.statusCode() != 200) {
      throw new IOException("the fake provider answered " + answer.statusCode());
    }
    return Json.MAPPER.readTree(answer.body());
  }

  private URI uri(String what) {
    return Lab.uri(port, "/_fake/" + what);
  }

  @Override
  public void close() {
    client.close();
  }
}
