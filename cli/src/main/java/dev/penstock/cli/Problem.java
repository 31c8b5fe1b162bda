package dev.penstock.cli;

import dev.penstock.codec.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Why the server refused, as RFC 9457 tells it.
 *
 * @param status the HTTP status
 * @param code Penstock's stable code; empty where the answer had none
 * @param detail for people
 * @param violations every one that the server found
 */
public record Problem(int status, String code, String detail, List<Violation> violations) {
  private static final int MAX_BODY_CHARS_SHOWN = 200;

  public Problem {
    violations = List.copyOf(violations);
  }

  /** One thing that is wrong with the request, and where: a JSON Pointer into it. */
  public record Violation(String pointer, String message) {
    @Override
    public String toString() {
      return pointer.isEmpty() ? message : pointer + ": " + message;
    }
  }

  /** Reads the body of an answer; what is no problem document is shown as it is, shortened. */
  static Problem read(int status, String body) {
    try {
      JsonNode json = Json.MAPPER.readTree(body);
      if (json != null && json.isObject()) {
        return read(status, json);
      }
    } catch (JacksonException _) {
      // A proxy's page, for example: shown as text below.
    }
    String text = body.strip().replaceAll("\\s+", " ");
    return new Problem(
        status,
        "",
        text.length() <= MAX_BODY_CHARS_SHOWN
            ? text
            : text.substring(0, MAX_BODY_CHARS_SHOWN) + "…",
        List.of());
  }

  /** Reads a problem document; its own status wins over {@code status}. */
  static Problem read(int status, JsonNode json) {
    var violations = new ArrayList<Violation>();
    for (JsonNode error : json.path("errors")) {
      violations.add(
          new Violation(error.path("pointer").asString(""), error.path("message").asString("")));
    }
    String title = json.path("title").asString("");
    String detail = json.path("detail").asString("");
    return new Problem(
        json.path("status").asInt(status),
        json.path("code").asString(""),
        detail.isEmpty() ? title : detail,
        violations);
  }

  /** Whether the same request can be accepted later. */
  public boolean isTemporary() {
    return status == 429 || status == 503;
  }

  /** Whether what was sent may have been accepted all the same. */
  public boolean isIndeterminate() {
    return code.equals("acceptance_unknown");
  }

  /** On one line, with every violation. */
  @Override
  public String toString() {
    String head = code.isEmpty() ? String.valueOf(status) : status + " " + code;
    String wrong = violations.stream().map(Violation::toString).collect(Collectors.joining("; "));
    String text =
        detail.isEmpty() || wrong.isEmpty() ? detail + wrong : trimmed(detail) + ": " + wrong;
    return text.isEmpty() ? head : text + " (" + head + ")";
  }

  private static String trimmed(String sentence) {
    return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
  }
}
