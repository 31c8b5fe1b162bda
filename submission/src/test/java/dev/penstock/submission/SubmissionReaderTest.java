package dev.penstock.submission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.CacheRule;
import dev.penstock.job.CacheTag;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.Ordering;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryRule;
import dev.penstock.job.TenantId;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.submission.problem.Violation;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SubmissionReaderTest {
  private static final SubmissionReader READER =
      new SubmissionReader(
          Contract.load(), InstantSource.fixed(Instant.parse("2026-11-21T08:00:00Z")));

  @Test
  void everyFieldArrives() {
    var valid =
        valid(
            """
            {"labels":{"b":"2","a":"1"},"input":{"labels":["x","y"],"text":"t"},"kind":"classify",
             "model":"local:big","maxAttempts":20,"attemptTimeout":"1500ms",
             "expireAt":"2030-01-31T12:00:00.5+02:00","runAt":"2026-12-01T12:00:00Z",
             "retry":{"baseDelay":"2s","maxDelay":"12h","multiplier":1.5},"priority":"high","progress":true,
             "tenant":"acme.eu_1-x","cache":{"ttl":"1h","tags":["kb/articles/17","x"]}}\
            """);
    assertThat(valid.request())
        .isEqualTo(
            new JobRequest(
                new JobInput.Classify("t", List.of("x", "y")),
                "local:big",
                20,
                Duration.ofMillis(1500),
                Instant.parse("2030-01-31T10:00:00.500Z"),
                Instant.parse("2026-12-01T12:00:00Z"),
                null,
                new RetryRule(Duration.ofSeconds(2), Duration.ofHours(12), 1.5),
                Priority.HIGH,
                Map.of("a", "1", "b", "2"),
                null,
                true,
                new TenantId("acme.eu_1-x"),
                new CacheRule(
                    true,
                    Duration.ofHours(1),
                    List.of(new CacheTag("kb/articles/17"), new CacheTag("x")))));
  }

  @Test
  void whatIsSaidOfTheCacheIsReadAndWrittenAgain() {
    for (String said :
        List.of(
            "false",
            "{\"ttl\":\"90s\"}",
            "{\"tags\":[\"a/b\"]}",
            "{\"ttl\":\"30d\",\"tags\":[\"a\"]}")) {
      var one = valid("{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},\"cache\":" + said + "}");
      var again =
          valid(new String(one.request().canonicalJson(), StandardCharsets.UTF_8)).request();
      assertThat(again).as(said).isEqualTo(one.request());
      assertThat(one.request().cache()).as(said).isNotNull();
    }
    for (String nothing : List.of("true", "{}", "{\"tags\":[]}")) {
      var one = valid("{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},\"cache\":" + nothing + "}");
      assertThat(one.request().cache()).as(nothing).isNull();
    }
  }

  @Test
  void whoNamesNoTenantIsTheDefaultOne() {
    var one = valid("{\"kind\":\"embed\",\"input\":{\"text\":\"t\"}}");
    var other = valid("{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},\"tenant\":\"default\"}");
    assertThat(one.request().tenant()).isEqualTo(TenantId.DEFAULT);
    assertThat(other.request()).isEqualTo(one.request());
    assertThat(other.request().canonicalJson()).isEqualTo(one.request().canonicalJson());
  }

  @Test
  void anotherTenantsSubmissionIsAnotherOne() {
    var one = valid("{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},\"tenant\":\"acme\"}");
    var other = valid("{\"kind\":\"embed\",\"input\":{\"text\":\"t\"}}");
    assertThat(one.request().canonicalJson()).isNotEqualTo(other.request().canonicalJson());
  }

  @Test
  void submissionsThatMeanTheSameHaveTheSameCanonicalForm() {
    var one =
        valid(
            """
            {"kind":"summarize","input":{"text":"\\u00e4 b"},"labels":{"x":"1","y":"2"},
             "expireAt":"2030-01-31T12:00:00+02:00","attemptTimeout":"1m"}\
            """);
    var other =
        valid(
            """
            {"attemptTimeout":"60s","expireAt":"2030-01-31T10:00:00Z",
             "labels":{"y":"2","x":"1"},"input":{"maxSentences":3,"text":"ä b"},"kind":"summarize"}\
            """);
    assertThat(one.request().canonicalJson()).isEqualTo(other.request().canonicalJson());
  }

  @Test
  void theCanonicalFormIsTheSameSubmission() {
    var valid =
        valid(
            """
            {"kind":"classify","input":{"text":"\\"q\\"\\u0000","labels":["a","b"]},"model":"m",
             "maxAttempts":1,"attemptTimeout":"30m","expireAt":"2030-01-31T12:00:00.123456789Z",
             "delay":"7d","retry":{"baseDelay":"1m","multiplier":3},"priority":"low","progress":false,"labels":{"k":"v"}}\
            """);
    byte[] canonical = valid.request().canonicalJson();
    assertThat(READER.readJob(canonical)).isEqualTo(new Submission.Valid(valid.request(), null));
  }

  @Test
  void aPromptHasItsSystemPromptAndItsBound() {
    var valid =
        valid(
            """
            {"kind":"generate","input":{"text":"Say hi.","system":"Be short.","maxOutputTokens":9}}\
            """);
    assertThat(valid.request().input()).isEqualTo(new JobInput.Generate("Say hi.", "Be short.", 9));
    assertThat(READER.readJob(valid.request().canonicalJson()))
        .isEqualTo(new Submission.Valid(valid.request(), null));
    assertThat(valid("{\"kind\":\"generate\",\"input\":{\"text\":\"t\"}}").request().input())
        .isEqualTo(new JobInput.Generate("t", null, 1_024));
    assertThat(
            refused("{\"kind\":\"generate\",\"input\":{\"text\":\"t\",\"system\":\" \"}}")
                .violations())
        .containsExactly(new Violation("/input/system", "must not be blank"));
  }

  @Test
  void anExtractionHasASchemaOfBoundedSize() {
    String head = "{\"kind\":\"extract\",\"input\":{\"text\":\"t\",\"schema\":";
    var valid = valid(head + "{ \"type\": \"object\", \"minProperties\": 1.0 }}}");
    assertThat(valid.request().input())
        .isInstanceOfSatisfying(
            JobInput.Extract.class,
            extract -> assertThat(extract.schema().text()).startsWith("{\"type\":\"object\","));
    assertThat(READER.readJob(valid.request().canonicalJson()))
        .isEqualTo(new Submission.Valid(valid.request(), null));
    assertThat(refused(head + "{\"d\":\"" + "x".repeat(20_000) + "\"}}}").violations())
        .extracting(Violation::pointer)
        .containsExactly("/input/schema");
    assertThat(refused(head + "{\"a\":".repeat(25) + "1" + "}".repeat(25) + "}}").violations())
        .extracting(Violation::message)
        .containsExactly(
            "is nested deeper than 24, or a name longer than 200 characters, or a number longer"
                + " than 50");
    assertThat(refused(head + "[]}}").violations())
        .extracting(Violation::pointer)
        .containsExactly("/input/schema");
  }

  @Test
  void aDelayCountsFromTheAcceptance() {
    var request =
        valid("{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},\"delay\":\"90s\"}").request();
    Instant acceptedAt = Instant.parse("2026-11-21T08:00:01Z");
    assertThat(request.toJob(JobId.random(acceptedAt), acceptedAt, "m").runAt())
        .isEqualTo(acceptedAt.plusSeconds(90));
  }

  @Test
  void whatIsNoObjectHasNoOtherFault() {
    for (String body : List.of("null", "[]", "\"x\"", "1")) {
      assertThat(refused(body).violations())
          .containsExactly(new Violation("", "must be an object"));
    }
  }

  @Test
  void aScheduleThatCannotBeKeptIsRefused() {
    var refusals =
        Map.of(
            "\"runAt\":\"2026-12-21T08:00:01Z\"",
            new Violation("/runAt", "must be at most 30 days from now"),
            "\"runAt\":\"2026-11-22T08:00:00Z\",\"expireAt\":\"2026-11-22T08:00:00Z\"",
            new Violation("/runAt", "must be before expireAt"),
            "\"runAt\":\"2026-11-22T08:00:00Z\",\"delay\":\"1s\"",
            new Violation("/delay", "can't stand beside runAt"),
            "\"delay\":\"2d\",\"expireAt\":\"2026-11-22T08:00:00Z\"",
            new Violation("/delay", "must end before expireAt"),
            "\"delay\":\"31d\"",
            new Violation("/delay", "must be at most 30 days"),
            "\"retry\":{\"baseDelay\":\"2s\",\"maxDelay\":\"1s\"}",
            new Violation("/retry/baseDelay", "must be at most maxDelay"),
            "\"retry\":{\"multiplier\":11}",
            new Violation("/retry/multiplier", "must be at most 10"));
    refusals.forEach((fields, violation) ->
        assertThat(
                refused("{\"kind\":\"embed\",\"input\":{\"text\":\"t\"}," + fields + "}")
                    .violations())
            .containsExactly(violation));
    assertThat(
            valid(
                    "{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},\"runAt\":\"2020-01-01T00:00:00Z\"}")
                .request()
                .isScheduled())
        .as("what lies behind may run at once")
        .isTrue();
  }

  @Test
  void aJobWithAnOrderingKeyRunsWhenItsTurnComesAndNotAtATime() {
    String head = "{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},";
    assertThat(refused(head + "\"orderingKey\":\"a\",\"delay\":\"1s\"}").violations())
        .containsExactly(new Violation("/delay", "can't stand beside orderingKey"));
    assertThat(
            refused(head + "\"runAt\":\"2026-11-22T08:00:00Z\",\"orderingKey\":\"a\"}")
                .violations())
        .containsExactly(new Violation("/runAt", "can't stand beside orderingKey"));
    assertThat(refused(head + "\"onDeadLetter\":\"block\"}").violations())
        .containsExactly(new Violation("/onDeadLetter", "has a meaning only beside orderingKey"));
    assertThat(valid(head + "\"orderingKey\":\"a\"}").request().ordering())
        .isEqualTo(new Ordering("a", Ordering.OnDeadLetter.RELEASE));
    assertThat(
            valid(head + "\"orderingKey\":\"a\",\"onDeadLetter\":\"block\"}").request().ordering())
        .isEqualTo(new Ordering("a", Ordering.OnDeadLetter.BLOCK));
  }

  @Test
  void allViolationsAreToldAtOnceEachWithItsPointer() {
    Problem problem =
        refused(
            """
            {"kind":"classify","input":{"labels":["a","a"],"speed":9,"a/b~":1},"maxAttempts":21,
             "attemptTimeout":"31m","expireAt":"tomorrow","model":"","labels":{"n":1},"x":null}\
            """);
    assertThat(problem.type()).isEqualTo(ProblemType.INVALID_JOB);
    assertThat(problem.violations())
        .extracting(Violation::pointer)
        .contains(
            "/input/text",
            "/input/labels",
            "/input/speed",
            "/input/a~1b~0",
            "/maxAttempts",
            "/attemptTimeout",
            "/expireAt",
            "/model",
            "/labels/n",
            "/x");
    assertThat(problem.violations())
        .contains(
            new Violation("/input/text", "is required"),
            new Violation("/input/speed", "is not a known field"),
            new Violation("/maxAttempts", "must be at most 20"),
            new Violation("/labels/n", "must be a string"));
  }

  @Test
  void anUnknownKindIsToldWithTheKnownOnes() {
    assertThat(refused("{\"kind\":\"translate\",\"input\":{\"text\":\"t\"}}").violations())
        .containsExactly(
            new Violation(
                "/kind",
                "must be one of summarize, classify, embed, detect-language, generate, extract"));
  }

  @Test
  void anIdempotencyKeyStandsInLinesOnly() {
    byte[] json =
        "{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},\"idempotencyKey\":\"k 1\"}"
            .getBytes(StandardCharsets.UTF_8);
    assertThat(READER.readLine(json, 0, json.length))
        .isInstanceOfSatisfying(
            Submission.Valid.class, valid -> assertThat(valid.idempotencyKey()).isEqualTo("k 1"));
    assertThat(READER.readJob(json))
        .isInstanceOfSatisfying(
            Submission.Refused.class,
            refused ->
                assertThat(refused.problem().violations())
                    .containsExactly(new Violation("/idempotencyKey", "is not a known field")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"kind\":\"embed\"",
        "{\"kind\":NaN}",
        "{\"kind\":1,\"kind\":2}",
        "{} {}",
        "{'kind':1}",
        "{\"maxAttempts\":01}",
        "\u0000",
        "nul"
      })
  void whatIsNotJsonIsMalformed(String body) {
    Problem problem = refused(body);
    assertThat(problem.type()).isEqualTo(ProblemType.MALFORMED_JSON);
    assertThat(problem.detail()).doesNotContain("Feature", "Source", "tools.jackson");
  }

  @Test
  void theDetailOfMalformedJsonSaysWhere() {
    assertThat(refused("{\"kind\":\n  oops}").detail())
        .isEqualTo("it is not JSON (line 2, column 3)");
  }

  @Test
  void nestingTenThousandDeepIsRefused() {
    assertThat(refused("[".repeat(10_000) + "]".repeat(10_000)).detail())
        .startsWith("nested deeper than 32");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1",
        "0",
        "51",
        "1e400",
        "-1e-400",
        "99999999999",
        "1.5",
        "123456789012345678901234567890",
        "\"1\"",
        "null",
        "true"
      })
  void aNumberOutOfItsBoundsIsAViolation(String number) {
    Problem problem =
        refused(
            "{\"kind\":\"summarize\",\"input\":{\"text\":\"t\",\"maxSentences\":" + number + "}}");
    assertThat(problem.type()).isEqualTo(ProblemType.INVALID_JOB);
    assertThat(problem.violations())
        .extracting(Violation::pointer)
        .containsOnly("/input/maxSentences");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\ud800", "\\udc00", "\\ud800x", "\\udc00\\ud800"})
  void halfASurrogatePairIsAViolation(String half) {
    assertThat(refused("{\"kind\":\"embed\",\"input\":{\"text\":\"a" + half + "\"}}").violations())
        .containsExactly(new Violation("/input/text", "has half of a surrogate pair"));
    assertThat(
            refused(
                    "{\"kind\":\"embed\",\"input\":{\"text\":\"a\"},\"labels\":{\""
                        + half
                        + "\":\"\"}}")
                .type())
        .isEqualTo(ProblemType.MALFORMED_JSON);
  }

  @Test
  void textIsBoundedInCodeUnits() {
    String astral = "\uD83D\uDE00".repeat(100_001);
    assertThat(refused("{\"kind\":\"embed\",\"input\":{\"text\":\"" + astral + "\"}}").violations())
        .containsExactly(
            new Violation("/input/text", "must have at most 200000 UTF-16 code units"));
    valid("{\"kind\":\"embed\",\"input\":{\"text\":\"" + "\uD83D\uDE00".repeat(100_000) + "\"}}");
  }

  @Test
  void invalidUtf8IsMalformedAndItsPlaceIsTold() {
    for (byte[] bad :
        List.of(
            new byte[] {(byte) 0xff},
            new byte[] {(byte) 0xc0, (byte) 0x80},
            new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
            new byte[] {(byte) 0xf5, (byte) 0x80, (byte) 0x80, (byte) 0x80})) {
      byte[] head = "{\"kind\":\"embed\",\"input\":{\"text\":\"".getBytes(StandardCharsets.UTF_8);
      byte[] body = java.util.Arrays.copyOf(head, head.length + bad.length + 3);
      System.arraycopy(bad, 0, body, head.length, bad.length);
      System.arraycopy(
          "\"}}".getBytes(StandardCharsets.UTF_8), 0, body, head.length + bad.length, 3);
      assertThat(READER.readJob(body))
          .isInstanceOfSatisfying(
              Submission.Refused.class,
              refused -> {
                assertThat(refused.problem().type()).isEqualTo(ProblemType.MALFORMED_JSON);
                assertThat(refused.problem().detail())
                    .isEqualTo("not valid UTF-8 at byte " + head.length);
              });
    }
  }

  @Test
  void utf16IsRefused() {
    byte[] body =
        "{\"kind\":\"embed\",\"input\":{\"text\":\"t\"}}".getBytes(StandardCharsets.UTF_16LE);
    assertThat(READER.readJob(body)).isInstanceOf(Submission.Refused.class);
  }

  private static Submission.Valid valid(String body) {
    return (Submission.Valid) READER.readJob(body.getBytes(StandardCharsets.UTF_8));
  }

  private static Problem refused(String body) {
    return ((Submission.Refused) READER.readJob(body.getBytes(StandardCharsets.UTF_8))).problem();
  }
}
