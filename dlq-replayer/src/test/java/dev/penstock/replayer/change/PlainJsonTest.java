package dev.penstock.replayer.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.codec.Json;
import dev.penstock.submission.problem.Violation;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PlainJsonTest {
  private static List<String> wrong(String json) {
    var violations = new ArrayList<Violation>();
    PlainJson.check(Json.MAPPER.readTree(json), violations);
    return violations.stream().map(Violation::pointer).toList();
  }

  @Test
  void whatCanBeKeptIsPlain() {
    assertThat(wrong("{\"a\":[1,2.5,true,null,\"\\ud83d\\ude00\"],\"b\":{\"c\":-9}}")).isEmpty();
  }

  @Test
  void whatCouldNotBeReadAgainIsToldWhereItStands() {
    assertThat(wrong("{\"a\":[\"x\",\"\\ud800\"]}")).containsExactly("/a/1");
    assertThat(wrong("{\"a\":" + "9".repeat(60) + "}")).containsExactly("/a");
    assertThat(wrong("{\"" + "n".repeat(201) + "\":1}")).containsExactly("");
    assertThat(wrong("[".repeat(18) + "]".repeat(18))).hasSize(1);
  }

  @Test
  void copiesOfCopiesAreRefusedBeforeTheyFillTheMemory() {
    var operations = new StringBuilder("[");
    for (int i = 0; i < 30; i++) {
      operations
          .append(i == 0 ? "" : ",")
          .append("{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a")
          .append(i)
          .append("\"}");
    }
    JsonPatch patch = JsonPatch.parse(operations.append(']').toString());
    assertThatThrownBy(() -> patch.apply(Json.MAPPER.readTree("{\"text\":\"hello\"}")))
        .isInstanceOf(JsonPatch.MismatchException.class)
        .hasMessageContaining("would be copied");
  }
}
