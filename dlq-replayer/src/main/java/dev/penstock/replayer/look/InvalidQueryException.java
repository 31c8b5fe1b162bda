package dev.penstock.replayer.look;

import dev.penstock.submission.problem.Violation;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What was asked can't be asked; tells all that is wrong with it. Has no stack: it is an answer.
 */
public final class InvalidQueryException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private static final int MAX_TOLD = 20;

  private final transient List<Violation> violations;

  /**
   * @param violations at least one; of a query string, the pointer is {@code /PARAMETER}
   */
  public InvalidQueryException(List<Violation> violations) {
    super(
        violations.stream()
            .limit(MAX_TOLD)
            .map(each -> each.pointer() + " " + each.message())
            .collect(Collectors.joining("; ")));
    this.violations = violations.stream().limit(MAX_TOLD).toList();
  }

  InvalidQueryException(String parameter, String rule) {
    this(List.of(new Violation("/" + parameter, rule)));
  }

  /** All that is wrong, in the order in which it stands there. */
  public List<Violation> violations() {
    return violations;
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
