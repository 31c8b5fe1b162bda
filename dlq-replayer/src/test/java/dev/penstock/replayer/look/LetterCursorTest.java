package dev.penstock.replayer.look;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LetterCursorTest {
  @Test
  void tellsWhereEachPartitionIs() {
    List<Long> below = List.of(0L, 127L, 128L, 1_000_000L, Long.MAX_VALUE);
    assertThat(LetterCursor.parse(LetterCursor.text(below), below.size())).isEqualTo(below);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "!", "AA", "AAAA", "gICAgICAgICAgIA", "gA", "gAAA"})
  void whatIsNoCursorIsRefused(String text) {
    assertThatExceptionOfType(InvalidQueryException.class)
        .isThrownBy(() -> LetterCursor.parse(text, 2))
        .withMessage("/cursor must be the next of an answer");
  }

  @Test
  void oneOfAnotherNumberOfPartitionsIsRefused() {
    String text = LetterCursor.text(List.of(1L, 2L, 3L));
    assertThat(Base64.getUrlDecoder().decode(text)).hasSize(3);
    assertThatExceptionOfType(InvalidQueryException.class)
        .isThrownBy(() -> LetterCursor.parse(text, 2));
  }
}
