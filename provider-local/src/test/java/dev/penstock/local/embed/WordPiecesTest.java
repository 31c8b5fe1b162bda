package dev.penstock.local.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.codec.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class WordPiecesTest {
  /** One text and what Hugging Face's own tokenizer (tokenizers 0.21, ai.djl 0.36) makes of it. */
  private record Expected(String text, List<Integer> pieces) {}

  @SuppressWarnings("NullAway.Init")
  private static WordPieces wordPieces;

  @BeforeAll
  static void load() throws IOException {
    try (InputStream stream = resource("/all-minilm-l6-v2-q-tokenizer.json")) {
      wordPieces = new WordPieces(stream);
    }
  }

  @Test
  void piecesAreThoseOfHuggingFace() throws IOException {
    List<String> lines;
    try (InputStream stream = resource("hugging-face-tokens.jsonl")) {
      lines = new String(stream.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
    assertThat(lines).hasSizeGreaterThan(50);
    for (String line : lines) {
      Expected expected = Json.MAPPER.readValue(line, Expected.class);
      assertThat(wordPieces.encode(expected.text(), 1_000_000))
          .as(expected.text())
          .containsExactly(expected.pieces().toArray(Integer[]::new));
    }
  }

  @Test
  void encodingStopsAtTheLimit() {
    assertThat(wordPieces.encode("one two three four", 2))
        .isEqualTo(wordPieces.encode("one two", 10));
  }

  @Test
  void aWordOfAnyLengthIsOneUnknown() {
    assertThat(wordPieces.encode("x".repeat(200_000), 10)).containsExactly(WordPieces.UNKNOWN);
  }

  @Test
  void piecesKnowWordsAndSentences() {
    int[] pieces = wordPieces.encode("unaffable.", 10);
    assertThat(wordPieces.startsWord(pieces[0])).isTrue();
    assertThat(wordPieces.startsWord(pieces[1])).isFalse();
    assertThat(wordPieces.endsSentence(pieces[0])).isFalse();
    assertThat(wordPieces.endsSentence(pieces[pieces.length - 1])).isTrue();
  }

  @Test
  void aFileWithoutAVocabularyIsRefused() {
    var stream = new ByteArrayInputStream("{\"model\":{}}".getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> new WordPieces(stream))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("vocab");
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(WordPiecesTest.class.getResourceAsStream(name));
  }
}
