package dev.penstock.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cache.CacheRecord;
import dev.penstock.cache.Fingerprint;
import dev.penstock.fleet.WorkerCommand;
import dev.penstock.fleet.WorkerReport;
import dev.penstock.job.Attempt;
import dev.penstock.job.CacheRule;
import dev.penstock.job.CacheTag;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobOutput.ScoredLabel;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JsonObject;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Outcome;
import dev.penstock.job.PartialAnswer;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.job.RetryRule;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import dev.penstock.job.Waits;
import dev.penstock.limit.LimitReport;
import dev.penstock.limit.SpendReport;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The wire format as it stands on topics: every shape literally, and what becomes of it when one
 * field at a time is missing, null or of another type.
 */
final class WireFormatTest {
  private static final Instant AT = Instant.parse("2026-11-21T08:00:00.123456789Z");
  private static final JobId ID = JobId.of("01a1fde9-9009-7fbe-b20b-f706a42df8e7");

  private static final TenantId ACME = TenantId.of("acme");

  /** What may be absent or null wherever it stands. */
  private static final Set<String> OPTIONAL =
      Set.of(
          "expireAt",
          "failure",
          "runAt",
          "retry",
          "baseDelay",
          "maxDelay",
          "multiplier",
          "orderingKey",
          "onDeadLetter",
          "cancelled",
          "traceparent",
          "served",
          "waits",
          "providerModel",
          "requestId",
          "costNanos",
          "insteadOf",
          "closedMillis",
          "target",
          "cachedAt",
          "system",
          "priority",
          "progress",
          "tenant",
          "inputCostNanos",
          "cache",
          "ttl",
          "opsUrl",
          "currency",
          "note",
          "since",
          "claim",
          "patch",
          "perSecond",
          "detail",
          "ofJob",
          "ofGeneration",
          "ofPlan",
          "canary",
          "cutTo");

  /** Versions have tests of their own. */
  private static final Set<String> VERSION = Set.of("v");

  /** What says how the rest of its object is to be read. */
  private static final Set<String> FIRST =
      Set.of(
          "v", "event", "kind", "code", "status", "ordered", "entry", "ledger", "part", "action");

  /** Objects whose fields are others'. */
  private static final List<String> FREE =
      List.of("/job/labels", "/input/schema", "/output/value", "/selection", "/preview", "/detail");

  /** A value and the JSON that stands for it. */
  record Sample<T>(JsonCodec<T> codec, T value, String json) {
    /** Whether a field may be absent or null; an event always has its due time. */
    boolean isOptional(Place place) {
      return (OPTIONAL.contains(place.name())
              && !(place.name().equals("tenant") && value instanceof CacheRecord)
              && !place.parent().equals("/tally"))
          || (place.name().equals("dueAt") && value instanceof JobRecord);
    }

    /** The JSON after a change of one field. */
    String changed(Place place, BiConsumer<ObjectNode, String> change) {
      var root = (ObjectNode) Json.MAPPER.readTree(json);
      change.accept((ObjectNode) root.at(place.parent()), place.name());
      return root.toString();
    }

    @Override
    public String toString() {
      return json;
    }
  }

  private static final String JOB =
      "\"job\":{\"id\":\"01a1fde9-9009-7fbe-b20b-f706a42df8e7\",\"model\":\"local\",\"input\":INPUT,"
          + "\"maxAttempts\":3,\"attemptTimeout\":\"PT30S\",\"acceptedAt\":\"2026-11-21T08:00:00.123456789Z\","
          + "\"expireAt\":\"2026-11-22T08:00:00Z\",\"labels\":{\"team\":\"search\"},\"runAt\":\"2026-11-21T09:00:00Z\","
          + "\"retry\":{\"baseDelay\":\"PT2S\",\"maxDelay\":\"PT1M\",\"multiplier\":1.5},\"priority\":\"high\",\"progress\":true,\"tenant\":\"acme.eu-1\",\"cache\":{\"allowed\":true,\"ttl\":\"PT1H\",\"tags\":[\"kb/articles/17\"]}}";
  private static final String ORDERED_JOB =
      "\"job\":{\"id\":\"01a1fde9-9009-7fbe-b20b-f706a42df8e7\",\"model\":\"local\",\"input\":{\"kind\":\"embed\",\"text\":\"Ein"
          + " Text.\"},\"maxAttempts\":3,\"attemptTimeout\":\"PT30S\",\"acceptedAt\":\"2026-11-21T08:00:00.123456789Z\",\"labels\":{},\"orderingKey\":\"customer"
          + " 17\",\"onDeadLetter\":\"block\"}";
  private static final String ATTEMPT =
      "{\"number\":1,\"provider\":\"local\",\"worker\":\"w-1\",\"startedAt\":\"2026-11-21T08:00:00.123456789Z\","
          + "\"latency\":\"PT0.012S\",\"failure\":FAILURE,\"served\":{\"providerModel\":\"m-2026\",\"requestId\":\"req_7\",\"inputTokens\":12,\"outputTokens\":3,\"cachedTokens\":4,\"costNanos\":5000000000,\"insteadOf\":\"a:"
          + " open\",\"target\":\"b:m\",\"cachedAt\":\"2026-11-21T08:00:00.123456789Z\"},\"waits\":{\"queuedMillis\":7,\"limitMillis\":11}}";
  private static final String THROTTLED =
      "{\"code\":\"throttled\",\"message\":\"slow down\",\"retryAfter\":\"PT3S\"}";
  private static final PlanId PLAN = new PlanId("plan-7");
  private static final String OF_PLAN = "\"plan\":\"plan-7\",";
  private static final String HEAD =
      "{\"v\":1,\"event\":\"EVENT\",\"jobId\":\"01a1fde9-9009-7fbe-b20b-f706a42df8e7\",\"generation\":2,";
  private static final String TAIL = ",\"at\":\"2026-11-21T08:00:00.123456789Z\"}";

  static Stream<Sample<?>> samples() {
    var all = new ArrayList<Sample<?>>();
    ledgerRecords()
        .forEach((record, json) -> all.add(new Sample<>(JsonCodec.LEDGER, record, json)));
    planRecords().forEach((record, json) -> all.add(new Sample<>(JsonCodec.PLANS, record, json)));
    all.add(
        new Sample<>(
            JsonCodec.AUDIT,
            new AuditEntry(
                9, AT, "ann", "confirm", PLAN, new JsonObject("{\"count\":7}"), "00", "ff"),
            "{\"v\":1,\"sequence\":9,\"at\":\"2026-11-21T08:00:00.123456789Z\",\"who\":\"ann\",\"did\":\"confirm\","
                + "\"ofPlan\":\"plan-7\",\"detail\":{\"count\":7},\"previousHash\":\"00\",\"hash\":\"ff\"}"));
    inputs()
        .forEach((input, json) ->
            all.add(
                new Sample<>(
                    JsonCodec.JOB_RECORDS,
                    new JobRecord(job(input), 2, List.of(), null),
                    "{\"v\":1,"
                        + JOB.replace("INPUT", json)
                        + ",\"generation\":2,\"attempts\":[]}")));
    var embed = new JobInput.Embed("Ein Text.");
    failures()
        .forEach((failure, json) ->
            all.add(
                new Sample<>(
                    JsonCodec.JOB_RECORDS,
                    new JobRecord(job(embed), 0, List.of(attempt(failure)), AT),
                    "{\"v\":1,"
                        + JOB.replace("INPUT", "{\"kind\":\"embed\",\"text\":\"Ein Text.\"}")
                        + ",\"generation\":0,\"attempts\":["
                        + ATTEMPT.replace("FAILURE", json)
                        + "],\"dueAt\":\"2026-11-21T08:00:00.123456789Z\"}")));
    all.add(
        new Sample<>(
            JsonCodec.EVENTS,
            new JobEvent.AttemptStarted(ID, 2, 1, "local", "w-1", AT, 4_000_000_000L),
            HEAD.replace("EVENT", "attempt-started")
                + "\"attempt\":1,\"provider\":\"local\",\"worker\":\"w-1\",\"inputCostNanos\":4000000000"
                + TAIL));
    var throttled = new Failure.Throttled("slow down", Duration.ofSeconds(3));
    String failed = ATTEMPT.replace("FAILURE", THROTTLED);
    all.add(
        new Sample<>(
            JsonCodec.EVENTS,
            new JobEvent.RetryScheduled(ID, 2, attempt(throttled), AT, AT),
            HEAD.replace("EVENT", "retry-scheduled")
                + "\"failed\":"
                + failed
                + ",\"dueAt\":\"2026-11-21T08:00:00.123456789Z\""
                + TAIL));
    outcomes()
        .forEach((outcome, json) ->
            all.add(
                new Sample<>(
                    JsonCodec.EVENTS,
                    new JobEvent.Finished(ID, 2, List.of(attempt(throttled)), outcome, AT),
                    HEAD.replace("EVENT", "finished")
                        + "\"attempts\":["
                        + failed
                        + "],\"outcome\":"
                        + json
                        + TAIL)));
    all.add(
        new Sample<>(
            JsonCodec.DEAD_LETTERS,
            new DeadLetter(
                job(embed),
                2,
                List.of(attempt(throttled)),
                throttled,
                new DeadLetter.Origin("penstock.jobs", 3, 17_000_000_000L),
                AT),
            "{\"v\":1,"
                + JOB.replace("INPUT", "{\"kind\":\"embed\",\"text\":\"Ein Text.\"}")
                + ",\"generation\":2,\"attempts\":["
                + failed
                + "],\"reason\":"
                + THROTTLED
                + ",\"origin\":{\"topic\":\"penstock.jobs\",\"partition\":3,\"offset\":17000000000}"
                + TAIL));
    all.add(
        new Sample<>(
            JsonCodec.CANCEL_REQUESTS,
            new CancelRequest(ID, 2, AT),
            "{\"v\":1,\"jobId\":\"01a1fde9-9009-7fbe-b20b-f706a42df8e7\",\"generation\":2,"
                + "\"requestedAt\":\"2026-11-21T08:00:00.123456789Z\"}"));
    all.add(
        new Sample<>(
            JsonCodec.RETRY_NOW_REQUESTS,
            new RetryNowRequest(ID, 2, 1, AT),
            "{\"v\":1,\"jobId\":\"01a1fde9-9009-7fbe-b20b-f706a42df8e7\",\"generation\":2,"
                + "\"attempts\":1,\"retryNowAt\":\"2026-11-21T08:00:00.123456789Z\"}"));
    all.add(
        new Sample<>(
            JsonCodec.LIMIT_REPORTS,
            new LimitReport(
                "w-1",
                -7,
                12,
                List.of(
                    new LimitReport.Entry(
                        "openai/requests", 500_000, 125_000, 250_000, 9_000, 1_500))),
            "{\"v\":1,\"worker\":\"w-1\",\"incarnation\":-7,\"number\":12,\"entries\":[{\"limit\":"
                + "\"openai/requests\",\"most\":500000,\"holds\":125000,\"wants\":250000,\"demand\":9000,\"closedMillis\":1500}]}"));
    all.add(
        new Sample<>(
            JsonCodec.PARTIAL_ANSWERS,
            new PartialAnswer(ID, 2, 1, 17_000_000_000L, "漢 \"a\""),
            "{\"v\":1,\"jobId\":\"01a1fde9-9009-7fbe-b20b-f706a42df8e7\",\"generation\":2,\"attempt\":1,\"from\":17000000000,\"text\":\"漢"
                + " \\\"a\\\"\"}"));
    all.add(
        new Sample<>(
            JsonCodec.SPEND_REPORTS,
            new SpendReport(
                "w-1",
                -7,
                12,
                "tenant/acme",
                List.of(new SpendReport.Period("2026-11-21", 5_000_000_000L, 7_000_000_000L))),
            "{\"v\":1,\"worker\":\"w-1\",\"incarnation\":-7,\"number\":12,\"scope\":\"tenant/acme\","
                + "\"periods\":[{\"name\":\"2026-11-21\",\"spent\":5000000000,\"ceiling\":7000000000}]}"));
    all.add(
        new Sample<>(
            JsonCodec.WORKER_COMMANDS,
            new WorkerCommand("w-1", true, AT),
            "{\"v\":1,\"worker\":\"w-1\",\"drain\":true,\"requestedAt\":\"2026-11-21T08:00:00.123456789Z\"}"));
    all.add(
        new Sample<>(
            JsonCodec.WORKER_REPORTS,
            workerReport(),
            """
            {"v":1,"worker":"w-1","life":"-7","version":"1.0","host":"h","startedAt":"2026-11-21T08:00:00.123456789Z",\
            "opsUrl":"http://h:8081","state":"draining","note":"r","drain":true,"work":{"slots":4,"busy":2,"stuck":1,\
            "claimed":9,"owned":[{"topic":"penstock.jobs","partitions":[0,2]}],"calls":[{"jobId":\
            "01a1fde9-9009-7fbe-b20b-f706a42df8e7","generation":2,"attempt":1,"model":"fast","called":"local",\
            "startedAt":"2026-11-21T08:00:00.123456789Z","stuck":true}]},"surroundings":{"providers":["local"],"breakers":[\
            {"of":"local","state":"open","since":"2026-11-21T08:00:00.123456789Z"}],"limits":[{"scope":"local","kind":\
            "concurrency","most":8.0,"share":4.0,"used":1.5,"waited":true}],"gates":[{"name":"fast","jobs":3}],"budgets":[\
            {"kind":"tenant","name":"acme","period":"day","limit":9000000000,"spent":8000000000}],\
            "currency":"EUR"}}\
            """));
    cacheRecords()
        .forEach((record, json) ->
            all.add(new Sample<>(JsonCodec.CACHE_RECORDS, record, "{\"v\":1," + json + "}")));
    var ordered = new JobRecord(orderedJob(embed), 0, List.of(), null);
    String orderedJson = ORDERED_JOB + ",\"generation\":0,\"attempts\":[]";
    all.add(
        new Sample<>(
            JsonCodec.JOB_RECORDS,
            ordered.asCancelled(),
            "{\"v\":1," + orderedJson + ",\"cancelled\":true}"));
    all.add(
        new Sample<>(
            JsonCodec.ORDERED,
            new OrderedRecord.Enter(ordered, "00-aa-bb-01"),
            "{\"v\":1,\"ordered\":\"enter\",\"traceparent\":\"00-aa-bb-01\",\"record\":{"
                + orderedJson
                + "}}"));
    all.add(
        new Sample<>(
            JsonCodec.ORDERED,
            new OrderedRecord.Release(ID, 2),
            "{\"v\":1,\"ordered\":\"release\",\"jobId\":\"01a1fde9-9009-7fbe-b20b-f706a42df8e7\","
                + "\"generation\":2}"));
    all.add(
        new Sample<>(
            JsonCodec.ORDERED,
            new OrderedRecord.Cancel(ID, 2),
            "{\"v\":1,\"ordered\":\"cancel\",\"jobId\":\"01a1fde9-9009-7fbe-b20b-f706a42df8e7\","
                + "\"generation\":2}"));
    return all.stream();
  }

  private static WorkerReport workerReport() {
    return new WorkerReport(
        "w-1",
        "-7",
        "1.0",
        "h",
        AT,
        "http://h:8081",
        WorkerReport.State.DRAINING,
        "r",
        true,
        new WorkerReport.Work(
            4,
            2,
            1,
            9,
            List.of(new WorkerReport.Owned("penstock.jobs", List.of(0, 2))),
            List.of(new WorkerReport.Call(ID, 2, 1, "fast", "local", AT, true))),
        new WorkerReport.Surroundings(
            List.of("local"),
            List.of(new WorkerReport.Breaker("local", "open", AT)),
            List.of(new WorkerReport.Limit("local", "concurrency", 8, 4, 1.5, true)),
            List.of(new WorkerReport.Gate("fast", 3)),
            List.of(
                new WorkerReport.Budget("tenant", "acme", "day", 9_000_000_000L, 8_000_000_000L)),
            "EUR"));
  }

  private static Map<CacheRecord, String> cacheRecords() {
    var request = new Fingerprint("0a".repeat(32));
    String asked = ",\"request\":\"" + "0a".repeat(32) + "\"";
    var owner = new CacheRecord.Owner("w-1", -7);
    String by = ",\"worker\":\"w-1\",\"incarnation\":-7,\"number\":12";
    var tags = List.of(new CacheTag("kb/articles/17"), new CacheTag("x"));
    String tagged = ",\"tenant\":\"acme\",\"tags\":[\"kb/articles/17\",\"x\"]";
    var all = new LinkedHashMap<CacheRecord, String>();
    all.put(
        new CacheRecord.Claim(request, owner, 12, ACME, tags),
        "\"entry\":\"claim\"" + asked + by + tagged);
    all.put(
        new CacheRecord.Answer(
            request,
            17_000_000_000L,
            ACME,
            tags,
            Duration.ofHours(1),
            "openai",
            new Served("m-2026", null, new Usage(12, 3, 4), null, null),
            new JobOutput.Text("Kurz.")),
        "\"entry\":\"answer\""
            + asked
            + ",\"claim\":17000000000"
            + tagged
            + ",\"expireAfter\":\"PT1H\",\"provider\":\"openai\",\"served\":{\"providerModel\":\"m-2026\","
            + "\"inputTokens\":12,\"outputTokens\":3,\"cachedTokens\":4},"
            + "\"output\":{\"kind\":\"generate\",\"text\":\"Kurz.\"}");
    all.put(
        new CacheRecord.Released(request, owner, 12, true),
        "\"entry\":\"released\"" + asked + by + ",\"fruitless\":true");
    all.put(
        new CacheRecord.Invalidated(ACME, new CacheTag("kb/articles")),
        "\"entry\":\"invalidated\",\"tenant\":\"acme\",\"tag\":\"kb/articles\"");
    all.put(new CacheRecord.Beat(owner, 12), "\"entry\":\"beat\"" + by);
    return all;
  }

  private static Job orderedJob(JobInput input) {
    return new Job(
        ID,
        "local",
        input,
        3,
        Duration.ofSeconds(30),
        AT,
        null,
        Map.of(),
        null,
        null,
        new Ordering("customer 17", Ordering.OnDeadLetter.BLOCK),
        Priority.NORMAL);
  }

  private static Job job(JobInput input) {
    return new Job(
        ID,
        "local",
        input,
        3,
        Duration.ofSeconds(30),
        AT,
        Instant.parse("2026-11-22T08:00:00Z"),
        Map.of("team", "search"),
        Instant.parse("2026-11-21T09:00:00Z"),
        new RetryRule(Duration.ofSeconds(2), Duration.ofMinutes(1), 1.5),
        null,
        Priority.HIGH,
        true,
        new TenantId("acme.eu-1"),
        new CacheRule(true, Duration.ofHours(1), List.of(new CacheTag("kb/articles/17"))));
  }

  private static Attempt attempt(Failure failure) {
    return new Attempt(
        1,
        "local",
        "w-1",
        AT,
        Duration.ofMillis(12),
        failure,
        new Served("m-2026", "req_7", new Usage(12, 3, 4), 5_000_000_000L, "a: open", "b:m", AT),
        new Waits(7, 11));
  }

  private static Map<JobInput, String> inputs() {
    var all = new LinkedHashMap<JobInput, String>();
    all.put(
        new JobInput.Summarize("a \"b\"\n\\ \u0001 ü 漢 😀", 3),
        "{\"kind\":\"summarize\",\"text\":\"a \\\"b\\\"\\n\\\\ \\u0001 ü 漢"
            + " 😀\",\"maxSentences\":3}");
    all.put(
        new JobInput.Classify("Ein Text.", List.of("sea", "war")),
        "{\"kind\":\"classify\",\"text\":\"Ein Text.\",\"labels\":[\"sea\",\"war\"]}");
    all.put(new JobInput.Embed("Ein Text."), "{\"kind\":\"embed\",\"text\":\"Ein Text.\"}");
    all.put(
        new JobInput.DetectLanguage("Ein Text."),
        "{\"kind\":\"detect-language\",\"text\":\"Ein Text.\"}");
    all.put(
        new JobInput.Generate("Ein Text.", "Sei kurz.", 64),
        "{\"kind\":\"generate\",\"text\":\"Ein Text.\",\"system\":\"Sei"
            + " kurz.\",\"maxOutputTokens\":64}");
    all.put(
        new JobInput.Extract("Ein Text.", new JsonObject("{ \"type\": \"object\" }")),
        "{\"kind\":\"extract\",\"text\":\"Ein Text.\",\"schema\":{\"type\":\"object\"}}");
    return all;
  }

  private static Map<Failure, String> failures() {
    var all = new LinkedHashMap<Failure, String>();
    all.put(new Failure.Retryable("m"), "{\"code\":\"retryable\",\"message\":\"m\"}");
    all.put(new Failure.Throttled("slow down", Duration.ofSeconds(3)), THROTTLED);
    all.put(new Failure.TimedOut("m"), "{\"code\":\"timeout\",\"message\":\"m\"}");
    all.put(new Failure.InvalidRequest("m"), "{\"code\":\"invalid_request\",\"message\":\"m\"}");
    all.put(new Failure.NoProvider("m"), "{\"code\":\"no_provider\",\"message\":\"m\"}");
    all.put(new Failure.OutputTooLarge("m"), "{\"code\":\"output_too_large\",\"message\":\"m\"}");
    all.put(new Failure.Undecodable("m"), "{\"code\":\"undecodable\",\"message\":\"m\"}");
    all.put(new Failure.Unknown("m"), "{\"code\":\"unknown\",\"message\":\"m\"}");
    all.put(new Failure.CallCancelled("m"), "{\"code\":\"call_cancelled\",\"message\":\"m\"}");
    all.put(
        new Failure.Overloaded("m", Duration.ofSeconds(3)),
        "{\"code\":\"overloaded\",\"message\":\"m\",\"retryAfter\":\"PT3S\"}");
    all.put(new Failure.Authentication("m"), "{\"code\":\"authentication\",\"message\":\"m\"}");
    all.put(new Failure.ContentRefused("m"), "{\"code\":\"content_refused\",\"message\":\"m\"}");
    all.put(new Failure.ContextTooLong("m"), "{\"code\":\"context_too_long\",\"message\":\"m\"}");
    all.put(new Failure.BudgetSpent("m"), "{\"code\":\"budget\",\"message\":\"m\"}");
    all.put(new Failure.ModelNotFound("m"), "{\"code\":\"model_not_found\",\"message\":\"m\"}");
    all.put(new Failure.CrashLoop("m"), "{\"code\":\"crash_loop\",\"message\":\"m\"}");
    return all;
  }

  private static Map<Outcome, String> outcomes() {
    var all = new LinkedHashMap<Outcome, String>();
    outputs()
        .forEach((output, json) ->
            all.put(
                new Outcome.Succeeded(output),
                "{\"status\":\"succeeded\",\"output\":" + json + "}"));
    all.put(
        new Outcome.DeadLettered(new Failure.Retryable("m")),
        "{\"status\":\"dead-lettered\",\"reason\":{\"code\":\"retryable\",\"message\":\"m\"}}");
    all.put(new Outcome.Cancelled(), "{\"status\":\"cancelled\"}");
    all.put(new Outcome.Expired(), "{\"status\":\"expired\"}");
    return all;
  }

  private static Map<LedgerRecord, String> ledgerRecords() {
    var all = new LinkedHashMap<LedgerRecord, String>();
    all.put(
        new LedgerRecord.Replayed(17, ID, 2, PLAN, "customer 7", AT),
        "{\"v\":1,\"ledger\":\"replayed\","
            + OF_PLAN
            + "\"offset\":17,\"jobId\":\"01a1fde9-9009-7fbe-b20b-f706a42df8e7\",\"generation\":2,"
            + "\"orderingKey\":\"customer 7\""
            + TAIL);
    all.put(
        new LedgerRecord.Purged(17, ID, 2, PLAN, "old", AT),
        "{\"v\":1,\"ledger\":\"purged\","
            + OF_PLAN
            + "\"offset\":17,\"ofJob\":\"01a1fde9-9009-7fbe-b20b-f706a42df8e7\",\"ofGeneration\":2,\"reason\":\"old\""
            + TAIL);
    all.put(
        new LedgerRecord.Discarded(17, ID, 2, PLAN, "too old", AT),
        "{\"v\":1,\"ledger\":\"discarded\","
            + OF_PLAN
            + "\"offset\":17,\"ofJob\":\"01a1fde9-9009-7fbe-b20b-f706a42df8e7\",\"ofGeneration\":2,\"reason\":\"too"
            + " old\""
            + TAIL);
    all.put(
        new LedgerRecord.Refused(17, PLAN, Refusal.INVALID_CHANGE, "/model: is required", AT),
        "{\"v\":1,\"ledger\":\"refused\","
            + OF_PLAN
            + "\"offset\":17,\"reason\":\"invalid-change\",\"detail\":\"/model: is required\""
            + TAIL);
    all.put(
        new LedgerRecord.Progress(
            PLAN,
            1,
            18,
            true,
            new Tally(9, 8, 6, Map.of(Refusal.POISON, 7L), 4, 3, 2, 1, 5, 11),
            70,
            6,
            19,
            12L,
            AT),
        "{\"v\":1,\"ledger\":\"progress\","
            + OF_PLAN
            + "\"stage\":1,\"nextOffset\":18,\"complete\":true,\"tally\":{\"replayed\":9,\"discarded\":8,\"purged\":6,"
            + "\"refused\":[{\"reason\":\"poison\",\"count\":7}],\"succeeded\":4,\"deadLettered\":3,\"cancelled\":2,"
            + "\"expired\":1,\"unknown\":5,\"cancelsAsked\":11},\"eventsFrom\":70,\"seen\":6,\"cancelsTo\":19,\"cutTo\":12"
            + TAIL);
    return all;
  }

  private static Map<PlanRecord, String> planRecords() {
    var all = new LinkedHashMap<PlanRecord, String>();
    var actions =
        Map.of(
            new PlanRecord.Action.Replay(3, "[]"),
            "{\"action\":\"replay\",\"maxGeneration\":3,\"patch\":\"[]\"}",
            new PlanRecord.Action.Discard("too old"),
            "{\"action\":\"discard\",\"reason\":\"too old\"}",
            new PlanRecord.Action.Purge("too old"),
            "{\"action\":\"purge\",\"reason\":\"too old\"}");
    actions.forEach((action, json) ->
        all.put(
            new PlanRecord.Plan(
                PLAN,
                "after the outage",
                "ann",
                AT,
                new JsonObject("{\"reason\":\"throttled\"}"),
                List.of(7L, 0L),
                action,
                new PlanRecord.Pace(100, 2.5),
                action instanceof PlanRecord.Action.Purge
                    ? new PlanRecord.Canary(null, 2.5, PlanRecord.Canary.Then.STOP, 0.5)
                    : new PlanRecord.Canary(10, null, PlanRecord.Canary.Then.GO_ON, 0.9),
                List.of(new PlanRecord.Share(0, 3, 10, 1)),
                PlanRecord.State.CANARY_REPORT,
                0,
                4,
                AT,
                "n"),
            "{\"v\":1,\"part\":\"plan\",\"id\":\"plan-7\",\"name\":\"after the"
                + " outage\",\"requestedBy\":\"ann\","
                + "\"createdAt\":\"2026-11-21T08:00:00.123456789Z\",\"selection\":{\"reason\":\"throttled\"},\"ends\":[7,0],\"do\":"
                + json
                + ",\"pace\":{\"inFlight\":100,\"perSecond\":2.5},\"canary\":{\"size\":"
                + (action instanceof PlanRecord.Action.Purge
                    ? "\"percent\",\"amount\":2.5,\"then\":\"stop\",\"minSucceeded\":0.5"
                    : "\"count\",\"amount\":10,\"then\":\"go-on\",\"minSucceeded\":0.9")
                + "},\"shares\":[{\"stage\":0,\"partition\":3,\"count\":10,\"parts\":1}],"
                + "\"state\":\"canary-report\",\"stage\":0,\"version\":4,\"changedAt\":\"2026-11-21T08:00:00.123456789Z\",\"note\":\"n\"}"));
    all.put(
        new PlanRecord.Offsets(PLAN, 1, 3, 2, "AAAA"),
        "{\"v\":1,\"part\":\"offsets\",\"id\":\"plan-7\",\"stage\":1,\"partition\":3,\"number\":2,\"offsets\":\"AAAA\"}");
    all.put(
        new PlanRecord.Preview(PLAN, new JsonObject("{\"count\":7}")),
        "{\"v\":1,\"part\":\"preview\",\"id\":\"plan-7\",\"preview\":{\"count\":7}}");
    return all;
  }

  private static Map<JobOutput, String> outputs() {
    var all = new LinkedHashMap<JobOutput, String>();
    all.put(
        new JobOutput.Summary(List.of("One.", "Two.")),
        "{\"kind\":\"summarize\",\"sentences\":[\"One.\",\"Two.\"]}");
    all.put(
        new JobOutput.Classification(List.of(new ScoredLabel("sea", 0.75))),
        "{\"kind\":\"classify\",\"labels\":[{\"label\":\"sea\",\"score\":0.75}]}");
    all.put(
        new JobOutput.Embedding(new float[] {0.5f, -1f, 1e-7f}),
        "{\"kind\":\"embed\",\"vector\":[0.5,-1.0,1.0E-7]}");
    all.put(
        new JobOutput.DetectedLanguages(List.of(new ScoredLabel("und", 1.0))),
        "{\"kind\":\"detect-language\",\"languages\":[{\"label\":\"und\",\"score\":1.0}]}");
    all.put(new JobOutput.Text("Kurz."), "{\"kind\":\"generate\",\"text\":\"Kurz.\"}");
    all.put(
        new JobOutput.Extracted(new JsonObject("{\"at\":1.5}")),
        "{\"kind\":\"extract\",\"value\":{\"at\":1.5}}");
    return all;
  }

  @Test
  void thereIsASampleOfEachShape() {
    assertThat(inputs().keySet().stream().map(Object::getClass))
        .containsExactlyInAnyOrder(JobInput.class.getPermittedSubclasses());
    assertThat(failures().keySet().stream().map(Object::getClass))
        .containsExactlyInAnyOrder(Failure.class.getPermittedSubclasses());
    assertThat(outcomes().keySet().stream().map(Object::getClass).distinct())
        .containsExactlyInAnyOrder(Outcome.class.getPermittedSubclasses());
    assertThat(cacheRecords().keySet().stream().map(Object::getClass))
        .containsExactlyInAnyOrder(CacheRecord.class.getPermittedSubclasses());
    assertThat(ledgerRecords().keySet().stream().<Class<?>>map(Object::getClass).toList())
        .containsExactlyInAnyOrder(
            LedgerRecord.Replayed.class,
            LedgerRecord.Discarded.class,
            LedgerRecord.Purged.class,
            LedgerRecord.Refused.class,
            LedgerRecord.Progress.class);
    assertThat(planRecords().keySet().stream().map(Object::getClass).distinct())
        .containsExactlyInAnyOrder(PlanRecord.class.getPermittedSubclasses());
    assertThat(outputs().keySet().stream().map(Object::getClass))
        .containsExactlyInAnyOrder(JobOutput.class.getPermittedSubclasses());
  }

  @ParameterizedTest
  @MethodSource("samples")
  <T> void isWrittenAndReadLikeThis(Sample<T> sample) {
    assertThat(new String(sample.codec().encode(sample.value()), StandardCharsets.UTF_8))
        .isEqualTo(sample.json());
    assertThat(read(sample, sample.json())).isEqualTo(new Decoded.Value<>(sample.value()));
  }

  @Test
  void aRequestToRetryNowIsNeverTakenForOneToCancel() {
    byte[] json = JsonCodec.RETRY_NOW_REQUESTS.encode(new RetryNowRequest(ID, 2, 1, AT));
    assertThat(JsonCodec.CANCEL_REQUESTS.decode(json)).isInstanceOf(Decoded.Refused.class);
  }

  @Test
  void halfSurrogatePairsOfAProviderAreReplaced() {
    var failure = new Failure.Retryable("\ud83d cut \ude00\ud83d\ude00\ud83d");
    var output = new JobOutput.Summary(List.of("cut \ud83d"));
    for (Outcome outcome :
        List.of(new Outcome.DeadLettered(failure), new Outcome.Succeeded(output))) {
      byte[] json = JsonCodec.EVENTS.encode(new JobEvent.Finished(ID, 0, List.of(), outcome, AT));
      assertThat(new String(json, StandardCharsets.UTF_8)).contains("cut \ufffd");
      assertThat(JsonCodec.EVENTS.decode(json)).isInstanceOf(Decoded.Value.class);
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  <T> void aFieldThatIsNeededIsRefusedWhenMissingOrNull(Sample<T> sample) {
    for (Place place : places(sample)) {
      boolean optional = sample.isOptional(place);
      Decoded<T> missing = read(sample, sample.changed(place, ObjectNode::remove));
      Decoded<T> isNull = read(sample, sample.changed(place, ObjectNode::putNull));
      assertThat(List.of(missing, isNull))
          .as("%s without a value", place)
          .allSatisfy(decoded ->
              assertThat(decoded)
                  .isInstanceOf(optional ? Decoded.Value.class : Decoded.Refused.class));
      if (!optional && missing instanceof Decoded.Refused<T>(String reason)) {
        assertThat(reason).as("%s missing", place).contains(place.name());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  <T> void aFieldOfAnotherTypeIsRefused(Sample<T> sample) {
    JsonNodeFactory make = JsonNodeFactory.instance;
    List<JsonNode> values =
        List.of(
            make.stringNode("7"),
            make.numberNode(7),
            make.numberNode(7.5),
            make.booleanNode(true),
            make.objectNode(),
            make.arrayNode());
    for (Place place : places(sample)) {
      JsonNode here = Json.MAPPER.readTree(sample.json()).at(place.parent()).get(place.name());
      for (JsonNode value : values) {
        boolean fits =
            value.getNodeType() == here.getNodeType() && (!here.isInt() || value.isInt());
        if (!fits) {
          assertThat(read(sample, sample.changed(place, (node, name) -> node.set(name, value))))
              .as("%s = %s", place, value)
              .isInstanceOf(Decoded.Refused.class);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  <T> void fieldsOfANewerProgramAreSkipped(Sample<T> sample) {
    String later = "{\"a\":[{\"text\":null}],\"kind\":\"x\"}";
    for (Place place : places(sample)) {
      String json =
          sample.changed(place, (node, _) -> node.set("later", Json.MAPPER.readTree(later)));
      assertThat(read(sample, json))
          .as("after %s", place)
          .isEqualTo(new Decoded.Value<>(sample.value()));
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  <T> void theOrderOfFieldsIsFreeButForVersionAndType(Sample<T> sample) {
    assertThat(read(sample, reversed(Json.MAPPER.readTree(sample.json())).toString()))
        .isEqualTo(new Decoded.Value<>(sample.value()));
  }

  @ParameterizedTest
  @MethodSource("samples")
  <T> void aRecordThatIsCutIsRefused(Sample<T> sample) {
    byte[] whole = sample.json().getBytes(StandardCharsets.UTF_8);
    for (int length = 0; length < whole.length; length++) {
      assertThat(sample.codec().decode(Arrays.copyOf(whole, length)))
          .as("the first %d bytes", length)
          .isInstanceOf(Decoded.Refused.class);
    }
    assertThat(read(sample, sample.json() + "{}")).isInstanceOf(Decoded.Refused.class);
  }

  private static <T> Decoded<T> read(Sample<T> sample, String json) {
    return sample.codec().decode(json.getBytes(StandardCharsets.UTF_8));
  }

  /** A field: the pointer to its object, and its name. */
  record Place(String parent, String name) {}

  private static List<Place> places(Sample<?> sample) {
    var places = new ArrayList<Place>();
    collect(Json.MAPPER.readTree(sample.json()), "", places);
    return places;
  }

  private static void collect(JsonNode node, String pointer, List<Place> places) {
    if (node instanceof ObjectNode object && FREE.stream().noneMatch(pointer::endsWith)) {
      object
          .properties()
          .forEach(field -> {
            if (!VERSION.contains(field.getKey())) {
              places.add(new Place(pointer, field.getKey()));
            }
            collect(field.getValue(), pointer + "/" + field.getKey(), places);
          });
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        collect(array.get(i), pointer + "/" + i, places);
      }
    }
  }

  private static JsonNode reversed(JsonNode node) {
    if (node instanceof ArrayNode array) {
      ArrayNode same = JsonNodeFactory.instance.arrayNode();
      array.forEach(element -> same.add(reversed(element)));
      return same;
    }
    if (!(node instanceof ObjectNode object)) {
      return node;
    }
    ObjectNode turned = JsonNodeFactory.instance.objectNode();
    var names = new ArrayList<>(object.propertyNames());
    for (String name : names) {
      if (FIRST.contains(name)) {
        turned.set(name, object.get(name));
      }
    }
    for (String name : names.reversed()) {
      if (!FIRST.contains(name)) {
        turned.set(name, reversed(object.get(name)));
      }
    }
    return turned;
  }
}
