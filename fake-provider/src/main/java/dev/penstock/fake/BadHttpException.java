package dev.penstock.fake;

/** What a client sent is no HTTP that this server reads. */
final class BadHttpException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;

  BadHttpException(int status, String message) {
    super(message);
    this.status = status;
  }

  int status() {
    return status;
  }
}
