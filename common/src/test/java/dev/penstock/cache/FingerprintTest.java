package dev.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JsonObject;
import dev.penstock.job.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which requests are the same. */
final class FingerprintTest {
  private static final TenantId A = TenantId.of("a");
  private static final TenantId B = TenantId.of("b");

  @Test
  void itStaysAsItIs() {
    // Another value would make every kept answer useless; then ENCODING gets a new number.
    assertThat(of(new JobInput.Generate("Why?", null, 64)).hex())
        .isEqualTo("4e7943814a66efaac1085bb96bc5a6305ff321f7625c8706a29246773b71a5cf");
  }

  @Test
  void composedAndDecomposedUnicodeIsTheSame() {
    assertThat(of(new JobInput.Embed("Gr\u00fc\u00dfe")))
        .isEqualTo(of(new JobInput.Embed("Gru\u0308\u00dfe")));
  }

  @Test
  void orderOfNamesAndWhiteSpaceInJsonDoNotCount() {
    assertThat(
            extract("{\"type\":\"object\",\"properties\":{\"b\":{},\"a\":{\"x\":1,\"w\":[1,2]}}}"))
        .isEqualTo(
            extract(
                "{ \"properties\" : {\"a\":{\"w\":[1, 2],\"x\":1},\"b\":{}},\n"
                    + "\"type\":\"object\"}"));
  }

  @Test
  void orderOfElementsAndWhiteSpaceInStringsCount() {
    assertThat(extract("{\"a\":[1,2]}")).isNotEqualTo(extract("{\"a\":[2,1]}"));
    assertThat(extract("{\"a\":\"x y\"}")).isNotEqualTo(extract("{\"a\":\"x  y\"}"));
    assertThat(extract("{\"a\":\"1\"}")).isNotEqualTo(extract("{\"a\":1}"));
  }

  @Test
  void whateverMayChangeTheAnswerMakesAnotherRequest() {
    var all =
        List.of(
            Fingerprint.of(A, "m", new JobInput.Embed("text")),
            Fingerprint.of(B, "m", new JobInput.Embed("text")),
            Fingerprint.of(A, "m2", new JobInput.Embed("text")),
            Fingerprint.of(TenantId.of("am"), "", new JobInput.Embed("text")),
            Fingerprint.of(A, "m", new JobInput.Embed("text ")),
            Fingerprint.of(A, "m", new JobInput.DetectLanguage("text")),
            Fingerprint.of(A, "m", new JobInput.Summarize("text", 1)),
            Fingerprint.of(A, "m", new JobInput.Summarize("text", 2)),
            Fingerprint.of(A, "m", new JobInput.Classify("text", List.of("x", "y"))),
            Fingerprint.of(A, "m", new JobInput.Classify("text", List.of("y", "x"))),
            Fingerprint.of(A, "m", new JobInput.Classify("text", List.of("xy", "z"))),
            Fingerprint.of(A, "m", new JobInput.Generate("text", null, 1)),
            Fingerprint.of(A, "m", new JobInput.Generate("text", "s", 1)),
            Fingerprint.of(A, "m", new JobInput.Generate("text", "s", 2)),
            Fingerprint.of(A, "m", new JobInput.Extract("text", new JsonObject("{}"))),
            Fingerprint.of(A, "m", new JobInput.Extract("text", new JsonObject("{\"a\":{}}"))));
    assertThat(new LinkedHashSet<>(all)).hasSameSizeAs(all);
  }

  @Test
  void whatIsNotAskedOfTheProviderDoesNotCount() {
    assertThat(Fingerprint.of(job(1, Map.of("a", "b"))))
        .isEqualTo(Fingerprint.of(job(3, Map.of())));
  }

  private static Job job(int maxAttempts, Map<String, String> labels) {
    return new Job(
        JobId.random(Instant.EPOCH),
        "m",
        new JobInput.Embed("text"),
        maxAttempts,
        Duration.ofSeconds(maxAttempts),
        Instant.EPOCH,
        null,
        labels);
  }

  private static Fingerprint extract(String schema) {
    return of(new JobInput.Extract("text", new JsonObject(schema)));
  }

  private static Fingerprint of(JobInput input) {
    return Fingerprint.of(TenantId.DEFAULT, "openai", input);
  }
}
