package dev.penstock.job;

import java.io.StringWriter;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;

/**
 * A JSON object that Penstock passes on as it is. Its bounds are narrower than those of what it is
 * put into, so that no record or answer becomes unreadable by it.
 *
 * @param text the object without white space, its fields and numbers as they were written
 */
public record JsonObject(String text) {
  /** The deepest nesting, the object itself included. */
  public static final int MAX_DEPTH = 24;

  /** The longest name of a field, in UTF-16 code units. */
  public static final int MAX_NAME_CHARS = 200;

  /** The longest number, in characters. */
  public static final int MAX_NUMBER_CHARS = 50;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNameLength(MAX_NAME_CHARS)
                  .maxNumberLength(MAX_NUMBER_CHARS)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  /**
   * The object that {@code text} says.
   *
   * @throws IllegalArgumentException when it is not one JSON object, has a name twice, or is out of
   *     its bounds; the message says which
   */
  public JsonObject {
    text = compact(text);
  }

  /**
   * The object that {@code parser} stands at the start of; it is left standing at its end.
   *
   * @throws JacksonException when it is not JSON
   * @throws IllegalArgumentException as the constructor does
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
    } catch (StreamConstraintsException e) {
      throw new IllegalArgumentException(
          "nested deeper than "
              + MAX_DEPTH
              + ", or a name longer than "
              + MAX_NAME_CHARS
              + " characters, or a number longer than "
              + MAX_NUMBER_CHARS,
          e);
    } catch (JacksonException e) {
      boolean twice =
          e.getOriginalMessage() != null && e.getOriginalMessage().startsWith("Duplicate");
      throw new IllegalArgumentException(
          twice ? "a name stands twice in one object" : "not JSON", e);
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
