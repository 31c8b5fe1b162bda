package dev.penstock.replayer.travel;

import dev.penstock.codec.Json;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replayer.change.Overrides;
import dev.penstock.replayer.change.PatchedSubmission;
import dev.penstock.replayer.change.PlainJson;
import dev.penstock.replayer.plan.Companion;
import dev.penstock.replayer.travel.Asked.Command;
import dev.penstock.replayer.travel.Experiment.State;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.submission.problem.Violation;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads what people want of experiments, or tells all that is wrong with it. Thread-safe. */
public final class ExperimentRequests {
  private static final String SOMEBODY = "somebody";

  private final Contract contract;
  private final SubmissionReader jobs;
  private final Supplier<PlanId> ids;

  /**
   * @param jobs the intake's, for what experiments change
   * @param ids makes ids for those that come without one
   */
  public ExperimentRequests(Contract contract, SubmissionReader jobs, Supplier<PlanId> ids) {
    this.contract = contract;
    this.jobs = jobs;
    this.ids = ids;
  }

  /**
   * An experiment that someone wants.
   *
   * @param json the same as it would be sent on: it has an id, so that it can be sent twice
   */
  public record Wanted(Companion.Wish wish, String json) {}

  /**
   * The experiment that a body asks for.
   *
   * @throws ProblemException with everything that is wrong with it
   */
  public Wanted experiment(byte[] body) {
    JsonNode json = SubmissionReader.tree(body);
    var violations = new ArrayList<>(contract.checkExperiment(json));
    PlainJson.check(json, violations);
    refuse(violations);
    var _ = JobSelection.of(json.path("selection"), violations);
    String patch = patch(json, violations);
    String id = json.has("id") ? json.path("id").asString("") : ids.get().text();
    if (!Experiment.isId(id)) {
      violations.add(
          new Violation("/id", "must have at most " + Experiment.MAX_ID_CHARS + " characters"));
    }
    refuse(violations);
    JsonNode pace = json.path("pace");
    return new Wanted(
        new Asked.Create(
            new Experiment(
                id,
                json.path("name").asString(id),
                json.path("by").asString(SOMEBODY),
                Instant.EPOCH,
                json.path("selection"),
                List.of(),
                patch,
                pace.path("inFlight").asInt(Experiment.DEFAULT_IN_FLIGHT),
                pace.path("perSecond").isNumber() ? pace.path("perSecond").doubleValue() : null,
                State.SELECTING,
                0,
                0,
                List.of(),
                1,
                Instant.EPOCH,
                null)),
        Json.MAPPER.writeValueAsString(((ObjectNode) json).put("id", id)));
  }

  /**
   * That an experiment is moved on; nothing where there is no such command.
   *
   * @throws ProblemException with everything that is wrong with it
   */
  public Optional<Companion.Wish> move(String id, String command, byte[] body) {
    Optional<Command> known = Command.ofWireName(command);
    if (known.isEmpty()) {
      return Optional.empty();
    }
    JsonNode json = SubmissionReader.tree(body);
    var violations = new ArrayList<>(contract.checkReplayCommand(json));
    PlainJson.check(json, violations);
    refuse(violations);
    return Optional.of(
        new Asked.Move(
            id,
            known.get(),
            json.path("by").asString(SOMEBODY),
            json.has("version") ? Integer.valueOf(json.path("version").intValue()) : null));
  }

  private static void refuse(List<Violation> violations) {
    if (!violations.isEmpty()) {
      throw new ProblemException(Problem.invalid(ProblemType.INVALID_EXPERIMENT, violations));
    }
  }

  private @Nullable String patch(JsonNode json, List<Violation> violations) {
    ArrayNode operations = Json.MAPPER.createArrayNode();
    if (json.has("patch")) {
      try {
        var _ = new PatchedSubmission(jobs, json.get("patch").toString());
      } catch (IllegalArgumentException e) {
        violations.add(new Violation("/patch", String.valueOf(e.getMessage())));
      }
      json.get("patch").forEach(operations::add);
    }
    if (json.has("override")) {
      violations.addAll(Overrides.check(jobs, json.get("override")));
      Overrides.patch(json.get("override")).forEach(operations::add);
    }
    if (operations.isEmpty()) {
      return null;
    }
    String patch = Json.MAPPER.writeValueAsString(operations);
    if (patch.length() > PlanRecord.MAX_PATCH_CHARS) {
      violations.add(
          new Violation(
              "/patch", "must have at most " + PlanRecord.MAX_PATCH_CHARS + " characters"));
      return null;
    }
    return patch;
  }
}
