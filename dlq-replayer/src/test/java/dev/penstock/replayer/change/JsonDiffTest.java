package dev.penstock.replayer.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

final class JsonDiffTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {"a":1} | {"a":1} | []
          {"a":1} | {"a":2} | [{"op":"replace","path":"/a","old":1,"value":2}]
          {"a":1} | {"b":2} | [{"op":"remove","path":"/a","old":1},{"op":"add","path":"/b","value":2}]
          {"a":{"b":1,"c":2}} | {"a":{"b":1,"c":3}} | [{"op":"replace","path":"/a/c","old":2,"value":3}]
          {"a":null} | {"a":1} | [{"op":"replace","path":"/a","old":null,"value":1}]
          {"a/b~c":1} | {"a/b~c":2} | [{"op":"replace","path":"/a~1b~0c","old":1,"value":2}]
          ["x","y","z"] | ["x","z"] | [{"op":"remove","path":"/1","old":"y"}]
          ["x","z"] | ["x","y","z"] | [{"op":"add","path":"/1","value":"y"}]
          [1,2,3] | [1,9,3] | [{"op":"replace","path":"/1","old":2,"value":9}]
          {"a":[1]} | {"a":{"b":1}} | [{"op":"replace","path":"/a","old":[1],"value":{"b":1}}]
          1 | "1" | [{"op":"replace","path":"","old":1,"value":"1"}]
          """)
  void saysWhatIsDifferent(String before, String after, String expected) {
    assertThat(JsonDiff.between(Json.MAPPER.readTree(before), Json.MAPPER.readTree(after)))
        .isEqualTo(Json.MAPPER.readTree(expected));
  }

  @Test
  void isAPatchThatMakesTheOneTheOther() throws Exception {
    long seed = 4_711;
    var random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      JsonNode before = some(random, 3);
      JsonNode after = some(random, 3);
      JsonNode diff = JsonDiff.between(before, after);
      if (diff.size() <= JsonPatch.MAX_OPERATIONS) {
        assertThat(JsonPatch.parse(diff.toString()).apply(before))
            .as("seed %s, round %s: %s to %s by %s", seed, i, before, after, diff)
            .isEqualTo(after);
      }
    }
  }

  private static JsonNode some(Random random, int depth) {
    int size = random.nextInt(4);
    return switch (random.nextInt(depth == 0 ? 2 : 4)) {
      case 0 -> Json.MAPPER.getNodeFactory().stringNode("s" + random.nextInt(3));
      case 1 -> Json.MAPPER.getNodeFactory().numberNode(random.nextInt(3));
      case 2 -> {
        var array = Json.MAPPER.createArrayNode();
        for (int i = 0; i < size; i++) {
          array.add(some(random, depth - 1));
        }
        yield array;
      }
      default -> {
        var object = Json.MAPPER.createObjectNode();
        for (int i = 0; i < size; i++) {
          object.set("abc/~".substring(random.nextInt(5)), some(random, depth - 1));
        }
        yield object;
      }
    };
  }
}
