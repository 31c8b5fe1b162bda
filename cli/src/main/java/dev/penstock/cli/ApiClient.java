package dev.penstock.cli;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The HTTP API as Java. Blocking; thread-safe. Answers 429 and 503 are tried again after the time
 * that the server asks for, a bounded number of times. A request that got no answer, or one that
 * leaves open whether it was accepted, is not repeated, unless that is safe.
 */
public final class ApiClient implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(60);

  /** To read through all dead letters takes longer. */
  private static final Duration SCAN_TIMEOUT = Duration.ofMinutes(3);

  /** How often a 429 or 503 is tried again. */
  static final int MAX_RETRIES = 8;

  /** The longest wait that a server may ask for; with a longer one its error is shown instead. */
  static final Duration MAX_WAIT = Duration.ofSeconds(60);

  private static final int SCHEDULES_PER_PAGE = 200;

  private static final Duration FIRST_WAIT = Duration.ofMillis(250);

  private final URI base;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .executor(executor)
          .build();

  /**
   * @param base where the API is, for example {@code http://127.0.0.1:8080}; nothing is sent yet
   */
  public ApiClient(URI base) {
    this.base = base;
  }

  /**
   * Reads the address of an API.
   *
   * @throws IllegalArgumentException when it is none; the message says what one looks like
   */
  public static URI parseUrl(String text) {
    try {
      var uri = new URI(text.strip().replaceAll("/+$", ""));
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getHost() != null && uri.getQuery() == null && uri.getFragment() == null) {
        return uri;
      }
    } catch (URISyntaxException _) {
      // falls through to the one error below
    }
    throw new IllegalArgumentException(
        "'" + text + "' is not an address such as http://127.0.0.1:8080");
  }

  /** Where the API is. */
  public URI base() {
    return base;
  }

  /** The page that shows the job. */
  public URI jobUri(JobId id) {
    return URI.create(base + "/v1/jobs/" + id);
  }

  /**
   * Submits one job.
   *
   * @param idempotencyKey the same job again under the same key is accepted once
   * @return the server's answer; it has an {@code id}
   * @throws ApiException when it was not accepted, or that is not known
   */
  public JsonNode submit(ObjectNode job, Optional<String> idempotencyKey) {
    var request =
        request("/v1/jobs")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(Json.MAPPER.writeValueAsBytes(job)));
    idempotencyKey.ifPresent(key -> request.header("Idempotency-Key", key));
    return exchange(request.build());
  }

  /**
   * Submits the lines of a batch and hands over each answer as it arrives, numbered as in the
   * batch's source. When the server has to end early, its last answer refuses the first line that
   * it did not take; those after it have no answer and were not taken either.
   *
   * @return how many lines were answered
   * @throws ApiException when the batch as a whole was not accepted, or the connection broke; of
   *     the lines that were not answered it is not known whether they were accepted
   */
  int submit(JobLines.Batch batch, Consumer<LineAnswer> onAnswer) {
    var request =
        request("/v1/jobs")
            .header("Content-Type", "application/x-ndjson")
            .header("Accept", "application/x-ndjson")
            .POST(HttpRequest.BodyPublishers.ofByteArray(batch.bytes(), 0, batch.length()))
            .build();
    HttpResponse<InputStream> response = send(request);
    int answered = 0;
    boolean refused = false;
    try (var lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.isBlank()) {
          LineAnswer answer = lineAnswer(json(line), batch);
          onAnswer.accept(answer);
          refused = answer instanceof LineAnswer.Refused;
          answered++;
        }
      }
    } catch (IOException e) {
      throw new ApiException.Unreachable(
          "the connection to "
              + base
              + " broke ("
              + reason(e)
              + "); "
              + unknownFrom(batch, answered),
          e);
    }
    if (answered < batch.count() && !refused) {
      throw new ApiException.Unreachable(
          base + " stopped answering; " + unknownFrom(batch, answered));
    }
    return answered;
  }

  private static String unknownFrom(JobLines.Batch batch, int answered) {
    return "whether the "
        + (batch.count() - answered)
        + " jobs from line "
        + batch.lineNumber(answered + 1)
        + " on were accepted is not known";
  }

  /**
   * The job as the views tell it: a JobView.
   *
   * @throws ApiException when there is none, or that can't be said now
   */
  public JsonNode job(JobId id) {
    return exchange(request("/v1/jobs/" + id).GET().build());
  }

  /**
   * A page of jobs.
   *
   * @param query the parameters, encoded
   */
  JsonNode jobs(String query) {
    return exchange(request("/v1/jobs?" + query).GET().build());
  }

  /**
   * What the job came to: a JobResult.
   *
   * @throws ApiException when it has not ended or is not known, or that can't be said now
   */
  public JsonNode result(JobId id) {
    return exchange(request("/v1/jobs/" + id + "/result").GET().build());
  }

  /**
   * A piece of an answer that is being written.
   *
   * @param from how much of the attempt's answer stands before it, in UTF-16 code units
   */
  record Piece(int attempt, long from, String text) {}

  /**
   * Follows a job to its end, or until the server ends the stream, and hands over what is told of
   * its answer while it is written.
   *
   * @throws ApiException when the job can't be followed now
   */
  void follow(JobId id, Consumer<Piece> onPiece) {
    var request =
        request("/v1/jobs/" + id + "/events").header("Accept", "text/event-stream").GET().build();
    try (var lines =
        new BufferedReader(new InputStreamReader(send(request).body(), StandardCharsets.UTF_8))) {
      boolean progress = false;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("event: ")) {
          progress = line.equals("event: progress");
        } else if (line.startsWith("data: ") && progress) {
          JsonNode data = json(line.substring("data: ".length()));
          onPiece.accept(
              new Piece(
                  data.path("attempt").asInt(0),
                  data.path("from").asLong(0),
                  data.path("text").asString("")));
        }
      }
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  /**
   * Asks for the end of the job; final only when its state is {@code cancelled}.
   *
   * @throws ApiException when it has ended in another way or is not known
   */
  public JsonNode cancel(JobId id) {
    return exchange(request("/v1/jobs/" + id).DELETE().build());
  }

  /**
   * Asks to let those run that wait behind a dead-lettered job.
   *
   * @throws ApiException when it does not block an ordering key or is not known
   */
  public JsonNode release(JobId id) {
    return exchange(
        request("/v1/jobs/" + id + "/release").POST(HttpRequest.BodyPublishers.noBody()).build());
  }

  /**
   * Asks for the next attempt of a job that waits to be run now.
   *
   * @throws ApiException when it does not wait or is not known
   */
  public JsonNode retryNow(JobId id) {
    return exchange(
        request("/v1/jobs/" + id + "/retry-now").POST(HttpRequest.BodyPublishers.noBody()).build());
  }

  /**
   * Creates or replaces a schedule.
   *
   * @param version the one that it must be in, if it must
   * @throws ApiException when it is refused, or it is not known whether it was put
   */
  JsonNode putSchedule(String name, ObjectNode schedule, Optional<String> version) {
    var request =
        request(schedulePath(name))
            .header("Content-Type", "application/json")
            .PUT(HttpRequest.BodyPublishers.ofByteArray(Json.MAPPER.writeValueAsBytes(schedule)));
    version.ifPresent(expected -> request.header("If-Match", "\"" + expected + "\""));
    return exchange(request.build());
  }

  /** The schedule. */
  JsonNode schedule(String name) {
    return exchange(request(schedulePath(name)).GET().build());
  }

  /** A page of schedules; {@code after} is the last page's {@code next}. */
  JsonNode schedules(Optional<String> after) {
    String query = after.map(name -> "&after=" + encoded(name)).orElse("");
    return exchange(request("/v1/schedules?limit=" + SCHEDULES_PER_PAGE + query).GET().build());
  }

  /** Ends the schedule. */
  JsonNode deleteSchedule(String name) {
    return exchange(request(schedulePath(name)).DELETE().build());
  }

  /** Lets the schedule rest, or go on. */
  JsonNode pauseSchedule(String name, boolean paused) {
    return exchange(
        request(schedulePath(name) + (paused ? "/pause" : "/resume"))
            .POST(HttpRequest.BodyPublishers.noBody())
            .build());
  }

  /**
   * Invalidates kept answers.
   *
   * @param tenant whose; the default one's when left out
   */
  JsonNode invalidateCache(String tag, Optional<String> tenant) {
    String whose = tenant.map(name -> "&tenant=" + encoded(name)).orElse("");
    return exchange(request("/v1/cache?tag=" + encoded(tag) + whose).DELETE().build());
  }

  /** Keeps answers that are known from elsewhere: all of them or none. */
  JsonNode warmCache(ObjectNode entries) {
    return exchange(
        request("/v1/cache/entries")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(Json.MAPPER.writeValueAsBytes(entries)))
            .build());
  }

  /** The workers, by their ids. */
  JsonNode workers() {
    return exchange(request("/v1/workers").GET().build());
  }

  /** Asks a worker to drain, or to go on. */
  JsonNode commandWorker(String worker, boolean drain) {
    return exchange(
        request("/v1/workers/" + encoded(worker) + (drain ? "/drain" : "/resume"))
            .POST(HttpRequest.BodyPublishers.noBody())
            .build());
  }

  /** The topics, in the order of a job's life. */
  JsonNode topics() {
    return exchange(request("/v1/topics").GET().build());
  }

  /** What is at a path, its query included. */
  JsonNode get(String path) {
    return exchange(request(path).timeout(SCAN_TIMEOUT).GET().build());
  }

  /**
   * Makes a plan for dead letters.
   *
   * @param plan with an {@code id}: the same plan again under the same id is made once
   */
  JsonNode planReplay(ObjectNode plan) {
    return post("/v1/replays", plan);
  }

  /** Moves a plan on: {@code confirm}, {@code pause} ... */
  JsonNode commandReplay(String id, String command, ObjectNode who) {
    return post("/v1/replays/" + encoded(id) + "/" + encoded(command), who);
  }

  /** Posts what can be posted twice without being done twice. */
  JsonNode post(String path, ObjectNode body) {
    return exchange(posting(path, body));
  }

  private HttpRequest posting(String path, ObjectNode body) {
    return request(path)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(Json.MAPPER.writeValueAsBytes(body)))
        .build();
  }

  /** Copies lines as they come; whether the last one says that they are all. */
  boolean copyLines(String path, OutputStream to) {
    boolean ended = false;
    try (var lines =
        new BufferedReader(
            new InputStreamReader(
                send(request(path).timeout(SCAN_TIMEOUT).GET().build()).body(),
                StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        ended = line.startsWith("{\"end\":true");
        to.write(line.getBytes(StandardCharsets.UTF_8));
        to.write('\n');
      }
      to.flush();
    } catch (IOException e) {
      throw unreachable(e);
    }
    return ended;
  }

  private static String schedulePath(String name) {
    return "/v1/schedules/" + encoded(name);
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public void close() {
    http.shutdownNow();
    executor.shutdownNow();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(base + path))
        .header("User-Agent", "penstock-cli")
        .timeout(REQUEST_TIMEOUT);
  }

  private JsonNode exchange(HttpRequest request) {
    try (InputStream body = send(request).body()) {
      return json(new String(body.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  /** Sends until the answer is neither 429 nor 503; anything but 2xx is thrown. */
  private HttpResponse<InputStream> send(HttpRequest request) {
    Duration ownWait = FIRST_WAIT;
    for (int retries = 0; ; retries++) {
      HttpResponse<InputStream> response = sendOnce(request);
      if (response.statusCode() / 100 == 2) {
        return response;
      }
      Problem problem = problem(response);
      Optional<Duration> asked = RetryAfter.read(response);
      Duration wait = asked.orElse(ownWait);
      // A conflict that says when to come again is a submission under the same key, under way.
      boolean temporary =
          (problem.isTemporary() && (!problem.isIndeterminate() || isRepeatable(request)))
              || (problem.status() == 409 && asked.isPresent());
      if (!temporary || retries == MAX_RETRIES || wait.compareTo(MAX_WAIT) > 0) {
        throw new ApiException.Refused(problem);
      }
      sleep(wait);
      ownWait = ownWait.multipliedBy(2);
    }
  }

  /** Whether sending it twice comes to the same as sending it once. */
  private static boolean isRepeatable(HttpRequest request) {
    return !request.method().equals("POST")
        || request.headers().firstValue("Idempotency-Key").isPresent();
  }

  private HttpResponse<InputStream> sendOnce(HttpRequest request) {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    } catch (IOException e) {
      throw unreachable(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private Problem problem(HttpResponse<InputStream> response) {
    try (InputStream body = response.body()) {
      // Longer than any problem document; the rest is not worth reading.
      byte[] bytes = body.readNBytes(1 << 20);
      return Problem.read(response.statusCode(), new String(bytes, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private LineAnswer lineAnswer(JsonNode answer, JobLines.Batch batch) {
    int line = answer.path("line").asInt(0);
    if (line < 1 || line > batch.count()) {
      throw notOurs("the line number of an answer is not one that was sent");
    }
    long number = batch.lineNumber(line);
    ObjectNode renumbered = ((ObjectNode) answer).put("line", number);
    JsonNode error = answer.get("error");
    if (error != null && error.isObject()) {
      return new LineAnswer.Refused(number, Problem.read(400, error), renumbered);
    }
    return new LineAnswer.Accepted(number, jobId(answer), renumbered);
  }

  /** The id that an answer holds. */
  JobId jobId(JsonNode answer) {
    return JobId.parse(answer.path("id").asString(""))
        .orElseThrow(() -> notOurs("an answer without a job id"));
  }

  private JsonNode json(String body) {
    try {
      JsonNode json = Json.MAPPER.readTree(body);
      if (json != null && json.isObject()) {
        return json;
      }
    } catch (JacksonException _) {
      // falls through to the one error below
    }
    throw notOurs("an answer that is not a JSON object");
  }

  private ApiException notOurs(String what) {
    return new ApiException.Unreachable(
        base + " sent " + what + "; is this the address of a Penstock API?");
  }

  private ApiException unreachable(IOException e) {
    return new ApiException.Unreachable(
        "can't reach "
            + base
            + " ("
            + reason(e)
            + "); start it with './penstock standalone', or give its address with --url",
        e);
  }

  private static String reason(IOException e) {
    return switch (e) {
      case HttpConnectTimeoutException _ ->
          "no connection within " + CONNECT_TIMEOUT.toSeconds() + " s";
      case HttpTimeoutException _ -> "no answer in time";
      case ConnectException c when c.getCause() instanceof UnresolvedAddressException ->
          "the host name is not known";
      case ConnectException _ -> "connection refused";
      default -> e.getMessage() == null ? "connection lost" : e.getMessage();
    };
  }

  static void sleep(Duration wait) {
    try {
      Thread.sleep(wait);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static RuntimeException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new UncheckedIOException(new IOException("interrupted", e));
  }
}
