package dev.penstock.local.inference;

/** A model can't be loaded on this machine. The message says which, why, and what to do. */
public final class ModelUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ModelUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
