package dev.penstock.job;

import java.io.StringWriter;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * A JSON object that Penstock passes on as it is.
 *
 * @param text the object without white space, its fields and numbers as they were written
 */
public record JsonObject(String text) {
  private static final JsonFactory JSON = new JsonFactory();

  /**
   * The object that {@code text} says.
   *
   * @throws IllegalArgumentException when it is not one JSON object, or nested beyond Jackson's
   *     bound of 500 levels
   */
  public JsonObject {
    text = compact(text);
  }

  /**
   * The object that {@code parser} stands at the start of; it is left standing at its end.
   *
   * @throws JacksonException when it is not JSON
   */
  public static JsonObject copy(JsonParser parser) {
    return new JsonObject(structure(parser));
  }

  private static String compact(String json) {
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("not a JSON object");
      }
      String compact = structure(parser);
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("something follows the JSON object");
      }
      return compact;
    } catch (JacksonException e) {
      throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static String structure(JsonParser parser) {
    var text = new StringWriter();
    try (var generator = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      generator.copyCurrentStructureExact(parser);
    }
    return text.toString();
  }
}
