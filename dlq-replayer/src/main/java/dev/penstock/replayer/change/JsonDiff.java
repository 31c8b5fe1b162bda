package dev.penstock.replayer.change;

import dev.penstock.codec.Json;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is different between two documents, as a JSON Patch (RFC 6902) that makes the one the other.
 * What is replaced or removed stands in {@code old}, for people. Pure.
 */
public final class JsonDiff {
  private JsonDiff() {}

  /** The operations that make {@code before} to {@code after}; none where they are the same. */
  public static ArrayNode between(JsonNode before, JsonNode after) {
    ArrayNode operations = Json.MAPPER.createArrayNode();
    compare("", before, after, operations);
    return operations;
  }

  private static void compare(String path, JsonNode before, JsonNode after, ArrayNode operations) {
    if (before.equals(after)) {
      return;
    }
    if (before instanceof ObjectNode was && after instanceof ObjectNode is) {
      compareFields(path, was, is, operations);
    } else if (before instanceof ArrayNode was && after instanceof ArrayNode is) {
      compareItems(path, was, is, operations);
    } else {
      add("replace", path, before, after, operations);
    }
  }

  private static void compareFields(
      String path, ObjectNode before, ObjectNode after, ArrayNode operations) {
    for (String name : before.propertyNames()) {
      if (!after.has(name)) {
        add("remove", path + "/" + escaped(name), before.get(name), null, operations);
      }
    }
    for (String name : after.propertyNames()) {
      String at = path + "/" + escaped(name);
      if (before.has(name)) {
        compare(at, before.get(name), after.get(name), operations);
      } else {
        add("add", at, null, after.get(name), operations);
      }
    }
  }

  /** What both have at the start and at the end stays; of what is between, the places are told. */
  private static void compareItems(
      String path, ArrayNode before, ArrayNode after, ArrayNode operations) {
    int least = Math.min(before.size(), after.size());
    int head = 0;
    while (head < least && before.get(head).equals(after.get(head))) {
      head++;
    }
    int tail = 0;
    while (tail < least - head && last(before, tail).equals(last(after, tail))) {
      tail++;
    }
    int common = least - head - tail;
    for (int i = head; i < head + common; i++) {
      compare(path + "/" + i, before.get(i), after.get(i), operations);
    }
    // From behind, so that each place is still what it was.
    for (int i = before.size() - tail - 1; i >= head + common; i--) {
      add("remove", path + "/" + i, before.get(i), null, operations);
    }
    for (int i = head + common; i < after.size() - tail; i++) {
      add("add", path + "/" + i, null, after.get(i), operations);
    }
  }

  private static JsonNode last(ArrayNode array, int fromBehind) {
    return array.get(array.size() - 1 - fromBehind);
  }

  private static void add(
      String op,
      String path,
      @Nullable JsonNode old,
      @Nullable JsonNode value,
      ArrayNode operations) {
    ObjectNode operation = operations.addObject();
    operation.put("op", op);
    operation.put("path", path);
    if (old != null) {
      operation.set("old", old);
    }
    if (value != null) {
      operation.set("value", value);
    }
  }

  private static String escaped(String name) {
    return name.replace("~", "~0").replace("/", "~1");
  }
}
