package dev.penstock.fake;

import java.util.List;

/** A script is wrong. Carries every error, each with its place, value and bound. */
public final class ScriptException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<String> errors;

  ScriptException(List<String> errors) {
    super("the script has " + errors.size() + " error(s):\n  " + String.join("\n  ", errors));
    this.errors = List.copyOf(errors);
  }

  public List<String> errors() {
    return errors;
  }
}
