package dev.penstock.runtime.ownership;

/** The log of a partition can't be opened now. */
public final class LogUnavailableException extends Exception {
  private static final long serialVersionUID = 1L;

  public LogUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
