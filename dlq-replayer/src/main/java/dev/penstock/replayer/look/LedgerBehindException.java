package dev.penstock.replayer.look;

/** It is not known here what became of dead letters; to try again makes sense. Has no stack. */
public final class LedgerBehindException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public LedgerBehindException() {
    super("the ledger of dead letters is not read to its end yet; try again", null, false, false);
  }
}
