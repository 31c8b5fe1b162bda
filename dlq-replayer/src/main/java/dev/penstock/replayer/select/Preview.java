package dev.penstock.replayer.select;

import dev.penstock.codec.Json;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.Refusal;
import dev.penstock.replayer.look.LetterId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a plan will do, and what it will leave: the offsets, and what people are shown of them. What
 * it takes does not grow with the number of dead letters, the bitmaps of offsets aside. Not
 * thread-safe.
 */
final class Preview {
  private static final int MAX_EXAMPLES = 5;
  private static final int MAX_DETAIL_CHARS = 500;

  private final Map<Integer, OffsetSet> selected = new TreeMap<>();
  private final Map<Refusal, Left> left = new EnumMap<>(Refusal.class);
  private final Tops codes = new Tops();
  private final Tops providers = new Tops();
  private final Tops models = new Tops();
  private final Tops tenants = new Tops();
  private final Tops kinds = new Tops();
  private @Nullable Instant oldest;
  private @Nullable Instant newest;

  /** Those that are left for one reason. */
  private static final class Left {
    private long count;
    private @Nullable String detail;
    private final List<LetterId> examples = new ArrayList<>(1);
  }

  /** One that was drawn. */
  void add(Drawn drawn, Expectation expectation) {
    LetterId id = drawn.id();
    if (drawn.refused() != null) {
      leave(drawn.refused(), drawn.detail(), 1, List.of(id));
      return;
    }
    selected.computeIfAbsent(id.partition(), _ -> new OffsetSet()).add(id.offset());
    codes.add(drawn.code());
    providers.add(drawn.provider());
    models.add(drawn.model());
    tenants.add(drawn.tenant());
    kinds.add(drawn.kind());
    Instant at = drawn.failedAt();
    oldest = oldest == null || at.isBefore(oldest) ? at : oldest;
    newest = newest == null || at.isAfter(newest) ? at : newest;
    if (drawn.runsFor() != null) {
      expectation.add(drawn.runsFor());
    }
  }

  /**
   * Some are left as they are.
   *
   * @param ids of them, as far as they have any
   */
  void leave(Refusal reason, @Nullable String detail, long count, List<LetterId> ids) {
    Left group = left.computeIfAbsent(reason, _ -> new Left());
    group.count += count;
    group.detail = group.detail == null ? detail : group.detail;
    for (LetterId id : ids) {
      if (group.examples.size() < MAX_EXAMPLES) {
        group.examples.add(id);
      }
    }
  }

  /** What is selected, by partition. */
  Map<Integer, OffsetSet> selected() {
    return selected;
  }

  /**
   * What people are shown.
   *
   * @param canary how many of the selected come first
   */
  JsonObject toJson(
      long scanned, long matched, long canary, ArrayNode examples, ObjectNode expected) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("scanned", scanned);
    json.put("matched", matched);
    json.put("selected", selected.values().stream().mapToLong(OffsetSet::count).sum());
    json.put("canary", canary);
    ArrayNode refused = json.putArray("refused");
    left.forEach((reason, group) -> refused.add(json(reason, group)));
    ObjectNode by = json.putObject("by");
    by.set("code", codes.toJson());
    by.set("provider", providers.toJson());
    by.set("model", models.toJson());
    by.set("tenant", tenants.toJson());
    by.set("kind", kinds.toJson());
    if (oldest != null && newest != null) {
      json.put("oldestAt", oldest.toString());
      json.put("newestAt", newest.toString());
    }
    json.set("expected", expected);
    json.set("examples", examples);
    // A half of a character that someone's texts may have could not be written to the topic.
    byte[] text = Json.MAPPER.writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
    return new JsonObject(new String(text, StandardCharsets.UTF_8));
  }

  private static ObjectNode json(Refusal reason, Left group) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("reason", reason.wireName());
    json.put("count", group.count);
    if (group.detail != null) {
      json.put(
          "detail",
          group.detail.length() <= MAX_DETAIL_CHARS
              ? group.detail
              : group.detail.substring(0, MAX_DETAIL_CHARS - 1) + "…");
    }
    ArrayNode examples = json.putArray("examples");
    group.examples.forEach(id -> examples.add(id.toString()));
    return json;
  }

  /** Nothing is called for dead letters that are given up. */
  static ObjectNode nothingExpected() {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("calls", 0);
    json.put("costNanos", 0);
    json.putNull("currency");
    json.putNull("seconds");
    json.put("basis", "no job runs for it");
    return json;
  }
}
