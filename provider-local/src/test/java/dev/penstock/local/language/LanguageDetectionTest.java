package dev.penstock.local.language;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobOutput.ScoredLabel;
import dev.penstock.local.inference.InferenceThreads;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LanguageDetectionTest {
  private static final InferenceThreads THREADS = new InferenceThreads(1);
  private static final LanguageDetection LANGUAGES = new LanguageDetection(THREADS);

  @AfterAll
  static void close() {
    THREADS.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "eng|It is a truth universally acknowledged that a single man must be in want of a wife.",
        "deu|Wie froh bin ich, daß ich weg bin! Bester Freund, was ist das Herz des Menschen!",
        "fra|Nous étions à l'étude, quand le proviseur entra, suivi d'un nouveau.",
        "spa|Se me permitirá que antes de referir el gran suceso diga algunas palabras.",
        "por|Uma noite destas, vindo da cidade para o Engenho Novo, encontrei um rapaz.",
        "ces|S večerem zhoustla mlha sychravého dne. Je ti, jako by ses protlačoval.",
        "cmn|我在年青時候也曾經做過許多夢，後來大半忘卻了，但自己也並不以爲可惜。",
        "jpn|或日の暮方の事である。一人の下人が、羅生門の下で雨やみを待っていた。",
        "rus|Все счастливые семьи похожи друг на друга, каждая несчастлива по-своему.",
        "ara|يولد جميع الناس أحرارا متساوين في الكرامة والحقوق."
      })
  void sentencesAreRecognised(String language, String text) throws InterruptedException {
    assertThat(LANGUAGES.detect(text).getFirst().label()).isEqualTo(language);
  }

  @Test
  void aSentenceIsRecognisedWithConfidenceAndAScrapIsNot() throws InterruptedException {
    String sentence = "This sentence is long enough to be sure of the language it is written in.";
    assertThat(LANGUAGES.detect(sentence).getFirst().score()).isGreaterThan(0.95);
    assertThat(LANGUAGES.detect("ok").getFirst().score()).isLessThan(0.5);
  }

  @Test
  void theFiveLikeliestComeByFallingConfidence() throws InterruptedException {
    List<ScoredLabel> found = LANGUAGES.detect("Guten Morgen, wie geht es dir?");
    assertThat(found).hasSize(LanguageDetection.TOP);
    assertThat(found)
        .isSortedAccordingTo(Comparator.comparingDouble(ScoredLabel::score).reversed());
    assertThat(found.stream().mapToDouble(ScoredLabel::score).sum()).isBetween(0.5, 1.0);
    assertThat(found).allSatisfy(one -> assertThat(one.label()).matches("[a-z]{3}"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"12345", "!?", "😀😀", "\u0001", "—"})
  void whatHasNoLetterIsInNoLanguage(String text) throws InterruptedException {
    assertThat(LANGUAGES.detect(text)).isEmpty();
  }

  @Test
  void theMiddleOfALongTextIsLookedAt() throws InterruptedException {
    String german = "Es war einmal ein König, der hatte drei Söhne und ein großes Reich. ";
    String text = "0 ".repeat(3_000) + german.repeat(500) + "0 ".repeat(3_000);
    assertThat(LANGUAGES.detect(text).getFirst().label()).isEqualTo("deu");
  }
}
