package dev.penstock.chaos.simulated.kafka;

/** An error code with which a broker answers. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What went wrong, by Kafka's names. */
  enum Code {
    CONCURRENT_TRANSACTIONS(true),
    COORDINATOR_NOT_AVAILABLE(true),
    UNSTABLE_OFFSET_COMMIT(true),
    PRODUCER_FENCED(false),
    INVALID_PRODUCER_EPOCH(false),
    INVALID_TXN_STATE(false),
    UNKNOWN_MEMBER_ID(false),
    FENCED_MEMBER_EPOCH(false),
    STALE_MEMBER_EPOCH(false),
    OFFSET_METADATA_TOO_LARGE(false),
    TRANSACTION_ABORTABLE(false);

    private final boolean passing;

    Code(boolean passing) {
      this.passing = passing;
    }
  }

  private final Code code;

  Refusal(Code code) {
    super(code.name(), null, false, false);
    this.code = code;
  }

  Code code() {
    return code;
  }

  /** Whether the client asks again by itself. */
  boolean isPassing() {
    return code.passing;
  }
}
