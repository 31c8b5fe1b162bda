package dev.penstock.fake;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What all operations of one provider have in common: who calls, headers, and errors. */
interface Protocol {
  /** The key that came along, or an empty text. */
  String keyOf(Request request);

  /** The id of a call, as this provider makes them. */
  String requestId(long mixed);

  /** Headers of every answer. */
  Map<String, String> headers(String requestId, Duration took, LimitState limits, Instant now);

  /** How a call that is over a limit is told when to come back. */
  Misbehaviour.RetryAfterForm retryAfterForm();

  /** The body of an error, with its status. */
  Reply reply(ApiError error, String requestId);

  /** How an error is told within a stream that has begun. */
  String streamError(ApiError error);

  /** The error that breaks off a stream. */
  ApiError inStream();

  ApiError noKey();

  ApiError wrongKey(String key);

  ApiError badJson(String why);

  ApiError unknownPath(Request request);

  ApiError noSuchModel(String model);

  ApiError contextTooLong(long max, long got);

  ApiError insufficientQuota();

  ApiError promptBlocked();

  ApiError limited(Admission.Refused refused, String model);

  /** The error that this provider tells under a status. */
  ApiError ofStatus(int status, @Nullable Duration retryAfter);
}
