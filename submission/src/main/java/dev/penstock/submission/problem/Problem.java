package dev.penstock.submission.problem;

import dev.penstock.codec.Json;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;

/**
 * One problem, as the client gets it (RFC 9457). Holds nothing that is not for the client.
 *
 * @param type what kind it is
 * @param detail what happened here and what to do, for people
 * @param violations all that is wrong, at most {@link #MAX_VIOLATIONS}
 * @param retryAfter after which trying again makes sense; zero when it does not
 * @param extensions further members
 */
public record Problem(
    ProblemType type,
    String detail,
    List<Violation> violations,
    Duration retryAfter,
    Map<String, String> extensions) {
  public static final String MEDIA_TYPE = "application/problem+json";

  /** The most violations that one problem lists. */
  public static final int MAX_VIOLATIONS = 50;

  private static final String TYPE_PREFIX = "https://penstock.dev/problems/";

  public Problem {
    violations = violations.stream().limit(MAX_VIOLATIONS).toList();
    extensions = Map.copyOf(extensions);
  }

  public static Problem of(ProblemType type, String detail) {
    return new Problem(type, detail, List.of(), Duration.ZERO, Map.of());
  }

  public static Problem of(ProblemType type, String detail, List<Violation> violations) {
    return new Problem(type, detail, violations, Duration.ZERO, Map.of());
  }

  /** One that lists all that is wrong. */
  public static Problem invalid(ProblemType type, List<Violation> violations) {
    return of(
        type,
        violations.size() == 1
            ? "there is one violation; see errors"
            : "there are "
                + Math.min(violations.size(), MAX_VIOLATIONS)
                + " violations; see errors",
        violations);
  }

  /** One that passes by itself. */
  public static Problem passing(ProblemType type, String detail, Duration retryAfter) {
    return new Problem(type, detail, List.of(), retryAfter, Map.of());
  }

  /** This problem with one more member. */
  public Problem with(String name, String value) {
    return new Problem(type, detail, violations, retryAfter, Map.of(name, value));
  }

  /** What an intake answered to another one; nothing when it is not a problem of ours. */
  public static Optional<Problem> parse(byte[] json, Duration retryAfter) {
    try {
      JsonNode node = Json.MAPPER.readTree(json);
      var violations =
          node.path("errors")
              .valueStream()
              .map(e ->
                  new Violation(e.path("pointer").asString(""), e.path("message").asString("")))
              .toList();
      return ProblemType.ofCode(node.path("code").asString(""))
          .map(type ->
              new Problem(
                  type, node.path("detail").asString(""), violations, retryAfter, Map.of()));
    } catch (JacksonException _) {
      return Optional.empty();
    }
  }

  /** Whole seconds for {@code Retry-After}, at least 1. */
  public long retryAfterSeconds() {
    return Math.max(1, retryAfter.plusMillis(999).toSeconds());
  }

  /** The JSON, in UTF-8. */
  public byte[] toJson() {
    var out = new ByteArrayOutputStream(256);
    try (JsonGenerator json = Json.MAPPER.createGenerator(out)) {
      writeTo(json);
    }
    return out.toByteArray();
  }

  /** Writes the object. */
  public void writeTo(JsonGenerator json) {
    json.writeStartObject();
    json.writeStringProperty("type", TYPE_PREFIX + type.code());
    json.writeStringProperty("title", type.title());
    json.writeNumberProperty("status", type.status());
    json.writeStringProperty("code", type.code());
    json.writeStringProperty("detail", detail);
    extensions.forEach(json::writeStringProperty);
    if (!violations.isEmpty()) {
      json.writeArrayPropertyStart("errors");
      for (Violation violation : violations) {
        json.writeStartObject();
        json.writeStringProperty("pointer", violation.pointer());
        json.writeStringProperty("message", violation.message());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }
}
