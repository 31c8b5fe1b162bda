package dev.penstock.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MasterKeysTest {
  private static final Secret SECRET = new Secret("sk-Ωne word");
  private static final String OLD = MasterKeys.newLine("2025");
  private static final String NEW = MasterKeys.newLine("2026");

  @Test
  void whatWasSealedOpens() {
    MasterKeys keys = MasterKeys.of(List.of("# a comment", "", NEW, OLD));
    String sealed = keys.seal(SECRET);
    assertThat(sealed).startsWith("sealed:1:2026:").matches("[A-Za-z0-9:_-]+");
    assertThat(keys.open(sealed)).isEqualTo(SECRET);
    assertThat(keys.seal(SECRET)).as("with another nonce").isNotEqualTo(sealed);
  }

  @Test
  void bothKeysOpenDuringARotation() {
    String before = MasterKeys.of(List.of(OLD)).seal(SECRET);
    MasterKeys during = MasterKeys.of(List.of(NEW, OLD));
    assertThat(during.open(before)).isEqualTo(SECRET);
    MasterKeys after = MasterKeys.of(List.of(NEW));
    assertThat(after.open(during.seal(SECRET))).isEqualTo(SECRET);
    assertThatThrownBy(() -> after.open(before))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("2025", "2026");
  }

  @Test
  void everyChangeIsNoticed() {
    MasterKeys keys = MasterKeys.of(List.of(NEW, OLD));
    String sealed = keys.seal(SECRET);
    for (int at = 0; at < sealed.length(); at++) {
      char other = sealed.charAt(at) == 'A' ? 'Q' : 'A';
      String changed = sealed.substring(0, at) + other + sealed.substring(at + 1);
      assertThatThrownBy(() -> keys.open(changed))
          .as("character " + at)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining(sealed.substring(14));
    }
    String underTheOther = sealed.replace("sealed:1:2026:", "sealed:1:2025:");
    assertThatThrownBy(() -> keys.open(underTheOther)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "sealed:",
        "sealed:1:",
        "sealed:1:2026",
        "sealed:1:2026:",
        "sealed:2:2026:AAAA"
      })
  void whatIsNotSealedIsRefused(String text) {
    assertThatThrownBy(() -> MasterKeys.of(List.of(NEW)).open(text))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"2026", "2026:", "2026:c2hvcnQ=", "a b:AAAA", ":AAAA", "2026:not base64!"})
  void wrongLinesAreRefusedWithoutSayingThem(String line) {
    assertThatThrownBy(() -> MasterKeys.of(List.of(OLD, line)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("line 2 ")
        .hasMessageNotContaining("c2hvcnQ");
  }

  @Test
  void thereIsAtLeastOneKeyAndEachIdOnce() {
    assertThatThrownBy(() -> MasterKeys.of(List.of("# nothing")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> MasterKeys.of(List.of(OLD, OLD)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> MasterKeys.newLine("a:b"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aFileIsRead(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("masters"), NEW + "\n" + OLD + "\n");
    assertThat(MasterKeys.read(file)).hasToString("MasterKeys[2026, 2025]");
  }
}
