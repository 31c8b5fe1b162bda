package dev.penstock.local.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.job.JobOutput.ScoredLabel;
import dev.penstock.local.embed.Embedder;
import dev.penstock.local.inference.InferenceThreads;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

final class ZeroShotTest {
  private static final InferenceThreads THREADS = new InferenceThreads(2);
  private static final Embedder EMBEDDER = new Embedder(THREADS);
  private final ZeroShot zeroShot = new ZeroShot(EMBEDDER, 100);

  private record Labelled(String label, String text) {}

  @AfterAll
  static void close() {
    THREADS.close();
    EMBEDDER.close();
  }

  @Test
  void mostSentencesOfTheLabelledSetGetTheirLabel() throws Exception {
    List<Labelled> set = labelled();
    List<String> labels = set.stream().map(Labelled::label).distinct().toList();
    assertThat(labels).hasSize(5);
    int right = 0;
    for (Labelled one : set) {
      if (zeroShot.classify(one.text(), labels).getFirst().label().equals(one.label())) {
        right++;
      }
    }
    // It reaches 39 of 40; guessing would reach 8.
    assertThat(right).isGreaterThanOrEqualTo(34);
  }

  @Test
  void scoresFallAndAddUpToOne() throws InterruptedException {
    List<ScoredLabel> scored =
        zeroShot.classify("The goalkeeper saved a penalty.", List.of("tax", "football", "bread"));
    assertThat(scored)
        .isSortedAccordingTo(Comparator.comparingDouble(ScoredLabel::score).reversed());
    assertThat(scored.getFirst().label()).isEqualTo("football");
    assertThat(scored.stream().mapToDouble(ScoredLabel::score).sum()).isCloseTo(1, within(1e-9));
    assertThat(scored).allSatisfy(one -> assertThat(one.score()).isBetween(0.0, 1.0));
  }

  @Test
  void theOrderOfLabelsChangesNoScore() throws InterruptedException {
    String text = "They married in spring.";
    var one = zeroShot.classify(text, List.of("war", "family", "law"));
    var other = zeroShot.classify(text, List.of("law", "war", "family"));
    for (int i = 0; i < one.size(); i++) {
      assertThat(one.get(i).label()).isEqualTo(other.get(i).label());
      assertThat(one.get(i).score()).isCloseTo(other.get(i).score(), within(1e-12));
    }
  }

  @Test
  void moreLabelsThanAreCachedWork() throws InterruptedException {
    var forgetful = new ZeroShot(EMBEDDER, 1);
    List<String> labels = List.of("cooking", "sport", "travel");
    String text = "Whisk the eggs with the sugar.";
    assertThat(forgetful.classify(text, labels)).isEqualTo(zeroShot.classify(text, labels));
    assertThat(forgetful.classify(text, labels)).isEqualTo(zeroShot.classify(text, labels));
  }

  @Test
  void labelsWithFormatCharactersAreTakenAsTheyAre() throws InterruptedException {
    var scored = zeroShot.classify("Prices rose by ten per cent.", List.of("100%", "%s", "\u0001"));
    assertThat(scored).extracting(ScoredLabel::label).contains("100%", "%s", "\u0001");
  }

  @Test
  void aTextThatTheModelCannotSeeHasNoLabels() throws InterruptedException {
    assertThat(zeroShot.classify("\u0001", List.of("a", "b"))).isEmpty();
  }

  private static List<Labelled> labelled() throws IOException {
    try (InputStream stream =
        Objects.requireNonNull(ZeroShotTest.class.getResourceAsStream("labelled.tsv"))) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> {
            int tab = line.indexOf('\t');
            return new Labelled(line.substring(0, tab), line.substring(tab + 1));
          })
          .toList();
    }
  }
}
