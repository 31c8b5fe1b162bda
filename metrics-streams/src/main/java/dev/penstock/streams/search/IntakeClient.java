package dev.penstock.streams.search;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Asks the intake for what people want done about a job. Thread-safe. */
final class IntakeClient implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(20);
  private static final int MAX_TRIES = 8;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final int MAX_BODY_BYTES = 64 << 10;

  private final URI api;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  /** What it came to. */
  sealed interface Outcome {
    /** It is requested. */
    record Requested() implements Outcome {}

    /** It is not possible in the job's state, or there is no such job. */
    record Refused(String why) implements Outcome {}

    /** The intake did not take it. */
    record Failed(String why) implements Outcome {}
  }

  IntakeClient(URI api) {
    this.api = api;
  }

  /**
   * Asks, again where that can help; to ask twice comes to the same as once.
   *
   * @throws InterruptedException when it was interrupted, or this was closed
   */
  Outcome ask(JobAction action, JobId id) throws InterruptedException {
    Outcome last = new Outcome.Failed("it was not tried");
    Duration pause = FIRST_PAUSE;
    for (int tries = 0; tries < MAX_TRIES; tries++) {
      if (tries > 0) {
        Thread.sleep(pause);
        pause =
            pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
                ? pause.multipliedBy(2)
                : LONGEST_PAUSE;
      }
      try {
        HttpResponse<String> answer =
            client.send(
                action.request(api, id).timeout(ANSWER_TIMEOUT).build(),
                HttpResponse.BodyHandlers.limiting(
                    HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8), MAX_BODY_BYTES));
        int status = answer.statusCode();
        if (status / 100 == 2) {
          return new Outcome.Requested();
        }
        String why = why(answer);
        if (status == 404 || status == 409) {
          return new Outcome.Refused(why);
        }
        last = new Outcome.Failed(why);
        if (status != 429 && status != 503) {
          return last;
        }
      } catch (IOException e) {
        if (client.isTerminated()) {
          throw new InterruptedException("closed");
        }
        last =
            new Outcome.Failed(
                "the intake at "
                    + api
                    + " does not answer ("
                    + e.getClass().getSimpleName()
                    + "); is streams.api-url right?");
      }
    }
    return last;
  }

  private static String why(HttpResponse<String> answer) {
    try {
      JsonNode problem = Json.MAPPER.readTree(answer.body());
      String code = problem.path("code").asString("");
      if (!code.isEmpty()) {
        return code + ": " + problem.path("detail").asString("");
      }
    } catch (JacksonException _) {
      // falls through to the status
    }
    return "the intake answered " + answer.statusCode();
  }

  /** Ends what is under way. */
  @Override
  public void close() {
    client.shutdownNow();
  }
}
