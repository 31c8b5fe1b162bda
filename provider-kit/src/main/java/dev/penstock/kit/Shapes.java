package dev.penstock.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobOutput.ScoredLabel;
import dev.penstock.job.JsonObject;
import java.util.Comparator;
import java.util.List;

/** One input of each kind, and what its answer has to look like. */
final class Shapes {
  private static final double TOLERANCE = 1e-3;

  private Shapes() {}

  static JobInput input(JobKind kind, String text) {
    return switch (kind) {
      case SUMMARIZE -> new JobInput.Summarize(text, 2);
      case CLASSIFY -> new JobInput.Classify(text, List.of("the sea", "taxes", "cooking"));
      case EMBED -> new JobInput.Embed(text);
      case DETECT_LANGUAGE -> new JobInput.DetectLanguage(text);
      case GENERATE -> new JobInput.Generate(text, "Answer in one sentence.", 100);
      case EXTRACT ->
          new JobInput.Extract(
              text,
              new JsonObject(
                  "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}}}"));
    };
  }

  static void check(JobInput input, JobOutput output) {
    switch (input) {
      case JobInput.Summarize(_, int most) ->
          assertThat(output)
              .isInstanceOfSatisfying(
                  JobOutput.Summary.class,
                  summary ->
                      assertThat(summary.sentences())
                          .hasSizeBetween(1, most)
                          .allSatisfy(sentence -> assertThat(sentence).isNotBlank()));
      case JobInput.Classify(_, List<String> labels) ->
          assertThat(output)
              .isInstanceOfSatisfying(
                  JobOutput.Classification.class,
                  found -> {
                    scores(found.labels());
                    assertThat(found.labels())
                        .extracting(ScoredLabel::label)
                        .containsExactlyInAnyOrderElementsOf(labels);
                    assertThat(found.labels().stream().mapToDouble(ScoredLabel::score).sum())
                        .isCloseTo(1, within(TOLERANCE));
                  });
      case JobInput.Embed _ ->
          assertThat(output).isInstanceOfSatisfying(JobOutput.Embedding.class, Shapes::unitLength);
      case JobInput.DetectLanguage _ ->
          assertThat(output)
              .isInstanceOfSatisfying(
                  JobOutput.DetectedLanguages.class,
                  found -> {
                    scores(found.languages());
                    assertThat(found.languages())
                        .isNotEmpty()
                        .allSatisfy(each -> assertThat(each.label()).matches("[a-z]{3}"));
                  });
      case JobInput.Generate _ ->
          assertThat(output)
              .isInstanceOfSatisfying(
                  JobOutput.Text.class, text -> assertThat(text.text()).isNotEmpty());
      case JobInput.Extract _ -> assertThat(output).isInstanceOf(JobOutput.Extracted.class);
    }
  }

  private static void unitLength(JobOutput.Embedding embedding) {
    double squares = 0;
    for (float value : embedding.vector()) {
      squares += (double) value * value;
    }
    assertThat(embedding.dimensions()).isPositive();
    assertThat(Math.sqrt(squares)).isCloseTo(1, within(TOLERANCE));
  }

  private static void scores(List<ScoredLabel> labels) {
    assertThat(labels).allSatisfy(each -> assertThat(each.score()).isBetween(0.0, 1.0));
    assertThat(labels)
        .as("by falling score")
        .isSortedAccordingTo(Comparator.comparingDouble(ScoredLabel::score).reversed());
  }
}
