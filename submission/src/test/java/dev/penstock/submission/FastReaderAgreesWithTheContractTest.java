package dev.penstock.submission;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The quick reader and the schemas accept the same submissions and read the same out of them.
 * Inputs are generated around the edges of every rule; a failure prints its seed and input.
 */
final class FastReaderAgreesWithTheContractTest {
  private static final int CASES = 8_000;
  private static final long SEED = 20_261_121;

  private final SubmissionReader reader =
      new SubmissionReader(
          Contract.load(), InstantSource.fixed(Instant.parse("2030-01-02T00:00:00Z")));

  @Test
  void bothAcceptTheSame() {
    int accepted = 0;
    for (int i = 0; i < CASES; i++) {
      long seed = SEED + i;
      var random = new Random(seed);
      boolean line = random.nextBoolean();
      String json = new Generator(random, line).job();
      byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
      Submission.Valid fast = reader.quick(bytes, 0, bytes.length, line);
      Submission slow = reader.slow(bytes, 0, bytes.length, line);
      if (fast == null) {
        assertThat(slow)
            .as("seed %s, line %s: %s", seed, line, json)
            .isInstanceOf(Submission.Refused.class);
      } else {
        accepted++;
        assertThat(slow).as("seed %s, line %s: %s", seed, line, json).isEqualTo(fast);
      }
    }
    assertThat(accepted)
        .as("both kinds of input are generated")
        .isBetween(CASES / 20, CASES * 19 / 20);
  }

  /** Mostly right submissions, each value with a chance to be at or over an edge. */
  private static final class Generator {
    private static final List<String> ANYTHING =
        List.of(
            "null",
            "true",
            "0",
            "-1",
            "3",
            "3.0",
            "1e400",
            "[]",
            "{}",
            "\"\"",
            "\"x\"",
            "[\"a\"]",
            "{\"a\":\"b\"}",
            "12345678901",
            "\"\\ud800\"",
            "[1,2]",
            "1e1");

    private final Random random;
    private final boolean line;

    Generator(Random random, boolean line) {
      this.random = random;
      this.line = line;
    }

    private String retry() {
      var fields = new ArrayList<String>();
      maybe(fields, "baseDelay", quoted(pick("1s", "2h", "31d", "x", "01s")));
      maybe(fields, "maxDelay", quoted(pick("1s", "60m", "30d", "721h")));
      maybe(
          fields,
          "multiplier",
          pick("1", "10", "1.5", "0.99", "10.00000000000000000001", "1e1", "\"2\""));
      if (rarely()) {
        fields.add("\"speed\":1");
      }
      return "{" + String.join(",", fields) + "}";
    }

    String job() {
      var fields = new ArrayList<String>();
      String kind = pick("summarize", "classify", "embed", "detect-language");
      if (mostly()) {
        fields.add("\"kind\":" + odd(quoted(rarely() ? pick("", "Embed", "translate") : kind)));
      }
      if (mostly()) {
        fields.add("\"input\":" + odd(input(rarely() ? "embed" : kind)));
      }
      maybe(
          fields,
          "model",
          quoted(
              pick(
                  "local",
                  "a:b",
                  ":b",
                  "a:",
                  "a:b:c",
                  "a b",
                  "é",
                  "a\\n",
                  "x".repeat(200),
                  "x".repeat(201),
                  "a:\\n",
                  "::",
                  "a::")));
      maybe(fields, "maxAttempts", pick("1", "20", "0", "21", "-5", "5.0", "5.5", "100000000000"));
      maybe(
          fields,
          "attemptTimeout",
          quoted(
              pick(
                  "1ms",
                  "1800000ms",
                  "1800001ms",
                  "999999ms",
                  "1799999ms",
                  "30s",
                  "1800s",
                  "1801s",
                  "0s",
                  "030s",
                  "30m",
                  "31m",
                  "1h",
                  "s",
                  "",
                  "5 s",
                  "-5s",
                  "5s\\n",
                  "PT5S",
                  "99999999ms")));
      maybe(
          fields,
          "runAt",
          quoted(
              pick(
                  "2030-01-31T12:00:00Z",
                  "2030-02-01T00:00:00Z",
                  "2030-02-01T00:00:01Z",
                  "2029-12-31T12:00:00+01:00",
                  "2030-02-30T12:00:00Z",
                  "soon")));
      maybe(
          fields,
          "delay",
          quoted(
              pick("1ms", "30d", "31d", "720h", "721h", "2592000001ms", "9999999999d", "0s", "5")));
      maybe(fields, "retry", retry());
      if (rarely()) {
        maybe(
            fields,
            "orderingKey",
            quoted(pick("a", "customer 17", "", "é", "a\\n", "x".repeat(255), "x".repeat(256))));
        maybe(fields, "onDeadLetter", quoted(pick("release", "block", "BLOCK", "")));
      }
      maybe(
          fields,
          "cache",
          pick(
              "true",
              "false",
              "{}",
              "{\"ttl\":\"1s\"}",
              "{\"ttl\":\"999ms\"}",
              "{\"ttl\":\"30d\",\"tags\":[\"a/b\"]}",
              "{\"ttl\":\"31d\"}",
              "{\"ttl\":null}",
              "{\"tags\":[\"a\",\"a\"]}",
              "{\"tags\":[\"a//b\"]}",
              "{\"tags\":[\"a b\"]}",
              "{\"tags\":[\"a\\n\"]}",
              "{\"tags\":[\"" + "x".repeat(101) + "\"]}",
              "{\"tags\":[1]}",
              "{\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]}",
              "{\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}",
              "{\"use\":false}"));
      maybe(
          fields,
          "tenant",
          quoted(
              pick(
                  "a",
                  "default",
                  "a.b_c-9",
                  "A",
                  "a b",
                  "a\\n",
                  "\u00e4",
                  "",
                  "x".repeat(64),
                  "x".repeat(65))));
      maybe(fields, "priority", quoted(pick("high", "normal", "low", "High", "urgent", "")));
      maybe(fields, "progress", pick("true", "false", "null", "1", "\"true\""));
      maybe(
          fields,
          "expireAt",
          quoted(
              pick(
                  "2030-01-31T12:00:00Z",
                  "2030-02-30T12:00:00Z",
                  "2030-01-31T12:00:00.123456789+17:59",
                  "2030-01-31T12:00:00+18:00",
                  "2030-01-31T24:00:00Z",
                  "2030-01-31T12:00:60Z",
                  "2030-01-31 12:00:00Z",
                  "2030-01-31T12:00:00z",
                  "2030-01-31T12:00Z",
                  "2030-01-31T12:00:00.1234567891Z",
                  "2030-01-31T12:00:00Z\\n",
                  "2024-02-29T00:00:00-00:00",
                  "2023-02-29T00:00:00Z")));
      maybe(fields, "labels", labels());
      maybe(
          fields,
          "idempotencyKey",
          quoted(pick("k", "", "k".repeat(255), "k".repeat(256), " ~", "é", "a\\tb", "a\\n")));
      if (hardlyEver()) {
        fields.add(quoted(pick("extra", "Kind", "")) + ":" + pick(ANYTHING));
      }
      java.util.Collections.shuffle(fields, random);
      return "{" + String.join(pick(",", " , ", ",\\n").replace("\\n", "\n"), fields) + "}";
    }

    private String input(String kind) {
      var fields = new ArrayList<String>();
      if (mostly()) {
        fields.add("\"text\":" + odd(quoted(text())));
      }
      if (kind.equals("summarize") ? random.nextBoolean() : hardlyEver()) {
        fields.add("\"maxSentences\":" + odd(pick("1", "50", "0", "51", "3.0", "-2", "007")));
      }
      if (kind.equals("classify") ? mostly() : hardlyEver()) {
        int size = pick(List.of(2, 3, 2, 5, 1, 0, 100, 101));
        fields.add(
            "\"labels\":"
                + odd(
                    IntStream.range(0, size)
                        .mapToObj(i -> hardlyEver() ? odd(quoted(label())) : quoted("l" + i))
                        .collect(Collectors.joining(",", "[", "]"))));
      }
      if (hardlyEver()) {
        fields.add("\"other\":" + pick(ANYTHING));
      }
      java.util.Collections.shuffle(fields, random);
      return "{" + String.join(",", fields) + "}";
    }

    private String text() {
      return switch (random.nextInt(14)) {
        case 0 -> pick("", " ", "\\t\\n", "\u00a0", "\\u001c", "\u2003", "\u0085");
        case 1 -> pick("\\ud83d\\ude00", "\\ud83d", "\\ude00\\ud83d", "😀", "a\\ud83d");
        case 2 -> random.nextInt(40) == 0 ? "x".repeat(pick(List.of(200_000, 200_001))) : "short";
        case 3 -> random.nextInt(40) == 0 ? "😀".repeat(pick(List.of(100_000, 100_001))) : "short";
        default -> pick("A penstock.", "Ein Rohr für Wasser", "\\u0000", "\\\"", "日本語");
      };
    }

    private String label() {
      return pick(
          "",
          " ",
          "l0",
          "x".repeat(200),
          "x".repeat(201),
          "😀".repeat(100),
          "😀".repeat(101),
          "\\udc00",
          "\u2003");
    }

    private String labels() {
      int size = pick(List.of(0, 1, 2, 3, 16, 17));
      return IntStream.range(0, size)
          .mapToObj(i ->
              quoted((hardlyEver() ? label() : "n") + i)
                  + ":"
                  + (hardlyEver() ? odd(quoted(label())) : quoted("v")))
          .collect(Collectors.joining(",", "{", "}"));
    }

    private void maybe(List<String> fields, String name, String value) {
      if (name.equals("idempotencyKey") ? line && random.nextInt(6) == 0 : random.nextInt(6) == 0) {
        fields.add(quoted(name) + ":" + odd(value));
      }
    }

    /** The value, or rarely another one. */
    private String odd(String value) {
      return random.nextInt(30) == 0 ? pick(ANYTHING) : value;
    }

    private boolean mostly() {
      return random.nextInt(20) != 0;
    }

    private boolean rarely() {
      return random.nextInt(12) == 0;
    }

    private boolean hardlyEver() {
      return random.nextInt(150) == 0;
    }

    private String pick(String... values) {
      return pick(List.of(values));
    }

    private <T> T pick(List<T> values) {
      return values.get(random.nextInt(values.size()));
    }

    private static String quoted(String text) {
      return '"' + text + '"';
    }
  }
}
