package dev.penstock.replayer.change;

import dev.penstock.codec.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A JSON Patch (RFC 6902). Immutable and thread-safe. */
final class JsonPatch {
  static final int MAX_OPERATIONS = 100;

  /** More than any job has: copies of copies would be larger than any memory. */
  private static final long MAX_COPIED = 4_000_000;

  private final List<Operation> operations;

  private JsonPatch(List<Operation> operations) {
    this.operations = operations;
  }

  /** A patch does not fit the document; the message says which operation and why. */
  static final class MismatchException extends Exception {
    private static final long serialVersionUID = 1L;

    MismatchException(String message) {
      super(message, null, false, false);
    }
  }

  private record Operation(
      int number, String op, JsonPointer path, @Nullable JsonPointer from, JsonNode value) {
    MismatchException mismatch(String why) {
      return new MismatchException(
          "operation " + number + " (" + op + " " + path + ") does not fit: " + why);
    }
  }

  /**
   * The patch that {@code text} says.
   *
   * @throws IllegalArgumentException when it says none; the message says why
   */
  static JsonPatch parse(String text) {
    JsonNode tree;
    try {
      tree = Json.MAPPER.readTree(text);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("a JSON Patch is JSON", e);
    }
    if (!tree.isArray() || tree.size() > MAX_OPERATIONS) {
      throw new IllegalArgumentException(
          "a JSON Patch is an array of at most " + MAX_OPERATIONS + " operations");
    }
    var operations = new ArrayList<Operation>();
    for (JsonNode each : tree) {
      operations.add(operation(operations.size() + 1, each));
    }
    return new JsonPatch(List.copyOf(operations));
  }

  private static Operation operation(int number, JsonNode node) {
    String op = node.path("op").asString("");
    boolean takesValue = op.equals("add") || op.equals("replace") || op.equals("test");
    boolean takesFrom = op.equals("move") || op.equals("copy");
    if (!takesValue && !takesFrom && !op.equals("remove")) {
      throw new IllegalArgumentException(
          "operation "
              + number
              + " of the JSON Patch has no \"op\" that is add, remove, replace, move, copy or"
              + " test");
    }
    if (takesValue && !node.has("value")) {
      throw new IllegalArgumentException(
          "operation " + number + " of the JSON Patch has no \"value\"");
    }
    return new Operation(
        number,
        op,
        pointer(number, "path", node),
        takesFrom ? pointer(number, "from", node) : null,
        node.path("value"));
  }

  private static JsonPointer pointer(int number, String name, JsonNode node) {
    JsonNode text = node.path(name);
    if (text.isString()) {
      try {
        return JsonPointer.compile(text.stringValue());
      } catch (IllegalArgumentException _) {
        // falls through to the one error below
      }
    }
    throw new IllegalArgumentException(
        "operation "
            + number
            + " of the JSON Patch has no \""
            + name
            + "\" that is a JSON Pointer");
  }

  /** About the characters that it has as text; no more are counted than {@code most} and some. */
  private static long weight(JsonNode node, long most) {
    long weight = node.isString() ? 2L + node.stringValue().length() : 2;
    if (node instanceof ObjectNode object) {
      for (String name : object.propertyNames()) {
        weight += name.length();
      }
    }
    for (JsonNode child : node) {
      if (weight > most) {
        break;
      }
      weight += weight(child, most - weight);
    }
    return weight;
  }

  /**
   * The document after the patch; {@code document} itself stays as it is.
   *
   * @throws MismatchException when an operation does not fit it
   */
  JsonNode apply(JsonNode document) throws MismatchException {
    JsonNode changed = document.deepCopy();
    long copied = 0;
    for (Operation each : operations) {
      if (each.op.equals("copy")) {
        copied += weight(existing(each, from(each), changed), MAX_COPIED - copied);
        if (copied > MAX_COPIED) {
          throw each.mismatch("more than " + MAX_COPIED + " characters would be copied");
        }
      }
      changed = apply(each, changed);
    }
    return changed;
  }

  private static JsonNode apply(Operation each, JsonNode document) throws MismatchException {
    return switch (each.op) {
      case "add" -> add(each, document, each.value.deepCopy());
      case "remove" -> remove(each, each.path, document);
      case "replace" -> {
        existing(each, each.path, document);
        yield each.path.matches()
            ? each.value.deepCopy()
            : add(each, remove(each, each.path, document), each.value.deepCopy());
      }
      case "move" -> {
        JsonPointer from = from(each);
        if (each.path.toString().startsWith(from + "/")) {
          throw each.mismatch("nothing can be moved into itself");
        }
        JsonNode moved = existing(each, from, document);
        yield add(each, remove(each, from, document), moved);
      }
      case "copy" -> add(each, document, existing(each, from(each), document).deepCopy());
      case "test" -> {
        if (!existing(each, each.path, document).equals(each.value)) {
          throw each.mismatch("the value there is another one");
        }
        yield document;
      }
      default -> throw new IllegalStateException("parsed as an operation: " + each.op);
    };
  }

  private static JsonPointer from(Operation each) {
    if (each.from == null) {
      throw new IllegalStateException("parsed without from: " + each);
    }
    return each.from;
  }

  private static JsonNode existing(Operation each, JsonPointer path, JsonNode document)
      throws MismatchException {
    JsonNode there = document.at(path);
    if (there.isMissingNode()) {
      throw each.mismatch("there is nothing at " + path);
    }
    return there;
  }

  private static JsonNode add(Operation each, JsonNode document, JsonNode value)
      throws MismatchException {
    if (each.path.matches()) {
      return value;
    }
    String last = each.path.last().getMatchingProperty();
    switch (document.at(each.path.head())) {
      case ObjectNode object -> object.set(last, value);
      case ArrayNode array -> {
        int index = last.equals("-") ? array.size() : each.path.last().getMatchingIndex();
        if (index < 0 || index > array.size()) {
          throw each.mismatch("the array there has " + array.size() + " items");
        }
        array.insert(index, value);
      }
      default -> throw each.mismatch("there is no object or array to add to");
    }
    return document;
  }

  private static JsonNode remove(Operation each, JsonPointer path, JsonNode document)
      throws MismatchException {
    existing(each, path, document);
    if (path.matches()) {
      throw each.mismatch("the whole document can't be removed");
    }
    switch (document.at(path.head())) {
      case ObjectNode object -> object.remove(path.last().getMatchingProperty());
      case ArrayNode array -> array.remove(path.last().getMatchingIndex());
      default -> throw each.mismatch("there is nothing at " + path);
    }
    return document;
  }
}
