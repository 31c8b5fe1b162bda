package dev.penstock.replayer.http;

import dev.penstock.codec.Json;
import dev.penstock.replayer.look.BusyException;
import dev.penstock.replayer.look.InvalidQueryException;
import dev.penstock.replayer.look.LedgerBehindException;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Locale;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** What all handlers have in common: bodies, answers, and failures as problems. */
final class Handling {
  private static final Logger log = LoggerFactory.getLogger(Handling.class);
  private static final int MAX_BODY_BYTES = 1_000_000;
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private Handling() {}

  /** Answers a request, or throws. */
  interface Answering {
    void answer(ServerRequest request, ServerResponse response)
        throws IOException, InterruptedException;
  }

  /** The handler, with every failure turned into a problem. */
  static Handler of(Answering answering) {
    return (request, response) -> {
      try {
        answering.answer(request, response);
      } catch (ProblemException e) {
        answer(response, e.problem());
      } catch (InvalidQueryException e) {
        answer(response, Problem.invalid(ProblemType.INVALID_PARAMETER, e.violations()));
      } catch (BusyException | LedgerBehindException e) {
        answer(response, passing(String.valueOf(e.getMessage())));
      } catch (KafkaException e) {
        log.warn("{} can't be answered", request.prologue(), e);
        answer(response, passing("Kafka does not answer; the dead letters are safe"));
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        answer(response, passing("the replayer is stopping"));
      } catch (IOException | UncheckedIOException e) {
        // The client is gone: no one to answer.
        throw new CloseConnectionException("the answer was not taken", e);
      } catch (CloseConnectionException e) {
        throw e;
      } catch (RuntimeException e) {
        log.error("{} failed", request.prologue(), e);
        answer(
            response,
            Problem.of(ProblemType.INTERNAL_ERROR, "this is a bug; the replayer's log says more"));
      }
    };
  }

  private static void answer(ServerResponse response, Problem problem) {
    if (response.isSent()) {
      throw new CloseConnectionException("the answer has begun and can't become " + problem.type());
    }
    response.status(Status.create(problem.type().status()));
    response.header(HeaderNames.CONTENT_TYPE, Problem.MEDIA_TYPE);
    if (!problem.retryAfter().isZero()) {
      response.header(HeaderNames.RETRY_AFTER, String.valueOf(problem.retryAfterSeconds()));
    }
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    response.send(problem.toJson());
  }

  private static Problem passing(String detail) {
    return Problem.passing(ProblemType.REPLAYER_UNAVAILABLE, detail, RETRY_AFTER);
  }

  /** Not now. */
  static ProblemException unavailable(String detail) {
    return new ProblemException(passing(detail));
  }

  static void send(ServerResponse response, JsonNode json) {
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    response.send(Json.MAPPER.writeValueAsBytes(json));
  }

  /**
   * The body, of which the type says that it is JSON: no page of another site can make a browser
   * send that unasked.
   */
  static byte[] jsonBody(ServerRequest request) throws IOException {
    String type = request.headers().first(HeaderNames.CONTENT_TYPE).orElse("");
    int semicolon = type.indexOf(';');
    String media = (semicolon < 0 ? type : type.substring(0, semicolon)).strip();
    if (!media.toLowerCase(Locale.ROOT).equals("application/json")) {
      throw new ProblemException(
          Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "send Content-Type application/json"));
    }
    if (!request.content().hasEntity()) {
      throw new ProblemException(Problem.of(ProblemType.EMPTY_BODY, "send a JSON object"));
    }
    try (InputStream in = request.content().inputStream()) {
      byte[] body = in.readNBytes(MAX_BODY_BYTES + 1);
      if (body.length > MAX_BODY_BYTES) {
        throw new ProblemException(
            Problem.of(
                ProblemType.BODY_TOO_LARGE, "the body has more than " + MAX_BODY_BYTES + " bytes"));
      }
      return body;
    }
  }
}
