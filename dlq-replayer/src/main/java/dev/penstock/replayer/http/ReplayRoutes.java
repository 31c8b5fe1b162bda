package dev.penstock.replayer.http;

import dev.penstock.codec.Json;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replayer.audit.AuditLog;
import dev.penstock.replayer.look.LedgerView;
import dev.penstock.replayer.plan.Coordinator.Reply;
import dev.penstock.replayer.plan.Coordinator.Request;
import dev.penstock.replayer.plan.PlanBook;
import dev.penstock.replayer.plan.PlanLife.Command;
import dev.penstock.replayer.plan.PlanTail;
import dev.penstock.runtime.ownership.Neighbours;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Plans, and who did what with them. Every replayer answers; one that does not coordinate passes on
 * what changes something. Thread-safe.
 *
 * <pre>
 *   POST /v1/replays                     202, 400, 409, 413, 415, 422, 503
 *   GET  /v1/replays                     200, 400, 503
 *   GET  /v1/replays/{id}                200, 404, 503
 *   GET  /v1/replays/{id}/differences    200, 400, 404, 503
 *   POST /v1/replays/{id}/{command}      200, 400, 404, 409, 413, 415, 422, 503
 *   GET  /v1/audit                       200, 400, 503
 *   GET  /v1/audit/verification          200, 503
 * </pre>
 */
public final class ReplayRoutes implements HttpService {
  /** So long a read waits to know what is committed. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final List<HeaderName> PASSED_BACK =
      List.of(
          HeaderNames.CONTENT_TYPE,
          HeaderNames.LOCATION,
          HeaderNames.RETRY_AFTER,
          HeaderNames.CACHE_CONTROL);

  /** What the selections of a page may be together, in UTF-16 code units. */
  private static final long MAX_PAGE_CHARS = 4_000_000;

  private final Parts parts;

  /**
   * What it works with.
   *
   * @param book the plans, as far as {@code tail} has read them
   * @param ledger how far they have come
   * @param desk takes what changes a plan
   */
  public record Parts(
      PlanRequests requests,
      PlanBook book,
      PlanTail tail,
      LedgerView ledger,
      Differences differences,
      PlanDesk desk,
      AuditLog audit) {}

  public ReplayRoutes(Parts parts) {
    this.parts = parts;
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .post("/v1/replays", Handling.of(this::create))
        .get("/v1/replays", Handling.of(this::list))
        .get("/v1/replays/{id}", Handling.of(this::show))
        .get("/v1/replays/{id}/differences", Handling.of(this::differences))
        .post("/v1/replays/{id}/{command}", Handling.of(this::command))
        .get("/v1/audit", Handling.of(this::audit))
        .get("/v1/audit/verification", Handling.of(this::verify));
  }

  private void create(ServerRequest request, ServerResponse response)
      throws IOException, InterruptedException {
    PlanRequests.Wanted wanted = parts.requests.plan(Handling.jsonBody(request));
    answer(
        parts.desk.ask(
            new Request.Create(wanted.draft()), "/v1/replays", wanted.json(), isForwarded(request)),
        Status.ACCEPTED_202,
        response);
  }

  private void command(ServerRequest request, ServerResponse response)
      throws IOException, InterruptedException {
    PlanId id = id(request);
    Command command =
        Command.ofWireName(request.path().pathParameters().get("command"))
            .orElseThrow(() ->
                new ProblemException(
                    Problem.of(
                        ProblemType.NOT_FOUND,
                        "a plan takes "
                            + String.join(
                                ", ",
                                Arrays.stream(Command.values()).map(Command::wireName).toList()))));
    byte[] body = Handling.jsonBody(request);
    PlanRequests.Mover mover = parts.requests.mover(body);
    answer(
        parts.desk.ask(
            new Request.Move(id, command, mover.by(), mover.version()),
            "/v1/replays/" + id + "/" + command.wireName(),
            new String(body, StandardCharsets.UTF_8),
            isForwarded(request)),
        Status.OK_200,
        response);
  }

  private static boolean isForwarded(ServerRequest request) {
    return request.headers().contains(HeaderNames.create(Neighbours.FORWARDED));
  }

  private void answer(PlanDesk.Told told, Status done, ServerResponse response) {
    switch (told) {
      case PlanDesk.Told.Here(Reply reply) -> {
        Plan plan = changed(reply);
        response.status(done);
        response.header(HeaderNames.LOCATION, "/v1/replays/" + plan.id());
        Handling.send(response, whole(plan));
      }
      case PlanDesk.Told.Elsewhere elsewhere -> passBack(elsewhere, response);
    }
  }

  /** The other replayer's answer, as it came. */
  static void passBack(PlanDesk.Told.Elsewhere elsewhere, ServerResponse response) {
    HttpResponse<byte[]> answer = elsewhere.answer();
    response.status(Status.create(answer.statusCode()));
    for (HeaderName name : PASSED_BACK) {
      answer
          .headers()
          .firstValue(name.defaultCase())
          .ifPresent(value -> response.header(name, value));
    }
    response.send(answer.body());
  }

  private static Plan changed(Reply reply) {
    return switch (reply) {
      case Reply.Done(Plan plan) -> plan;
      case Reply.Granted _ -> throw new IllegalStateException("no plan came of it");
      case Reply.Missing _ -> throw noPlan();
      case Reply.Refused(String reason) ->
          throw new ProblemException(Problem.of(ProblemType.REPLAY_CONFLICT, reason));
      case Reply.Unavailable(String reason) -> throw Handling.unavailable(reason);
      case Reply.Unknown(String reason) ->
          throw Handling.unavailable(reason + "; it may have been done");
    };
  }

  private static ProblemException noPlan() {
    return new ProblemException(
        Problem.of(ProblemType.REPLAY_NOT_FOUND, "GET /v1/replays lists the plans that there are"));
  }

  private static PlanId id(ServerRequest request) {
    String id = request.path().pathParameters().get("id");
    if (!PlanId.isId(id)) {
      throw noPlan();
    }
    return new PlanId(id);
  }

  private void show(ServerRequest request, ServerResponse response) throws InterruptedException {
    Query.of(request).check(Set.of());
    PlanId id = id(request);
    catchUp();
    Handling.send(response, whole(parts.book.plan(id).orElseThrow(ReplayRoutes::noPlan)));
  }

  private ObjectNode whole(Plan plan) {
    return PlanJson.of(plan, progress(plan), parts.book.preview(plan.id()).orElse(null));
  }

  private Map<Integer, Progress> progress(Plan plan) {
    return parts.ledger.progress(plan.id());
  }

  private void catchUp() throws InterruptedException {
    if (!parts.tail.catchUp(PATIENCE) || !parts.ledger.catchUp(PATIENCE)) {
      throw Handling.unavailable("the plans are not read to their end yet");
    }
  }

  private void list(ServerRequest request, ServerResponse response) throws InterruptedException {
    Query query = Query.of(request).check(Set.of("state", "limit", "cursor"));
    int limit = query.limit();
    Set<State> states = states(query);
    @Nullable String cursor = query.text("cursor").orElse(null);
    catchUp();
    var page = new ArrayList<Plan>();
    boolean begun = cursor == null;
    boolean more = false;
    long chars = 0;
    for (Plan plan : parts.book.plans().reversed()) {
      if (begun && (states.isEmpty() || states.contains(plan.state()))) {
        if (page.size() == limit || chars > MAX_PAGE_CHARS) {
          more = true;
          break;
        }
        page.add(plan);
        chars += plan.selection().text().length();
      }
      begun |= plan.id().text().equals(cursor);
    }
    ObjectNode json = Json.MAPPER.createObjectNode();
    ArrayNode replays = json.putArray("replays");
    page.forEach(plan -> replays.add(PlanJson.of(plan, progress(plan))));
    if (more) {
      json.put("next", page.getLast().id().text());
    }
    Handling.send(response, json);
  }

  private static Set<State> states(Query query) {
    var states = new HashSet<State>();
    for (String name : query.all("state")) {
      for (String each : name.split(",", -1)) {
        try {
          states.add(State.of(each));
        } catch (IllegalArgumentException _) {
          throw Query.invalid(
              "state",
              "must be one of "
                  + String.join(", ", Arrays.stream(State.values()).map(State::wireName).toList()));
        }
      }
    }
    return states;
  }

  private void differences(ServerRequest request, ServerResponse response)
      throws InterruptedException {
    Query query = Query.of(request).check(Set.of("limit", "cursor"));
    int limit = query.limit();
    PlanId id = id(request);
    catchUp();
    if (parts.book.plan(id).isEmpty()) {
      throw noPlan();
    }
    Handling.send(
        response,
        parts.differences.page(
            id, parts.ledger.progress(id), query.text("cursor").orElse(null), limit));
  }

  private void audit(ServerRequest request, ServerResponse response) {
    Query query = Query.of(request).check(Set.of("limit", "before", "plan"));
    int limit = query.limit();
    long before = query.number("before", Long.MAX_VALUE, 1, Long.MAX_VALUE);
    Optional<PlanId> plan =
        query
            .text("plan")
            .map(text -> {
              if (!PlanId.isId(text)) {
                throw Query.invalid("plan", "must be the id of a plan");
              }
              return new PlanId(text);
            });
    List<AuditEntry> entries = parts.audit.newest(before, plan.orElse(null), limit);
    ObjectNode json = Json.MAPPER.createObjectNode();
    ArrayNode told = json.putArray("entries");
    entries.forEach(entry -> told.add(json(entry)));
    if (!entries.isEmpty() && entries.getLast().sequence() > 1) {
      json.put("next", entries.getLast().sequence());
    }
    Handling.send(response, json);
  }

  private static ObjectNode json(AuditEntry entry) {
    ObjectNode json =
        Json.MAPPER
            .createObjectNode()
            .put("sequence", entry.sequence())
            .put("at", entry.at().toString())
            .put("who", entry.who())
            .put("did", entry.did());
    if (entry.plan() != null) {
      json.put("plan", entry.plan().text());
    }
    if (entry.detail() != null) {
      json.set("detail", Json.MAPPER.readTree(entry.detail().text()));
    }
    return json.put("previousHash", entry.previousHash()).put("hash", entry.hash());
  }

  private void verify(ServerRequest request, ServerResponse response) {
    Query.of(request).check(Set.of());
    ObjectNode json = Json.MAPPER.createObjectNode();
    switch (parts.audit.verify()) {
      case AuditLog.Verdict.Sound(long entries, String lastHash) ->
          json.put("sound", true).put("entries", entries).put("lastHash", lastHash);
      case AuditLog.Verdict.Broken(long offset, String reason) ->
          json.put("sound", false).put("entries", 0).put("offset", offset).put("reason", reason);
    }
    Handling.send(response, json);
  }
}
