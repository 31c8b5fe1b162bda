package dev.penstock.standalone.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LayoutTest {
  @Test
  void aCellIsExactlyAsWideAsItsColumn() {
    for (String text : new String[] {"", "short", "a much longer text", "羅生門の下で雨やみを", "a羅b"}) {
      for (int columns = 2; columns < 24; columns++) {
        assertThat(Layout.width(Layout.cell(text, columns))).as(text).isEqualTo(columns);
      }
    }
  }

  @Test
  void linesBreakBetweenWords() {
    assertThat(Layout.wrap("the quick brown fox jumps over it", 10, 9))
        .containsExactly("the quick", "brown fox", "jumps over", "it");
  }

  @Test
  void aWordThatIsTooLongIsBroken() {
    assertThat(Layout.wrap("Donaudampfschiff ab", 8, 9))
        .containsExactly("Donaudam", "pfschiff", "ab");
  }

  @Test
  void whatDoesNotFitIsCut() {
    assertThat(Layout.wrap("the quick brown fox jumps over it", 10, 2))
        .containsExactly("the quick", "brown fox…");
    assertThat(Layout.cut("two\n lines", 20)).isEqualTo("two lines");
  }
}
