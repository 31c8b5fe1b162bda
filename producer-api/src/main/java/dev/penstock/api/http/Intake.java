package dev.penstock.api.http;

import dev.penstock.api.publish.Acceptance;
import dev.penstock.submission.JobRequest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Where submissions go. Thread-safe. */
public interface Intake {

  /**
   * Makes the job durable.
   *
   * @param key its idempotency key, where it has one
   * @param traceparent its W3C trace context
   * @param forwarded whether another intake sent it here because this one decides about the key
   * @return completes with the answer, within the intake's own bound; never exceptionally
   */
  CompletableFuture<Acceptance> begin(
      JobRequest request, Optional<String> key, String traceparent, boolean forwarded);

  /** The same, waiting for the answer. */
  default Acceptance submit(
      JobRequest request, Optional<String> key, String traceparent, boolean forwarded) {
    return begin(request, key, traceparent, forwarded).join();
  }
}
