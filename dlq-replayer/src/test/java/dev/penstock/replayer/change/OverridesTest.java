package dev.penstock.replayer.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.submission.problem.Violation;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

final class OverridesTest {
  private static final Instant NOW = Instant.parse("2026-11-22T03:00:00Z");
  private static final SubmissionReader READER = new SubmissionReader(Contract.load(), () -> NOW);

  private static JsonNode json(String text) {
    return Json.MAPPER.readTree(text.replace('\'', '"'));
  }

  private static JsonNode applied(String override, String document)
      throws JsonPatch.MismatchException {
    return JsonPatch.parse(Overrides.patch(json(override)).toString()).apply(json(document));
  }

  @Test
  void setsFieldsWhetherTheyAreThereOrNot() throws Exception {
    assertThat(applied("{'model':'local','priority':'low'}", "{'model':'openai:x'}"))
        .isEqualTo(json("{'model':'local','priority':'low'}"));
  }

  @Test
  void nullTakesAFieldAwayWhetherItIsThereOrNot() throws Exception {
    assertThat(applied("{'expireAt':null}", "{'model':'a','expireAt':'x'}"))
        .isEqualTo(json("{'model':'a'}"));
    assertThat(applied("{'expireAt':null}", "{'model':'a'}")).isEqualTo(json("{'model':'a'}"));
  }

  @Test
  void namesWithSlashesAreNames() throws Exception {
    assertThat(applied("{'a/b~c':1}", "{}")).isEqualTo(json("{'a/b~c':1}"));
  }

  @Test
  void whatNoJobCanHaveIsToldWhereItStands() {
    assertThat(
            Overrides.check(
                READER, json("{'priority':'urgent','retry':{'multiplier':11},'model':'local'}")))
        .extracting(Violation::pointer)
        .containsExactlyInAnyOrder("/override/priority", "/override/retry/multiplier");
    assertThat(Overrides.check(READER, json("{'expireAt':null,'maxAttempts':3}"))).isEmpty();
  }
}
