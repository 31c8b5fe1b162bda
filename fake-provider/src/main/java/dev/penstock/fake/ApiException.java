package dev.penstock.fake;

/** A request that the provider refuses for what it says. */
final class ApiException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient ApiError error;

  ApiException(ApiError error) {
    super(error.message());
    this.error = error;
  }

  ApiError error() {
    return error;
  }
}
