package dev.penstock.fake;

import java.time.Duration;

/** Whether the limits of its key let a call in. */
sealed interface Admission {
  /** It is in; it must be settled. */
  record Admitted() implements Admission {}

  /**
   * It is not, and nothing was taken.
   *
   * @param kind which limit stands in the way
   * @param limit the limit
   * @param used how much of it is used up
   * @param requested how much the call asked for
   * @param retryAfter when it would be let in, zero when nobody knows
   */
  record Refused(Kind kind, long limit, long used, long requested, Duration retryAfter)
      implements Admission {}

  /** The limits there are. */
  enum Kind {
    REQUESTS,
    TOKENS,
    CONCURRENCY
  }
}
