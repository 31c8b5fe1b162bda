package dev.penstock.job;

import java.time.Duration;

/**
 * Why an attempt did not succeed. The code (in JSON, metrics and dead letters) is stable; the
 * message is for people and is cut at {@link #MAX_MESSAGE_CHARS}.
 */
public sealed interface Failure {
  /** The longest message, in UTF-16 code units. */
  int MAX_MESSAGE_CHARS = 1_000;

  /** The longest that a provider can make a job wait. */
  Duration MAX_RETRY_AFTER = Duration.ofDays(30);

  String message();

  /** What follows from it. */
  Next next();

  /** How long the provider asks not to be called; zero where it does not say. */
  default Duration retryAfter() {
    return Duration.ZERO;
  }

  /** The stable code. */
  default String code() {
    return switch (this) {
      case Retryable _ -> "retryable";
      case Throttled _ -> "throttled";
      case TimedOut _ -> "timeout";
      case InvalidRequest _ -> "invalid_request";
      case NoProvider _ -> "no_provider";
      case OutputTooLarge _ -> "output_too_large";
      case Undecodable _ -> "undecodable";
      case Unknown _ -> "unknown";
      case CallCancelled _ -> "call_cancelled";
      case CrashLoop _ -> "crash_loop";
      case Overloaded _ -> "overloaded";
      case Authentication _ -> "authentication";
      case ContentRefused _ -> "content_refused";
      case ContextTooLong _ -> "context_too_long";
      case BudgetSpent _ -> "budget";
      case ModelNotFound _ -> "model_not_found";
    };
  }

  /** What follows from a failure, while the job's policy and its route allow it. */
  enum Next {
    /**
     * Another attempt can succeed: at once with the route's next target where there is one, else
     * later.
     */
    RETRY(true, true),
    /**
     * Nobody is to call the provider until someone has mended something; for the job it is as
     * {@link #RETRY}.
     */
    STOP_CALLING(true, true),
    /** The same target will fail again; another one of the route may not. */
    FAIL_OVER(false, true),
    /** The same job will fail again, wherever it is sent. */
    DEAD_LETTER(false, false);

    private final boolean again;
    private final boolean elsewhere;

    Next(boolean again, boolean elsewhere) {
      this.again = again;
      this.elsewhere = elsewhere;
    }

    /** Whether the same target may do it later. */
    public boolean again() {
      return again;
    }

    /** Whether another target may do it. */
    public boolean elsewhere() {
      return elsewhere;
    }
  }

  /** The provider failed in a way that can pass: a connection was reset, a 5xx answered. */
  record Retryable(String message) implements Failure {
    public Retryable {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.RETRY;
    }
  }

  /**
   * The provider refused for its rate limit; it is not asked again before {@code retryAfter} has
   * passed.
   */
  record Throttled(String message, Duration retryAfter) implements Failure {
    public Throttled {
      message = cut(message);
      retryAfter = bounded(retryAfter);
    }

    @Override
    public Next next() {
      return Next.RETRY;
    }
  }

  /** The call took longer than its limit and was interrupted. */
  record TimedOut(String message) implements Failure {
    public TimedOut {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.RETRY;
    }
  }

  /** The provider says that the request can't be served as it is. */
  record InvalidRequest(String message) implements Failure {
    public InvalidRequest {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.DEAD_LETTER;
    }
  }

  /** No provider of this worker serves the job's model and kind. */
  record NoProvider(String message) implements Failure {
    public NoProvider {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.DEAD_LETTER;
    }
  }

  /** The provider's answer is larger than a record may be. */
  record OutputTooLarge(String message) implements Failure {
    public OutputTooLarge {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.DEAD_LETTER;
    }
  }

  /** The record on the topic is not one that this version can read. */
  record Undecodable(String message) implements Failure {
    public Undecodable {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.DEAD_LETTER;
    }
  }

  /**
   * The provider plugin threw something it should not have: a bug, tried again because bugs can be
   * moody.
   */
  record Unknown(String message) implements Failure {
    public Unknown {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.RETRY;
    }
  }

  /**
   * Workers' processes died whenever they ran this job: out of memory, or a crash of native code.
   */
  record CrashLoop(String message) implements Failure {
    public CrashLoop {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.DEAD_LETTER;
    }
  }

  /** The call was interrupted because its job was cancelled. */
  record CallCancelled(String message) implements Failure {
    public CallCancelled {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.DEAD_LETTER;
    }
  }

  /**
   * The provider, or the model, has too much to do for everyone: it is not this worker's rate that
   * is too high.
   *
   * @param retryAfter how long it asks to be left alone; zero where it does not say
   */
  record Overloaded(String message, Duration retryAfter) implements Failure {
    public Overloaded {
      message = cut(message);
      retryAfter = bounded(retryAfter);
    }

    @Override
    public Next next() {
      return Next.RETRY;
    }
  }

  /** The provider does not take our key, or the key may not do this. */
  record Authentication(String message) implements Failure {
    public Authentication {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.STOP_CALLING;
    }
  }

  /** The provider will not answer this input, or cut its own answer, for its rules of content. */
  record ContentRefused(String message) implements Failure {
    public ContentRefused {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.DEAD_LETTER;
    }
  }

  /** Input, or input and output together, are longer than the model's context. */
  record ContextTooLong(String message) implements Failure {
    public ContextTooLong {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.FAIL_OVER;
    }
  }

  /** The provider does not have the model, or not for this key. */
  record ModelNotFound(String message) implements Failure {
    public ModelNotFound {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.FAIL_OVER;
    }
  }

  /** What may be spent, of our own budget or of the account with the provider, is spent. */
  record BudgetSpent(String message) implements Failure {
    public BudgetSpent {
      message = cut(message);
    }

    @Override
    public Next next() {
      return Next.FAIL_OVER;
    }
  }

  private static Duration bounded(Duration retryAfter) {
    if (retryAfter.isNegative()) {
      throw new IllegalArgumentException("retryAfter is not negative");
    }
    return retryAfter.compareTo(MAX_RETRY_AFTER) < 0 ? retryAfter : MAX_RETRY_AFTER;
  }

  private static String cut(String message) {
    return message.length() <= MAX_MESSAGE_CHARS
        ? message
        : message.substring(0, MAX_MESSAGE_CHARS - 1) + "…";
  }
}
