package dev.penstock.local.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.local.inference.InferenceThreads;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EmbedderTest {
  private static final InferenceThreads THREADS = new InferenceThreads(2);
  private static final Embedder EMBEDDER = new Embedder(THREADS);

  private static final String LONG_ABOUT_WHALES =
      "The whale dived and the sailors pulled at their oars. ".repeat(60);

  @AfterAll
  static void close() {
    THREADS.close();
    EMBEDDER.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "A short sentence.", "你好世界", "😀", "?", "مرحبا"})
  void vectorsHaveUnitLength(String text) throws InterruptedException {
    float[] vector = vector(text);
    assertThat(vector).hasSize(Embedder.DIMENSIONS);
    assertThat(Vectors.dot(vector, vector)).isCloseTo(1, within(1e-5));
  }

  @ParameterizedTest
  @CsvSource({
    "A man is eating food.,Someone eats a meal.,The stock market fell.",
    "How do I reset my password?,I forgot my login credentials.,The cat sleeps on the sofa.",
    "The ship sank in the storm.,A vessel went down in bad weather.,She baked an apple pie."
  })
  void textsOfLikeMeaningAreNearer(String text, String like, String unlike)
      throws InterruptedException {
    float[] vector = vector(text);
    assertThat(Vectors.dot(vector, vector(like)))
        .isGreaterThan(Vectors.dot(vector, vector(unlike)) + 0.2);
  }

  @Test
  void theSameTextGivesTheSameVector() throws InterruptedException {
    assertThat(vector(LONG_ABOUT_WHALES)).isEqualTo(vector(LONG_ABOUT_WHALES));
  }

  @Test
  void theEndOfALongTextCounts() throws InterruptedException {
    String ending = "The bank raised its interest rates and shares fell. ".repeat(60);
    float[] both = vector(LONG_ABOUT_WHALES + ending);
    assertThat(Vectors.dot(both, vector(ending)))
        .isGreaterThan(Vectors.dot(vector(LONG_ABOUT_WHALES), vector(ending)) + 0.2);
    assertThat(Vectors.dot(both, vector(LONG_ABOUT_WHALES))).isGreaterThan(0.5);
  }

  @Test
  void aSentenceIsJudgedByItsFirstWindow() throws InterruptedException {
    String window = "word ".repeat(Embedder.WINDOW_PIECES);
    assertThat(EMBEDDER.sentence(window + "and what comes after").orElseThrow())
        .isEqualTo(EMBEDDER.sentence(window).orElseThrow());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u0001\u0002", "\u0301\u0301", "\u200b", "\ufffd"})
  void whatTheModelCannotSeeHasNoVector(String text) throws InterruptedException {
    assertThat(EMBEDDER.text(text)).isEmpty();
    assertThat(EMBEDDER.sentence(text)).isEmpty();
  }

  @Test
  void tooManyWindowsAreThinnedEvenly() throws InterruptedException {
    // 8 windows of one kind, then 8 of another, of which 4 are looked at: two of each.
    String first = "sea ".repeat(Embedder.WINDOW_PIECES);
    String second = "tax ".repeat(Embedder.WINDOW_PIECES);
    float[] expected = new float[Embedder.DIMENSIONS];
    for (String kind : List.of(first, second)) {
      Vectors.add(expected, vector(kind), 1);
    }
    Vectors.normalise(expected);
    try (var embedder = new Embedder(THREADS, 4)) {
      float[] both = embedder.text(first.repeat(8) + second.repeat(8)).orElseThrow();
      assertThat(Vectors.dot(both, expected)).isCloseTo(1, within(1e-5));
      float[] uneven = embedder.text(first.repeat(12) + second.repeat(4)).orElseThrow();
      assertThat(Vectors.dot(uneven, expected)).isLessThan(0.99);
    }
  }

  private static float[] vector(String text) throws InterruptedException {
    return EMBEDDER.text(text).orElseThrow();
  }
}
