package dev.penstock.cli;

/** The API did not do what it was asked. The message is one line for the person who asked. */
public abstract sealed class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private ApiException(String message) {
    super(message);
  }

  private ApiException(String message, Throwable cause) {
    super(message, cause);
  }

  abstract int exitCode();

  /** No answer, or none that can be understood. Whether the server acted on it is not known. */
  public static final class Unreachable extends ApiException {
    private static final long serialVersionUID = 1L;

    Unreachable(String message, Throwable cause) {
      super(message, cause);
    }

    Unreachable(String message) {
      super(message);
    }

    @Override
    int exitCode() {
      return ExitCode.UNAVAILABLE;
    }
  }

  /** An answer that is an error. */
  public static final class Refused extends ApiException {
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    Refused(Problem problem) {
      super(problem.toString());
      this.problem = problem;
    }

    /** What the server said. */
    public Problem problem() {
      return problem;
    }

    @Override
    int exitCode() {
      return problem.status() >= 500 || problem.isTemporary()
          ? ExitCode.UNAVAILABLE
          : ExitCode.REFUSED;
    }
  }
}
