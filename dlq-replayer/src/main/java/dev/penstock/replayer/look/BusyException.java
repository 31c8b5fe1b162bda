package dev.penstock.replayer.look;

/** As many read the dead letters already as may; to try again soon makes sense. Has no stack. */
public final class BusyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  BusyException(String message) {
    super(message, null, false, false);
  }
}
