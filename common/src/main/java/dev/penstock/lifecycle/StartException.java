package dev.penstock.lifecycle;

/**
 * A service can't start. The message is for the person who started it: what happened, where, and
 * what to do next.
 */
public final class StartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StartException(String message) {
    super(message);
  }

  public StartException(String message, Throwable cause) {
    super(message, cause);
  }
}
