package dev.penstock.chaos.real;

import dev.penstock.chaos.law.Submission;
import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.JobResult;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import tools.jackson.databind.JsonNode;

/** Someone who submits jobs over HTTP and notes what came back. Thread-safe. */
final class Client implements AutoCloseable {
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration RESULT_TIMEOUT = Duration.ofMinutes(1);
  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final int AT_ONCE = 16;

  private final URI api;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(REQUEST_TIMEOUT)
          .build();

  Client(URI api) {
    this.api = api;
  }

  /** A job for the simulated provider. */
  static Map<String, Object> job(int number, int maxAttempts) {
    return Map.of(
        "kind", "detect-language",
        "model", "simulated",
        "input", Map.of("text", "job number " + number),
        "maxAttempts", maxAttempts,
        "attemptTimeout", "20s");
  }

  /** One job, perhaps under a key. */
  Submission submit(Map<String, Object> job, Optional<String> key) throws InterruptedException {
    var request = post("application/json", Json.MAPPER.writeValueAsString(job));
    key.ifPresent(value -> request.header("Idempotency-Key", value));
    try {
      var answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() == 202) {
        return new Submission(key, accepted(Json.MAPPER.readTree(answer.body())));
      }
      return new Submission(key, unknown(answer.statusCode() + " " + answer.body()));
    } catch (IOException e) {
      return new Submission(key, unknown(e.toString()));
    }
  }

  /** Many jobs as lines; one submission for each, in their order. */
  List<Submission> submit(List<Map<String, Object>> jobs) throws InterruptedException {
    var body = new StringBuilder();
    jobs.forEach(job -> body.append(Json.MAPPER.writeValueAsString(job)).append('\n'));
    var submissions = new ArrayList<Submission>();
    try {
      var answer =
          http.send(
              post("application/x-ndjson", body.toString()).build(),
              HttpResponse.BodyHandlers.ofLines());
      answer
          .body()
          .filter(line -> !line.isBlank())
          .forEach(line -> {
            JsonNode json = Json.MAPPER.readTree(line);
            submissions.add(
                new Submission(
                    Optional.empty(),
                    answer.statusCode() == 200 && json.has("id") ? accepted(json) : unknown(line)));
          });
    } catch (IOException | java.io.UncheckedIOException e) {
      submissions.add(new Submission(Optional.empty(), unknown(e.toString())));
    }
    return submissions;
  }

  /** Asks for the end of a job and returns the answer's status. */
  int cancel(JobId id) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(api.resolve("/v1/jobs/" + id))
            .timeout(REQUEST_TIMEOUT)
            .DELETE()
            .build();
    return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  /** The results of all jobs. A job without one after a minute is left out: the laws tell of it. */
  Map<JobId, JobResult> results(List<JobId> ids) {
    var results = new ConcurrentHashMap<JobId, JobResult>();
    var slots = new Semaphore(AT_ONCE);
    long deadline = System.nanoTime() + RESULT_TIMEOUT.toNanos();
    var shown = new AtomicBoolean();
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (JobId id : ids) {
        executor.execute(() -> {
          slots.acquireUninterruptibly();
          try {
            result(id, deadline, shown).ifPresent(result -> results.put(id, result));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } finally {
            slots.release();
          }
        });
      }
    }
    return results;
  }

  private Optional<JobResult> result(JobId id, long deadline, AtomicBoolean shown)
      throws InterruptedException {
    var request =
        HttpRequest.newBuilder(api.resolve("/v1/jobs/" + id + "/result"))
            .timeout(REQUEST_TIMEOUT)
            .build();
    while (true) {
      String last;
      try {
        var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
          return Optional.of(Json.MAPPER.readValue(answer.body(), JobResult.class));
        }
        last = answer.statusCode() + " " + answer.body();
      } catch (IOException e) {
        last = e.toString();
      }
      if (System.nanoTime() > deadline) {
        if (!shown.getAndSet(true)) {
          System.err.println("no result of " + id + " after " + RESULT_TIMEOUT + ": " + last);
        }
        return Optional.empty();
      }
      Thread.sleep(PAUSE);
    }
  }

  private HttpRequest.Builder post(String contentType, String body) {
    return HttpRequest.newBuilder(api.resolve("/v1/jobs"))
        .timeout(REQUEST_TIMEOUT)
        .header("Content-Type", contentType)
        .POST(HttpRequest.BodyPublishers.ofString(body));
  }

  private static Submission.Answer accepted(JsonNode json) {
    return new Submission.Answer.Accepted(JobId.of(json.get("id").asString()));
  }

  private static Submission.Answer unknown(String why) {
    return new Submission.Answer.Indeterminate(why);
  }

  @Override
  public void close() {
    http.close();
  }
}
