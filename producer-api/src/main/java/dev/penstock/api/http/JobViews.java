package dev.penstock.api.http;

import dev.penstock.job.JobId;
import dev.penstock.job.LifePosition;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads about jobs, relayed from the service that keeps the views. Thread-safe. */
final class JobViews implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(JobViews.class);
  private static final HeaderName LAST_EVENT_ID = HeaderNames.create("Last-Event-ID");
  private static final Header EVENT_STREAM =
      HeaderValues.createCached("Content-Type", "text/event-stream");
  private static final Header UNBUFFERED = HeaderValues.createCached("X-Accel-Buffering", "no");
  private static final int COPY_BYTES = 8_192;

  /** The problems of the views that are the client's to know. */
  private static final Set<Integer> RELAYED = Set.of(400, 404, 409, 410, 503);

  private final ServiceClient views;
  private final Semaphore streams;
  private final int maxStreams;
  private final AtomicInteger openStreams;
  private final Set<InputStream> open = ConcurrentHashMap.newKeySet();

  JobViews(ServiceClient views, int maxStreams, RequestMetrics metrics) {
    this.views = views;
    this.maxStreams = maxStreams;
    this.streams = new Semaphore(maxStreams);
    this.openStreams = metrics.gauge("penstock.api.event.streams", "Jobs that are followed now");
  }

  void job(ServerRequest request, ServerResponse response) {
    relay(request, response, path(jobId(request)));
  }

  void result(ServerRequest request, ServerResponse response) {
    relay(request, response, path(jobId(request)) + "/result");
  }

  /** The id in the request's path. */
  static JobId jobId(ServerRequest request) {
    return JobId.parse(request.path().pathParameters().get("id"))
        .orElseThrow(() ->
            new ProblemException(
                Problem.of(
                    ProblemType.INVALID_JOB_ID,
                    "a job id is a UUID of version 7 in lower case, as the 202 gave it")));
  }

  static String path(JobId id) {
    return "/internal/v1/jobs/" + id;
  }

  private void relay(ServerRequest request, ServerResponse response, String path) {
    HttpResponse<byte[]> answer = views.get(path, known(request));
    if (answer.statusCode() == 304) {
      answer
          .headers()
          .firstValue("ETag")
          .ifPresent(value -> response.header(HeaderValues.create(HeaderNames.ETAG, value)));
      Answers.closeUnlessRead(request, response);
      response.status(Status.NOT_MODIFIED_304);
      response.send();
      return;
    }
    if (answer.statusCode() != 200) {
      refuse(request, response, answer.statusCode(), answer, answer.body());
      return;
    }
    Optional<String> tag = answer.headers().firstValue("ETag");
    tag.ifPresent(value -> response.header(HeaderValues.create(HeaderNames.ETAG, value)));
    Answers.closeUnlessRead(request, response);
    if (tag.isPresent() && isKnown(request, tag.get())) {
      response.status(Status.NOT_MODIFIED_304);
      response.send();
      return;
    }
    response.header(Answers.JSON);
    response.send(answer.body());
  }

  /** What the client has seen goes along: a view that is behind it waits instead of going back. */
  private static Map<String, String> known(ServerRequest request) {
    return request.headers().contains(HeaderNames.IF_NONE_MATCH)
        ? Map.of(
            "If-None-Match",
            String.join(", ", request.headers().get(HeaderNames.IF_NONE_MATCH).allValues()))
        : Map.of();
  }

  /** RFC 9110, section 13.1.2: a weak comparison with each of the listed tags. */
  private static boolean isKnown(ServerRequest request, String tag) {
    if (!request.headers().contains(HeaderNames.IF_NONE_MATCH)) {
      return false;
    }
    for (String value : request.headers().get(HeaderNames.IF_NONE_MATCH).allValues()) {
      for (String known : value.split(",", 100)) {
        if (known.strip().equals("*") || strong(known.strip()).equals(strong(tag))) {
          return true;
        }
      }
    }
    return false;
  }

  private static String strong(String tag) {
    return tag.startsWith("W/") ? tag.substring(2) : tag;
  }

  /** Relays a problem; what is none is not for the client. */
  static void refuse(
      ServerRequest request,
      ServerResponse response,
      int status,
      HttpResponse<?> answer,
      byte[] body) {
    boolean problem =
        answer
            .headers()
            .firstValue("Content-Type")
            .filter(type -> type.startsWith(Problem.MEDIA_TYPE))
            .isPresent();
    if (!problem || !RELAYED.contains(status)) {
      log.warn("the views answered {} to {}", status, answer.uri());
      throw ServiceClient.viewsFault();
    }
    response.status(Status.create(status));
    response.header(Answers.PROBLEM);
    answer
        .headers()
        .firstValue("Retry-After")
        .ifPresent(value -> response.header(HeaderValues.create(HeaderNames.RETRY_AFTER, value)));
    Answers.closeUnlessRead(request, response);
    response.send(body);
  }

  void events(ServerRequest request, ServerResponse response) {
    JobId id = jobId(request);
    Map<String, String> headers =
        request
            .headers()
            .first(LAST_EVENT_ID)
            .map(text ->
                LifePosition.parse(text)
                    .orElseThrow(() ->
                        new ProblemException(
                            Problem.of(
                                ProblemType.INVALID_LAST_EVENT_ID,
                                "Last-Event-ID is the id of an event of this stream, such as"
                                    + " 0.1.1"))))
            .map(position -> Map.of("Last-Event-ID", position.toString()))
            .orElse(Map.of());
    stream(request, response, path(id) + "/events", headers);
  }

  /** What happens to all jobs together. */
  void live(ServerRequest request, ServerResponse response) {
    String query = request.query().rawValue();
    stream(request, response, query.isEmpty() ? "/v1/live" : "/v1/live?" + query, Map.of());
  }

  private void stream(
      ServerRequest request, ServerResponse response, String path, Map<String, String> headers) {
    if (!streams.tryAcquire()) {
      throw new ProblemException(
          Problem.passing(
              ProblemType.TOO_MANY_STREAMS,
              maxStreams + " streams are open already; poll instead, or try later",
              java.time.Duration.ofSeconds(5)));
    }
    openStreams.incrementAndGet();
    try {
      follow(request, response, views.open(path, headers));
    } finally {
      openStreams.decrementAndGet();
      streams.release();
    }
  }

  private void follow(
      ServerRequest request, ServerResponse response, HttpResponse<InputStream> answer) {
    try (InputStream in = answer.body()) {
      open.add(in);
      if (answer.statusCode() == 204) {
        // Nothing will follow: a client that comes back after the last event is told to stay away.
        Answers.closeUnlessRead(request, response);
        response.status(Status.NO_CONTENT_204);
        response.send();
        return;
      }
      if (answer.statusCode() != 200) {
        refuse(request, response, answer.statusCode(), answer, in.readNBytes(COPY_BYTES));
        return;
      }
      response.header(EVENT_STREAM);
      response.header(UNBUFFERED);
      Answers.closeUnlessRead(request, response);
      try (OutputStream out = response.outputStream()) {
        copy(in, out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      open.remove(answer.body());
    }
  }

  /** Until the source ends or breaks; a client whose stream ends early comes back by itself. */
  private static void copy(InputStream in, OutputStream out) throws IOException {
    out.flush();
    byte[] buffer = new byte[COPY_BYTES];
    while (true) {
      int read;
      try {
        read = in.read(buffer);
      } catch (IOException e) {
        log.debug("the views ended a stream", e);
        return;
      }
      if (read < 0) {
        return;
      }
      out.write(buffer, 0, read);
      out.flush();
    }
  }

  /** Ends all streams. */
  @Override
  public void close() {
    for (InputStream in : open) {
      try {
        in.close();
      } catch (IOException e) {
        log.debug("closing a stream", e);
      }
    }
  }
}
