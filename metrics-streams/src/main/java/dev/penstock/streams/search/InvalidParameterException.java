package dev.penstock.streams.search;

import dev.penstock.streams.query.Problem;
import java.util.List;

/** What was asked can't be asked. Carries no stack: it is an answer. */
final class InvalidParameterException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String parameter;

  /**
   * @param parameter its name
   * @param rule as it follows the name in a sentence: "is one of …"
   */
  InvalidParameterException(String parameter, String rule) {
    super(parameter + " " + rule, null, false, false);
    this.parameter = parameter;
  }

  Problem problem() {
    return Problem.invalidParameter(
        List.of(new Problem.Violation("/" + parameter, String.valueOf(getMessage()))));
  }
}
