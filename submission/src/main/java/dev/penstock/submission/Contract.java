package dev.penstock.submission;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import dev.penstock.codec.Json;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.Violation;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The OpenAPI file: what is served, what the docs page shows, and what requests are checked
 * against. Thread-safe.
 */
public final class Contract {
  private static final String RESOURCE = "/openapi.yaml";
  private static final String LOCATION = "https://penstock.dev/openapi.json";
  private static final String SCHEMAS = LOCATION + "#/components/schemas/";

  private final byte[] yaml;
  private @Nullable Compiled compiled;

  private Contract(byte[] yaml) {
    this.yaml = yaml;
  }

  /** Reads the file; what is made of it is made when it is first asked for. */
  public static Contract load() {
    try (InputStream in = Contract.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing from the class path");
      }
      return new Contract(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The file, byte for byte. */
  public byte[] yaml() {
    return yaml.clone();
  }

  /** The file's content as JSON, in UTF-8. */
  public byte[] json() {
    return compiled().json.clone();
  }

  /** The file's content. */
  public JsonNode document() {
    return compiled().document;
  }

  /** What is wrong with a submission, in the order of the document; empty when it is valid. */
  List<Violation> check(JsonNode submission, boolean line) {
    Compiled ready = compiled();
    return check(submission, line ? ready.line : ready.job);
  }

  /** What is wrong with a schedule, its job included; empty when it is valid. */
  public List<Violation> checkSchedule(JsonNode schedule) {
    return check(schedule, compiled().schedule);
  }

  /** What is wrong with entries of the cache, their requests and outputs aside. */
  List<Violation> checkCacheEntries(JsonNode entries) {
    return check(entries, compiled().cacheEntries);
  }

  /** What is wrong with a plan for dead letters, the changes that it makes aside. */
  public List<Violation> checkReplay(JsonNode request) {
    return check(request, compiled().replay);
  }

  /** What is wrong with what is asked of such a plan. */
  public List<Violation> checkReplayCommand(JsonNode command) {
    return check(command, compiled().replayCommand);
  }

  /**
   * What is wrong with an experiment, its selection's dates and the changes that it makes aside.
   */
  public List<Violation> checkExperiment(JsonNode request) {
    return check(request, compiled().experiment);
  }

  private static List<Violation> check(JsonNode document, Schema schema) {
    var violations = new ArrayList<Violation>();
    for (Error error : schema.validate(document)) {
      Violation violation = violation(error);
      if (!violations.contains(violation)) {
        violations.add(violation);
      }
      if (violations.size() == Problem.MAX_VIOLATIONS) {
        break;
      }
    }
    return violations;
  }

  /** Compiles the schemas now, so that no request waits for it. */
  public void warmUp() {
    check(Json.MAPPER.createObjectNode(), true);
    check(Json.MAPPER.createObjectNode(), false);
  }

  private synchronized Compiled compiled() {
    if (compiled == null) {
      JsonNode document = YAMLMapper.builder().build().readTree(yaml);
      byte[] json = Json.MAPPER.writeValueAsBytes(document);
      SchemaRegistry registry =
          SchemaRegistry.withDialect(
              Dialects.getOpenApi31(),
              builder ->
                  builder.schemas(Map.of(LOCATION, new String(json, StandardCharsets.UTF_8))));
      compiled =
          new Compiled(
              document,
              json,
              schema(registry, "JobSubmission"),
              schema(registry, "JobLine"),
              schema(registry, "ScheduleSubmission"),
              schema(registry, "CacheEntries"),
              schema(registry, "ReplayRequest"),
              schema(registry, "ReplayCommand"),
              schema(registry, "ExperimentRequest"));
    }
    return compiled;
  }

  private static Schema schema(SchemaRegistry registry, String name) {
    return registry.getSchema(SchemaLocation.of(SCHEMAS + name));
  }

  /** The validator's words are for schema authors; these are for the one who sent the job. */
  private static Violation violation(Error error) {
    String at = error.getInstanceLocation().toString();
    JsonNode rule = error.getSchemaNode();
    String property = error.getProperty();
    return switch (error.getKeyword()) {
      case "required" -> new Violation(at + "/" + escape(property), "is required");
      case "additionalProperties" ->
          new Violation(at + "/" + escape(property), "is not a known field");
      case "type" -> new Violation(at, "must be " + types(rule));
      case "enum" -> new Violation(at, "must be one of " + values(rule));
      case "minimum" -> new Violation(at, "must be at least " + rule);
      case "maximum" -> new Violation(at, "must be at most " + rule);
      case "exclusiveMinimum" -> new Violation(at, "must be more than " + rule);
      case "minLength" -> new Violation(at, "must have at least " + rule + " character(s)");
      case "maxLength" -> new Violation(at, "must have at most " + rule + " characters");
      case "minItems" -> new Violation(at, "must have at least " + rule + " items");
      case "maxItems" -> new Violation(at, "must have at most " + rule + " items");
      case "maxProperties" -> new Violation(at, "must have at most " + rule + " fields");
      case "uniqueItems" -> new Violation(at, "must not have the same item twice");
      case "propertyNames" ->
          new Violation(at, "has a name that is empty or longer than 200 characters");
      case "pattern" -> new Violation(at, patternMessage(at));
      case "not" -> new Violation(at + "/delay", "can't stand beside runAt");
      case String keyword -> new Violation(at, error.getMessage() + " (" + keyword + ")");
      case null -> new Violation(at, error.getMessage());
    };
  }

  private static String patternMessage(String at) {
    if (at.startsWith("/cache/tags/")) {
      return "must be printable ASCII without spaces, with single '/' between its segments";
    }
    if (at.startsWith("/selection/letters/")) {
      return "must be the place of a dead letter, such as 3-17";
    }
    return switch (at) {
      case "/attemptTimeout" ->
          "must be a number with its unit, such as 500ms, 30s or 5m, at most 30 minutes";
      case "/delay", "/retry/baseDelay", "/retry/maxDelay", "/misfireAfter", "/cache/ttl" ->
          "must be a number with its unit, such as 500ms, 30s, 5m, 12h or 7d, at most 30 days";
      case "/expireAt", "/runAt", "/start", "/end" ->
          "must be a date and time such as 2030-01-31T12:00:00Z";
      case "/model" -> "must be provider or provider:model, in printable ASCII without spaces";
      case "/id" -> "must be lower-case letters, digits and '-', the first no '-'";
      case "/cron" -> "must be printable ASCII";
      case "/tenant" -> "must be 1 to 64 lower-case letters, digits, '.', '_' and '-'";
      case "/orderingKey", "/idempotencyKey" -> "must be 1 to 255 printable ASCII characters";
      default -> "does not have the right form";
    };
  }

  private static String values(JsonNode rule) {
    return String.join(", ", rule.valueStream().map(value -> value.asString("")).toList());
  }

  private static String types(JsonNode rule) {
    return rule.isArray()
        ? String.join(
            " or ", rule.valueStream().map(each -> withArticle(each.asString(""))).toList())
        : withArticle(rule.asString(""));
  }

  private static String withArticle(String type) {
    return switch (type) {
      case "object" -> "an object";
      case "array" -> "an array";
      case "integer" -> "an integer";
      default -> "a " + type;
    };
  }

  private static String escape(@Nullable String name) {
    return name == null ? "" : name.replace("~", "~0").replace("/", "~1");
  }

  private static final class Compiled {
    private final JsonNode document;
    private final byte[] json;
    private final Schema job;
    private final Schema line;
    private final Schema schedule;
    private final Schema cacheEntries;
    private final Schema replay;
    private final Schema replayCommand;
    private final Schema experiment;

    Compiled(
        JsonNode document,
        byte[] json,
        Schema job,
        Schema line,
        Schema schedule,
        Schema cacheEntries,
        Schema replay,
        Schema replayCommand,
        Schema experiment) {
      this.document = document;
      this.json = json;
      this.job = job;
      this.line = line;
      this.schedule = schedule;
      this.cacheEntries = cacheEntries;
      this.replay = replay;
      this.replayCommand = replayCommand;
      this.experiment = experiment;
    }
  }
}
