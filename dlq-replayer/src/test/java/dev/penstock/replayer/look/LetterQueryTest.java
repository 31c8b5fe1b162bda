package dev.penstock.replayer.look;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.penstock.codec.Json;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.submission.problem.Violation;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LetterQueryTest {
  /** Of job 3: priority low, tenant-0, label batch:1. */
  private static final DeadLetter DEAD =
      SomeLetters.failed(
          SomeLetters.job(3, "openai:gpt", null),
          2,
          new Failure.TimedOut("no answer within 30 s from Zürich"),
          Instant.parse("2026-11-22T05:00:00Z"));

  private static LetterRecord dead() {
    return new LetterRecord(SomeLetters.record(0, 5, DEAD));
  }

  private static LetterQuery json(String filter) {
    return LetterQuery.ofJson(Json.MAPPER.readTree(filter), "/filter");
  }

  private static boolean matches(String filter, LetterRecord letter) {
    return json(filter).matches(letter, Standing.OPEN, new Fingerprints());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {}                                           | true
          {"code":"timeout"}                           | true
          {"code":["retryable","timeout"]}             | true
          {"code":["retryable"]}                       | false
          {"provider":"openai"}                        | true
          {"provider":"local"}                         | false
          {"model":"openai:gpt"}                       | true
          {"model":"openai"}                           | false
          {"tenant":"tenant-0"}                        | true
          {"tenant":"tenant-1"}                        | false
          {"kind":["generate","embed"]}                | true
          {"kind":"embed"}                             | false
          {"priority":"low"}                           | true
          {"priority":"normal"}                        | false
          {"label":"batch:1"}                          | true
          {"label":"batch:0"}                          | false
          {"from":"2026-11-22T05:00:00Z"}              | true
          {"from":"2026-11-22T05:00:01Z"}              | false
          {"to":"2026-11-22T05:00:00Z"}                | false
          {"to":"2026-11-22T05:00:01Z"}                | true
          {"minGeneration":2}                          | true
          {"minGeneration":3}                          | false
          {"q":"ANSWER zürich"}                        | true
          {"q":"answer bern"}                          | false
          {"type":"job"}                               | true
          {"type":["poison","unreadable"]}             | false
          {"standing":"any"}                           | true
          {"standing":["replayed","open"]}             | true
          {"standing":"replayed"}                      | false
          {"code":"timeout","tenant":"tenant-1"}       | false
          {"fingerprint":"0000000000000000"}           | false
          """)
  void aDeadLetterHasToFulfilEverythingThatIsNamed(String filter, boolean expected) {
    assertThat(matches(filter, dead())).isEqualTo(expected);
  }

  @Test
  void theFingerprintIsThatOfItsGroup() {
    String fingerprint = new Fingerprints().of(LetterFacts.of(dead()));
    assertThat(matches("{\"fingerprint\":\"" + fingerprint + "\"}", dead())).isTrue();
  }

  @Test
  void whatHasNoJobIsFoundByTypeCodeAndReasonOnly() {
    var poison = new LetterRecord(SomeLetters.poison(0, 1, "{{{"));
    assertThat(matches("{\"type\":\"poison\"}", poison)).isTrue();
    assertThat(matches("{\"code\":\"undecodable\"}", poison)).isTrue();
    assertThat(matches("{\"q\":\"json object\"}", poison)).isTrue();
    assertThat(matches("{\"type\":\"job\"}", poison)).isFalse();
    assertThat(matches("{\"minGeneration\":1}", poison)).isFalse();
    assertThat(matches("{\"priority\":\"normal\"}", poison)).isFalse();
    var unreadable =
        new LetterRecord(SomeLetters.record(0, 1, SomeLetters.NOW, null, new byte[] {'{', '}'}));
    assertThat(matches("{\"type\":\"unreadable\"}", unreadable)).isTrue();
    assertThat(matches("{\"type\":\"poison\"}", unreadable)).isFalse();
  }

  @Test
  void parametersSayTheSameAsJson() {
    LetterQuery asked =
        LetterQuery.ofParameters(
            Map.of(
                "code", List.of("timeout,retryable", "unknown"),
                "label", List.of("a:1,2", "b:3"),
                "standing", List.of("replayed,discarded"),
                "minGeneration", List.of("1"),
                "from", List.of("2026-11-21T00:00:00Z"),
                "q", List.of(" Some  words ")));
    LetterQuery same =
        json(
            """
            {"code":["timeout","retryable","unknown"],"label":["a:1,2","b:3"],
             "standing":["discarded","replayed"],"minGeneration":1,
             "from":"2026-11-21T00:00:00Z","q":"some words"}\
            """);
    assertThat(asked).isEqualTo(same);
    assertThat(LetterQuery.ofJson(asked.toJson(), "")).isEqualTo(asked);
  }

  @Test
  void allThatIsWrongIsTold() {
    assertThatExceptionOfType(InvalidQueryException.class)
        .isThrownBy(() ->
            json(
                """
                {"code":[],"kind":["embed","x"],"fingerprint":"XY","label":"none","from":"now",
                 "minGeneration":"1","standing":["gone"],"colour":"red","q":7}\
                """))
        .satisfies(e ->
            assertThat(e.violations())
                .extracting(Violation::pointer)
                .containsExactlyInAnyOrder(
                    "/filter/code",
                    "/filter/kind/1",
                    "/filter/fingerprint",
                    "/filter/label",
                    "/filter/from",
                    "/filter/minGeneration",
                    "/filter/standing/0",
                    "/filter/colour",
                    "/filter/q"));
    assertThatExceptionOfType(InvalidQueryException.class)
        .isThrownBy(() ->
            LetterQuery.ofParameters(
                Map.of("minGeneration", List.of("-1"), "size", List.of("1"), "kind", List.of("x"))))
        .satisfies(e ->
            assertThat(e.violations())
                .extracting(Violation::pointer)
                .containsExactlyInAnyOrder("/minGeneration", "/size", "/kind"));
    assertThatExceptionOfType(InvalidQueryException.class)
        .isThrownBy(
            () -> json("{\"from\":\"2026-11-22T05:00:00Z\",\"to\":\"2026-11-22T05:00:00Z\"}"))
        .withMessageContaining("/to must be later than from");
  }
}
