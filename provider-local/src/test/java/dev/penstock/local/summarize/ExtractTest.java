package dev.penstock.local.summarize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.local.embed.Embedder;
import dev.penstock.local.inference.InferenceThreads;
import dev.penstock.local.language.LanguageDetection;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

final class ExtractTest {
  private static final InferenceThreads THREADS = new InferenceThreads(2);
  private static final Embedder EMBEDDER = new Embedder(THREADS);
  private static final Extract EXTRACT =
      new Extract(THREADS, EMBEDDER, new LanguageDetection(THREADS));

  private static final List<String> SENTENCES =
      List.of(
          "The old lighthouse on the northern cape was built in 1821 to warn ships of the reef.",
          "My cousin prefers tea.",
          "For over a century its keepers lit the lamp each evening and logged every passing ship.",
          "The keepers lit the lamp every evening for a century and noted each ship that passed.",
          "In 1963 the lamp was replaced by an electric light, and the last keeper left the cape.",
          "Today volunteers look after the lighthouse and show its lamp room to visitors.",
          "Well, so it goes.");
  private static final String TEXT = String.join(" ", SENTENCES);

  @AfterAll
  static void close() {
    THREADS.close();
    EMBEDDER.close();
  }

  @Test
  void sentencesComeWholeAndInTheOrderOfTheText() throws InterruptedException {
    List<String> summary = EXTRACT.summarize(TEXT, 3);
    assertThat(summary).hasSize(3).isSubsetOf(SENTENCES);
    assertThat(summary.stream().map(SENTENCES::indexOf).toList()).isSorted();
  }

  @Test
  void whatIsBesideThePointIsLeftOut() throws InterruptedException {
    assertThat(EXTRACT.summarize(TEXT, 3)).doesNotContain(SENTENCES.get(1), SENTENCES.get(6));
  }

  @Test
  void noTwoSentencesSayTheSame() throws InterruptedException {
    List<String> summary = EXTRACT.summarize(TEXT, 3);
    assertThat(summary.containsAll(SENTENCES.subList(2, 4))).isFalse();
  }

  @Test
  void theSameTextGivesTheSameSummary() throws InterruptedException {
    assertThat(EXTRACT.summarize(TEXT, 4)).isEqualTo(EXTRACT.summarize(TEXT, 4));
  }

  @Test
  void aShortTextIsGivenBackWhole() throws InterruptedException {
    assertThat(EXTRACT.summarize(TEXT, SENTENCES.size())).isEqualTo(SENTENCES);
    assertThat(EXTRACT.summarize(TEXT, 50)).isEqualTo(SENTENCES);
    assertThat(EXTRACT.summarize("Only this", 1)).containsExactly("Only this");
  }

  @Test
  void chineseAndJapaneseAreSummarizedBySentence() throws InterruptedException {
    assertThat(EXTRACT.summarize("我在年青時候也曾經做過許多夢。後來大半忘卻了。但自己也並不以爲可惜。所謂回憶者，雖說可以使人歡欣。", 2))
        .hasSize(2)
        .allSatisfy(sentence -> assertThat(sentence).endsWith("。"));
    assertThat(EXTRACT.summarize("或日の暮方の事である。一人の下人が、羅生門の下で雨やみを待っていた。広い門の下には、この男のほかに誰もいない。", 1))
        .hasSize(1);
  }

  @Test
  void ofVeryManySentencesTheLongestAreConsidered() throws InterruptedException {
    String flood =
        String.join(" ", IntStream.range(0, 1_500).mapToObj(i -> "Go " + i + ".").toList());
    String text =
        "The committee met in Lisbon to settle the border. " + flood + " They signed a treaty.";
    assertThat(EXTRACT.summarize(text, 2))
        .hasSize(2)
        .contains("The committee met in Lisbon to settle the border.");
  }

  @Test
  void aTextWithNothingInItHasNoSummary() throws InterruptedException {
    assertThat(EXTRACT.summarize("\u0001", 3)).isEmpty();
  }
}
