package dev.penstock.replayer.look;

import org.apache.kafka.common.KafkaException;

/** It is not known here what became of dead letters; to try again makes sense. Has no stack. */
public final class LedgerBehindException extends KafkaException {
  private static final long serialVersionUID = 1L;

  public LedgerBehindException() {
    super("the ledger of dead letters is not read to its end yet; try again");
  }

  @Override
  public Throwable fillInStackTrace() {
    return this;
  }
}
