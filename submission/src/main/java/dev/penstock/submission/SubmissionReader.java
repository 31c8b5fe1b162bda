package dev.penstock.submission;

import dev.penstock.codec.Json;
import dev.penstock.job.CacheRule;
import dev.penstock.job.Job;
import dev.penstock.job.JobInput;
import dev.penstock.job.JsonObject;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryRule;
import dev.penstock.job.TenantId;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.submission.problem.Violation;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.databind.JsonNode;

/**
 * Reads submissions: a quick pass for those that are right, and for the others all that is wrong
 * with them, by the contract's schemas. Thread-safe.
 */
public final class SubmissionReader {
  private final Contract contract;
  private final InstantSource clock;

  public SubmissionReader(Contract contract, InstantSource clock) {
    this.contract = contract;
    this.clock = clock;
  }

  /** Whether {@code text} can be an idempotency key: 1 to 255 printable ASCII characters. */
  public static boolean isIdempotencyKey(String text) {
    return Rules.isIdempotencyKey(text);
  }

  /** Reads the body of a request for one job. */
  public Submission readJob(byte[] body) {
    return read(body, 0, body.length, false);
  }

  /** Reads one line of a stream of jobs. */
  public Submission readLine(byte[] buffer, int offset, int length) {
    return read(buffer, offset, length, true);
  }

  /** Reads a job that stands in another document, as the body of a request would be read. */
  public Submission readJob(JsonNode tree) {
    return judge(tree, false);
  }

  /**
   * The JSON of a body.
   *
   * @throws ProblemException when it is none
   */
  public static JsonNode tree(byte[] body) {
    Optional<String> encodingError = encodingError(body, 0, body.length);
    if (encodingError.isPresent()) {
      throw new ProblemException(malformed(encodingError.get()));
    }
    try {
      JsonNode tree = Json.MAPPER.readTree(body);
      if (tree.isMissingNode()) {
        throw new ProblemException(malformed("it has nothing but white space"));
      }
      return tree;
    } catch (JacksonException e) {
      throw new ProblemException(malformed(reason(e) + at(e)));
    }
  }

  /** The instant that {@code text} spells as the contract wants it, or null. */
  public static @Nullable Instant instant(String text) {
    return Rules.instant(text);
  }

  /** The delay that {@code text} spells as the contract wants it, or null. */
  public static @Nullable Duration delay(String text) {
    return Rules.delay(text);
  }

  private Submission read(byte[] bytes, int offset, int length, boolean line) {
    Optional<String> encodingError = encodingError(bytes, offset, length);
    if (encodingError.isPresent()) {
      return refused(encodingError.get());
    }
    Submission.Valid valid = quick(bytes, offset, length, line);
    return valid == null ? slow(bytes, offset, length, line) : valid;
  }

  /** The submission, or null when anything about it is not plainly right. */
  Submission.@Nullable Valid quick(byte[] bytes, int offset, int length, boolean line) {
    Submission.Valid valid = FastReader.read(bytes, offset, length, line);
    return valid != null && isRunnable(valid.request()) ? valid : null;
  }

  /** Whether it may run, as soon as it may, before it expires and before too long. */
  private boolean isRunnable(JobRequest request) {
    Instant expireAt = request.expireAt();
    Duration delay = request.delay();
    return (request.runAt() == null || schedule(request.runAt(), expireAt).isEmpty())
        && (delay == null || isBefore(delay, expireAt));
  }

  /** Whether a job that is accepted now has waited {@code delay} before it expires. */
  private boolean isBefore(Duration delay, @Nullable Instant expireAt) {
    return expireAt == null || clock.instant().plus(delay).isBefore(expireAt);
  }

  private Optional<Violation> schedule(Instant runAt, @Nullable Instant expireAt) {
    if (runAt.isAfter(clock.instant().plus(Job.MAX_DELAY))) {
      return Optional.of(
          new Violation("/runAt", "must be at most " + Job.MAX_DELAY.toDays() + " days from now"));
    }
    return expireAt != null && !runAt.isBefore(expireAt)
        ? Optional.of(new Violation("/runAt", "must be before expireAt"))
        : Optional.empty();
  }

  /** The long way, by the schemas alone. */
  Submission slow(byte[] bytes, int offset, int length, boolean line) {
    JsonNode tree;
    try {
      tree = Json.MAPPER.readTree(bytes, offset, length);
    } catch (JacksonException e) {
      return refused(reason(e) + at(e));
    }
    if (tree.isMissingNode()) {
      return refused("it has nothing but white space");
    }
    return judge(tree, line);
  }

  private Submission judge(JsonNode tree, boolean line) {
    var violations = new ArrayList<>(contract.check(tree, line));
    violations.addAll(beyondTheSchemas(tree));
    if (!violations.isEmpty()) {
      return new Submission.Refused(Problem.invalid(ProblemType.INVALID_JOB, violations));
    }
    return fromValid(tree);
  }

  private static Submission refused(String detail) {
    return new Submission.Refused(malformed(detail));
  }

  private static Problem malformed(String detail) {
    return Problem.of(ProblemType.MALFORMED_JSON, detail);
  }

  /** Jackson decodes leniently, and guesses UTF-16; JSON between systems is UTF-8 (RFC 8259). */
  private static Optional<String> encodingError(byte[] bytes, int offset, int length) {
    int or = 0;
    boolean zero = false;
    for (int i = offset; i < offset + length; i++) {
      or |= bytes[i];
      zero |= bytes[i] == 0;
    }
    if (zero) {
      return Optional.of("there is a byte 0: JSON is to be UTF-8");
    }
    if (or >= 0) {
      return Optional.empty();
    }
    var buffer = ByteBuffer.wrap(bytes, offset, length);
    try {
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(buffer);
      return Optional.empty();
    } catch (CharacterCodingException _) {
      return Optional.of("not valid UTF-8 at byte " + (buffer.position() - offset));
    }
  }

  /** Says what is wrong without quoting the body or naming the parser's own settings. */
  private static String reason(JacksonException e) {
    return switch (e) {
      case StreamConstraintsException _ ->
          "nested deeper than "
              + Json.MAX_DEPTH
              + ", or a name longer than "
              + Json.MAX_NAME_CHARS
              + " characters, or a number longer than "
              + Json.MAX_NUMBER_CHARS;
      case UnexpectedEndOfInputException _ -> "it ends before the JSON is complete";
      default ->
          e.getOriginalMessage() != null && e.getOriginalMessage().startsWith("Duplicate")
              ? "a name stands twice in one object"
              : "it is not JSON";
    };
  }

  private static String at(JacksonException e) {
    var location = e.getLocation();
    return location == null || location.getLineNr() < 1
        ? ""
        : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")";
  }

  /** What JSON Schema can't say. */
  private List<Violation> beyondTheSchemas(JsonNode tree) {
    var violations = new ArrayList<Violation>();
    unicode(tree, "", violations);
    JsonNode input = tree.path("input");
    JsonNode text = input.path("text");
    if (text.isString()) {
      if (!text.stringValue().isEmpty() && text.stringValue().isBlank()) {
        violations.add(new Violation("/input/text", "must not be blank"));
      }
      if (text.stringValue().length() > JobInput.MAX_TEXT_CHARS
          && codePoints(text) <= JobInput.MAX_TEXT_CHARS) {
        violations.add(
            new Violation(
                "/input/text",
                "must have at most " + JobInput.MAX_TEXT_CHARS + " UTF-16 code units"));
      }
    }
    JsonNode system = input.path("system");
    if (system.isString()) {
      if (!system.stringValue().isEmpty() && system.stringValue().isBlank()) {
        violations.add(new Violation("/input/system", "must not be blank"));
      }
      if (system.stringValue().length() > JobInput.MAX_SYSTEM_CHARS
          && codePoints(system) <= JobInput.MAX_SYSTEM_CHARS) {
        violations.add(
            new Violation(
                "/input/system",
                "must have at most " + JobInput.MAX_SYSTEM_CHARS + " UTF-16 code units"));
      }
    }
    JsonNode schema = input.path("schema");
    if (schema.isObject()) {
      try {
        var _ = new JsonObject(schema.toString());
      } catch (IllegalArgumentException e) {
        violations.add(new Violation("/input/schema", "is " + e.getMessage()));
      }
    }
    if (schema.isObject() && schema.toString().length() > JobInput.MAX_SCHEMA_CHARS) {
      violations.add(
          new Violation(
              "/input/schema",
              "must have at most "
                  + JobInput.MAX_SCHEMA_CHARS
                  + " UTF-16 code units without white space"));
    }
    int index = 0;
    for (JsonNode label : input.path("labels")) {
      if (label.isString()) {
        shortLabel(label, "/input/labels/" + index, violations);
        if (!label.stringValue().isEmpty() && label.stringValue().isBlank()) {
          violations.add(new Violation("/input/labels/" + index, "must not be blank"));
        }
      }
      index++;
    }
    tree.path("labels")
        .properties()
        .forEach(entry -> {
          String pointer = "/labels/" + entry.getKey().replace("~", "~0").replace("/", "~1");
          if (entry.getValue().isString()) {
            shortLabel(entry.getValue(), pointer, violations);
          }
          if (entry.getKey().length() > JobInput.MAX_LABEL_CHARS) {
            violations.add(
                new Violation(
                    "/labels",
                    "has a name longer than " + JobInput.MAX_LABEL_CHARS + " UTF-16 code units"));
          }
        });
    Instant expireAt = instant(tree, "expireAt", violations);
    Instant runAt = instant(tree, "runAt", violations);
    if (runAt != null) {
      schedule(runAt, expireAt).ifPresent(violations::add);
    }
    JsonNode retry = tree.path("retry");
    Duration delay = delay(tree.path("delay"), "/delay", violations);
    if (delay != null && !isBefore(delay, expireAt)) {
      violations.add(new Violation("/delay", "must end before expireAt"));
    }
    Duration baseDelay = delay(retry.path("baseDelay"), "/retry/baseDelay", violations);
    Duration maxDelay = delay(retry.path("maxDelay"), "/retry/maxDelay", violations);
    if (!Rules.isOrdered(baseDelay, maxDelay)) {
      violations.add(new Violation("/retry/baseDelay", "must be at most maxDelay"));
    }
    JsonNode ttl = tree.path("cache").path("ttl");
    if (ttl.isString() && Rules.cacheTtl(ttl.stringValue()) == null) {
      violations.add(new Violation("/cache/ttl", "must be 1 second to 30 days"));
    }
    boolean ordered = tree.has("orderingKey");
    for (String name : List.of("runAt", "delay")) {
      if (ordered && tree.has(name)) {
        violations.add(new Violation("/" + name, "can't stand beside orderingKey"));
      }
    }
    if (!ordered && tree.has("onDeadLetter")) {
      violations.add(new Violation("/onDeadLetter", "has a meaning only beside orderingKey"));
    }
    return violations;
  }

  private static @Nullable Instant instant(JsonNode tree, String name, List<Violation> violations) {
    JsonNode node = tree.path(name);
    Instant instant = node.isString() ? Rules.instant(node.stringValue()) : null;
    if (node.isString() && instant == null) {
      violations.add(new Violation("/" + name, "must be a date that the calendar has"));
    }
    return instant;
  }

  private static @Nullable Duration delay(
      JsonNode node, String pointer, List<Violation> violations) {
    Duration delay = node.isString() ? Rules.delay(node.stringValue()) : null;
    if (node.isString() && delay == null) {
      violations.add(new Violation(pointer, "must be at most " + Job.MAX_DELAY.toDays() + " days"));
    }
    return delay;
  }

  private static void shortLabel(JsonNode label, String pointer, List<Violation> violations) {
    if (label.stringValue().length() > JobInput.MAX_LABEL_CHARS
        && codePoints(label) <= JobInput.MAX_LABEL_CHARS) {
      violations.add(
          new Violation(
              pointer, "must have at most " + JobInput.MAX_LABEL_CHARS + " UTF-16 code units"));
    }
  }

  private static int codePoints(JsonNode text) {
    return text.stringValue().codePointCount(0, text.stringValue().length());
  }

  private static void unicode(JsonNode node, String pointer, List<Violation> violations) {
    if (violations.size() >= Problem.MAX_VIOLATIONS) {
      return;
    }
    if (node.isString() && !Rules.isUnicode(node.stringValue())) {
      violations.add(new Violation(pointer, "has half of a surrogate pair"));
    }
    // Names need no check: the parser refuses half a pair in one.
    node.properties()
        .forEach(entry -> {
          String name = entry.getKey().replace("~", "~0").replace("/", "~1");
          unicode(entry.getValue(), pointer + "/" + name, violations);
        });
    if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        unicode(node.get(i), pointer + "/" + i, violations);
      }
    }
  }

  private static Submission.Valid fromValid(JsonNode tree) {
    JsonNode in = tree.get("input");
    String text = in.get("text").stringValue();
    String kind = tree.get("kind").stringValue();
    JobInput input =
        switch (kind) {
          case "summarize" ->
              new JobInput.Summarize(
                  text,
                  in.has("maxSentences")
                      ? in.get("maxSentences").intValue()
                      : JobRequest.DEFAULT_MAX_SENTENCES);
          case "classify" ->
              new JobInput.Classify(
                  text, in.get("labels").valueStream().map(JsonNode::stringValue).toList());
          case "embed" -> new JobInput.Embed(text);
          case "detect-language" -> new JobInput.DetectLanguage(text);
          case "generate" ->
              new JobInput.Generate(
                  text,
                  string(in, "system"),
                  in.has("maxOutputTokens")
                      ? in.get("maxOutputTokens").intValue()
                      : JobRequest.DEFAULT_MAX_OUTPUT_TOKENS);
          case "extract" -> new JobInput.Extract(text, new JsonObject(in.get("schema").toString()));
          default -> throw new IllegalStateException("the contract allows a kind that is none");
        };
    Map<String, String> labels = new TreeMap<>();
    tree.path("labels")
        .properties()
        .forEach(entry -> labels.put(entry.getKey(), entry.getValue().stringValue()));
    String timeout = string(tree, "attemptTimeout");
    String expireAt = string(tree, "expireAt");
    String runAt = string(tree, "runAt");
    String delay = string(tree, "delay");
    String onDeadLetter = string(tree, "onDeadLetter");
    String priority = string(tree, "priority");
    String tenant = string(tree, "tenant");
    return new Submission.Valid(
        new JobRequest(
            input,
            string(tree, "model"),
            tree.has("maxAttempts") ? tree.get("maxAttempts").intValue() : null,
            timeout == null ? null : Rules.duration(timeout),
            expireAt == null ? null : Rules.instant(expireAt),
            runAt == null ? null : Rules.instant(runAt),
            delay == null ? null : Rules.delay(delay),
            retry(tree.path("retry")),
            priority == null ? null : Priority.ofWireName(priority).orElseThrow(),
            labels,
            Rules.ordering(
                string(tree, "orderingKey"),
                onDeadLetter == null ? null : Rules.onDeadLetter(onDeadLetter)),
            tree.has("progress") ? tree.get("progress").booleanValue() : null,
            tenant == null ? TenantId.DEFAULT : TenantId.of(tenant),
            cache(tree.path("cache"))),
        string(tree, "idempotencyKey"));
  }

  private static @Nullable CacheRule cache(JsonNode rule) {
    if (!rule.isObject()) {
      return rule.isBoolean() && !rule.booleanValue() ? CacheRule.NEVER : null;
    }
    String ttl = string(rule, "ttl");
    return Rules.cacheRule(
        ttl == null ? null : Rules.cacheTtl(ttl),
        rule.path("tags").valueStream().map(JsonNode::stringValue).toList());
  }

  private static @Nullable RetryRule retry(JsonNode rule) {
    if (rule.isEmpty()) {
      return null;
    }
    String baseDelay = string(rule, "baseDelay");
    String maxDelay = string(rule, "maxDelay");
    return new RetryRule(
        baseDelay == null ? null : Rules.delay(baseDelay),
        maxDelay == null ? null : Rules.delay(maxDelay),
        rule.has("multiplier") ? rule.get("multiplier").doubleValue() : null);
  }

  private static @Nullable String string(JsonNode tree, String name) {
    return tree.has(name) ? tree.get(name).stringValue() : null;
  }
}
