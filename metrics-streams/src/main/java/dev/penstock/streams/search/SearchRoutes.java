package dev.penstock.streams.search;

import dev.penstock.codec.Json;
import dev.penstock.streams.query.Forwarder;
import dev.penstock.streams.query.Peers;
import dev.penstock.streams.query.Problem;
import dev.penstock.streams.search.LocalSearch.NotReadyException;
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
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.kafka.streams.errors.StreamsException;
import org.jspecify.annotations.Nullable;

/**
 * Finding jobs, and doing something about many of them. Before {@link #open} and after {@link
 * #close} every answer is 503.
 *
 * <pre>
 *   GET  /v1/jobs                a page of jobs            200, 400, 503
 *   POST /v1/jobs/actions        begins an action          202, 400, 409, 413, 503
 *   GET  /v1/jobs/actions/{id}   how far it is             200, 404, 503
 *   GET  /internal/v1/search     what this instance finds  200, 400, 503
 * </pre>
 */
public final class SearchRoutes implements HttpService {
  private static final HeaderName GUARD = HeaderNames.create(Forwarder.GUARD);
  private static final Pattern ACTION_ID = Pattern.compile("[0-9a-f-]{36}");

  /** By how much the number of jobs that match may differ from what was expected, in percent. */
  private static final long TOLERANCE_PERCENT = 5;

  private volatile @Nullable JobFinder finder;

  @Override
  public void routing(HttpRules rules) {
    rules
        .get("/v1/jobs", answered(this::search))
        .post("/v1/jobs/actions", beginAction())
        .get("/v1/jobs/actions/{id}", answered(this::progress))
        .get(JobSearch.LOCAL_PATH, answered(this::searchHere));
  }

  /** Begins an action on many jobs: a write, for whoever guards those. */
  public Handler beginAction() {
    return answered(this::begin);
  }

  /** Answers from now on. */
  public void open(JobFinder answeredBy) {
    finder = answeredBy;
  }

  /** Answers no more. */
  public void close() {
    finder = null;
  }

  private interface Answer {
    void to(JobFinder open, ServerRequest request, ServerResponse response)
        throws NotReadyException, InterruptedException, IOException;
  }

  private Handler answered(Answer answer) {
    return (request, response) -> {
      JobFinder open = finder;
      if (open == null) {
        Problem.viewNotReady("This instance is starting or stopping.").send(response);
        return;
      }
      try {
        answer.to(open, request, response);
      } catch (InvalidParameterException e) {
        e.problem().send(response);
      } catch (NotReadyException e) {
        Problem.viewNotReady(String.valueOf(e.getMessage())).send(response);
      }
    };
  }

  private void search(JobFinder open, ServerRequest request, ServerResponse response)
      throws NotReadyException, InterruptedException {
    send(response, Status.OK_200, open.search().search(asked(request)));
  }

  private void searchHere(JobFinder open, ServerRequest request, ServerResponse response)
      throws NotReadyException, InterruptedException {
    send(response, Status.OK_200, open.local().search(asked(request)));
  }

  private static SearchRequest asked(ServerRequest request) {
    return SearchRequest.parse(request.query().rawValue());
  }

  private void begin(JobFinder open, ServerRequest request, ServerResponse response)
      throws NotReadyException, InterruptedException, IOException {
    byte[] body;
    try (InputStream in = request.content().inputStream()) {
      body = in.readNBytes(ActionRequest.MAX_BODY_BYTES + 1);
    }
    if (body.length > ActionRequest.MAX_BODY_BYTES) {
      new Problem(
              413,
              "body_too_large",
              "Body too large",
              "The body has at most " + ActionRequest.MAX_BODY_BYTES + " bytes.")
          .send(response);
      return;
    }
    ActionRequest asked;
    try {
      asked = ActionRequest.parse(body);
    } catch (ActionRequest.MalformedException e) {
      e.problem().send(response);
      return;
    }
    Optional<BulkAction.Progress> begun;
    switch (asked) {
      case ActionRequest.Of(JobAction action, var ids) -> begun = open.actions().begin(action, ids);
      case ActionRequest.Matching(JobAction action, SearchRequest selection, long expected) -> {
        long matching = open.search().search(selection.page(null, 1)).total().count();
        if (isOther(matching, expected)) {
          new Problem(
                  409,
                  "selection_changed",
                  "Selection changed",
                  matching + " jobs match now, not " + expected + ". Look at them again.")
              .send(response);
          return;
        }
        begun = open.actions().begin(action, selection, matching);
      }
    }
    if (begun.isEmpty()) {
      new Problem(
              503,
              "too_many_actions",
              "Too many actions",
              BulkActions.MAX_RUNNING + " actions run at this instance already. Try again later.")
          .send(response);
      return;
    }
    response.header(HeaderNames.LOCATION, "/v1/jobs/actions/" + begun.get().id());
    send(response, Status.ACCEPTED_202, new Begun(begun.get().id(), begun.get().matching()));
  }

  /** An action that was begun. */
  private record Begun(String id, long matching) {}

  private static boolean isOther(long matching, long expected) {
    return matching > ActionRequest.MAX_MATCHING
        || Math.abs(matching - expected) * 100 > expected * TOLERANCE_PERCENT;
  }

  private void progress(JobFinder open, ServerRequest request, ServerResponse response)
      throws NotReadyException, InterruptedException {
    String id = request.path().pathParameters().get("id");
    Optional<BulkAction.Progress> here = open.actions().progress(id);
    if (here.isPresent()) {
      send(response, Status.OK_200, here.get());
      return;
    }
    if (!request.headers().contains(GUARD) && ACTION_ID.matcher(id).matches()) {
      try {
        List<HttpResponse<byte[]>> answers = open.peers().ask("/v1/jobs/actions/" + id).all();
        for (HttpResponse<byte[]> answer : answers) {
          if (answer.statusCode() == 200) {
            send(response, Status.OK_200, Json.MAPPER.readTree(answer.body()));
            return;
          }
        }
      } catch (Peers.SilentException | StreamsException | IllegalStateException e) {
        throw new NotReadyException(
            "It was not begun here, and not all instances answer (" + e.getMessage() + ").");
      }
    }
    new Problem(
            404,
            "action_not_found",
            "Action not found",
            "No action of that id is known; an instance forgets them when it stops.")
        .send(response);
  }

  private static void send(ServerResponse response, Status status, Object body) {
    response.status(status);
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    response.send(Json.MAPPER.writeValueAsBytes(body));
  }
}
