package dev.penstock.codec;

import dev.penstock.job.Failure;
import java.time.Duration;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link Failure}: the code first, then what that code has. */
final class FailureShape extends Shape<Failure> {
  static final FailureShape FAILURE = new FailureShape();

  private static final SerializedString CODE = new SerializedString("code");
  private static final SerializedString MESSAGE = new SerializedString("message");
  private static final SerializedString RETRY_AFTER = new SerializedString("retryAfter");

  @Override
  Failure readFields(Fields in) {
    String code = in.type("code");
    boolean waits = code.equals("throttled") || code.equals("overloaded");
    String message = null;
    Duration retryAfter = null;
    for (String name = in.next(); name != null; name = in.next()) {
      if (name.equals("message")) {
        message = in.text();
      } else if (waits && name.equals("retryAfter")) {
        retryAfter = in.duration();
      } else {
        in.skip();
      }
    }
    String given = in.required("message", message);
    return switch (code) {
      case "retryable" -> new Failure.Retryable(given);
      case "throttled" -> new Failure.Throttled(given, in.required("retryAfter", retryAfter));
      case "timeout" -> new Failure.TimedOut(given);
      case "invalid_request" -> new Failure.InvalidRequest(given);
      case "no_provider" -> new Failure.NoProvider(given);
      case "output_too_large" -> new Failure.OutputTooLarge(given);
      case "undecodable" -> new Failure.Undecodable(given);
      case "unknown" -> new Failure.Unknown(given);
      case "call_cancelled" -> new Failure.CallCancelled(given);
      case "crash_loop" -> new Failure.CrashLoop(given);
      case "overloaded" -> new Failure.Overloaded(given, in.required("retryAfter", retryAfter));
      case "authentication" -> new Failure.Authentication(given);
      case "content_refused" -> new Failure.ContentRefused(given);
      case "context_too_long" -> new Failure.ContextTooLong(given);
      case "budget" -> new Failure.BudgetSpent(given);
      case "model_not_found" -> new Failure.ModelNotFound(given);
      // A newer program's: what it says is kept, and the record is no poison for that.
      default -> new Failure.Unknown(code + ": " + given);
    };
  }

  @Override
  void writeFields(Failure failure, JsonGenerator out) {
    out.writeName(CODE).writeString(failure.code());
    out.writeName(MESSAGE).writeString(wellFormed(failure.message()));
    if (failure instanceof Failure.Throttled(_, Duration retryAfter)) {
      out.writeName(RETRY_AFTER).writeString(TimeText.text(retryAfter));
    } else if (failure instanceof Failure.Overloaded(_, Duration retryAfter)) {
      out.writeName(RETRY_AFTER).writeString(TimeText.text(retryAfter));
    }
  }
}
