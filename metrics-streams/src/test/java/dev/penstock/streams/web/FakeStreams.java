package dev.penstock.streams.web;

import dev.penstock.codec.Json;
import dev.penstock.config.Secret;
import dev.penstock.runtime.ops.HttpConfig;
import dev.penstock.runtime.ops.HttpEndpoint;
import dev.penstock.streams.query.Problem;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The streams port with the real pages and the real guard, and made-up answers behind them: many
 * jobs, none, errors, or more updates than anyone can read.
 */
final class FakeStreams implements AutoCloseable {
  static final int JOBS = 10_000;
  static final String XSS =
      "<img src=x onerror=\"window.pwned=true\"><script>window.pwned=true</script>";

  /** Turns what stands behind it around, where it is obeyed; and a bell. */
  static final String BIDI = "see \u202Etxt.exe\u0007";

  private static final List<String> STATES =
      List.of(
          "succeeded",
          "succeeded",
          "queued",
          "running",
          "dead-lettered",
          "waiting",
          "succeeded",
          "cancelled",
          "scheduled",
          "expired");
  private static final List<String> KINDS =
      List.of("generate", "classify", "summarize", "extract", "embed");
  private static final List<String> MODELS =
      List.of("fast", "openai:gpt-4.1-mini", "careful", "local");
  private static final List<String> TENANTS = List.of("default", "acme", "northwind");
  private static final List<String> PROVIDERS = List.of("openai", "claude", "local");
  private static final List<String> CODES =
      List.of("timeout", "content_refused", "invalid_request", "overloaded");
  private static final List<String> TEXTS =
      List.of(
          "Summarise the inspection report of turbine 4 in two sentences.",
          "Does this letter praise or complain? The engine stalls whenever it rains.",
          "Extract the invoice number, the date and the total from the attached text.",
          "Name three rivers that carry more water in winter than in summer.");

  /** What the API is like. */
  enum Mode {
    FULL,
    EMPTY,
    FAILING,
    MISSING,
    /** Does not answer until it is another one. */
    SLOW
  }

  /** A write that came through the guard. */
  record Write(String method, String path, String body) {}

  private final HttpEndpoint http;
  private final List<Write> writes = new CopyOnWriteArrayList<>();
  private final AtomicInteger reads = new AtomicInteger();
  private final Set<String> readPaths = ConcurrentHashMap.newKeySet();
  private final AtomicInteger listeners = new AtomicInteger();
  private final AtomicInteger updatesSent = new AtomicInteger();
  private final Set<Integer> hurried = ConcurrentHashMap.newKeySet();
  private final AtomicInteger actionReads = new AtomicInteger();
  private volatile Mode mode = Mode.FULL;
  private volatile int updatesPerSecond;
  private volatile boolean closed;

  /** Whether any plan was moved on. */
  private volatile boolean confirmed;

  FakeStreams(int port, String token) {
    var config = new DashboardConfig(new Secret(token), Set.of());
    http =
        new HttpEndpoint(
            "fake-streams",
            new HttpConfig("127.0.0.1", port),
            server ->
                server.routing(routing -> {
                  routing.addFilter(new WriteGuard(config));
                  api(routing);
                  routing.register(new DashboardFiles());
                }));
    http.start();
  }

  String url() {
    return "http://127.0.0.1:" + http.port();
  }

  void mode(Mode next) {
    mode = next;
  }

  void updatesPerSecond(int next) {
    updatesPerSecond = next;
  }

  List<Write> writes() {
    return List.copyOf(writes);
  }

  int reads() {
    return reads.get();
  }

  Set<String> readPaths() {
    return Set.copyOf(readPaths);
  }

  int listeners() {
    return listeners.get();
  }

  int updatesSent() {
    return updatesSent.get();
  }

  void forget() {
    writes.clear();
    hurried.clear();
    readPaths.clear();
    mode = Mode.FULL;
    updatesPerSecond = 0;
    confirmed = false;
  }

  @Override
  public void close() {
    closed = true;
    http.close();
  }

  private void api(HttpRouting.Builder routing) {
    routing
        .get("/v1/overview", answer(_ -> overview()))
        .get("/v1/metrics", answer(this::metrics))
        .get("/v1/failures", answer(_ -> failures()))
        .get("/v1/live", this::live)
        .get("/v1/jobs", answer(this::jobs))
        .get(
            "/v1/jobs/actions/{id}",
            answer(_ -> {
              int step = actionReads.incrementAndGet();
              var done = Json.MAPPER.createObjectNode();
              done.put("id", "a-1").put("action", "cancel").put("matching", 1_000);
              done.put("state", step < 2 ? "running" : "done").put("done", step < 2 ? 420 : 990);
              done.put("refused", step < 2 ? 4 : 10).put("failed", 0);
              return done;
            }))
        .get("/v1/jobs/{id}", this::job)
        .get("/v1/jobs/{id}/result", answer(FakeStreams::result))
        .get("/v1/jobs/{id}/events", this::events)
        .get("/v1/jobs/{id}/input", answer(r -> input(index(r))))
        .get("/v1/jobs/{id}/records", answer(FakeStreams::records))
        .get("/v1/workers", answer(_ -> workers()))
        .get("/v1/providers", answer(_ -> providers()))
        .get("/v1/topics", answer(_ -> topics()))
        .get(
            "/v1/dead-letters/groups",
            answer(r ->
                FakeDeadLetters.groups(
                    r.query().first("by").orElse("fingerprint"), mode == Mode.EMPTY)))
        .get(
            "/v1/dead-letters",
            answer(r ->
                FakeDeadLetters.list(r.query().first("cursor").orElse(""), mode == Mode.EMPTY)))
        .get("/v1/dead-letters/{id}", answer(r -> FakeDeadLetters.letter(name(r))))
        .get(
            "/v1/dead-letters/{id}/decoded",
            answer(r -> FakeDeadLetters.decoded(r.query().get("codec"))))
        .get("/v1/replays", answer(_ -> FakeDeadLetters.plans(mode == Mode.EMPTY)))
        .get("/v1/replays/{id}", answer(r -> FakeDeadLetters.plan(name(r), confirmed)))
        .get("/v1/replays/{id}/differences", answer(_ -> FakeDeadLetters.differences()))
        .get("/v1/audit", answer(_ -> FakeDeadLetters.audit(mode == Mode.EMPTY)))
        .get("/v1/audit/verification", answer(_ -> FakeDeadLetters.verification()))
        .post("/v1/replays", this::plan)
        .post(
            "/v1/replays/{id}/{command}",
            (r, s) -> {
              confirmed = true;
              accept(r, s, FakeDeadLetters.plan(name(r), true).toString());
            })
        .post(
            "/v1/jobs/actions",
            (r, s) -> {
              actionReads.set(0);
              accept(r, s, "{\"id\":\"a-1\",\"matching\":1000}");
            })
        .post("/v1/jobs", (r, s) -> accept(r, s, "{\"id\":\"" + id(1) + "\",\"state\":\"queued\"}"))
        .delete("/v1/jobs/{id}", (r, s) -> accept(r, s, "{\"cancel\":\"requested\"}"))
        .post(
            "/v1/jobs/{id}/retry-now",
            (r, s) -> {
              hurried.add(index(r));
              accept(r, s, "{\"retryNow\":\"requested\"}");
            })
        .post("/v1/jobs/{id}/release", (r, s) -> accept(r, s, "{\"release\":\"requested\"}"))
        .post("/v1/workers/{id}/drain", (r, s) -> accept(r, s, "{}"))
        .post("/v1/workers/{id}/resume", (r, s) -> accept(r, s, "{}"));
  }

  private static String name(ServerRequest request) {
    return request.path().pathParameters().get("id");
  }

  /** Takes a plan whose pace is a number. */
  private void plan(ServerRequest request, ServerResponse response) {
    String body = request.content().as(String.class);
    writes.add(new Write("POST", "/v1/replays", body));
    JsonNode wanted = Json.MAPPER.readTree(body);
    if (wanted.path("pace").path("perSecond").isString()) {
      ObjectNode problem = Json.MAPPER.createObjectNode();
      problem.put("status", 422).put("code", "invalid_replay").put("title", "Not valid");
      problem
          .putArray("errors")
          .addObject()
          .put("pointer", "/pace/perSecond")
          .put("message", "must be a number");
      response.status(Status.create(422));
      json(response, problem);
      return;
    }
    response.status(Status.ACCEPTED_202);
    json(response, FakeDeadLetters.plan(wanted.path("id").asString(""), false));
  }

  private interface Answer {
    JsonNode of(ServerRequest request);
  }

  private io.helidon.webserver.http.Handler answer(Answer answer) {
    return (request, response) -> {
      reads.incrementAndGet();
      readPaths.add(request.path().path() + "?" + request.query().rawValue());
      switch (mode) {
        case FAILING -> Problem.viewNotReady("The partition is being restored.").send(response);
        case MISSING -> {
          response.status(Status.NOT_FOUND_404);
          response.send();
        }
        case SLOW -> {
          for (int waited = 0; mode == Mode.SLOW && waited < 15_000 && !closed; waited += 20) {
            Thread.sleep(20);
          }
          json(response, answer.of(request));
        }
        case FULL, EMPTY -> json(response, answer.of(request));
      }
    };
  }

  private void accept(ServerRequest request, ServerResponse response, String answer) {
    writes.add(
        new Write(
            request.prologue().method().text(),
            request.path().path(),
            request.content().hasEntity() ? request.content().as(String.class) : ""));
    response.status(Status.ACCEPTED_202);
    json(response, Json.MAPPER.readTree(answer));
  }

  private static void json(ServerResponse response, JsonNode body) {
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    response.send(Json.MAPPER.writeValueAsBytes(body));
  }

  static String id(int index) {
    return String.format("0198f3a0-%04x-7000-8000-%012x", index & 0xffff, index);
  }

  private static int index(ServerRequest request) {
    String id = request.path().pathParameters().get("id");
    return Integer.parseInt(id.substring(id.lastIndexOf('-') + 1), 16);
  }

  private static String state(int index) {
    return STATES.get(index % STATES.size());
  }

  private static Instant accepted(int index) {
    return Instant.now().truncatedTo(ChronoUnit.MINUTES).minusMillis(index * 7_300L);
  }

  private static ObjectNode summary(int i) {
    ObjectNode job = Json.MAPPER.createObjectNode();
    String state = state(i);
    boolean ended = Set.of("succeeded", "dead-lettered", "cancelled", "expired").contains(state);
    job.put("id", id(i)).put("kind", KINDS.get(i % KINDS.size())).put("model", MODELS.get(i % 4));
    job.put("tenant", TENANTS.get(i % 3)).put("state", state).put("priority", "normal");
    job.put("provider", PROVIDERS.get(i % 3)).put("attempts", i % 4).put("maxAttempts", 5);
    job.put("acceptedAt", accepted(i).toString()).put("version", "0-1-" + i);
    if (ended) {
      job.put("durationMillis", 400 + (i * 37L) % 60_000)
          .put("costNanos", (i * 7_919L) % 90_000_000);
      job.put("finishedAt", accepted(i).plusMillis(400 + (i * 37L) % 60_000).toString());
    }
    if (state.equals("dead-lettered")) {
      job.put("code", CODES.get(i / 10 % 4))
          .put("message", i == 4 ? XSS : "The provider did not answer within 30 s");
    }
    job.put("excerpt", i == 1 ? BIDI : TEXTS.get(i % 4));
    if (i == 2) {
      job.put("cancelRequested", true);
    }
    job.putObject("labels").put("case", String.valueOf(i));
    return job;
  }

  private ObjectNode jobs(ServerRequest request) {
    int from = request.query().first("cursor").map(Integer::parseInt).orElse(0);
    int limit = request.query().first("limit").map(Integer::parseInt).orElse(50);
    List<String> states = request.query().all("state", List::of);
    String q = request.query().first("q").orElse("");
    int all = mode == Mode.EMPTY || q.equals("nothing") ? 0 : JOBS;
    ObjectNode page = Json.MAPPER.createObjectNode();
    ArrayNode jobs = page.putArray("jobs");
    int i = from;
    for (; i < all && jobs.size() < limit; i++) {
      if (states.isEmpty() || states.contains(state(i))) {
        jobs.add(summary(i));
      }
    }
    if (i < all) {
      page.put("next", String.valueOf(i));
    }
    int matching =
        states.isEmpty() ? all : all / 10 * (int) STATES.stream().filter(states::contains).count();
    page.putObject("total").put("count", matching).put("exact", true);
    ObjectNode facets = page.putObject("facets");
    if (all > 0) {
      facet(facets, "state", STATES.stream().distinct().toList());
      facet(facets, "kind", KINDS);
      facet(facets, "model", MODELS);
      facet(facets, "provider", PROVIDERS);
      facet(facets, "code", CODES);
      facet(facets, "tenant", TENANTS);
    }
    page.put("indexedAt", Instant.now().toString());
    return page;
  }

  private static void facet(ObjectNode facets, String name, List<String> values) {
    ArrayNode counts = facets.putArray(name);
    for (int i = 0; i < values.size(); i++) {
      counts.addObject().put("value", values.get(i)).put("count", 4_213 / (i + 1));
    }
  }

  private void job(ServerRequest request, ServerResponse response) {
    if (mode == Mode.FAILING) {
      Problem.viewNotReady("The partition is being restored.").send(response);
      return;
    }
    int i = index(request);
    if (mode == Mode.EMPTY || i >= JOBS) {
      Problem.jobNotFound(id(i)).send(response);
      return;
    }
    ObjectNode job = summary(i);
    String state = state(i);
    Instant accepted = accepted(i);
    job.remove(List.of("attempts", "code", "message", "excerpt", "provider", "durationMillis"));
    job.put("generation", 0).put("cancelRequested", false).put("wastedCalls", i % 7 == 0 ? 1 : 0);
    job.put("traceId", "4bf92f3577b34da6a3ce929d0e0e4736");
    ArrayNode attempts = job.putArray("attempts");
    boolean failed = state.equals("dead-lettered") || state.equals("waiting");
    Instant at = accepted;
    if (!Set.of("queued", "scheduled").contains(state)) {
      int count = failed ? 3 : state.equals("running") ? 1 : 2;
      for (int n = 1; n <= count; n++) {
        Instant started = at.plusMillis(n == 1 ? 800 : 2_400L * n);
        boolean ok = state.equals("succeeded") && n == count;
        attempts.add(attempt(n, started, ok));
        at = started.plusMillis(1_900);
      }
    }
    switch (state) {
      case "running" -> job.put("runningAttempt", 2);
      case "waiting" -> {
        job.put("dueAt", Instant.now().plusSeconds(45).toString());
        if (hurried.contains(i)) {
          job.put("retryNowRequestedAt", Instant.now().toString());
        }
      }
      case "scheduled" -> job.put("dueAt", Instant.now().plusSeconds(4_000).toString());
      case "dead-lettered" ->
          job.putObject("failure")
              .put("code", "timeout")
              .put("message", i == 4 ? XSS : "The call took longer than 30 s and was interrupted.");
      default -> {}
    }
    if (job.has("finishedAt")) {
      job.put("finishedAt", at.plusMillis(42).toString());
    }
    json(response, job);
  }

  private static ObjectNode attempt(int number, Instant started, boolean ok) {
    ObjectNode attempt = Json.MAPPER.createObjectNode();
    attempt
        .put("number", number)
        .put("provider", "openai")
        .put("worker", "worker-" + (1 + number % 2));
    attempt
        .put("startedAt", started.toString())
        .put("latency", Duration.ofMillis(1_900).toString());
    attempt.putObject("waits").put("queuedMillis", 480).put("limitMillis", 220);
    if (!ok) {
      attempt
          .putObject("failure")
          .put("code", "overloaded")
          .put("message", "503: the model is overloaded")
          .put("retryAfter", "PT2S");
    }
    ObjectNode served = attempt.putObject("served");
    served
        .put("providerModel", "gpt-4.1-mini-2025-04-14")
        .put("requestId", "req_7f3a" + number)
        .put("target", "openai:gpt-4.1-mini");
    served.put("costNanos", ok ? 1_840_000 : 0);
    served
        .put("inputTokens", ok ? 1_204 : 0)
        .put("outputTokens", ok ? 318 : 0)
        .put("cachedTokens", 0);
    return attempt;
  }

  private static ObjectNode result(ServerRequest request) {
    int i = index(request);
    ObjectNode result = Json.MAPPER.createObjectNode();
    result
        .put("id", id(i))
        .put("generation", 0)
        .put("state", "succeeded")
        .put("finishedAt", Instant.now().toString());
    ObjectNode output = result.putObject("output").put("kind", "generate");
    output.put(
        "text",
        i == 0
            ? XSS
            : "The Rhine, the Rhône and the Po carry more water in winter than in late summer.");
    return result;
  }

  private static ObjectNode input(int i) {
    ObjectNode input = Json.MAPPER.createObjectNode();
    input
        .put("kind", "generate")
        .put("text", i == 0 ? XSS : i == 1 ? BIDI : TEXTS.get(i % 4))
        .put("system", "Answer briefly.")
        .put("maxOutputTokens", 400);
    return input;
  }

  private static ObjectNode records(ServerRequest request) {
    ObjectNode records = Json.MAPPER.createObjectNode();
    ObjectNode one = records.putArray("records").addObject();
    one.put("topic", "penstock.jobs")
        .put("partition", 2)
        .put("offset", 4_711)
        .put("timestamp", Instant.now().toString());
    one.putObject("headers").put("attempt", "1").put("generation", "0");
    int i = index(request);
    ObjectNode value = one.putObject("value").put("v", 1).put("generation", 0).put("note", XSS);
    value
        .putObject("job")
        .put("id", id(i))
        .put("attemptTimeout", "PT1M30S")
        .put("priority", "high")
        .set("input", input(i));
    return records;
  }

  private void events(ServerRequest request, ServerResponse response) {
    response.header(HeaderNames.CONTENT_TYPE, "text/event-stream");
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    try (OutputStream out = response.outputStream()) {
      int at = 0;
      while (!closed) {
        String text = TEXTS.get(at % 4) + " ";
        out.write(
            ("event: progress\ndata: {\"attempt\":2,\"from\":"
                    + at * text.length()
                    + ",\"text\":\""
                    + text
                    + "\"}\n\n")
                .getBytes(StandardCharsets.UTF_8));
        out.flush();
        at++;
        Thread.sleep(500);
      }
    } catch (IOException | UncheckedIOException _) {
      // The page has gone.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private ObjectNode point(Instant at, double scale) {
    ObjectNode p = Json.MAPPER.createObjectNode();
    double wave =
        (Math.sin(at.getEpochSecond() / 90.0) + 1.4 + 0.25 * Math.sin(at.getEpochSecond() / 13.0))
            * scale;
    long ok = Math.round(wave * 130);
    boolean outage = at.getEpochSecond() / 60 % 11 < 2;
    long dead = outage ? Math.round(wave * 26) : Math.round(wave * 2);
    if (outage) {
      ok = ok * 6 / 10;
    }
    p.put("at", at.toString())
        .put("accepted", Math.round(wave * 140))
        .put("succeeded", ok)
        .put("deadLettered", dead);
    p.put("cancelled", Math.round(wave * 5))
        .put("expired", outage ? 6 : 1)
        .put("retried", dead * 3)
        .put("calls", ok + dead * 4)
        .put("wasted", 1);
    p.putObject("failed").put("timeout", dead * 2).put("overloaded", dead);
    p.put("inputTokens", ok * 900)
        .put("outputTokens", ok * 240)
        .put("cachedTokens", 0)
        .put("costNanos", ok * 1_900_000)
        .put("wastedCostNanos", dead * 260_000);
    for (String name : List.of("queueWait", "providerLatency", "totalLatency")) {
      double f = outage ? 3.2 : 1;
      p.putObject(name)
          .put("count", ok + dead)
          .put("p50Millis", Math.round(900 * f * (0.8 + wave / 6 / scale)))
          .put("p95Millis", Math.round(2_700 * f))
          .put("p99Millis", Math.round(5_400 * f * (0.9 + wave / 20 / scale)));
    }
    return p;
  }

  private ObjectNode metrics(ServerRequest request) {
    String window = request.query().get("window");
    long step = window.equals("10s") ? 10 : window.equals("1m") ? 60 : 3_600;
    Instant from = Instant.parse(request.query().get("from"));
    Instant to = Instant.parse(request.query().get("to"));
    ObjectNode answer = Json.MAPPER.createObjectNode();
    answer
        .put("window", window)
        .put("from", from.toString())
        .put("to", to.toString())
        .put("partial", false);
    ArrayNode series = answer.putArray("series");
    if (mode == Mode.EMPTY) {
      return answer;
    }
    String by = request.query().first("by").orElse("");
    for (String name : by.equals("provider") ? PROVIDERS : List.of("")) {
      ObjectNode one = series.addObject();
      ObjectNode labels = one.putObject("labels");
      if (!name.isEmpty()) {
        labels.put("provider", name);
      }
      ArrayNode points = one.putArray("points");
      for (long t = from.getEpochSecond() / step * step; t < to.getEpochSecond(); t += step) {
        points.add(point(Instant.ofEpochSecond(t), step / 10.0));
      }
      one.set("sum", point(to, points.size() * step / 10.0));
    }
    return answer;
  }

  private ObjectNode overview() {
    ObjectNode o = Json.MAPPER.createObjectNode();
    Instant now = Instant.now();
    o.put("at", now.toString()).put("partial", false);
    ObjectNode states = o.putObject("states");
    ArrayNode attention = o.putArray("attention");
    if (mode == Mode.EMPTY) {
      o.putObject("backlog").put("jobs", 0).put("workMillis", 0).putArray("by");
      o.putObject("perSecond").put("accepted", 0).put("finished", 0);
      o.putObject("last");
      return o;
    }
    states
        .put("queued", 3_412)
        .put("scheduled", 96)
        .put("running", 187)
        .put("waiting", 241)
        .put("succeeded", 1_204_881);
    states.put("dead-lettered", 1_318).put("cancelled", 402).put("expired", 77);
    ObjectNode backlog = o.putObject("backlog");
    backlog
        .put("jobs", 3_749 + updatesSent.get() % 7)
        .put("workMillis", 5_412_000)
        .put("drainMillis", 312_000)
        .put("oldestMillis", 94_000);
    ArrayNode by = backlog.putArray("by");
    by.addObject()
        .put("model", "fast")
        .put("kind", "generate")
        .put("jobs", 2_104)
        .put("workMillis", 3_812_000);
    by.addObject()
        .put("model", "careful")
        .put("kind", "extract")
        .put("jobs", 1_177)
        .put("workMillis", 1_402_000);
    by.addObject()
        .put("model", "local")
        .put("kind", "embed")
        .put("jobs", 468)
        .put("workMillis", 198_000);
    ObjectNode last = o.putObject("last");
    last.set("1m", point(now, 6));
    last.set("1h", point(now, 360));
    o.putObject("perSecond").put("accepted", 18.4).put("finished", 17.2);
    o.put("successRate", 0.9873).put("spendPerHourNanos", 4_870_000_000L).put("currency", "EUR");
    attention
        .addObject()
        .put("code", "breaker_open")
        .put("severity", "critical")
        .put("title", "The breaker of openai:gpt-4.1-mini is open")
        .put("detail", "2 of 3 workers make no calls; 241 jobs wait or go to the next target.")
        .put("href", "/providers");
    attention
        .addObject()
        .put("code", "dead_letters_rising")
        .put("severity", "warning")
        .put("title", "Dead letters are rising")
        .put("detail", "61 in the last 5 minutes, mostly timeout of the route fast.")
        .put("href", "/dead-letters");
    attention
        .addObject()
        .put("code", "stuck_calls")
        .put("severity", "warning")
        .put("title", "1 call of worker-3 is stuck")
        .put("detail", "It goes on 4 min past its timeout.")
        .put("href", "/workers");
    return o;
  }

  private ObjectNode failures() {
    ObjectNode answer = Json.MAPPER.createObjectNode();
    ArrayNode groups = answer.putArray("groups");
    if (mode == Mode.EMPTY) {
      return answer;
    }
    List<String> messages =
        List.of(
            "The call took longer than N s and was interrupted",
            "The response was filtered by the provider’s rules of content",
            XSS,
            "NNN: the model is overloaded");
    for (int i = 0; i < 4; i++) {
      ObjectNode g = groups.addObject();
      g.put("fingerprint", "f" + i)
          .put("code", CODES.get(i))
          .put("provider", PROVIDERS.get(i % 3))
          .put("model", MODELS.get(i))
          .put("kind", KINDS.get(i));
      g.put("message", messages.get(i))
          .put("count", 2_000 / (i + 1))
          .put("jobs", 812 / (i + 1))
          .put("firstAt", Instant.now().minusSeconds(90_000L / (i + 1)).toString());
      g.put("lastAt", Instant.now().minusSeconds(12L * (i + 1)).toString())
          .put("example", id(4 + 10 * i));
    }
    return answer;
  }

  private ObjectNode workers() {
    ObjectNode answer = Json.MAPPER.createObjectNode();
    ArrayNode workers = answer.putArray("workers");
    List<String> states =
        mode == Mode.EMPTY ? List.of() : List.of("running", "running", "draining", "silent");
    for (int i = 0; i < states.size(); i++) {
      ObjectNode w = workers.addObject();
      w.put("id", "worker-" + (i + 1))
          .put("life", "l" + i)
          .put("version", "0.1.0")
          .put("host", "node-" + (i + 4))
          .put("startedAt", Instant.now().minusSeconds(80_000 - i * 900L).toString());
      w.put("reportedAt", Instant.now().minusSeconds(i == 3 ? 61 : 1).toString())
          .put("state", states.get(i))
          .put("slots", 64)
          .put("busy", i == 3 ? 0 : 64 - i * 21)
          .put("stuck", i == 2 ? 1 : 0);
      if (i == 3) {
        w.put(
            "reason",
            "No report for 61 s: it has died, or can’t reach Kafka. Its partitions were taken"
                + " over.");
      }
      ArrayNode partitions = w.putArray("partitions");
      for (int p = 0; i != 3 && p < 3; p++) {
        partitions.addObject().put("topic", "penstock.jobs").put("partition", p * 3 + i);
        partitions.addObject().put("topic", "penstock.retry").put("partition", p * 3 + i);
      }
      ArrayNode calls = w.putArray("calls");
      for (int c = 0; i != 3 && c < 6; c++) {
        calls
            .addObject()
            .put("jobId", id(3 + c * 10))
            .put("attempt", 1 + c % 3)
            .put("model", MODELS.get(c % 4))
            .put("provider", PROVIDERS.get(c % 3))
            .put(
                "startedAt",
                Instant.now().minusSeconds(c == 0 && i == 2 ? 304 : 19 - 3L * c).toString())
            .put("stuck", c == 0 && i == 2);
      }
    }
    return answer;
  }

  private ObjectNode providers() {
    ObjectNode answer = Json.MAPPER.createObjectNode();
    ArrayNode providers = answer.putArray("providers");
    List<String> names = mode == Mode.EMPTY ? List.of() : PROVIDERS;
    for (String name : names) {
      ObjectNode p = providers.addObject().put("name", name);
      ArrayNode targets = p.putArray("targets");
      boolean openai = name.equals("openai");
      for (String target :
          openai ? List.of("openai:gpt-4.1-mini", "openai:gpt-4.1") : List.of(name)) {
        ObjectNode t =
            targets
                .addObject()
                .put("target", target)
                .put("breaker", target.endsWith("mini") ? "open" : "closed")
                .put("waiting", target.endsWith("mini") ? 241 : 0);
        ObjectNode split = t.putObject("workers");
        split.put("closed", target.endsWith("mini") ? 1 : 3);
        if (target.endsWith("mini")) {
          split.put("open", 2);
        }
        ArrayNode limits = t.putArray("limits");
        if (!name.equals("local")) {
          limits
              .addObject()
              .put("what", "requests")
              .put("limit", 500)
              .put("used", openai ? 462 : 118)
              .put("perMillis", 60_000);
          limits
              .addObject()
              .put("what", "tokens")
              .put("limit", 200_000)
              .put("used", openai ? 199_100 : 41_000)
              .put("perMillis", 60_000);
          limits
              .addObject()
              .put("what", "concurrency")
              .put("limit", 64)
              .put("used", openai ? 31 : 12);
        }
      }
      p.putObject("last").set("1m", point(Instant.now(), 2));
      p.put("spendTodayNanos", 41_220_000_000L);
    }
    return answer;
  }

  private ObjectNode topics() {
    ObjectNode answer = Json.MAPPER.createObjectNode();
    ArrayNode topics = answer.putArray("topics");
    List<String> names =
        mode == Mode.EMPTY
            ? List.of()
            : List.of(
                "jobs",
                "jobs-high",
                "jobs-low",
                "retry",
                "events",
                "dead-letters",
                "control",
                "hold-16s",
                "limits",
                "workers");
    for (String name : names) {
      ObjectNode t = topics.addObject().put("name", "penstock." + name);
      boolean read = name.startsWith("jobs") || name.equals("retry") || name.startsWith("hold");
      ArrayNode partitions = t.putArray("partitions");
      long lag = 0;
      for (int p = 0; p < (name.equals("limits") || name.equals("workers") ? 1 : 8); p++) {
        ObjectNode one =
            partitions
                .addObject()
                .put("partition", p)
                .put("start", 1_000L * p)
                .put("end", 152_000L + 7_013L * p)
                .put("leader", 1 + p % 3);
        one.putArray("isr").add(1).add(2).add(3);
        if (read) {
          long behind = name.equals("jobs") ? 420L - p * 31L : 0;
          lag += behind;
          one.put("committed", 152_000L + 7_013L * p - behind).put("lag", behind);
        }
      }
      if (read) {
        t.put("group", "penstock.workers").put("lag", lag);
      }
    }
    return answer;
  }

  /** As many job updates a second as were asked for, in one event each 20 ms. */
  private void live(ServerRequest request, ServerResponse response) {
    if (mode == Mode.FAILING) {
      Problem.viewNotReady("The partition is being restored.").send(response);
      return;
    }
    if (mode == Mode.MISSING) {
      response.status(Status.NOT_FOUND_404);
      response.send();
      return;
    }
    response.header(HeaderNames.CONTENT_TYPE, "text/event-stream");
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    listeners.incrementAndGet();
    try (OutputStream out = response.outputStream()) {
      long turn = 0;
      out.write("retry: 1000\n\n".getBytes(StandardCharsets.US_ASCII));
      while (!closed) {
        var text = new StringBuilder();
        if (turn % 50 == 0 && mode != Mode.SLOW) {
          text.append("event: overview\ndata: ")
              .append(Json.MAPPER.writeValueAsString(overview()))
              .append("\n\n");
        }
        int each = updatesPerSecond / 50;
        for (var i = 0; i < each; i++) {
          int job = (int) ((turn * each + i) % 200);
          String change =
              String.format(
                  "{\"jobs\":[{\"id\":\"%s\",\"state\":\"%s\",\"version\":\"9-%d\"}]}",
                  id(job), turn % 2 == 0 ? "running" : "succeeded", turn);
          text.append("event: jobs\ndata: ").append(change).append("\n\n");
          updatesSent.incrementAndGet();
        }
        text.append(turn % 50 == 0 ? ": beat\n\n" : "");
        out.write(text.toString().getBytes(StandardCharsets.UTF_8));
        out.flush();
        turn++;
        Thread.sleep(20);
      }
    } catch (IOException | UncheckedIOException _) {
      // The page has gone.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      listeners.decrementAndGet();
    }
  }

  /** For a person: serves until it is killed. Arguments: port, updates a second, token. */
  public static void main(String[] args) throws InterruptedException {
    var settings = new ArrayList<>(List.of(args));
    try (var fake =
        new FakeStreams(
            settings.isEmpty() ? 18_082 : Integer.parseInt(settings.get(0)),
            settings.size() > 2 ? settings.get(2) : "")) {
      fake.updatesPerSecond(settings.size() > 1 ? Integer.parseInt(settings.get(1)) : 0);
      System.out.println(fake.url());
      Thread.currentThread().join();
    }
  }
}
