package dev.penstock.api.idempotency;

import dev.penstock.api.publish.Acceptance;
import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.runtime.ownership.Neighbours;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemType;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Sends submissions to the intake that owns their key. Thread-safe. */
final class OwnerClient {
  private static final Logger log = LoggerFactory.getLogger(OwnerClient.class);
  private final Neighbours neighbours;

  OwnerClient(Neighbours neighbours) {
    this.neighbours = neighbours;
  }

  /**
   * The owner's answer; nothing when it does not answer, or is not the owner. Whether it took the
   * job then is for the key to tell: sending it again does no harm.
   */
  Optional<Acceptance> submit(
      URI owner, String key, byte[] submission, String traceparent, Duration timeout)
      throws InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(owner.resolve("/v1/jobs"))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key)
            .header("traceparent", traceparent)
            .POST(BodyPublishers.ofByteArray(submission));
    return neighbours.send(request, timeout).flatMap(OwnerClient::answer);
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
}
