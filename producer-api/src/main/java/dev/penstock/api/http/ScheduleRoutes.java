package dev.penstock.api.http;

import dev.penstock.api.schedule.Precondition;
import dev.penstock.api.schedule.ScheduleAnswer;
import dev.penstock.api.schedule.SchedulePages;
import dev.penstock.api.schedule.Schedules;
import dev.penstock.runtime.ownership.Neighbours;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** {@code /v1/schedules}. Thread-safe. */
final class ScheduleRoutes {
  private static final String ONE = "/v1/schedules/{name}";
  private static final HeaderName FORWARDED = HeaderNames.create(Neighbours.FORWARDED);
  private static final HeaderName PARTITIONS = HeaderNames.create(SchedulePages.PARTITIONS);

  private final Schedules schedules;
  private final SchedulePages pages;
  private final Limits limits;

  ScheduleRoutes(Schedules schedules, Limits limits) {
    this.schedules = schedules;
    this.pages = schedules.pages();
    this.limits = limits;
  }

  List<Route> routes() {
    return List.of(
        new Route(Method.GET, "/v1/schedules", this::list),
        new Route(Method.PUT, ONE, this::put),
        new Route(
            Method.GET,
            ONE,
            (request, response) -> send(request, response, schedules.get(about(request)))),
        new Route(
            Method.DELETE,
            ONE,
            (request, response) -> send(request, response, schedules.delete(about(request)))),
        new Route(
            Method.POST,
            ONE + "/pause",
            (request, response) -> send(request, response, schedules.pause(about(request), true))),
        new Route(
            Method.POST,
            ONE + "/resume",
            (request, response) ->
                send(request, response, schedules.pause(about(request), false))));
  }

  private void put(ServerRequest request, ServerResponse response) {
    Bodies.checkNotEncoded(request);
    if (!Bodies.mediaType(request).equals("application/json")) {
      throw new ProblemException(
          Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "send Content-Type application/json"));
    }
    byte[] body =
        Bodies.read(
            request, Math.min(limits.bodyBytes(), Schedules.MAX_BODY_BYTES), limits.bodyTimeout());
    send(request, response, schedules.put(about(request), body));
  }

  private void list(ServerRequest request, ServerResponse response) {
    Optional<String> asked = request.headers().first(PARTITIONS);
    String after = request.query().first("after").orElse("");
    int most = SchedulePages.MAX_LIMIT + (asked.isPresent() ? 1 : 0);
    int limit = limit(request.query().first("limit").orElse(""), most);
    if (!after.isEmpty() && !Schedules.isName(after)) {
      throw new ProblemException(
          Problem.of(ProblemType.BAD_REQUEST, "after is the name of a schedule"));
    }
    send(request, response, pages.page(after, limit, asked));
  }

  private static int limit(String text, int most) {
    if (text.isEmpty()) {
      return SchedulePages.DEFAULT_LIMIT;
    }
    int limit = text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : 0;
    if (limit < 1 || limit > most) {
      throw new ProblemException(
          Problem.of(
              ProblemType.BAD_REQUEST, "limit is a number from 1 to " + SchedulePages.MAX_LIMIT));
    }
    return limit;
  }

  private static Schedules.Request about(ServerRequest request) {
    return new Schedules.Request(
        request.path().pathParameters().get("name"),
        new Precondition(
            header(request, HeaderNames.IF_MATCH), header(request, HeaderNames.IF_NONE_MATCH)),
        request.headers().contains(FORWARDED));
  }

  private static Optional<String> header(ServerRequest request, HeaderName name) {
    return request.headers().contains(name)
        ? Optional.of(String.join(",", request.headers().get(name).allValues()))
        : Optional.empty();
  }

  private static void send(ServerRequest request, ServerResponse response, ScheduleAnswer answer) {
    response.status(Status.create(answer.status()));
    response.header(Answers.JSON);
    answer.etag().ifPresent(tag -> response.header(HeaderValues.create(HeaderNames.ETAG, tag)));
    if (answer.status() == 201) {
      response.header(HeaderValues.create(HeaderNames.LOCATION, request.path().path()));
    }
    Answers.closeUnlessRead(request, response);
    response.send(answer.json().getBytes(StandardCharsets.UTF_8));
  }
}
