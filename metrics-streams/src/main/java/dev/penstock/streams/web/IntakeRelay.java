package dev.penstock.streams.web;

import dev.penstock.streams.query.Problem;
import dev.penstock.streams.query.StallGuard;
import dev.penstock.topic.Topics;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;

/**
 * Passes what people do in the dashboard on to the intake, and its answer back. Nothing else is
 * passed on. Thread-safe.
 *
 * <pre>
 *   POST   /v1/jobs                  a job is edited and sent anew
 *   DELETE /v1/jobs/{id}             cancel
 *   POST   /v1/jobs/{id}/release     let the ordering key go on
 *   POST   /v1/jobs/{id}/retry-now   the next attempt is due now
 * </pre>
 */
public final class IntakeRelay implements HttpService, AutoCloseable {
  private static final int MAX_BODY_BYTES = Topics.MAX_JOB_BYTES;
  private static final int MAX_ANSWER_BYTES = 1 << 20;
  private static final Duration BODY_WITHIN = Duration.ofSeconds(10);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  /** More than the intake takes to answer 503 when Kafka is away. */
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(30);

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
      new Problem(
              503,
              "intake_unreachable",
              "Intake unreachable",
              "The intake at "
                  + intake
                  + " does not answer ("
                  + e.getClass().getSimpleName()
                  + "), so it is not known whether anything was done. Look whether it runs and"
                  + " whether streams.api-url names it.")
          .send(response);
    }
  }

  private static void passBack(
      HttpResponse<InputStream> answer, byte[] body, ServerResponse response) {
    response.status(Status.create(answer.statusCode()));
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    for (HeaderName name : PASSED_BACK) {
      answer.headers().firstValue(name.defaultCase()).ifPresent(v -> response.header(name, v));
    }
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
