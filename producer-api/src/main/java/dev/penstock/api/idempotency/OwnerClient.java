package dev.penstock.api.idempotency;

import dev.penstock.api.problem.Problem;
import dev.penstock.api.problem.ProblemType;
import dev.penstock.api.publish.Acceptance;
import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Sends submissions to the intake that owns their key. Thread-safe. */
final class OwnerClient implements AutoCloseable {
  /** Tells the owner not to send it on: who is asked and is not the owner says so. */
  private static final String FORWARDED = "Penstock-Forwarded";

  private static final Logger log = LoggerFactory.getLogger(OwnerClient.class);
  private static final int MAX_AT_ONCE = 256;
  private static final int MAX_ANSWER_BYTES = 100_000;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  private final Semaphore atOnce = new Semaphore(MAX_AT_ONCE);
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  /**
   * The owner's answer; nothing when it does not answer, or is not the owner. Whether it took the
   * job then is for the key to tell: sending it again does no harm.
   */
  Optional<Acceptance> submit(
      URI owner, String key, byte[] submission, String traceparent, Duration timeout)
      throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(owner.resolve("/v1/jobs"))
            .timeout(timeout)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key)
            .header("traceparent", traceparent)
            .header(FORWARDED, "1")
            .POST(BodyPublishers.ofByteArray(submission))
            .build();
    atOnce.acquire();
    try {
      return answer(
          http.send(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_ANSWER_BYTES)));
    } catch (IOException e) {
      log.debug("the intake at {} does not answer", owner, e);
      return Optional.empty();
    } finally {
      atOnce.release();
    }
  }

  private static Optional<Acceptance> answer(HttpResponse<byte[]> response) {
    if (response.statusCode() == 202) {
      return accepted(
          response.body(), response.headers().firstValue("Idempotency-Replayed").isPresent());
    }
    var retryAfter =
        Duration.ofSeconds(
            Math.min(3_600, response.headers().firstValueAsLong("Retry-After").orElse(0)));
    return Problem.parse(response.body(), retryAfter)
        .filter(problem -> problem.type() != ProblemType.IDEMPOTENCY_UNAVAILABLE)
        .map(Acceptance.Refused::new);
  }

  private static Optional<Acceptance> accepted(byte[] body, boolean replayed) {
    try {
      JsonNode json = Json.MAPPER.readTree(body);
      Instant acceptedAt = Instant.parse(json.path("acceptedAt").asString(""));
      return JobId.parse(json.path("id").asString(""))
          .map(id -> new Acceptance.Accepted(id, acceptedAt, replayed));
    } catch (JacksonException | DateTimeException e) {
      log.warn("an intake gave an answer that can't be read", e);
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
