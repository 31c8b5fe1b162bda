package dev.penstock.replayer.travel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.JobEvent.Finished;
import dev.penstock.job.JobId;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobOutput.ScoredLabel;
import dev.penstock.job.JsonObject;
import dev.penstock.job.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ComparisonTest {
  private static final Instant NOW = Instant.parse("2026-11-22T07:00:00Z");

  static Ended ended(Outcome outcome) {
    var attempt = new Attempt(1, "local", "w", NOW, Duration.ofMillis(30), null, null);
    return Ended.of(new Finished(JobId.random(NOW), 0, List.of(attempt), outcome, NOW));
  }

  private static Comparison compare(JobOutput before, JobOutput after) {
    return Comparison.of(ended(new Outcome.Succeeded(before)), ended(new Outcome.Succeeded(after)));
  }

  private static JobOutput labels(double first, double second) {
    return new JobOutput.Classification(
        first >= second
            ? List.of(new ScoredLabel("a", first), new ScoredLabel("b", second))
            : List.of(new ScoredLabel("b", second), new ScoredLabel("a", first)));
  }

  @Test
  void labelsAreTheSameByTheFirstOne() {
    assertThat(compare(labels(0.9, 0.1), labels(0.6, 0.4)).same()).isTrue();
    assertThat(compare(labels(0.9, 0.1), labels(0.6, 0.4)).similarity())
        .isCloseTo(0.7, within(1e-9));
    assertThat(compare(labels(0.9, 0.1), labels(0.2, 0.8)).same()).isFalse();
  }

  @Test
  void textsAreComparedWordByWordButForWhiteSpace() {
    assertThat(compare(new JobOutput.Text("Yes,  it is. "), new JobOutput.Text("Yes, it is.")))
        .isEqualTo(new Comparison(true, 1.0, List.of()));
    Comparison other = compare(new JobOutput.Text("one two"), new JobOutput.Text("Two three"));
    assertThat(other.same()).isFalse();
    assertThat(other.similarity()).isCloseTo(0.5, within(1e-9));
    assertThat(
            compare(new JobOutput.Summary(List.of("One.", "Two.")), new JobOutput.Text("One. Two."))
                .same())
        .isTrue();
  }

  @Test
  void vectorsAreComparedByTheirCosine() {
    var one = new JobOutput.Embedding(new float[] {1, 0});
    assertThat(compare(one, new JobOutput.Embedding(new float[] {1, 0.001f})).same()).isTrue();
    assertThat(compare(one, new JobOutput.Embedding(new float[] {0, 1})).similarity())
        .isCloseTo(0, within(1e-9));
    assertThat(compare(one, new JobOutput.Embedding(new float[] {1})))
        .isEqualTo(new Comparison(false, null, List.of()));
  }

  @Test
  void extractsTellWhereTheyDiffer() {
    Comparison told =
        compare(
            new JobOutput.Extracted(new JsonObject("{\"a\":1,\"b\":[1,2],\"c\":\"x\"}")),
            new JobOutput.Extracted(new JsonObject("{\"b\":[1,3],\"a\":1,\"c\":\"x\"}")));
    assertThat(told.same()).isFalse();
    assertThat(told.paths()).containsExactly("/b/1");
    assertThat(told.similarity()).isCloseTo(0.75, within(1e-9));
    assertThat(
            compare(
                    new JobOutput.Extracted(new JsonObject("{\"a\":1,\"b\":2}")),
                    new JobOutput.Extracted(new JsonObject("{\"b\":2,\"a\":1}")))
                .same())
        .isTrue();
  }

  @Test
  void ofWhatHasNoOutputNothingIsTold() {
    Ended failed = ended(new Outcome.DeadLettered(new Failure.Retryable("no")));
    Ended text = ended(new Outcome.Succeeded(new JobOutput.Text("x")));
    assertThat(Comparison.of(failed, text)).isEqualTo(Comparison.NONE);
    assertThat(failed.failure()).isEqualTo("retryable");
  }

  @Test
  void largeOutputsAreComparedByTheirHash() {
    var large = new JobOutput.Text("word ".repeat(20_000));
    Ended cut = ended(new Outcome.Succeeded(large));
    assertThat(cut.cut()).isTrue();
    assertThat(cut.output()).isNull();
    assertThat(compare(large, large).same()).isTrue();
    assertThat(compare(large, new JobOutput.Text("word")))
        .isEqualTo(new Comparison(false, null, List.of()));
  }
}
