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

  /** What follows: another attempt while the policy allows one, or the end of the job. */
  Kind failureKind();

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
    };
  }

  /** Whether trying again can help. */
  enum Kind {
    /** Another attempt can succeed. */
    TRANSIENT,
    /** The same job will fail again. */
    PERMANENT
  }

  /** The provider failed in a way that can pass: a connection was reset, a 5xx answered. */
  record Retryable(String message) implements Failure {
    public Retryable {
      message = cut(message);
    }

    @Override
    public Kind failureKind() {
      return Kind.TRANSIENT;
    }
  }

  /**
   * The provider refused for its rate limit; it is not asked again before {@code retryAfter} has
   * passed.
   */
  record Throttled(String message, Duration retryAfter) implements Failure {
    public Throttled {
      message = cut(message);
      if (retryAfter.isNegative()) {
        throw new IllegalArgumentException("retryAfter is not negative");
      }
      retryAfter = retryAfter.compareTo(MAX_RETRY_AFTER) < 0 ? retryAfter : MAX_RETRY_AFTER;
    }

    @Override
    public Kind failureKind() {
      return Kind.TRANSIENT;
    }
  }

  /** The call took longer than its limit and was interrupted. */
  record TimedOut(String message) implements Failure {
    public TimedOut {
      message = cut(message);
    }

    @Override
    public Kind failureKind() {
      return Kind.TRANSIENT;
    }
  }

  /** The provider says that the request can't be served as it is. */
  record InvalidRequest(String message) implements Failure {
    public InvalidRequest {
      message = cut(message);
    }

    @Override
    public Kind failureKind() {
      return Kind.PERMANENT;
    }
  }

  /** No provider of this worker serves the job's model and kind. */
  record NoProvider(String message) implements Failure {
    public NoProvider {
      message = cut(message);
    }

    @Override
    public Kind failureKind() {
      return Kind.PERMANENT;
    }
  }

  /** The provider's answer is larger than a record may be. */
  record OutputTooLarge(String message) implements Failure {
    public OutputTooLarge {
      message = cut(message);
    }

    @Override
    public Kind failureKind() {
      return Kind.PERMANENT;
    }
  }

  /** The record on the topic is not one that this version can read. */
  record Undecodable(String message) implements Failure {
    public Undecodable {
      message = cut(message);
    }

    @Override
    public Kind failureKind() {
      return Kind.PERMANENT;
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
    public Kind failureKind() {
      return Kind.TRANSIENT;
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
    public Kind failureKind() {
      return Kind.PERMANENT;
    }
  }

  /** The call was interrupted because its job was cancelled. */
  record CallCancelled(String message) implements Failure {
    public CallCancelled {
      message = cut(message);
    }

    @Override
    public Kind failureKind() {
      return Kind.PERMANENT;
    }
  }

  private static String cut(String message) {
    return message.length() <= MAX_MESSAGE_CHARS
        ? message
        : message.substring(0, MAX_MESSAGE_CHARS - 1) + "…";
  }
}
