package dev.penstock.fake;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What goes wrong with one call. {@code docs/fake-provider.md} has a table of them. */
sealed interface Misbehaviour {
  /** Its name in scripts and in the outcome of a call. */
  String name();

  /** The answer is an error; the call is not worked on and costs nothing of the limits. */
  sealed interface Refusal extends Misbehaviour {}

  /** The answer says something else. */
  sealed interface Content extends Misbehaviour {}

  /** The answer's body is not what its reader expects. */
  sealed interface Body extends Misbehaviour {}

  /** The answer's bytes do not come as they should. */
  sealed interface Bytes extends Misbehaviour {}

  /**
   * An error status with the provider's body for it.
   *
   * @param status from 400 to 599
   * @param code instead of the error's usual code, or null
   * @param retryAfter what {@code retry-after} says, or null for no such header
   * @param retryAfterAs how it says it
   * @param quota whether the headers of the limits come along, showing that nothing is left
   */
  record Status(
      int status,
      @Nullable String code,
      @Nullable Duration retryAfter,
      RetryAfterForm retryAfterAs,
      boolean quota)
      implements Refusal {
    @Override
    public String name() {
      return "status_" + status;
    }
  }

  /** How a time to wait is told. */
  enum RetryAfterForm {
    /** {@code retry-after} in whole seconds, rounded up. */
    SECONDS,
    /** {@code retry-after} as a date. */
    DATE,
    /** {@code retry-after-ms}, and {@code retry-after} in seconds. */
    MILLIS
  }

  /** The prompt is called too long for the model. */
  record ContextTooLong() implements Refusal {
    @Override
    public String name() {
      return "context_length_exceeded";
    }
  }

  /** The account has no money left. */
  record InsufficientQuota() implements Refusal {
    @Override
    public String name() {
      return "insufficient_quota";
    }
  }

  /** The prompt is refused by the provider's filter, as an error. */
  record PromptBlocked() implements Refusal {
    @Override
    public String name() {
      return "prompt_blocked";
    }
  }

  /** The model declines. */
  record Refuse() implements Content {
    @Override
    public String name() {
      return "refusal";
    }
  }

  /** The filter stops the answer half way. */
  record ContentFilter() implements Content {
    @Override
    public String name() {
      return "content_filter";
    }
  }

  /** The answer is cut at the bound of tokens. */
  record Length() implements Content {
    @Override
    public String name() {
      return "length";
    }
  }

  /** Well-framed, but half of the JSON is missing. */
  record MalformedJson() implements Body {
    @Override
    public String name() {
      return "malformed_json";
    }
  }

  /** A page of HTML under status 200. */
  record WrongContentType() implements Body {
    @Override
    public String name() {
      return "wrong_content_type";
    }
  }

  /** Nothing under status 200. */
  record EmptyBody() implements Body {
    @Override
    public String name() {
      return "empty_body";
    }
  }

  /** A JSON text that goes on and on. */
  record HugeBody(long bytes) implements Body {
    @Override
    public String name() {
      return "huge_body";
    }
  }

  /** A stream whose framing ends in order, but without its last events. */
  record UnfinishedStream() implements Body {
    @Override
    public String name() {
      return "unfinished_stream";
    }
  }

  /** A stream that ends with an error event. */
  record StreamError() implements Body {
    @Override
    public String name() {
      return "stream_error";
    }
  }

  /** The answer comes a few bytes at a time. */
  record Drip(Duration over) implements Bytes {
    @Override
    public String name() {
      return "drip";
    }
  }

  /**
   * The connection is closed before the end.
   *
   * @param at how much of the body is sent, below 1; at 0 not even the head
   */
  record Cut(double at) implements Bytes {
    @Override
    public String name() {
      return "cut";
    }
  }

  /**
   * The connection is reset.
   *
   * @param at how much of the body is sent, below 1; at 0 not even the head
   */
  record Reset(double at) implements Bytes {
    @Override
    public String name() {
      return "reset";
    }
  }

  /**
   * Nothing more comes until the client leaves, or the time is over and the connection is closed.
   *
   * @param at how much of the body is sent before, below 1; at 0 not even the head
   */
  record Hang(double at, Duration time) implements Bytes {
    @Override
    public String name() {
      return "hang";
    }
  }
}
