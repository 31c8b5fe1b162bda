package dev.penstock.standalone;

import dev.penstock.codec.Json;
import dev.penstock.config.Settings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/**
 * A standalone to which everything happens that its metrics tell of: jobs that succeed, fail, are
 * throttled, time out, wait at a breaker, go to the next target of their route, share an answer,
 * stand in a line, and are dead-lettered, also because a budget is spent.
 */
final class LiveSystem implements AutoCloseable {
  /** The trace of all jobs. */
  static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

  /** More names than a label may have values. */
  private static final int MANY = 250;

  private final Standalone standalone;
  private final HttpClient http = HttpClient.newHttpClient();

  private LiveSystem(Standalone standalone) {
    this.standalone = standalone;
  }

  /** Starts it; nothing has happened to it yet. */
  static LiveSystem start(Path directory) throws IOException {
    Path prices = directory.resolve("prices.json");
    Files.writeString(
        prices,
        """
        {"currency": "EUR", "prices": [
          {"provider": "simulated", "model": "*", "from": "2026-01-01", "input": 10, "output": 30},
          {"provider": "hung", "model": "*", "from": "2026-01-01", "input": 10, "output": 30}]}
        """);
    var settings = new HashMap<String, String>();
    settings.put("api.port", "0");
    settings.put("worker.port", "0");
    settings.put("streams.port", "0");
    settings.put("worker.slots", "64");
    settings.put("worker.providers", "simulated,free,flaky,busy,strict,hung");
    simulated(settings, "simulated", Map.of("input-tokens", "1000", "output-tokens", "100"));
    simulated(settings, "free", Map.of("input-tokens", "10"));
    simulated(settings, "flaky", Map.of("failure-rate", "1"));
    simulated(settings, "busy", Map.of("throttle-rate", "1", "retry-after", "100ms"));
    simulated(settings, "strict", Map.of("invalid-rate", "1"));
    simulated(settings, "hung", Map.of("hang-rate", "1"));
    settings.put("worker.route.fast", "flaky,free");
    settings.put("worker.breaker.minimum-calls", "5");
    settings.put("worker.breaker.open", "1m");
    settings.put("worker.retry-base-delay", "50ms");
    settings.put("worker.prices-file", prices.toString());
    settings.put("worker.budget.tenant.acme.per-month", "0.05");
    settings.put("worker.limit.simulated.requests-per-minute", "600000");
    settings.put("worker.cache-answer-kilobytes", "1");
    var system =
        new LiveSystem(
            Standalone.of(
                directory.resolve("data"),
                () -> Settings.of(settings),
                new StartupTimes(Instant.now())));
    try {
      system.standalone.start();
    } catch (RuntimeException e) {
      system.close();
      throw e;
    }
    return system;
  }

  private static void simulated(
      Map<String, String> settings, String name, Map<String, String> behaviour) {
    String prefix = "worker.provider." + name + ".";
    if (!name.equals("simulated")) {
      settings.put(prefix + "type", "simulated");
    }
    settings.put(prefix + "latency-mean", "20ms");
    behaviour.forEach((key, value) -> settings.put(prefix + key, value));
  }

  /** Gives it jobs of all sorts, and asks for things; the jobs may not have ended yet. */
  void work() throws IOException, InterruptedException {
    var jobs = new ArrayList<ObjectNode>();
    for (int i = 0; i < MANY; i++) {
      ObjectNode named = job("simulated:model-" + i).put("tenant", "tenant-" + i);
      named.putObject("labels").put("label-" + i % 8, "value-" + i);
      jobs.add(named);
    }
    for (int i = 0; i < 30; i++) {
      jobs.add(job("simulated").put("priority", i % 2 == 0 ? "high" : "low"));
      jobs.add(job("flaky").put("maxAttempts", 3));
      jobs.add(job("fast"));
      jobs.add(job("simulated").put("tenant", "acme"));
    }
    for (int i = 0; i < 15; i++) {
      jobs.add(job("busy").put("maxAttempts", 1 + i % 2));
      jobs.add(job("strict"));
      jobs.add(job("simulated").put("orderingKey", "line-" + i % 3));
    }
    for (int i = 0; i < 4; i++) {
      jobs.add(job("hung").put("attemptTimeout", "500ms").put("maxAttempts", 1));
      jobs.add(cached("What do they all ask?"));
    }
    jobs.add(withALargeAnswer());
    jobs.add(job("simulated").put("delay", "1h"));
    submit(jobs);
    String answer = send("POST", "/v1/jobs", job("simulated").toString(), "application/json");
    String id = Json.MAPPER.readTree(answer).path("id").asString();
    // The events end with the job, so from then on it is found.
    send("GET", "/v1/jobs/" + id + "/events", "", "");
    for (int i = 0; i < 5; i++) {
      send("GET", "/v1/jobs/" + id, "", "");
    }
    send("GET", "/v1/jobs/nobody", "", "");
    send("POST", "/v1/jobs", "{}", "application/json");
    for (int i = 0; i < MANY; i++) {
      send("GET", "/nowhere/" + i, "", "");
    }
    // Asked for again when it is there.
    submit(List.of(cached("What do they all ask?")));
  }

  private static ObjectNode job(String model) {
    ObjectNode job = Json.MAPPER.createObjectNode().put("kind", "generate").put("model", model);
    job.putObject("input").put("text", "Tell me of the sea.");
    return job;
  }

  private static ObjectNode cached(String text) {
    ObjectNode job = job("simulated");
    job.putObject("input").put("text", text);
    job.putObject("cache").put("ttl", "1h");
    return job;
  }

  /** Its answer has its labels, which are too large to be kept. */
  private static ObjectNode withALargeAnswer() {
    ObjectNode job = cached("").put("kind", "classify");
    var labels = job.putObject("input").put("text", "The sea.").putArray("labels");
    for (int i = 0; i < 20; i++) {
      labels.add("label " + i + " " + "x".repeat(150));
    }
    return job;
  }

  private void submit(List<ObjectNode> jobs) throws IOException, InterruptedException {
    var lines = new StringBuilder();
    jobs.forEach(job -> lines.append(job).append('\n'));
    String answers = send("POST", "/v1/jobs", lines.toString(), "application/x-ndjson");
    long accepted = answers.lines().filter(line -> line.contains("\"id\"")).count();
    if (accepted != jobs.size()) {
      throw new IOException("of " + jobs.size() + " jobs not all were accepted: " + answers);
    }
  }

  private String send(String method, String path, String body, String contentType)
      throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create(addresses().api() + path))
            .header("traceparent", "00-" + TRACE + "-b7ad6b7169203331-01")
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (!contentType.isEmpty()) {
      request.header("Content-Type", contentType);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
  }

  Standalone.Addresses addresses() {
    return standalone.addresses();
  }

  /** The address of {@code api}, {@code worker} or {@code streams}. */
  String address(String service) {
    return switch (service) {
      case "api" -> addresses().api();
      case "worker" -> addresses().worker();
      case "streams" -> addresses().streams();
      case "replayer" -> addresses().replayer();
      default -> throw new IllegalArgumentException(service);
    };
  }

  /** The service's page of metrics. */
  String scrape(String service, String accept) throws IOException, InterruptedException {
    return http.send(
            HttpRequest.newBuilder(URI.create(address(service) + "/metrics"))
                .header("Accept", accept)
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  MetricsPage page(String service) throws IOException, InterruptedException {
    return MetricsPage.parse(scrape(service, "text/plain"));
  }

  @Override
  public void close() {
    http.close();
    standalone.close();
  }
}
