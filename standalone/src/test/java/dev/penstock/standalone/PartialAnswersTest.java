package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.ApiClient;
import dev.penstock.codec.Json;
import dev.penstock.config.Settings;
import dev.penstock.fake.CallRecord;
import dev.penstock.fake.FakeProvider;
import dev.penstock.job.JobId;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** An answer on its way from a provider that streams, through Kafka, to whoever follows the job. */
@Timeout(180)
class PartialAnswersTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path data;

  /** An event's name and data. */
  private record Event(String name, JsonNode data) {}

  @Test
  void anAnswerIsToldWhileItIsWrittenAndACancelEndsTheCall() throws Exception {
    try (FakeProvider provider = FakeProvider.start()) {
      var settings =
          Map.of(
              "api.port", "0",
              "worker.providers", "openai",
              "worker.provider.openai.base-url", provider.openAiUrl().toString(),
              "worker.provider.openai.api-key", FakeProvider.Options.KEY,
              "worker.provider.openai.model", "gpt-fake-1");
      Standalone system =
          Standalone.of(data, () -> Settings.of(settings), new StartupTimes(Instant.now()));
      try {
        system.start();
        URI address = URI.create(system.addresses().api());
        try (var api = new ApiClient(address);
            var http = HttpClient.newHttpClient()) {
          // Long enough for whoever follows to be there before it ends.
          provider.script("{\"latency\":\"6s\",\"answerTokens\":300}");
          isToldWhileItIsWritten(api, http);
          provider.script("{\"latency\":\"2s\",\"answerTokens\":300}");
          isNotToldUnlessAskedFor(api, http);
          provider.script("{\"latency\":\"10m\",\"answerTokens\":5000}");
          endsWithTheCancel(api, http, provider);
        }
      } finally {
        system.close();
      }
    }
  }

  private static void isToldWhileItIsWritten(ApiClient api, HttpClient http) throws Exception {
    JobId id = submit(api, true);
    List<Event> events;
    try (Stream<String> lines = follow(api, http, id)) {
      events = all(lines.iterator());
    }
    List<JsonNode> pieces =
        events.stream().filter(event -> event.name.equals("progress")).map(Event::data).toList();
    assertThat(pieces).hasSizeGreaterThan(2);
    var text = new StringBuilder();
    for (JsonNode piece : pieces) {
      assertThat(piece.path("attempt").asInt()).isEqualTo(1);
      assertThat(piece.path("from").asInt()).isEqualTo(text.length());
      text.append(piece.path("text").asString());
    }
    assertThat(events.getLast().name).isEqualTo("finished");
    assertThat(api.result(id).at("/output/text").asString()).startsWith(text);
  }

  private static void isNotToldUnlessAskedFor(ApiClient api, HttpClient http) throws Exception {
    JobId id = submit(api, false);
    try (Stream<String> lines = follow(api, http, id)) {
      assertThat(all(lines.iterator()))
          .extracting(Event::name)
          .containsExactly("accepted", "started", "finished");
    }
  }

  private static void endsWithTheCancel(ApiClient api, HttpClient http, FakeProvider provider)
      throws Exception {
    JobId id = submit(api, true);
    try (Stream<String> lines = follow(api, http, id)) {
      Iterator<String> each = lines.iterator();
      Event event = next(each).orElseThrow();
      while (!event.name.equals("progress")) {
        event = next(each).orElseThrow();
      }
      api.cancel(id);
      List<Event> rest = all(each);
      assertThat(rest.getLast().name).isEqualTo("finished");
      assertThat(rest.getLast().data.path("state").asString()).isEqualTo("cancelled");
    }
    Awaitility.await("the provider sees its client leave")
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(provider.calls()).extracting(CallRecord::outcome).contains("client_gone"));
  }

  private static JobId submit(ApiClient api, boolean progress) {
    ObjectNode job = Json.MAPPER.createObjectNode().put("kind", "generate").put("model", "openai");
    job.putObject("input").put("text", "Tell me of the sea.").put("maxOutputTokens", 10_000);
    job.put("progress", progress).put("attemptTimeout", "10m");
    return JobId.of(api.submit(job, Optional.empty()).path("id").asString());
  }

  private static Stream<String> follow(ApiClient api, HttpClient http, JobId id) throws Exception {
    HttpResponse<Stream<String>> response =
        http.send(
            HttpRequest.newBuilder(URI.create(api.jobUri(id) + "/events")).build(),
            HttpResponse.BodyHandlers.ofLines());
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }

  private static List<Event> all(Iterator<String> lines) {
    var events = new ArrayList<Event>();
    next(lines)
        .ifPresent(first -> {
          events.add(first);
          events.addAll(all(lines));
        });
    return events;
  }

  private static Optional<Event> next(Iterator<String> lines) {
    String name = "";
    while (lines.hasNext()) {
      String line = lines.next();
      if (line.startsWith("event: ")) {
        name = line.substring("event: ".length());
      } else if (line.startsWith("data: ")) {
        return Optional.of(
            new Event(name, Json.MAPPER.readTree(line.substring("data: ".length()))));
      }
    }
    return Optional.empty();
  }
}
