package dev.penstock.replayer.change;

import dev.penstock.codec.Json;
import dev.penstock.submission.Submission;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.submission.problem.Violation;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Fields of a submission that are set for all jobs of a plan, as the JSON Patch that sets them: so
 * there is one way in which plans change jobs. Pure.
 */
public final class Overrides {
  private static final String BASE = "/override";

  private Overrides() {}

  /**
   * The operations that set each field, or take it away where its value is null.
   *
   * @param override an object
   */
  public static ArrayNode patch(JsonNode override) {
    ArrayNode operations = Json.MAPPER.createArrayNode();
    for (String name : override.propertyNames()) {
      String path = "/" + name.replace("~", "~0").replace("/", "~1");
      JsonNode value = override.get(name);
      // In both cases it need not be there: to add also replaces, and what was added can be
      // removed.
      operations.add(operation("add", path).set("value", value));
      if (value.isNull()) {
        operations.add(operation("remove", path));
      }
    }
    return operations;
  }

  private static ObjectNode operation(String op, String path) {
    return Json.MAPPER.createObjectNode().put("op", op).put("path", path);
  }

  /** What is wrong with the values, whatever job they are set for. */
  public static List<Violation> check(SubmissionReader reader, JsonNode override) {
    ObjectNode any = Json.MAPPER.createObjectNode().put("kind", "embed");
    any.set("input", Json.MAPPER.createObjectNode().put("text", "any"));
    for (String name : override.propertyNames()) {
      if (!override.get(name).isNull()) {
        any.set(name, override.get(name));
      }
    }
    return switch (reader.readJob(any)) {
      case Submission.Valid _ -> List.of();
      case Submission.Refused(var problem) -> {
        var violations = new ArrayList<Violation>();
        for (Violation each : problem.violations()) {
          violations.add(new Violation(BASE + each.pointer(), each.message()));
        }
        if (violations.isEmpty()) {
          violations.add(new Violation(BASE, problem.detail()));
        }
        yield violations;
      }
    };
  }
}
