package dev.penstock.replayer.change;

import dev.penstock.submission.problem.Violation;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What a request has to be so that it can be kept in a record and read again: not nested too deep,
 * with names and numbers of usual length, and whole characters. Pure.
 */
public final class PlainJson {
  /** Less than records are nested, of which a request is a part. */
  public static final int MAX_DEPTH = 16;

  private static final int MAX_NAME_CHARS = 200;
  private static final int MAX_NUMBER_CHARS = 40;

  private PlainJson() {}

  /** Adds what is wrong with {@code json}, the first of it. */
  public static void check(JsonNode json, List<Violation> violations) {
    check(json, "", 0, violations);
  }

  private static void check(JsonNode json, String at, int depth, List<Violation> violations) {
    if (!violations.isEmpty()) {
      return;
    }
    if (depth > MAX_DEPTH) {
      violations.add(new Violation(at, "is nested deeper than " + MAX_DEPTH));
    } else if (json.isString()) {
      if (hasHalfCharacter(json.stringValue())) {
        violations.add(new Violation(at, "has half of a surrogate pair"));
      }
    } else if (json.isNumber()) {
      boolean tooLarge = json.isIntegralNumber() && !json.canConvertToLong();
      if (tooLarge || json.asString("").length() > MAX_NUMBER_CHARS) {
        violations.add(new Violation(at, "is a number that is too long"));
      }
    } else if (json.isArray()) {
      for (int i = 0; i < json.size(); i++) {
        check(json.get(i), at + "/" + i, depth + 1, violations);
      }
    } else if (json.isObject()) {
      for (String name : json.propertyNames()) {
        if (name.length() > MAX_NAME_CHARS || hasHalfCharacter(name)) {
          violations.add(
              new Violation(
                  at, "has a name of more than " + MAX_NAME_CHARS + " characters, or half of one"));
          return;
        }
        check(
            json.get(name),
            at + "/" + name.replace("~", "~0").replace("/", "~1"),
            depth + 1,
            violations);
      }
    }
  }

  private static boolean hasHalfCharacter(String text) {
    for (int i = 0; i < text.length(); i++) {
      char each = text.charAt(i);
      if (Character.isHighSurrogate(each)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(each)) {
        return true;
      }
    }
    return false;
  }
}
