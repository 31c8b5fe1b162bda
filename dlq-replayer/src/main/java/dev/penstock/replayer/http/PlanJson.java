package dev.penstock.replayer.http;

import dev.penstock.codec.Json;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.plan.Draft;
import dev.penstock.replayer.plan.PlanLife;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Plans as the API tells them: the schema {@code Replay}. Pure. */
final class PlanJson {
  /** States in which it is told whether all partitions have come to know of it. */
  private static final Set<State> OBEYED = EnumSet.of(State.PAUSED, State.ABORTING, State.UNDOING);

  private PlanJson() {}

  /**
   * The plan without its preview.
   *
   * @param progress how far it has come, by partition
   */
  static ObjectNode of(Plan plan, Map<Integer, Progress> progress) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("id", plan.id().text());
    json.put("name", plan.name());
    json.put("state", plan.state().wireName());
    json.put("version", plan.version());
    json.put("by", plan.requestedBy());
    json.put("createdAt", plan.createdAt().toString());
    json.put("changedAt", plan.changedAt().toString());
    if (plan.note() != null) {
      json.put("note", plan.note());
    }
    json.set("selection", tree(plan.selection()));
    switch (plan.action()) {
      case Action.Replay(int maxGeneration, String patch) -> {
        json.put("action", "replay").put("maxGeneration", maxGeneration);
        if (patch != null) {
          json.set("patch", Json.MAPPER.readTree(patch));
        }
      }
      case Action.Discard(String reason) -> json.put("action", "discard").put("reason", reason);
      case Action.Purge(String reason) -> json.put("action", "purge").put("reason", reason);
    }
    ObjectNode pace = json.putObject("pace").put("inFlight", plan.pace().inFlight());
    if (plan.pace().perSecond() != null) {
      pace.put("perSecond", plan.pace().perSecond());
    }
    if (plan.canary() != null) {
      json.set("canary", canary(plan.canary()));
    }
    json.put("stage", plan.stage() == Draft.CANARY && plan.canary() != null ? "canary" : "rest");
    if (plan.state() != State.SELECTING) {
      json.putObject("selected")
          .put("canary", selected(plan, Draft.CANARY))
          .put("rest", selected(plan, Draft.REST));
    }
    json.set("progress", progress(PlanLife.tally(progress)));
    if (OBEYED.contains(plan.state())) {
      json.put("obeyed", PlanLife.isObeyed(plan, progress));
    }
    return json;
  }

  /** The plan whole. */
  static ObjectNode of(Plan plan, Map<Integer, Progress> progress, @Nullable JsonObject preview) {
    ObjectNode json = of(plan, progress);
    if (preview != null) {
      json.set("preview", tree(preview));
    }
    return json;
  }

  private static JsonNode tree(JsonObject object) {
    return Json.MAPPER.readTree(object.text());
  }

  private static ObjectNode canary(Canary canary) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    if (canary.count() != null) {
      json.put("count", canary.count());
    } else if (canary.percent() != null) {
      json.put("percent", canary.percent());
    }
    return json.put("then", canary.then().wireName()).put("minSucceeded", canary.minSucceeded());
  }

  private static long selected(Plan plan, int stage) {
    return plan.shares().stream()
        .filter(share -> share.stage() == stage)
        .mapToLong(Share::count)
        .sum();
  }

  private static ObjectNode progress(Tally tally) {
    ObjectNode json =
        Json.MAPPER
            .createObjectNode()
            .put("decided", tally.decided())
            .put("replayed", tally.replayed())
            .put("discarded", tally.discarded())
            .put("purged", tally.purged());
    ObjectNode refused = json.putObject("refused");
    tally.refused().forEach((reason, count) -> refused.put(reason.wireName(), count));
    return json.put("open", tally.open())
        .put("succeeded", tally.succeeded())
        .put("deadLettered", tally.deadLettered())
        .put("cancelled", tally.cancelled())
        .put("expired", tally.expired())
        .put("unknown", tally.unknown())
        .put("cancelsAsked", tally.cancelsAsked());
  }
}
