package dev.penstock.codec;

import dev.penstock.job.JobId;
import dev.penstock.job.JsonObject;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads JSON in one pass, field by field, each as exactly the type that is asked for: nothing is
 * converted. What is not of that type is a {@link Misfit}.
 */
final class Fields {
  private static final int FEW = 16;

  private final JsonParser parser;

  /**
   * @param parser stands on a value
   */
  Fields(JsonParser parser) {
    this.parser = parser;
  }

  /**
   * The name of the next field, whose value is to be read or skipped next; null at the end of the
   * object.
   */
  @Nullable String next() {
    String name = parser.nextName();
    if (name != null) {
      parser.nextToken();
    } else if (parser.currentToken() != JsonToken.END_OBJECT) {
      throw misfit("an object is not ended");
    }
    return name;
  }

  /**
   * The value of the first field, which says how the others are to be read.
   *
   * @param name what it must be called
   */
  String type(String name) {
    if (!name.equals(next())) {
      throw misfit("the first field of the object is not its \"" + name + "\"");
    }
    return text();
  }

  void skip() {
    parser.skipChildren();
  }

  boolean isNull() {
    return parser.currentToken() == JsonToken.VALUE_NULL;
  }

  String text() {
    expect(JsonToken.VALUE_STRING, "a string");
    return parser.getString();
  }

  boolean bool() {
    if (parser.currentToken() != JsonToken.VALUE_TRUE) {
      expect(JsonToken.VALUE_FALSE, "true or false");
    }
    return parser.currentToken() == JsonToken.VALUE_TRUE;
  }

  int integer() {
    expect(JsonToken.VALUE_NUMBER_INT, "a whole number");
    return parser.getIntValue();
  }

  long longInteger() {
    expect(JsonToken.VALUE_NUMBER_INT, "a whole number");
    return parser.getLongValue();
  }

  /**
   * A number; those that JSON can't spell stand as strings, as {@link Double#toString} has them.
   */
  double real() {
    if (parser.currentToken() == JsonToken.VALUE_STRING) {
      return switch (parser.getString()) {
        case "NaN" -> Double.NaN;
        case "Infinity" -> Double.POSITIVE_INFINITY;
        case "-Infinity" -> Double.NEGATIVE_INFINITY;
        default -> throw misfit("not a number");
      };
    }
    if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      expect(JsonToken.VALUE_NUMBER_FLOAT, "a number");
    }
    return parser.getDoubleValue();
  }

  JobId id() {
    return JobId.of(text());
  }

  Instant instant() {
    try {
      return TimeText.instant(text());
    } catch (DateTimeException _) {
      throw misfit("not an instant in ISO 8601, in UTC");
    }
  }

  Duration duration() {
    try {
      return TimeText.duration(text());
    } catch (DateTimeException _) {
      throw misfit("not a duration in ISO 8601");
    }
  }

  /** An object that is passed on as it is. */
  JsonObject jsonObject() {
    expect(JsonToken.START_OBJECT, "an object");
    return JsonObject.copy(parser);
  }

  <T> T object(Shape<T> shape) {
    expect(JsonToken.START_OBJECT, "an object");
    return shape.readFields(this);
  }

  <T> List<T> objects(Shape<T> shape) {
    expect(JsonToken.START_ARRAY, "an array");
    if (parser.nextToken() == JsonToken.END_ARRAY) {
      return List.of();
    }
    var all = new ArrayList<T>();
    for (; parser.currentToken() != JsonToken.END_ARRAY; parser.nextToken()) {
      all.add(object(shape));
    }
    return all;
  }

  List<String> texts() {
    expect(JsonToken.START_ARRAY, "an array");
    var all = new ArrayList<String>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      all.add(text());
    }
    return all;
  }

  List<Integer> integers() {
    expect(JsonToken.START_ARRAY, "an array");
    var all = new ArrayList<Integer>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      all.add(integer());
    }
    return all;
  }

  List<Long> longIntegers() {
    expect(JsonToken.START_ARRAY, "an array");
    var all = new ArrayList<Long>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      all.add(longInteger());
    }
    return all;
  }

  float[] vector() {
    expect(JsonToken.START_ARRAY, "an array");
    var vector = new float[FEW];
    int size = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (size == vector.length) {
        vector = Arrays.copyOf(vector, 2 * size);
      }
      // By way of double, a float would be rounded twice.
      vector[size++] =
          parser.currentToken() == JsonToken.VALUE_NUMBER_FLOAT
              ? parser.getFloatValue()
              : (float) real();
    }
    return Arrays.copyOf(vector, size);
  }

  /** An object of strings under names that are free. */
  Map<String, String> textByName() {
    expect(JsonToken.START_OBJECT, "an object");
    String name = next();
    if (name == null) {
      return Map.of();
    }
    var all = new HashMap<String, String>();
    for (; name != null; name = next()) {
      all.put(name, text());
    }
    return all;
  }

  /** The value of a field that has to be there. */
  <T> T required(String name, @Nullable T value) {
    if (value == null) {
      throw misfit("the field \"" + name + "\" is missing");
    }
    return value;
  }

  Misfit misfit(String what) {
    long at = parser.currentTokenLocation().getByteOffset();
    return new Misfit(at < 0 ? what : what + " (at byte " + at + ")");
  }

  private void expect(JsonToken token, String what) {
    if (parser.currentToken() != token) {
      throw misfit("not " + what);
    }
  }
}
