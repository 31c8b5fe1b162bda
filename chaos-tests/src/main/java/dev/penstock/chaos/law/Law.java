package dev.penstock.chaos.law;

/** The promises of the design that can be judged from a history, by their numbers there. */
public enum Law {
  ACCEPTED_MEANS_DURABLE("1"),
  EXACTLY_ONE_OUTCOME("2"),
  ONE_LIVE_RECORD("2"),
  GOES_ON("2"),
  CALLS_ARE_TOLD("2"),
  NO_ZOMBIES("3"),
  ATTEMPTS_ARE_BOUNDED("4"),
  RETRIES_KEEP_THEIR_DUE_TIME("4"),
  RETRIES_ARE_PUNCTUAL("4"),
  ILL_TARGETS_ARE_SPARED("4"),
  SLOW_JOBS_BLOCK_NOBODY("5"),
  ORDER_IS_KEPT("6"),
  NO_PRIORITY_STARVES("5"),
  RESERVED_SLOTS_STAY_FREE("5"),
  JOBS_KEEP_THEIR_PRIORITY("5"),
  SAME_KEY_SAME_JOB("7"),
  POISON_IS_CONTAINED("8"),
  KILLERS_ARE_CONTAINED("8"),
  DEAD_LETTERS_MATCH_OUTCOMES("8"),
  CANCELLED_ONLY_ON_REQUEST("9"),
  CANCELLED_BEFORE_CLAIMED("9"),
  CANCELLED_IN_TIME("9"),
  NO_CALL_AFTER_THE_DEADLINE("9"),
  REPLAYED_ONCE("2"),
  SELECTED_IS_DECIDED_ONCE("2"),
  PLANS_ARE_OBEYED("9"),
  CANARY_GOES_FIRST("9"),
  UNDONE_ONLY_BY_OUTCOME("9"),
  PLANS_TELL_THE_TRUTH("10"),
  AUDIT_IS_WHOLE("10"),
  VIEWS_TELL_THE_TRUTH("10");

  private final String promise;

  Law(String promise) {
    this.promise = promise;
  }

  /** The number of the promise. */
  public String promise() {
    return promise;
  }
}
