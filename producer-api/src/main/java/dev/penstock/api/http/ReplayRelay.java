package dev.penstock.api.http;

import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Dead letters, plans for them, and experiments, relayed from the replayer. Thread-safe. */
final class ReplayRelay {
  private static final Logger log = LoggerFactory.getLogger(ReplayRelay.class);
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}");
  private static final int COPY_BYTES = 64 * 1024;
  private static final int MAX_PROBLEM_BYTES = 1_000_000;

  private final ServiceClient replayers;
  private final Limits limits;

  ReplayRelay(ServiceClient replayers, Limits limits) {
    this.replayers = replayers;
    this.limits = limits;
  }

  List<Route> routes() {
    return List.of(
        read("/v1/dead-letters"),
        read("/v1/dead-letters/groups"),
        read("/v1/dead-letters/export"),
        read("/v1/dead-letters/{letter}"),
        read("/v1/dead-letters/{letter}/decoded"),
        read("/v1/replays"),
        write("/v1/replays"),
        read("/v1/replays/{id}"),
        read("/v1/replays/{id}/differences"),
        write("/v1/replays/{id}/{command}"),
        read("/v1/experiments"),
        write("/v1/experiments"),
        read("/v1/experiments/{id}"),
        read("/v1/experiments/{id}/items"),
        write("/v1/experiments/{id}/{command}"),
        read("/v1/audit"),
        read("/v1/audit/verification"));
  }

  private Route read(String path) {
    return new Route(
        Method.GET, path, (request, response) -> read(path(request, path), request, response));
  }

  private Route write(String path) {
    return new Route(
        Method.POST, path, (request, response) -> write(path(request, path), request, response));
  }

  /** The path with its query; nothing in it leads elsewhere. */
  private static String path(ServerRequest request, String template) {
    String path = template;
    for (String name : List.of("letter", "id", "command")) {
      String place = "{" + name + "}";
      if (path.contains(place)) {
        String value = request.path().pathParameters().get(name);
        if (!NAME.matcher(value).matches()) {
          throw new ProblemException(
              Problem.of(
                  name.equals("letter")
                      ? ProblemType.DEAD_LETTER_NOT_FOUND
                      : template.startsWith("/v1/experiments")
                          ? ProblemType.EXPERIMENT_NOT_FOUND
                          : ProblemType.REPLAY_NOT_FOUND,
                  "a dead letter is named like 3-17, a plan or experiment with up to 64 lower-case"
                      + " letters, digits and '-'"));
        }
        path = path.replace(place, value);
      }
    }
    return ViewPages.withQuery(path, request);
  }

  /** The answer as it comes: an export may be larger than any memory. */
  private void read(String path, ServerRequest request, ServerResponse response) {
    HttpResponse<InputStream> answer = replayers.open(path, Map.of());
    try (InputStream in = answer.body()) {
      if (answer.statusCode() != 200) {
        refuse(request, response, answer, in.readNBytes(MAX_PROBLEM_BYTES));
        return;
      }
      head(request, response, answer);
      try (OutputStream out = response.outputStream()) {
        copy(in, out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What breaks off on the way is seen to have: its last line is missing. */
  private static void copy(InputStream in, OutputStream out) throws IOException {
    byte[] buffer = new byte[COPY_BYTES];
    for (int read = next(in, buffer); read >= 0; read = next(in, buffer)) {
      out.write(buffer, 0, read);
    }
  }

  private static int next(InputStream in, byte[] buffer) {
    try {
      return in.read(buffer);
    } catch (IOException e) {
      log.warn("the replayer's answer broke off", e);
      return -1;
    }
  }

  private void write(String path, ServerRequest request, ServerResponse response) {
    Bodies.checkNotEncoded(request);
    // No page of another site can make a browser send this type unasked.
    if (!Bodies.mediaType(request).equals("application/json")) {
      throw new ProblemException(
          Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "send Content-Type application/json"));
    }
    byte[] body = Bodies.read(request, limits.bodyBytes(), limits.bodyTimeout());
    HttpResponse<byte[]> answer = replayers.post(path, body);
    if (answer.statusCode() / 100 != 2) {
      refuse(request, response, answer, answer.body());
      return;
    }
    head(request, response, answer);
    response.send(answer.body());
  }

  private static void head(ServerRequest request, ServerResponse response, HttpResponse<?> answer) {
    response.status(Status.create(answer.statusCode()));
    pass(response, answer, "Content-Type");
    pass(response, answer, "Location");
    Answers.closeUnlessRead(request, response);
  }

  private static void pass(ServerResponse response, HttpResponse<?> answer, String header) {
    answer
        .headers()
        .firstValue(header)
        .ifPresent(
            value -> response.header(HeaderValues.create(HeaderNames.create(header), value)));
  }

  /** Relays a problem; what is none is not for the client. */
  private static void refuse(
      ServerRequest request, ServerResponse response, HttpResponse<?> answer, byte[] body) {
    Optional<String> type = answer.headers().firstValue("Content-Type");
    if (type.isEmpty() || !type.get().startsWith(Problem.MEDIA_TYPE)) {
      log.warn("the replayer answered {} to {}", answer.statusCode(), answer.uri());
      throw ServiceClient.replayerFault();
    }
    pass(response, answer, "Retry-After");
    head(request, response, answer);
    response.send(body);
  }
}
