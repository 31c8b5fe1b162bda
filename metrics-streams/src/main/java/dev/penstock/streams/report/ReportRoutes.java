package dev.penstock.streams.report;

import dev.penstock.codec.Json;
import dev.penstock.streams.figures.FailureTable;
import dev.penstock.streams.figures.SeriesTable;
import dev.penstock.streams.query.Problem;
import dev.penstock.streams.query.Problem.Violation;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is told of all jobs together. Before {@link #open} and after {@link #close} every answer is
 * 503.
 *
 * <pre>
 *   GET /v1/metrics    series of windows             200, 400, 503
 *   GET /v1/overview   how it stands                 200, 503
 *   GET /v1/failures   groups of failures            200, 400, 503
 *   GET /v1/live       overviews and news, as events 200, 400, 503
 *   GET /internal/v1/figures/{series|jobs|failures|changes}   this instance's part, for the others
 *   GET /internal/v1/lines/blocked                            the same
 * </pre>
 */
public final class ReportRoutes implements HttpService {
  private static final int MAX_CHANGES = NewsFeed.MAX_JOBS;

  private volatile @Nullable Reports reports;

  /** Answers a request while the instance is open. */
  @FunctionalInterface
  private interface Answer {
    void answer(Reports reports, ServerRequest request, ServerResponse response)
        throws IOException, InterruptedException;
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .get("/v1/metrics", open(ReportRoutes::metrics))
        .get("/v1/overview", open(ReportRoutes::overview))
        .get("/v1/failures", open(ReportRoutes::failures))
        .get("/v1/live", open(ReportRoutes::live))
        .get(AllFigures.SERIES, open(ReportRoutes::ownSeries))
        .get(
            AllFigures.JOBS,
            open((own, _, response) -> binary(response, own.figures().board().jobs().toBytes())))
        .get(
            AllFigures.FAILURES,
            open(
                (own, _, response) -> binary(response, own.figures().board().failures().toBytes())))
        .get(AllFigures.CHANGES, open(ReportRoutes::ownChanges))
        .get(BlockedLines.PATH, open((own, _, response) -> json(response, own.blocked().own())));
  }

  /** Answers from now on. */
  public void open(Reports answeredBy) {
    reports = answeredBy;
  }

  /** Answers no more; ends the live streams. */
  public void close() {
    Reports closing = reports;
    reports = null;
    if (closing != null) {
      closing.live().close();
    }
  }

  private Handler open(Answer answer) {
    return (request, response) -> {
      Reports open = reports;
      if (open == null) {
        Problem.viewNotReady("This instance is starting or stopping.").send(response);
      } else {
        answer.answer(open, request, response);
      }
    };
  }

  private static void metrics(Reports open, ServerRequest request, ServerResponse response)
      throws InterruptedException {
    Optional<SeriesRequest> asked = series(request, response);
    if (asked.isPresent()) {
      SeriesTable table = open.figures().series(asked.get());
      boolean partial = open.figures().isPartial(table.partitions());
      json(
          response,
          MetricsAnswer.of(asked.get(), table, partial, open.currency().get().orElse(null)));
    }
  }

  private static void ownSeries(Reports open, ServerRequest request, ServerResponse response) {
    series(request, response)
        .ifPresent(
            asked -> binary(response, open.figures().board().series(asked.query()).toBytes()));
  }

  private static Optional<SeriesRequest> series(ServerRequest request, ServerResponse response) {
    try {
      return Optional.of(SeriesRequest.read(parameters(request), Instant.now()));
    } catch (SeriesRequest.InvalidException e) {
      Problem.invalidParameter(e.violations()).send(response);
      return Optional.empty();
    }
  }

  private static void overview(Reports open, ServerRequest request, ServerResponse response)
      throws InterruptedException {
    if (!knows(request, response, List.of())) {
      return;
    }
    json(response, open.overviews().now());
  }

  private static void failures(Reports open, ServerRequest request, ServerResponse response)
      throws InterruptedException {
    if (!knows(request, response, List.of("state", "limit"))) {
      return;
    }
    var wrong = new ArrayList<Violation>();
    Optional<String> state = last(request, "state");
    if (state.isPresent() && !state.get().equals("dead-lettered")) {
      wrong.add(new Violation("/state", "state is dead-lettered, or left out for all failures"));
    }
    int limit =
        last(request, "limit")
            .map(text -> number(text, FailuresAnswer.MAX_LIMIT))
            .orElse(FailuresAnswer.DEFAULT_LIMIT);
    if (limit < 1) {
      wrong.add(new Violation("/limit", "limit is 1 to " + FailuresAnswer.MAX_LIMIT));
    }
    if (!wrong.isEmpty()) {
      Problem.invalidParameter(wrong).send(response);
      return;
    }
    FailureTable table = open.figures().failures();
    boolean partial = open.figures().isPartial(table.partitions());
    json(response, FailuresAnswer.of(table, state.isPresent(), limit, partial));
  }

  private static void live(Reports open, ServerRequest request, ServerResponse response)
      throws IOException, InterruptedException {
    if (!knows(request, response, List.of("topics"))) {
      return;
    }
    List<String> topics =
        last(request, "topics").map(text -> List.of(text.split(",", -1))).orElse(List.of());
    if (!List.of("overview", "jobs").containsAll(topics)) {
      Problem.invalidParameter(
              List.of(new Violation("/topics", "topics is a list of overview and jobs")))
          .send(response);
      return;
    }
    boolean all = topics.isEmpty();
    open.live()
        .serve(
            new LiveStreams.Subjects(
                all || topics.contains("overview"), all || topics.contains("jobs")),
            response);
  }

  private static void ownChanges(Reports open, ServerRequest request, ServerResponse response) {
    long from;
    try {
      from = Long.parseLong(last(request, "from").orElse("-1"));
    } catch (NumberFormatException _) {
      from = -1;
    }
    json(response, open.figures().board().changes().since(from, MAX_CHANGES));
  }

  /** Whether all parameters are known; refuses the request otherwise. */
  private static boolean knows(ServerRequest request, ServerResponse response, List<String> known) {
    List<Violation> wrong =
        request.query().names().stream()
            .filter(name -> !known.contains(name))
            .map(name -> new Violation("/" + name, name + " is not known here"))
            .toList();
    if (!wrong.isEmpty()) {
      Problem.invalidParameter(wrong).send(response);
    }
    return wrong.isEmpty();
  }

  private static Map<String, List<String>> parameters(ServerRequest request) {
    var all = new LinkedHashMap<String, List<String>>();
    for (String name : request.query().names()) {
      all.put(name, request.query().all(name, List::of));
    }
    return all;
  }

  private static Optional<String> last(ServerRequest request, String name) {
    List<String> values = request.query().all(name, List::of);
    return values.isEmpty() ? Optional.empty() : Optional.of(values.getLast());
  }

  /** The number, or 0 where it is none of 1 to {@code max}. */
  private static int number(String text, int max) {
    try {
      int number = Integer.parseInt(text);
      return number > max ? 0 : number;
    } catch (NumberFormatException _) {
      return 0;
    }
  }

  private static void json(ServerResponse response, Object answer) {
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    response.send(Json.MAPPER.writeValueAsBytes(answer));
  }

  private static void binary(ServerResponse response, byte[] answer) {
    response.header(HeaderNames.CONTENT_TYPE, "application/octet-stream");
    response.send(answer);
  }
}
