package dev.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FailureGroupTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "no answer within 30 s | no answer within * s",
        "HTTP 503, request 7f0c9a2e-1b2c-4d5e-8f90-a1b2c3d4e5f6 failed | HTTP *, request * failed",
        "request req_011CSHoEeqs5C35K2UUqR7Fy: overloaded | request *: overloaded",
        "the model \"gpt-4o\" does not exist | the model * does not exist",
        "unknown field 'temprature' | unknown field *",
        "can't connect to 10.0.0.7:8443 | can't connect to *",
        "at 2026-11-21T08:00:00.123Z it broke | at * it broke",
        "digest deadbeefcafe is wrong | digest * is wrong",
        "took 1.5s of 2.0s | took * of *",
        "two   spaces | two spaces",
        "the connection was reset | the connection was reset",
      })
  void whatDiffersFromCallToCallIsCutOut(String message, String same) {
    assertThat(FailureGroup.normalised(message)).isEqualTo(same);
  }

  @Test
  void longMessagesAreCut() {
    assertThat(FailureGroup.normalised("word ".repeat(1_000)))
        .hasSize(FailureGroup.MAX_MESSAGE_CHARS)
        .endsWith("…");
  }

  @Test
  void theFingerprintNamesTheGroup() {
    FailureGroup one = FailureGroup.of("timeout", "p", "m", "embed", "after 3 s");
    assertThat(one.fingerprint())
        .matches("[0-9a-f]{16}")
        .isEqualTo(FailureGroup.of("timeout", "p", "m", "embed", "after 9 s").fingerprint())
        .isNotEqualTo(FailureGroup.of("timeout", "q", "m", "embed", "after 9 s").fingerprint());
  }

  /** People keep fingerprints, and both the views and the replayer tell them. */
  @Test
  void theFingerprintStaysWhatItWas() {
    assertThat(FailureGroup.of("timeout", "p", "m", "embed", "after 3 s").fingerprint())
        .isEqualTo("c52c381b019e6f00");
  }
}
