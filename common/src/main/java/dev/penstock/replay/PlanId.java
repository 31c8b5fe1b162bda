package dev.penstock.replay;

import java.util.regex.Pattern;

/**
 * The identity of a plan.
 *
 * @param text 1 to {@link #MAX_CHARS} lower-case letters, digits and '-', the first no '-'
 */
public record PlanId(String text) {
  public static final int MAX_CHARS = 64;

  private static final Pattern FORM =
      Pattern.compile("[a-z0-9][a-z0-9-]{0," + (MAX_CHARS - 1) + "}");

  public PlanId {
    if (!isId(text)) {
      throw new IllegalArgumentException(
          "the id of a plan is 1 to " + MAX_CHARS + " lower-case letters, digits and '-'");
    }
  }

  /** Whether {@code text} can be the id of a plan. */
  public static boolean isId(String text) {
    return FORM.matcher(text).matches();
  }

  @Override
  public String toString() {
    return text;
  }
}
