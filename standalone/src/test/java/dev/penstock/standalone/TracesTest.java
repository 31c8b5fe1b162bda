package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import dev.penstock.cli.ApiClient;
import dev.penstock.codec.Json;
import dev.penstock.config.Settings;
import dev.penstock.fake.FakeProvider;
import dev.penstock.job.JobId;
import dev.penstock.standalone.Collector.Told;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a collector gets of a job's way, and what the logs say meanwhile. */
@Timeout(300)
final class TracesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String CLIENT_SPAN = "b7ad6b7169203331";

  /** In every prompt; nobody but the provider is to see it. */
  private static final String PROMPT = "Vertraulich-4711";

  private static final String SYSTEM = "Geheimauftrag-0815";

  /** What a call can come to that is no answer. */
  private static final List<String> FAILURES =
      List.of(
          "context_length_exceeded",
          "insufficient_quota",
          "prompt_blocked",
          "refusal",
          "content_filter",
          "length",
          "malformed_json",
          "wrong_content_type",
          "empty_body",
          "unfinished_stream",
          "stream_error",
          "cut",
          "reset",
          "hang");

  private static final List<Integer> STATUSES = List.of(400, 403, 404, 408, 429, 500, 503, 401);

  @TempDir private Path data;

  @Test
  void aJobsWayIsOneTraceAndNeitherTracesNorLogsTellSecrets() throws Exception {
    var root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    var ours = (Logger) LoggerFactory.getLogger("dev.penstock");
    Level before = ours.getLevel();
    var logged = new ListAppender<ILoggingEvent>();
    logged.start();
    root.addAppender(logged);
    ours.setLevel(Level.DEBUG);
    try (FakeProvider provider = FakeProvider.start();
        Collector collector = Collector.start();
        var http = HttpClient.newHttpClient()) {
      Standalone system =
          Standalone.of(data, () -> settings(provider, collector), new StartupTimes(Instant.now()));
      try {
        system.start();
        URI address = URI.create(system.addresses().api());
        try (var api = new ApiClient(address)) {
          isOneTraceThroughARetry(provider, collector, api, http, address);
          failsInEveryWay(provider, api);
          Awaitility.await("what was told of most")
              .atMost(PATIENCE)
              .until(() -> collector.spans().size() > FAILURES.size() * 4);
          // From now on nobody takes what is told.
          collector.stop();
          goesOnWithoutCollector(api);
        }
      } finally {
        system.close();
      }
      tellsNoSecrets(collector.spans(), logged);
    } finally {
      ours.setLevel(before);
      root.detachAppender(logged);
    }
  }

  private static Settings settings(FakeProvider provider, Collector collector) {
    return Settings.of(
        Map.ofEntries(
            Map.entry("api.port", "0"),
            Map.entry("telemetry.traces", "otlp"),
            Map.entry("telemetry.otlp-endpoint", collector.url()),
            Map.entry("worker.providers", "openai,simulated"),
            Map.entry("worker.provider.openai.base-url", provider.openAiUrl().toString()),
            Map.entry("worker.provider.openai.api-key", FakeProvider.Options.KEY),
            Map.entry("worker.provider.openai.model", "gpt-fake-1"),
            Map.entry("worker.provider.simulated.latency-mean", "1ms"),
            Map.entry("worker.retry-base-delay", "20ms"),
            Map.entry("worker.breaker.enabled", "false"),
            Map.entry("worker.limits.learn", "false")));
  }

  private static void isOneTraceThroughARetry(
      FakeProvider provider, Collector collector, ApiClient api, HttpClient http, URI address)
      throws Exception {
    provider.script("{\"rules\":[{\"do\":\"error\",\"status\":500,\"when\":{\"calls\":[1]}}]}");
    HttpResponse<String> accepted =
        http.send(
            HttpRequest.newBuilder(address.resolve("/v1/jobs"))
                .header("content-type", "application/json")
                .header("traceparent", "00-" + TRACE + "-" + CLIENT_SPAN + "-01")
                .header("x-request-id", "order-17\u00e4;")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        generate("", 3).put("attemptTimeout", "60s").toString()))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    JobId id = JobId.of(Json.MAPPER.readTree(accepted.body()).path("id").asString());
    JsonNode job = ended(api, id);
    assertThat(job.path("state").asString()).isEqualTo("succeeded");
    assertThat(job.path("traceId").asString()).isEqualTo(TRACE);
    assertThat(job.path("attempts"))
        .hasSize(2)
        .allSatisfy(attempt ->
            assertThat(attempt.path("waits").path("queuedMillis").isIntegralNumber()).isTrue());

    Awaitility.await("all of the trace")
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(collector.spans(TRACE)).hasSize(8));
    List<Told> spans = collector.spans(TRACE);
    Told submit = one(spans, "submit", SpanKind.SPAN_KIND_SERVER);
    assertThat(submit.parent()).isEqualTo(CLIENT_SPAN);
    assertThat(submit.service()).isEqualTo("penstock-api");
    assertThat(submit.of("http.response.status_code")).isEqualTo("202");
    assertThat(submit.of("penstock.correlation_id")).isEqualTo("order-17");
    Told publish = one(spans, "jobs publish", SpanKind.SPAN_KIND_PRODUCER);
    assertThat(publish.parent()).isEqualTo(submit.id());
    assertThat(publish.of("messaging.system")).isEqualTo("kafka");
    assertThat(publish.of("penstock.job.id")).isEqualTo(id.toString());

    List<Told> attempts = all(spans, "process", SpanKind.SPAN_KIND_CONSUMER);
    assertThat(attempts).extracting(Told::parent).containsOnly(publish.id()).hasSize(2);
    assertThat(attempts).extracting(Told::service).containsOnly("penstock-worker");
    isAttempt(spans, attempts.get(0), true);
    isAttempt(spans, attempts.get(1), false);
  }

  private static void isAttempt(List<Told> spans, Told attempt, boolean failed) {
    assertThat(attempt.failed()).isEqualTo(failed);
    assertThat(attempt.of("penstock.attempt")).isEqualTo(failed ? "1" : "2");
    assertThat(attempt.of("penstock.outcome")).isEqualTo(failed ? "retry" : "succeeded");
    assertThat(attempt.attributes())
        .containsKeys(
            "messaging.destination.name", "penstock.wait.queued_ms", "penstock.wait.limit_ms");
    List<Told> parts = spans.stream().filter(span -> span.parent().equals(attempt.id())).toList();
    Told call = one(parts, "chat gpt-fake-1", SpanKind.SPAN_KIND_CLIENT);
    assertThat(call.of("gen_ai.operation.name")).isEqualTo("chat");
    assertThat(call.of("gen_ai.provider.name")).isEqualTo("openai");
    assertThat(call.of("gen_ai.request.model")).isEqualTo("gpt-fake-1");
    assertThat(call.failed()).isEqualTo(failed);
    if (failed) {
      assertThat(call.of("error.type")).isNotEmpty().isEqualTo(attempt.of("error.type"));
    } else {
      assertThat(call.of("gen_ai.response.model")).isEqualTo("gpt-fake-1");
      assertThat(call.of("gen_ai.usage.input_tokens")).isNotEmpty();
      assertThat(call.of("gen_ai.usage.output_tokens")).isNotEmpty();
    }
    Told commit = one(parts, "commit", SpanKind.SPAN_KIND_INTERNAL);
    assertThat(commit.of("penstock.outcome")).isEqualTo(attempt.of("penstock.outcome"));
    assertThat(commit.linkedTraces()).singleElement().isNotEqualTo(TRACE);
    assertThat(attempt.nanos()).isGreaterThanOrEqualTo(call.nanos());
  }

  private static void failsInEveryWay(FakeProvider provider, ApiClient api) {
    ObjectNode script = Json.MAPPER.createObjectNode();
    ArrayNode rules = script.putArray("rules");
    for (String failure : FAILURES) {
      rule(rules, failure, failure);
    }
    for (int status : STATUSES) {
      rule(rules, "error", "status-" + status).put("status", status);
    }
    provider.script(script.toString());
    var ids = new ArrayList<JobId>();
    Stream.concat(FAILURES.stream(), STATUSES.stream().map(status -> "status-" + status))
        .forEach(failure -> ids.add(submit(api, generate(failure, 1))));
    var outcomes = new ArrayList<String>();
    for (JobId id : ids) {
      outcomes.add(ended(api, id).path("state").asString());
    }
    assertThat(outcomes).filteredOn("dead-lettered"::equals).hasSizeGreaterThan(18);
  }

  private static ObjectNode rule(ArrayNode rules, String what, String marker) {
    ObjectNode rule = rules.addObject().put("do", what);
    rule.putObject("when").put("prompt", "<" + marker + ">");
    return rule;
  }

  private static void goesOnWithoutCollector(ApiClient api) {
    var ids = new ArrayList<JobId>();
    for (int i = 0; i < 30; i++) {
      ObjectNode job =
          Json.MAPPER.createObjectNode().put("kind", "embed").put("model", "simulated");
      job.putObject("input").put("text", PROMPT);
      ids.add(submit(api, job));
    }
    for (JobId id : ids) {
      assertThat(ended(api, id).path("state").asString()).isEqualTo("succeeded");
    }
  }

  private static void tellsNoSecrets(List<Told> spans, ListAppender<ILoggingEvent> logged) {
    assertThat(spans).hasSizeGreaterThan(FAILURES.size() * 4);
    assertThat(spans.toString()).doesNotContain(PROMPT, SYSTEM, FakeProvider.Options.KEY);
    var lines = new ArrayList<String>();
    for (ILoggingEvent event : List.copyOf(logged.list)) {
      lines.add(event.getFormattedMessage());
      lines.add(String.valueOf(event.getMDCPropertyMap()));
      if (event.getThrowableProxy() != null) {
        lines.add(ThrowableProxyUtil.asString(event.getThrowableProxy()));
      }
    }
    assertThat(lines).isNotEmpty();
    assertThat(String.join("\n", lines)).doesNotContain(PROMPT, SYSTEM, FakeProvider.Options.KEY);
  }

  private static ObjectNode generate(String marker, int maxAttempts) {
    ObjectNode job = Json.MAPPER.createObjectNode().put("kind", "generate").put("model", "openai");
    job.putObject("input")
        .put("text", PROMPT + " <" + marker + ">")
        .put("system", SYSTEM)
        .put("maxOutputTokens", 100);
    return job.put("maxAttempts", maxAttempts).put("attemptTimeout", "1s");
  }

  private static JobId submit(ApiClient api, ObjectNode job) {
    return JobId.of(api.submit(job, Optional.empty()).path("id").asString());
  }

  private static JsonNode ended(ApiClient api, JobId id) {
    return Awaitility.await("the end of " + id)
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> api.job(id), job -> job.has("finishedAt"));
  }

  private static Told one(List<Told> spans, String name, SpanKind kind) {
    List<Told> found = all(spans, name, kind);
    assertThat(found).as(name).hasSize(1);
    return found.getFirst();
  }

  /** Those of that name in the order of their attempts. */
  private static List<Told> all(List<Told> spans, String name, SpanKind kind) {
    List<Told> found = spans.stream().filter(span -> span.name().equals(name)).toList();
    assertThat(found).as(name).extracting(Told::kind).containsOnly(kind);
    return found.stream()
        .sorted(Comparator.comparing(span -> span.of("penstock.attempt")))
        .toList();
  }
}
