package dev.penstock.submission.problem;

/**
 * Ends the handling of a request with a problem. Has no stack trace: it is an answer, not a bug.
 */
public final class ProblemException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  public ProblemException(Problem problem) {
    super(problem.type().code(), null, false, false);
    this.problem = problem;
  }

  public Problem problem() {
    return problem;
  }
}
