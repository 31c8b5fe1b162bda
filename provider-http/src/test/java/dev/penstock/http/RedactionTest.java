package dev.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobInput;
import org.junit.jupiter.api.Test;

final class RedactionTest {
  private static final JobInput INPUT =
      new JobInput.Generate(
          "My password for the bank is swordfish, please summarise my letters to them.",
          "You are the assistant of Ahab, captain of the Pequod.",
          10);

  @Test
  void ourKeyGoesWhateverItLooksLike() {
    assertThat(redacted("Incorrect key: peculiar.KEY, peculiar.KEY"))
        .isEqualTo("Incorrect key: ***, ***");
  }

  @Test
  void otherKeysGoWhenTheyLookLikeKeys() {
    assertThat(redacted("Incorrect API key provided: sk-proj-abc***xyz. Bearer QWERTY1 too"))
        .doesNotContain("abc", "QWERTY1")
        .startsWith("Incorrect API key provided: ***");
  }

  @Test
  void piecesOfTheTextAndTheSystemPromptGo() {
    assertThat(
            redacted(
                "can't say 'the bank is swordfish, please sum' nor 'Ahab, captain of the Pequod.'"))
        .isEqualTo("can't say '[the job's text]' nor '[the job's text]'");
    assertThat(redacted("not this: the assistant of Ahab, captain of the Pequod"))
        .isEqualTo("not this:[the job's text]");
  }

  @Test
  void shortTextsGoAsAWhole() {
    String redacted =
        Redaction.of("no answer to 'swordfish'", null, new JobInput.DetectLanguage(" swordfish "));
    assertThat(redacted).isEqualTo("no answer to '[the job's text]'");
  }

  @Test
  void longMessagesAreCutAndHaveNoControlCharacters() {
    assertThat(redacted("a\u0000b\r\nc\u001b[31m")).isEqualTo("a b c [31m");
    assertThat(redacted("x ".repeat(100_000))).hasSize(Redaction.MAX_CHARS).endsWith("…");
  }

  private static String redacted(String message) {
    return Redaction.of(message, "peculiar.KEY", INPUT);
  }
}
