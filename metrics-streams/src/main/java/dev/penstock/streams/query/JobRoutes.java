package dev.penstock.streams.query;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.LifePosition;
import dev.penstock.streams.query.JobReader.Reading;
import dev.penstock.streams.records.JobRecords;
import dev.penstock.streams.view.JobViews;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.streams.state.HostInfo;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The internal HTTP API. Before {@link #open} and after {@link #close} every answer is 503.
 *
 * <pre>
 *   GET /internal/v1/jobs/{id}          the job         200, 304, 404, 503
 *   GET /internal/v1/jobs/{id}/result   what it came to 200, 404, 409, 503
 *   GET /internal/v1/jobs/{id}/events   its life        200, 204, 400, 404, 503
 *   GET /internal/v1/jobs/{id}/records  its records     200, 404, 503
 *   GET /internal/v1/jobs/{id}/input    what it asked   200, 404, 410, 503
 * </pre>
 *
 * The same without {@code /internal}, for the dashboard.
 */
public final class JobRoutes implements HttpService {
  private static final HeaderName GUARD = HeaderNames.create(Forwarder.GUARD);
  private static final HeaderName LAST_EVENT_ID = HeaderNames.create("Last-Event-ID");

  /** More than any answer has: a result is one record. */
  private static final int MAX_RELAYED_BYTES = 8 << 20;

  private static final Duration RELAY_LIMIT = Duration.ofSeconds(10);

  /** The headers of an answer that are passed on. */
  private static final List<HeaderName> RELAYED =
      List.of(
          HeaderNames.CONTENT_TYPE,
          HeaderNames.ETAG,
          HeaderNames.RETRY_AFTER,
          HeaderNames.CACHE_CONTROL);

  private volatile @Nullable Queries queries;

  @Override
  public void routing(HttpRules rules) {
    for (String prefix : List.of("/internal", "")) {
      for (Route route : Route.values()) {
        rules.get(
            prefix + "/v1/jobs/{id}" + route.suffix,
            (request, response) -> answer(route, request, response));
      }
    }
  }

  /** Answers from now on. */
  public void open(Queries answeredBy) {
    queries = answeredBy;
  }

  /** Answers no more; ends the event streams. */
  public void close() {
    Queries closing = queries;
    queries = null;
    if (closing != null) {
      closing.events().close();
    }
  }

  private enum Route {
    VIEW(""),
    RESULT("/result"),
    EVENTS("/events"),
    RECORDS("/records"),
    INPUT("/input");

    private final String suffix;

    Route(String suffix) {
      this.suffix = suffix;
    }
  }

  private void answer(Route route, ServerRequest request, ServerResponse response)
      throws IOException, InterruptedException {
    Queries open = queries;
    if (open == null) {
      Problem.viewNotReady("This instance is starting or stopping.").send(response);
      return;
    }
    String text = request.path().pathParameters().get("id");
    Optional<JobId> id = JobId.parse(text);
    if (id.isEmpty()) {
      // Not quoted back: it may be anything.
      Problem.jobNotFound("of that id").send(response);
      return;
    }
    Optional<String> lastEvent =
        route == Route.EVENTS ? header(request, LAST_EVENT_ID) : Optional.empty();
    Optional<LifePosition> seen =
        switch (route) {
          case VIEW -> seenInTag(request);
          case RESULT, RECORDS, INPUT -> Optional.empty();
          case EVENTS -> lastEvent.flatMap(LifePosition::parse);
        };
    if (lastEvent.isPresent() && seen.isEmpty()) {
      Problem.badHeader("Last-Event-ID", "must be an id that an event of this job had")
          .send(response);
      return;
    }
    switch (open.reader().read(id.get(), seen)) {
      case Reading.Found found -> found(open, route, id.get(), found, seen, request, response);
      case Reading.Missing _ -> Problem.jobNotFound(text).send(response);
      case Reading.NotReady(String why) -> Problem.viewNotReady(why).send(response);
      case Reading.Elsewhere(HostInfo owner) ->
          elsewhere(open, route, id.get(), owner, request, response);
    }
  }

  private static void found(
      Queries open,
      Route route,
      JobId id,
      Reading.Found found,
      Optional<LifePosition> seen,
      ServerRequest request,
      ServerResponse response)
      throws IOException, InterruptedException {
    switch (route) {
      case VIEW -> view(id, found, request, response);
      case RESULT -> result(open, id, found, response);
      case EVENTS -> open.events().serve(id, found, seen, response);
      case RECORDS, INPUT -> records(open, route, id, found, response);
    }
  }

  private static void records(
      Queries open, Route route, JobId id, Reading.Found found, ServerResponse response)
      throws InterruptedException {
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    int partition = found.stay().partition();
    try {
      if (route == Route.RECORDS) {
        json(
            response,
            Json.MAPPER.writeValueAsBytes(open.records().records(id, partition, found.life())));
        return;
      }
      Optional<JsonNode> input = open.records().input(id, partition, found.life());
      if (input.isPresent()) {
        json(response, Json.MAPPER.writeValueAsBytes(input.get()));
      } else {
        Problem.inputGone(id.toString()).send(response);
      }
    } catch (JobRecords.Unavailable e) {
      Problem.viewNotReady("The job's records can't be read (" + e.getMessage() + ").")
          .send(response);
    }
  }

  private static void view(
      JobId id, Reading.Found found, ServerRequest request, ServerResponse response) {
    String tag = "\"" + JobViews.tag(found.life()) + "\"";
    response.header(HeaderNames.ETAG, tag);
    response.header(HeaderNames.CACHE_CONTROL, "no-cache");
    if (header(request, HeaderNames.IF_NONE_MATCH).filter(tag::equals).isPresent()) {
      response.status(Status.NOT_MODIFIED_304).send();
      return;
    }
    json(response, Json.MAPPER.writeValueAsBytes(JobViews.view(id, found.life()).orElseThrow()));
  }

  private static void result(Queries open, JobId id, Reading.Found found, ServerResponse response) {
    if (found.life().end() == null) {
      Problem.jobNotFinished(found.life().state().wireName()).send(response);
      return;
    }
    try {
      Optional<byte[]> result = open.reader().result(id, found.stay());
      if (result.isPresent()) {
        json(response, result.get());
      } else {
        // Replayed or dropped since its state was read.
        Problem.viewNotReady("The job changed while it was read.").send(response);
      }
    } catch (LocalView.Unavailable _) {
      Problem.viewNotReady("The job moves to another instance.").send(response);
    }
  }

  private static void json(ServerResponse response, byte[] body) {
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.send(body);
  }

  private static void elsewhere(
      Queries open,
      Route route,
      JobId id,
      HostInfo owner,
      ServerRequest request,
      ServerResponse response)
      throws InterruptedException {
    if (owner.equals(open.self()) || request.headers().contains(GUARD)) {
      Problem.viewNotReady("The job's partition moves to another instance.").send(response);
      return;
    }
    var passedOn = new HashMap<String, String>();
    header(request, HeaderNames.IF_NONE_MATCH).ifPresent(v -> passedOn.put("If-None-Match", v));
    header(request, LAST_EVENT_ID).ifPresent(v -> passedOn.put("Last-Event-ID", v));
    HttpResponse<InputStream> answer;
    try {
      answer =
          open.forwarder()
              .get(owner, "/internal/v1/jobs/" + id + route.suffix, Map.copyOf(passedOn));
    } catch (IOException e) {
      Problem.viewNotReady(
              "The instance that has the job, "
                  + owner.host()
                  + ":"
                  + owner.port()
                  + ", does not answer ("
                  + e.getClass().getSimpleName()
                  + ").")
          .send(response);
      return;
    }
    try (InputStream body = answer.body()) {
      if (route == Route.EVENTS && answer.statusCode() == Status.OK_200.code()) {
        open.events().relay(body, response);
      } else {
        relay(open, answer, body, response);
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void relay(
      Queries open, HttpResponse<InputStream> answer, InputStream body, ServerResponse response) {
    byte[] bytes;
    try {
      bytes = open.guard().within(RELAY_LIMIT, () -> body.readNBytes(MAX_RELAYED_BYTES));
    } catch (IOException _) {
      Problem.viewNotReady("The instance that has the job stopped in the middle of its answer.")
          .send(response);
      return;
    }
    response.status(Status.create(answer.statusCode()));
    for (HeaderName name : RELAYED) {
      answer.headers().firstValue(name.defaultCase()).ifPresent(v -> response.header(name, v));
    }
    if (bytes.length == 0) {
      response.send();
    } else {
      response.send(bytes);
    }
  }

  /** The position in an {@code If-None-Match}; what is not one of our tags is passed over. */
  private static Optional<LifePosition> seenInTag(ServerRequest request) {
    return header(request, HeaderNames.IF_NONE_MATCH)
        .filter(tag -> tag.length() > 2 && tag.startsWith("\"") && tag.endsWith("\""))
        .map(tag -> tag.substring(1, tag.length() - 1))
        .map(tag -> tag.contains("+") ? tag.substring(0, tag.indexOf('+')) : tag)
        .flatMap(LifePosition::parse);
  }

  private static Optional<String> header(ServerRequest request, HeaderName name) {
    return request.headers().first(name);
  }
}
