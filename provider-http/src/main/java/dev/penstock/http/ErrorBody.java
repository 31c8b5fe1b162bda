package dev.penstock.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What an error says of itself, in whichever of the known shapes it came.
 *
 * @param codes its codes and types in lower case, the most particular first
 * @param message for people; not yet redacted
 * @param requestId where the body has one
 */
public record ErrorBody(List<String> codes, @Nullable String message, @Nullable String requestId) {
  static final ErrorBody NOTHING = new ErrorBody(List.of(), null, null);

  private static final int MAX_CODE_CHARS = 100;

  public ErrorBody {
    codes = List.copyOf(codes);
  }

  /** Reads a body; one that is not JSON says nothing. */
  static ErrorBody of(byte[] body) {
    try {
      return of(Wire.read(body));
    } catch (JacksonException _) {
      return NOTHING;
    }
  }

  /**
   * Reads the shapes of OpenAI ({@code {"error":{"message","type","param","code"}}}), Anthropic
   * ({@code {"type":"error","error":{"type","message"},"request_id"}}), Azure ({@code
   * error.innererror.code}), vLLM (the same fields without {@code error} around them), Ollama and
   * others ({@code {"error":"text"}}), and gateways ({@code {"statusCode","message"}}, {@code
   * {"detail"}}).
   */
  public static ErrorBody of(JsonNode body) {
    JsonNode error = body.path("error");
    String requestId = Wire.text(body, "request_id");
    if (error.isString()) {
      return new ErrorBody(List.of(), error.stringValue(), requestId);
    }
    JsonNode fields = error.isObject() ? error : body;
    var codes = new ArrayList<String>();
    add(codes, fields.path("innererror"), "code");
    add(codes, fields.path("details"), "error_code");
    add(codes, fields, "code");
    add(codes, fields, "type");
    String message = Wire.text(fields, "message");
    return new ErrorBody(codes, message == null ? Wire.text(body, "detail") : message, requestId);
  }

  private static void add(List<String> codes, JsonNode node, String name) {
    String code = Wire.text(node, name);
    if (code != null && !code.isBlank() && code.length() <= MAX_CODE_CHARS) {
      codes.add(code.strip().toLowerCase(Locale.ROOT));
    }
  }
}
