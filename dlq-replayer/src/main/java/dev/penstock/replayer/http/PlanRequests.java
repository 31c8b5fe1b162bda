package dev.penstock.replayer.http;

import dev.penstock.codec.Json;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replayer.change.Overrides;
import dev.penstock.replayer.change.PatchedSubmission;
import dev.penstock.replayer.change.PlainJson;
import dev.penstock.replayer.look.InvalidQueryException;
import dev.penstock.replayer.plan.Draft;
import dev.penstock.replayer.select.Selection;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.submission.problem.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads what people want to be planned, or tells all that is wrong with it. Thread-safe. */
public final class PlanRequests {
  private static final String SOMEBODY = "somebody";
  private static final int DEFAULT_IN_FLIGHT = 1_000;

  private final Contract contract;
  private final SubmissionReader jobs;
  private final Supplier<PlanId> ids;

  /**
   * @param jobs the intake's, for what plans change
   * @param ids makes ids for plans that come without one
   */
  public PlanRequests(Contract contract, SubmissionReader jobs, Supplier<PlanId> ids) {
    this.contract = contract;
    this.jobs = jobs;
    this.ids = ids;
  }

  /**
   * What someone wants to be planned.
   *
   * @param json the same as it would be sent on: it has an id, so that it can be sent twice
   */
  record Wanted(Draft draft, String json) {}

  /**
   * Who moves a plan on.
   *
   * @param version of the plan that they have seen, or null for any
   */
  record Mover(String by, @Nullable Integer version) {}

  /**
   * The plan that a body asks for.
   *
   * @throws ProblemException with everything that is wrong with it
   */
  Wanted plan(byte[] body) {
    JsonNode json = SubmissionReader.tree(body);
    var violations = new ArrayList<>(contract.checkReplay(json));
    PlainJson.check(json, violations);
    refuse(violations);
    JsonObject selection = selection(json.path("selection"), violations);
    Action action = action(json, violations);
    Canary canary = canary(json.path("canary"), violations);
    refuse(violations);
    PlanId id = json.has("id") ? new PlanId(json.path("id").asString("")) : ids.get();
    JsonNode pace = json.path("pace");
    try {
      return new Wanted(
          new Draft(
              id,
              json.path("name").asString(id.text()),
              json.path("by").asString(SOMEBODY),
              selection,
              action,
              new Pace(
                  pace.path("inFlight").asInt(DEFAULT_IN_FLIGHT),
                  pace.path("perSecond").isNumber() ? pace.path("perSecond").doubleValue() : null),
              canary),
          Json.MAPPER.writeValueAsString(((ObjectNode) json).put("id", id.text())));
    } catch (IllegalArgumentException e) {
      throw new ProblemException(
          Problem.of(ProblemType.INVALID_REPLAY, String.valueOf(e.getMessage())));
    }
  }

  /**
   * Who moves a plan on.
   *
   * @throws ProblemException with everything that is wrong with it
   */
  Mover mover(byte[] body) {
    JsonNode json = SubmissionReader.tree(body);
    var violations = new ArrayList<>(contract.checkReplayCommand(json));
    PlainJson.check(json, violations);
    refuse(violations);
    return new Mover(
        json.path("by").asString(SOMEBODY),
        json.has("version") ? Integer.valueOf(json.path("version").intValue()) : null);
  }

  private static void refuse(List<Violation> violations) {
    if (!violations.isEmpty()) {
      throw new ProblemException(Problem.invalid(ProblemType.INVALID_REPLAY, violations));
    }
  }

  private static JsonObject selection(JsonNode json, List<Violation> violations) {
    try {
      var _ = Selection.parse(json);
    } catch (InvalidQueryException e) {
      e.violations()
          .forEach(
              each -> violations.add(new Violation("/selection" + each.pointer(), each.message())));
    }
    String text = Json.MAPPER.writeValueAsString(json);
    if (text.length() > PlanRecord.MAX_SELECTION_CHARS) {
      violations.add(
          new Violation(
              "/selection", "must have at most " + PlanRecord.MAX_SELECTION_CHARS + " characters"));
    }
    return new JsonObject(text);
  }

  private Action action(JsonNode json, List<Violation> violations) {
    String action = json.path("action").asString("replay");
    if (action.equals("replay")) {
      return replay(json, violations);
    }
    for (String name : List.of("patch", "override", "maxGeneration", "force")) {
      if (json.has(name)) {
        violations.add(new Violation("/" + name, "belongs to a plan that replays"));
      }
    }
    String reason = json.path("reason").asString("");
    if (reason.isBlank()) {
      violations.add(new Violation("/reason", "is required to " + action));
      return new Action.Discard("-");
    }
    return action.equals("purge") ? new Action.Purge(reason) : new Action.Discard(reason);
  }

  private Action replay(JsonNode json, List<Violation> violations) {
    if (json.has("reason")) {
      violations.add(new Violation("/reason", "belongs to a plan that discards or purges"));
    }
    if (json.path("force").asBoolean(false) && json.has("maxGeneration")) {
      violations.add(new Violation("/force", "can't stand beside maxGeneration"));
    }
    ArrayNode operations = Json.MAPPER.createArrayNode();
    if (json.has("patch")) {
      String patch = Json.MAPPER.writeValueAsString(json.get("patch"));
      check(patch, "/patch", violations);
      json.get("patch").forEach(operations::add);
    }
    if (json.has("override")) {
      violations.addAll(Overrides.check(jobs, json.get("override")));
      Overrides.patch(json.get("override")).forEach(operations::add);
    }
    String whole = operations.isEmpty() ? null : Json.MAPPER.writeValueAsString(operations);
    if (whole != null && whole.length() > PlanRecord.MAX_PATCH_CHARS) {
      violations.add(
          new Violation(
              "/patch", "must have at most " + PlanRecord.MAX_PATCH_CHARS + " characters"));
      whole = null;
    }
    int most =
        json.path("force").asBoolean(false)
            ? Integer.MAX_VALUE
            : json.path("maxGeneration").asInt(Action.Replay.DEFAULT_MAX_GENERATION);
    return new Action.Replay(most, whole);
  }

  private void check(String patch, String at, List<Violation> violations) {
    try {
      var _ = new PatchedSubmission(jobs, patch);
    } catch (IllegalArgumentException e) {
      violations.add(new Violation(at, String.valueOf(e.getMessage())));
    }
  }

  private static @Nullable Canary canary(JsonNode json, List<Violation> violations) {
    if (json.isMissingNode()) {
      return null;
    }
    if (json.has("count") == json.has("percent")) {
      violations.add(new Violation("/canary", "has either count or percent"));
      return null;
    }
    Canary.Then then = Canary.Then.of(json.path("then").asString(Canary.Then.STOP.wireName()));
    if (then == Canary.Then.STOP && json.has("minSucceeded")) {
      violations.add(new Violation("/canary/minSucceeded", "belongs to then: go-on"));
    }
    return new Canary(
        json.has("count") ? Integer.valueOf(json.path("count").intValue()) : null,
        json.has("percent") ? Double.valueOf(json.path("percent").doubleValue()) : null,
        then,
        json.path("minSucceeded").asDouble(1));
  }
}
