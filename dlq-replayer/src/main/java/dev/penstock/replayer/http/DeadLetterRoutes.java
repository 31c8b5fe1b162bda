package dev.penstock.replayer.http;

import dev.penstock.replayer.look.DeadLetters;
import dev.penstock.replayer.look.LetterId;
import dev.penstock.replayer.look.LetterQuery;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Dead letters. Every replayer knows all of them by itself. Thread-safe.
 *
 * <pre>
 *   GET /v1/dead-letters                     200, 400, 503
 *   GET /v1/dead-letters/groups              200, 400, 503
 *   GET /v1/dead-letters/export              200, 400, 503
 *   GET /v1/dead-letters/{letter}            200, 404, 503
 *   GET /v1/dead-letters/{letter}/decoded    200, 400, 404, 503
 * </pre>
 */
public final class DeadLetterRoutes implements HttpService {
  private static final int MAX_VERSION = 1_000;

  private final DeadLetters letters;

  public DeadLetterRoutes(DeadLetters letters) {
    this.letters = letters;
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .get("/v1/dead-letters", Handling.of(this::list))
        .get("/v1/dead-letters/groups", Handling.of(this::groups))
        .get("/v1/dead-letters/export", Handling.of(this::export))
        .get("/v1/dead-letters/{letter}", Handling.of(this::show))
        .get("/v1/dead-letters/{letter}/decoded", Handling.of(this::decode));
  }

  private void list(ServerRequest request, ServerResponse response) throws InterruptedException {
    Query query = Query.of(request);
    int limit = query.limit();
    @Nullable String cursor = query.text("cursor").orElse(null);
    var wanted = LetterQuery.ofParameters(query.without(Set.of("limit", "cursor")));
    Handling.send(response, letters.list(wanted, limit, cursor));
  }

  private void groups(ServerRequest request, ServerResponse response) throws InterruptedException {
    Query query = Query.of(request);
    String by = query.text("by").orElse("fingerprint");
    var wanted = LetterQuery.ofParameters(query.without(Set.of("by")));
    Handling.send(response, letters.groups(wanted, by));
  }

  private void export(ServerRequest request, ServerResponse response)
      throws IOException, InterruptedException {
    var wanted = LetterQuery.ofParameters(Query.of(request).parameters());
    response.header(HeaderNames.CONTENT_TYPE, "application/x-ndjson");
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    response.header(HeaderNames.CONTENT_DISPOSITION, "attachment; filename=\"dead-letters.jsonl\"");
    // Opened with the first byte, so that what is refused before is still a problem.
    try (var out = new Late(response)) {
      letters.export(wanted, out);
    }
  }

  /** The response's body, of which nothing is sent before something is written. */
  private static final class Late extends OutputStream {
    private final ServerResponse response;
    private @Nullable OutputStream out;

    Late(ServerResponse response) {
      this.response = response;
    }

    private OutputStream out() {
      OutputStream opened = out;
      if (opened == null) {
        opened = response.outputStream();
        out = opened;
      }
      return opened;
    }

    @Override
    public void write(int one) throws IOException {
      out().write(one);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out().write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
      if (out != null) {
        out.flush();
      }
    }

    @Override
    public void close() throws IOException {
      if (out != null) {
        out.close();
      }
    }
  }

  private void show(ServerRequest request, ServerResponse response) throws InterruptedException {
    Query.of(request).check(Set.of());
    Handling.send(response, letters.show(letter(request)).orElseThrow(DeadLetterRoutes::gone));
  }

  private void decode(ServerRequest request, ServerResponse response) throws InterruptedException {
    Query query = Query.of(request).check(Set.of("codec", "version"));
    @Nullable Integer version =
        query.text("version").isPresent()
            ? Integer.valueOf((int) query.number("version", 1, 1, MAX_VERSION))
            : null;
    Handling.send(
        response,
        letters
            .decode(letter(request), query.text("codec").orElse(""), version)
            .orElseThrow(DeadLetterRoutes::gone));
  }

  private static LetterId letter(ServerRequest request) {
    return LetterId.parse(request.path().pathParameters().get("letter"))
        .orElseThrow(DeadLetterRoutes::gone);
  }

  private static ProblemException gone() {
    return new ProblemException(
        Problem.of(
            ProblemType.DEAD_LETTER_NOT_FOUND,
            "a dead letter is named by its place, PARTITION-OFFSET; there is none there, or not any"
                + " more"));
  }
}
