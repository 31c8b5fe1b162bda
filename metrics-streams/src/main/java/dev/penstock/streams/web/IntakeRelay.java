package dev.penstock.streams.web;

import dev.penstock.streams.query.Problem;
import dev.penstock.streams.query.StallGuard;
import dev.penstock.topic.Topics;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;

/**
 * Passes what people do in the dashboard on to the intake, and what they ask about dead letters,
 * and its answer back. Nothing else is passed on. Thread-safe.
 *
 * <pre>
 *   POST   /v1/jobs                  a job is edited and sent anew
 *   DELETE /v1/jobs/{id}             cancel
 *   POST   /v1/jobs/{id}/release     let the ordering key go on
 *   POST   /v1/jobs/{id}/retry-now   the next attempt is due now
 *   GET    /v1/dead-letters...       dead letters
 *   GET    /v1/replays..., /v1/audit...   plans for them, and who made them
 *   GET    /v1/experiments...        jobs that are run again in another way
 *   POST   /v1/replays, /v1/replays/{id}/{command}
 * </pre>
 */
public final class IntakeRelay implements HttpService, AutoCloseable {
  private static final int MAX_BODY_BYTES = Topics.MAX_JOB_BYTES;
  private static final int MAX_ANSWER_BYTES = 1 << 20;
  private static final Duration BODY_WITHIN = Duration.ofSeconds(10);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  /** More than the intake takes to answer 503 when Kafka is away. */
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(30);

  /** To read through a million dead letters takes its time. */
  private static final Duration SCAN_WITHIN = Duration.ofMinutes(3);

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}");

  private static final List<HeaderName> PASSED_ON =
      List.of(
          HeaderNames.CONTENT_TYPE,
          HeaderNames.create("Idempotency-Key"),
          HeaderNames.create("traceparent"));

  private static final List<HeaderName> PASSED_BACK =
      List.of(
          HeaderNames.CONTENT_TYPE,
          HeaderNames.LOCATION,
          HeaderNames.RETRY_AFTER,
          HeaderNames.create("Idempotency-Replayed"));

  private final URI intake;
  private final StallGuard guard = new StallGuard();
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  /**
   * @param intake its address, without a path
   */
  public IntakeRelay(URI intake) {
    this.intake = intake;
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .post("/v1/jobs", (request, response) -> pass(request, response, "/v1/jobs"))
        .delete("/v1/jobs/{id}", (request, response) -> passForJob(request, response, ""))
        .post(
            "/v1/jobs/{id}/release",
            (request, response) -> passForJob(request, response, "/release"))
        .post(
            "/v1/jobs/{id}/retry-now",
            (request, response) -> passForJob(request, response, "/retry-now"));
    for (String path :
        List.of(
            "/v1/dead-letters",
            "/v1/dead-letters/groups",
            "/v1/dead-letters/export",
            "/v1/replays",
            "/v1/experiments",
            "/v1/audit",
            "/v1/audit/verification")) {
      rules.get(path, (request, response) -> read(request, response, path));
    }
    rules
        .get("/v1/dead-letters/{name}", readNamed("/v1/dead-letters/", ""))
        .get("/v1/dead-letters/{name}/decoded", readNamed("/v1/dead-letters/", "/decoded"))
        .get("/v1/replays/{name}", readNamed("/v1/replays/", ""))
        .get("/v1/replays/{name}/differences", readNamed("/v1/replays/", "/differences"))
        .get("/v1/experiments/{name}", readNamed("/v1/experiments/", ""))
        .get("/v1/experiments/{name}/items", readNamed("/v1/experiments/", "/items"))
        .post("/v1/replays", (request, response) -> pass(request, response, "/v1/replays"))
        .post(
            "/v1/replays/{name}/{command}",
            (request, response) -> {
              Optional<String> plan = name(request, "name");
              Optional<String> command = name(request, "command");
              if (plan.isPresent() && command.isPresent()) {
                pass(request, response, "/v1/replays/" + plan.get() + "/" + command.get());
              } else {
                nothingThere().send(response);
              }
            });
  }

  /** Reads below a path that ends with a name. */
  private Handler readNamed(String before, String behind) {
    return (request, response) -> {
      Optional<String> name = name(request, "name");
      if (name.isPresent()) {
        read(request, response, before + name.get() + behind);
      } else {
        nothingThere().send(response);
      }
    };
  }

  /** What can be no path of its own. */
  private static Optional<String> name(ServerRequest request, String parameter) {
    return Optional.of(request.path().pathParameters().get(parameter))
        .filter(name -> NAME.matcher(name).matches());
  }

  private static Problem nothingThere() {
    return new Problem(404, "not_found", "Not found", "There is nothing of that name.");
  }

  /** Passes a read on with its query, and back what comes as it comes. */
  private void read(ServerRequest request, ServerResponse response, String path)
      throws InterruptedException {
    String query = request.query().rawValue();
    URI uri;
    try {
      uri = new URI(intake + path + (query.isEmpty() ? "" : "?" + query));
    } catch (URISyntaxException _) {
      Problem.invalidParameter(
              List.of(new Problem.Violation("", "the query has to be percent-encoded")))
          .send(response);
      return;
    }
    try {
      HttpResponse<InputStream> answer =
          client.send(
              HttpRequest.newBuilder(uri).timeout(SCAN_WITHIN).build(),
              HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream in = answer.body()) {
        head(answer, response);
        try (OutputStream out = response.outputStream()) {
          in.transferTo(out);
        }
      }
    } catch (IOException e) {
      if (response.isSent()) {
        // What is cut off is seen to be: its last line, or its closing bracket, is missing.
        throw new UncheckedIOException(e);
      }
      unreachable(e, "").send(response);
    }
  }

  private void passForJob(ServerRequest request, ServerResponse response, String suffix)
      throws InterruptedException {
    var id = dev.penstock.job.JobId.parse(request.path().pathParameters().get("id"));
    if (id.isEmpty()) {
      // Not quoted back, and not sent on: it may be anything.
      Problem.jobNotFound("of that id").send(response);
      return;
    }
    pass(request, response, "/v1/jobs/" + id.get() + suffix);
  }

  private void pass(ServerRequest request, ServerResponse response, String path)
      throws InterruptedException {
    byte[] body;
    try (InputStream in = request.content().inputStream()) {
      body = guard.within(BODY_WITHIN, () -> in.readNBytes(MAX_BODY_BYTES + 1));
    } catch (IOException _) {
      new Problem(408, "request_timeout", "Request timeout", "The body did not arrive in time.")
          .send(response);
      return;
    }
    if (body.length > MAX_BODY_BYTES) {
      new Problem(
              413,
              "body_too_large",
              "Body too large",
              "A job has at most " + MAX_BODY_BYTES + " bytes.")
          .send(response);
      return;
    }
    var passed =
        HttpRequest.newBuilder(URI.create(intake + path))
            .timeout(ANSWER_WITHIN)
            .method(
                request.prologue().method().text(),
                body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    for (HeaderName name : PASSED_ON) {
      request.headers().first(name).ifPresent(value -> passed.header(name.defaultCase(), value));
    }
    try {
      HttpResponse<InputStream> answer =
          client.send(passed.build(), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream in = answer.body()) {
        passBack(
            answer, guard.within(ANSWER_WITHIN, () -> in.readNBytes(MAX_ANSWER_BYTES)), response);
      }
    } catch (IOException e) {
      unreachable(e, ", so it is not known whether anything was done").send(response);
    }
  }

  private Problem unreachable(IOException e, String consequence) {
    return new Problem(
        503,
        "intake_unreachable",
        "Intake unreachable",
        "The intake at "
            + intake
            + " does not answer ("
            + e.getClass().getSimpleName()
            + ")"
            + consequence
            + ". Look whether it runs and whether streams.api-url names it.");
  }

  private static void head(HttpResponse<?> answer, ServerResponse response) {
    response.status(Status.create(answer.statusCode()));
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    for (HeaderName name : PASSED_BACK) {
      answer.headers().firstValue(name.defaultCase()).ifPresent(v -> response.header(name, v));
    }
  }

  private static void passBack(
      HttpResponse<InputStream> answer, byte[] body, ServerResponse response) {
    head(answer, response);
    if (body.length == 0) {
      response.send();
    } else {
      response.send(body);
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
    guard.close();
  }
}
