package dev.penstock.local.sentence;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SentencesTest {
  private static final Sentences SENTENCES = new Sentences();

  @Test
  void englishTitlesEndNoSentence() {
    assertThat(split("eng", "Mr. Holmes met Dr. Watson. They left at 3.30 p.m. for Baker Street."))
        .containsExactly("Mr. Holmes met Dr. Watson.", "They left at 3.30 p.m. for Baker Street.");
  }

  @Test
  void whoSpeaksStaysWithWhatIsSaid() {
    assertThat(split("eng", "\"Stop!\" he cried. Nobody stopped."))
        .containsExactly("\"Stop!\" he cried.", "Nobody stopped.");
  }

  @Test
  void chineseAndJapaneseNeedNoSpaces() {
    assertThat(split("cmn", "他已经走了。你要去吗？不去！")).containsExactly("他已经走了。", "你要去吗？", "不去！");
    assertThat(split("jpn", "雨が降る。「待っていた」と書いた。終わり。"))
        .containsExactly("雨が降る。", "「待っていた」と書いた。", "終わり。");
  }

  @Test
  void otherLanguagesGoByTheirRules() {
    assertThat(split("deu", "Das ist Dr. Müller. Er kommt z.B. aus Bonn. Schön!"))
        .containsExactly("Das ist Dr. Müller.", "Er kommt z.B. aus Bonn.", "Schön!");
    assertThat(split("fra", "M. Bovary entra. Qui est là ? Personne."))
        .containsExactly("M. Bovary entra.", "Qui est là ?", "Personne.");
    assertThat(split("spa", "¿Quién es? El Sr. Pérez vino. ¡Hola!"))
        .containsExactly("¿Quién es?", "El Sr. Pérez vino.", "¡Hola!");
    assertThat(split("por", "A D. Gloria saiu. Que dia!"))
        .containsExactly("A D. Gloria saiu.", "Que dia!");
    assertThat(split("ces", "Pan Dr. Novák přišel. Kdo je tam? Nikdo."))
        .containsExactly("Pan Dr. Novák přišel.", "Kdo je tam?", "Nikdo.");
  }

  @Test
  void aBlankLineEndsASentenceAndALineBreakDoesNot() {
    assertThat(split("eng", "A title\r\n\r\nThe first line\r\ngoes on here.\n\n\nThe end."))
        .containsExactly("A title", "The first line goes on here.", "The end.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"eng", "deu", "cmn", "und"})
  void nothingOfATextIsLost(String language) {
    String text =
        "One. Two! Three?  \"Four.\" (Five.) e.g. six … seven\n\neight\u00a0nine. 十。十一。A. B. C.";
    String letters = String.join("", split(language, text)).replaceAll("\\s", "");
    assertThat(letters).isEqualTo(text.replaceAll("[\\s\u00a0]", ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"eng", "und"})
  void sentencesHaveABound(String language) {
    for (String text : List.of("x".repeat(200_000), "word ".repeat(40_000), "😀".repeat(100_000))) {
      List<String> sentences = split(language, text);
      assertThat(sentences)
          .isNotEmpty()
          .allSatisfy(sentence -> {
            assertThat(sentence.length()).isBetween(1, Sentences.MAX_CHARS);
            assertThat(Character.isLowSurrogate(sentence.charAt(0))).isFalse();
          });
      assertThat(sentences.stream().mapToInt(String::length).sum())
          .isGreaterThan(text.strip().length() - sentences.size() - 1);
    }
  }

  @Test
  void whatIsOnlySpaceOrControlHasNoSentence() {
    assertThat(split("eng", " \n\n \u0001 \t")).isEmpty();
    assertThat(split("und", "\u0000\u0000")).isEmpty();
  }

  private static List<String> split(String language, String text) {
    return SENTENCES.split(text, language);
  }
}
