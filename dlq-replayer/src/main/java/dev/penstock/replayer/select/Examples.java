package dev.penstock.replayer.select;

import dev.penstock.codec.Json;
import dev.penstock.job.Job;
import dev.penstock.replayer.change.JsonDiff;
import dev.penstock.replayer.look.LetterId;
import dev.penstock.submission.JobRequest;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Map;
import java.util.PriorityQueue;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Some of the jobs that a plan would run, as the submissions that asked for them and that would ask
 * for them then: the first by the order of the draw. Not thread-safe.
 */
final class Examples {
  static final int MAX_EXAMPLES = 3;

  /** One takes at most so much of the preview. */
  static final int MAX_BYTES = 40_000;

  private static final int MAX_TEXT_CHARS = 500;
  private static final int MAX_ITEMS = 50;

  /** A preview stands within other documents, whose depth is bounded. */
  private static final int MAX_DEPTH = 10;

  private record Example(long place, LetterId id, Job before, Job after) {}

  private static final Comparator<Example> ORDER =
      (one, other) -> Long.compareUnsigned(one.place, other.place);

  private final PriorityQueue<Example> first = new PriorityQueue<>(ORDER.reversed());

  void add(long place, LetterId id, Job before, Job after) {
    first.add(new Example(place, id, before, after));
    if (first.size() > MAX_EXAMPLES) {
      first.remove();
    }
  }

  /**
   * The examples.
   *
   * @param selected those that are not in it are none
   */
  ArrayNode toJson(Map<Integer, OffsetSet> selected) {
    ArrayNode all = Json.MAPPER.createArrayNode();
    first.stream()
        .filter(each -> {
          OffsetSet offsets = selected.get(each.id.partition());
          return offsets != null && offsets.contains(each.id.offset());
        })
        .sorted(ORDER)
        .forEach(each -> all.add(json(each)));
    return all;
  }

  private static ObjectNode json(Example each) {
    JsonNode before = submission(each.before);
    JsonNode after = submission(each.after);
    if (after instanceof ObjectNode changed
        && each.after.runAt() != null
        && !each.after.runAt().equals(each.before.runAt())) {
      changed.put("runAt", each.after.runAt().toString());
    }
    ObjectNode json = head(each);
    json.set("before", shortened(before, MAX_DEPTH));
    json.set("after", shortened(after, MAX_DEPTH));
    json.set("diff", shortened(JsonDiff.between(before, after), MAX_DEPTH));
    if (bytes(json) <= MAX_BYTES) {
      return json;
    }
    json.remove("before");
    json.remove("after");
    return bytes(json) <= MAX_BYTES ? json : head(each).put("note", "it is too large to be shown");
  }

  private static ObjectNode head(Example each) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("letter", each.id.toString());
    json.put("jobId", each.before.id().toString());
    return json;
  }

  private static JsonNode submission(Job job) {
    return Json.MAPPER.readTree(JobRequest.of(job).canonicalJson());
  }

  private static int bytes(JsonNode json) {
    return Json.MAPPER.writeValueAsString(json).getBytes(StandardCharsets.UTF_8).length;
  }

  /** The same with long texts and lists cut, and without what lies too deep. */
  private static JsonNode shortened(JsonNode json, int depth) {
    return switch (json) {
      case ObjectNode _ when depth == 0 -> Json.MAPPER.createObjectNode().put("…", "…");
      case ArrayNode _ when depth == 0 -> Json.MAPPER.createArrayNode().add("…");
      case ObjectNode object -> {
        ObjectNode cut = Json.MAPPER.createObjectNode();
        object
            .properties()
            .forEach(each -> cut.set(each.getKey(), shortened(each.getValue(), depth - 1)));
        yield cut;
      }
      case ArrayNode array -> {
        ArrayNode cut = Json.MAPPER.createArrayNode();
        array.valueStream().limit(MAX_ITEMS).forEach(each -> cut.add(shortened(each, depth - 1)));
        if (array.size() > MAX_ITEMS) {
          cut.add("… (" + array.size() + " items)");
        }
        yield cut;
      }
      default ->
          json.isString() && json.stringValue().length() > MAX_TEXT_CHARS
              ? Json.MAPPER.getNodeFactory().stringNode(shortened(json.stringValue()))
              : json;
    };
  }

  private static String shortened(String text) {
    int end =
        Character.isHighSurrogate(text.charAt(MAX_TEXT_CHARS - 1))
            ? MAX_TEXT_CHARS - 1
            : MAX_TEXT_CHARS;
    return text.substring(0, end) + "… (" + text.length() + " characters)";
  }
}
