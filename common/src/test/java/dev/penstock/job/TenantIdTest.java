package dev.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TenantIdTest {
  @ParameterizedTest
  @ValueSource(strings = {"a", "acme.eu-1_x", "default", "..", "0"})
  void isLowerCaseLettersDigitsAndThreeSigns(String name) {
    assertThat(new TenantId(name)).hasToString(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "A", "a b", "a\n", "\u00e4", "*", "a/b", "a:b"})
  void isNothingElse(String name) {
    assertThatThrownBy(() -> new TenantId(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lower-case");
  }

  @Test
  void hasUpTo64Characters() {
    assertThat(TenantId.isName("x".repeat(TenantId.MAX_CHARS))).isTrue();
    assertThat(TenantId.isName("x".repeat(TenantId.MAX_CHARS + 1))).isFalse();
  }
}
