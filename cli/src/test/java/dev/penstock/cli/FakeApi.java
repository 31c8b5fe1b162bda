package dev.penstock.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** An API that remembers nothing on disk: jobs end when the test says so. */
final class FakeApi implements AutoCloseable {
  private static final Instant ACCEPTED = Instant.parse("2026-01-02T03:04:05.678Z");

  private final HttpServer server;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, String> states = new ConcurrentHashMap<>();
  private final Queue<Busy> busy = new ConcurrentLinkedQueue<>();
  private final Queue<Integer> busyLines = new ConcurrentLinkedQueue<>();
  private final Queue<Integer> unsureLines = new ConcurrentLinkedQueue<>();
  final AtomicReference<@Nullable JsonNode> lastJob = new AtomicReference<>();
  final AtomicReference<@Nullable String> lastKey = new AtomicReference<>();
  final AtomicReference<@Nullable String> lastIfMatch = new AtomicReference<>();
  private final ConcurrentSkipListMap<String, ObjectNode> schedules = new ConcurrentSkipListMap<>();
  final AtomicReference<@Nullable String> lastQuery = new AtomicReference<>();
  final AtomicLong entriesKept = new AtomicLong();
  final AtomicLong requests = new AtomicLong();
  final AtomicLong linesAccepted = new AtomicLong();

  /** The state of jobs that are submitted from now on. */
  volatile String newState = "queued";

  /** What is told of a job that is followed. */
  volatile String events = "";

  /** The output of jobs that succeeded, as JSON. */
  volatile String output =
      "{\"kind\":\"summarize\",\"sentences\":[\"The first.\",\"The second.\"]}";

  /** The server ends a stream once, by refusing its line of this number; 0 for never. */
  volatile int endsStreamAtLine;

  /** Whether the connection breaks in the middle of the answers to a stream. */
  volatile boolean breaksStreams;

  private record Busy(int status, String retryAfter, String code) {}

  private FakeApi(HttpServer server) {
    this.server = server;
  }

  static FakeApi start() throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    var api = new FakeApi(server);
    server.setExecutor(api.executor);
    server.createContext("/", api::handle);
    server.start();
    return api;
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** The next request is answered with {@code status}. */
  void isBusyOnce(int status, String retryAfter) {
    busy.add(new Busy(status, retryAfter, "busy"));
  }

  /** The server does not know whether it accepted the next request. */
  void isUnsureOnce() {
    busy.add(new Busy(503, "0", "acceptance_unknown"));
  }

  /** The server does not know whether it accepted line {@code line} of the next stream. */
  void isUnsureOfLineOnce(int line) {
    unsureLines.add(line);
  }

  /** The first of the following answers to line {@code line} is a 503. */
  void refusesLineOnce(int line) {
    busyLines.add(line);
  }

  /** A job that is there, in {@code state}. */
  JobId job(String state) {
    var id = JobId.random(ACCEPTED);
    states.put(id.toString(), state);
    return id;
  }

  void end(JobId id, String state) {
    states.put(id.toString(), state);
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.incrementAndGet();
      Busy now = busy.poll();
      if (now != null) {
        exchange.getRequestBody().readAllBytes();
        exchange.getResponseHeaders().add("Retry-After", now.retryAfter);
        problem(exchange, now.status, now.code, "come again");
        return;
      }
      String path = exchange.getRequestURI().getPath();
      String[] parts = path.split("/", -1);
      if (parts[2].equals("cache")) {
        cache(exchange);
        return;
      }
      if (parts[2].equals("workers") || parts[2].equals("topics")) {
        fleet(exchange, parts);
        return;
      }
      if (parts[2].equals("schedules")) {
        schedules(exchange, parts);
        return;
      }
      if (parts.length == 3 && exchange.getRequestMethod().equals("GET")) {
        jobs(exchange);
        return;
      }
      switch (exchange.getRequestMethod()) {
        case "POST" -> {
          if (parts.length > 4) {
            find(exchange, parts[3], parts[4].equals("retry-now") ? this::retryNow : this::release);
          } else {
            submit(exchange);
          }
        }
        case "DELETE" -> find(exchange, parts[3], this::cancel);
        default -> find(exchange, parts[3], get(parts));
      }
    } catch (UncheckedIOException e) {
      throw new IOException(e);
    }
  }

  private Answer get(String[] parts) {
    if (parts.length == 4) {
      return this::sendView;
    }
    return parts[4].equals("events") ? this::sendEvents : this::sendResult;
  }

  /** The job ends when all was sent. */
  private void sendEvents(HttpExchange exchange, String id, String state) throws IOException {
    exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    exchange.getResponseBody().write(events.getBytes(StandardCharsets.UTF_8));
    exchange.getResponseBody().close();
    states.put(id, "succeeded");
  }

  /** All or nothing, as the server does it; a request that is no object is wrong. */
  private void cache(HttpExchange exchange) throws IOException {
    if (exchange.getRequestMethod().equals("DELETE")) {
      lastQuery.set(exchange.getRequestURI().getQuery());
      send(exchange, 202, Json.MAPPER.createObjectNode().put("tag", "kb").put("tenant", "default"));
      return;
    }
    JsonNode body = Json.MAPPER.readTree(exchange.getRequestBody().readAllBytes());
    lastJob.set(body);
    ObjectNode problem = problemJson(422, "invalid_cache_entry", "not valid");
    var errors = problem.putArray("errors");
    for (int i = 0; i < body.path("entries").size(); i++) {
      if (!body.path("entries").path(i).path("request").isObject()) {
        errors
            .addObject()
            .put("pointer", "/entries/" + i + "/request")
            .put("message", "must be an object");
      }
    }
    if (errors.isEmpty()) {
      entriesKept.addAndGet(body.path("entries").size());
      send(exchange, 202, Json.MAPPER.createObjectNode().put("entries", 1));
    } else {
      send(exchange, 422, problem);
    }
  }

  /** What is told of workers and topics. */
  volatile String fleet = "{}";

  private void fleet(HttpExchange exchange, String[] parts) throws IOException {
    if (exchange.getRequestMethod().equals("GET")) {
      send(exchange, 200, (ObjectNode) Json.MAPPER.readTree(fleet));
    } else if (parts[3].equals("w1")) {
      send(
          exchange,
          202,
          Json.MAPPER.createObjectNode().put("id", parts[3]).put("requested", parts[4]));
    } else {
      problem(exchange, 404, "worker_not_found", "no worker " + parts[3] + " was heard");
    }
  }

  /** A page is one schedule. */
  private void schedules(HttpExchange exchange, String[] parts) throws IOException {
    String name = parts.length > 3 ? parts[3] : "";
    if (name.isEmpty()) {
      String query = exchange.getRequestURI().getQuery();
      String after = query.contains("after=") ? query.replaceAll(".*after=", "") : "";
      ObjectNode page = Json.MAPPER.createObjectNode();
      var next = schedules.higherEntry(after);
      var list = page.putArray("schedules");
      if (next != null) {
        list.add(next.getValue());
        page.put("next", next.getKey());
      }
      send(exchange, 200, page);
    } else if (exchange.getRequestMethod().equals("PUT")) {
      lastIfMatch.set(exchange.getRequestHeaders().getFirst("If-Match"));
      var body = (ObjectNode) Json.MAPPER.readTree(exchange.getRequestBody().readAllBytes());
      lastJob.set(body.deepCopy());
      body.put("name", name).put("version", "1-abc").put("fired", 2);
      body.putArray("nextFireTimes").add("2026-05-01T00:30:00Z");
      body.putObject("last").put("fireTime", "2026-04-30T00:30:00Z").put("jobId", "some-id");
      schedules.put(name, body);
      send(exchange, 201, body);
    } else if (!schedules.containsKey(name)) {
      problem(exchange, 404, "schedule_not_found", "there is no schedule " + name);
    } else if (exchange.getRequestMethod().equals("DELETE")) {
      schedules.remove(name);
      send(exchange, 200, Json.MAPPER.createObjectNode().put("name", name).put("deleted", true));
    } else {
      ObjectNode schedule = schedules.get(name);
      if (parts.length > 4) {
        schedule.put("paused", parts[4].equals("pause"));
      }
      send(exchange, 200, schedule);
    }
  }

  /** A page is as many jobs as are asked for, by id; all match but for their state. */
  private void jobs(HttpExchange exchange) throws IOException {
    String query = exchange.getRequestURI().getQuery();
    lastQuery.set(query);
    var parameters = new java.util.HashMap<String, String>();
    for (String pair : query.split("&", -1)) {
      parameters.merge(
          pair.replaceAll("=.*", ""), pair.replaceAll("^[^=]*=", ""), (a, b) -> a + "," + b);
    }
    String state = parameters.get("state");
    var matching = new ConcurrentSkipListMap<>(states);
    matching.values().removeIf(each -> state != null && !state.equals(each));
    ObjectNode page = Json.MAPPER.createObjectNode();
    var jobs = page.putArray("jobs");
    int limit = Integer.parseInt(parameters.getOrDefault("limit", "50"));
    for (var job : matching.tailMap(parameters.getOrDefault("cursor", ""), false).entrySet()) {
      if (jobs.size() == limit) {
        page.put("next", jobs.path(limit - 1).path("id").asString(""));
        break;
      }
      jobs.addObject()
          .put("id", job.getKey())
          .put("kind", "summarize")
          .put("model", "local")
          .put("tenant", "default")
          .put("state", job.getValue())
          .put("attempts", 1)
          .put("maxAttempts", 5)
          .put("acceptedAt", ACCEPTED.toString())
          .put("durationMillis", 1_234)
          .put("excerpt", "some\n\u001b[31mtext");
    }
    page.putObject("total").put("count", matching.size()).put("exact", true);
    if (parameters.containsKey("facets")) {
      page.putObject("facets")
          .putArray("state")
          .addObject()
          .put("value", "queued")
          .put("count", matching.size());
    }
    page.put("indexedAt", ACCEPTED.toString());
    send(exchange, 200, page);
  }

  private interface Answer {
    void send(HttpExchange exchange, String id, String state) throws IOException;
  }

  private void find(HttpExchange exchange, String id, Answer answer) throws IOException {
    String state = states.get(id);
    if (state == null) {
      problem(exchange, 404, "job_not_found", "there is no job " + id);
    } else {
      answer.send(exchange, id, state);
    }
  }

  private void submit(HttpExchange exchange) throws IOException {
    if ("application/x-ndjson".equals(exchange.getRequestHeaders().getFirst("Content-Type"))) {
      submitLines(exchange);
      return;
    }
    JsonNode job = Json.MAPPER.readTree(exchange.getRequestBody().readAllBytes());
    lastJob.set(job);
    lastKey.set(exchange.getRequestHeaders().getFirst("Idempotency-Key"));
    if (job.path("kind").asString("").equals("wrong")) {
      ObjectNode problem = problemJson(422, "invalid_job", "The job can't be accepted.");
      var errors = problem.putArray("errors");
      errors.addObject().put("pointer", "/kind").put("message", "is not a kind");
      errors.addObject().put("pointer", "/maxAttempts").put("message", "is 1 to 20");
      send(exchange, 422, problem);
      return;
    }
    String id = job(newState).toString();
    send(exchange, 202, Json.MAPPER.createObjectNode().put("id", id));
  }

  private void submitLines(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().add("Content-Type", "application/x-ndjson");
    exchange.sendResponseHeaders(200, 0);
    try (var lines =
            new BufferedReader(
                new InputStreamReader(exchange.getRequestBody(), StandardCharsets.UTF_8));
        OutputStream out = new java.io.BufferedOutputStream(exchange.getResponseBody(), 1 << 16)) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (breaksStreams && number == 2) {
          out.flush();
          throw new IOException("the connection breaks");
        }
        ObjectNode answer = Json.MAPPER.createObjectNode().put("line", number);
        if (endsStreamAtLine == number) {
          endsStreamAtLine = 0;
          answer.set("error", problemJson(503, "kafka_unavailable", "come again"));
          out.write(Json.MAPPER.writeValueAsBytes(answer));
          out.write('\n');
          lines.transferTo(java.io.Writer.nullWriter());
          return;
        }
        if (busyLines.remove(number)) {
          answer.set("error", problemJson(503, "kafka_unavailable", "come again"));
        } else if (unsureLines.remove(number)) {
          answer.set("error", problemJson(503, "acceptance_unknown", "come again"));
        } else if (line.contains("bad")) {
          answer.set("error", problemJson(400, "malformed_json", "the line is not JSON"));
        } else {
          linesAccepted.incrementAndGet();
          answer.put("id", lineJob());
        }
        out.write(Json.MAPPER.writeValueAsBytes(answer));
        out.write('\n');
      }
    }
  }

  /** Streams of a million jobs are not remembered. */
  private String lineJob() {
    return states.size() < 10_000 ? job(newState).toString() : JobId.random(ACCEPTED).toString();
  }

  private void cancel(HttpExchange exchange, String id, String state) throws IOException {
    if (state.equals("succeeded") || state.equals("cancelled")) {
      problem(exchange, 409, "already_finished", "the job has ended as " + state);
    } else {
      send(exchange, 202, Json.MAPPER.createObjectNode().put("id", id).put("status", "requested"));
    }
  }

  private void release(HttpExchange exchange, String id, String state) throws IOException {
    if (state.equals("dead-lettered")) {
      send(exchange, 202, Json.MAPPER.createObjectNode().put("id", id).put("release", "requested"));
    } else {
      problem(exchange, 409, "not_blocking", "the job is " + state);
    }
  }

  private void retryNow(HttpExchange exchange, String id, String state) throws IOException {
    if (state.equals("waiting")) {
      send(
          exchange, 202, Json.MAPPER.createObjectNode().put("id", id).put("retryNow", "requested"));
    } else {
      problem(exchange, 409, "job_not_waiting", "the job is " + state);
    }
  }

  private void sendResult(HttpExchange exchange, String id, String state) throws IOException {
    ObjectNode result =
        Json.MAPPER
            .createObjectNode()
            .put("id", id)
            .put("generation", 0)
            .put("state", state)
            .put("finishedAt", ACCEPTED.plusSeconds(2).toString());
    switch (state) {
      case "succeeded" -> result.set("output", Json.MAPPER.readTree(output));
      case "dead-lettered" ->
          result.putObject("failure").put("code", "retryable").put("message", "connection reset");
      case "cancelled", "expired" -> {}
      default -> {
        problem(exchange, 409, "job_not_finished", "the job is " + state);
        return;
      }
    }
    send(exchange, 200, result);
  }

  private void sendView(HttpExchange exchange, String id, String state) throws IOException {
    ObjectNode view =
        Json.MAPPER
            .createObjectNode()
            .put("id", id)
            .put("kind", "summarize")
            .put("model", "local")
            .put("state", state)
            .put("version", "0.21.3")
            .put("generation", 0)
            .put("maxAttempts", 5)
            .put("cancelRequested", false)
            .put("wastedCalls", state.equals("dead-lettered") ? 1 : 0)
            .put("acceptedAt", ACCEPTED.toString());
    ObjectNode attempt =
        view.putArray("attempts")
            .addObject()
            .put("number", 1)
            .put("provider", "local")
            .put("worker", "worker-1")
            .put("startedAt", ACCEPTED.toString())
            .put("latency", "PT0.012S");
    view.putObject("labels").put("team", "blue");
    if (state.equals("dead-lettered")) {
      attempt.putObject("failure").put("code", "retryable").put("message", "connection reset");
      view.putObject("failure").put("code", "retryable").put("message", "connection reset");
    }
    send(exchange, 200, view);
  }

  private static ObjectNode problemJson(int status, String code, String detail) {
    return Json.MAPPER
        .createObjectNode()
        .put("type", "about:blank")
        .put("title", "refused")
        .put("status", status)
        .put("code", code)
        .put("detail", detail);
  }

  private static void problem(HttpExchange exchange, int status, String code, String detail)
      throws IOException {
    send(exchange, status, problemJson(status, code, detail));
  }

  private static void send(HttpExchange exchange, int status, JsonNode json) throws IOException {
    byte[] body = Json.MAPPER.writeValueAsBytes(json);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }
}
