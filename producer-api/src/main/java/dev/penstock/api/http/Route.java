package dev.penstock.api.http;

import dev.penstock.runtime.ops.CurrentTrace;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.common.buffers.DataReader.InsufficientDataAvailableException;
import io.helidon.http.Method;
import io.helidon.http.RequestException;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One operation of the contract.
 *
 * @param path as the contract writes it
 */
record Route(Method method, String path, Handler handler) {
  private static final Logger log = LoggerFactory.getLogger(Route.class);

  /** The handler, measured, with every failure turned into a problem. */
  Handler guarded(RequestMetrics metrics) {
    return (request, response) -> {
      long start = System.nanoTime();
      try {
        handle(request, response);
      } finally {
        CurrentTrace.begin(RequestTraces.current());
        try {
          metrics.answered(
              method.text(), path, response.status().code(), System.nanoTime() - start);
        } finally {
          CurrentTrace.end();
        }
      }
    };
  }

  private void handle(ServerRequest request, ServerResponse response) throws Exception {
    try {
      handler.handle(request, response);
    } catch (ProblemException e) {
      answer(request, response, e.problem());
    } catch (RequestException e) {
      answer(request, response, TransportProblems.ofStatus(e.status()));
    } catch (InsufficientDataAvailableException _) {
      answer(
          request,
          response,
          Problem.of(ProblemType.INCOMPLETE_BODY, "the connection ended before the body did"));
    } catch (CloseConnectionException e) {
      // The client is gone: no one to answer.
      throw e;
    } catch (RuntimeException e) {
      log.error("{} {} failed", method.text(), path, e);
      answer(
          request,
          response,
          Problem.of(ProblemType.INTERNAL_ERROR, "this is a bug; the service's log says more"));
    }
  }

  private static void answer(ServerRequest request, ServerResponse response, Problem problem) {
    if (response.isSent()) {
      throw new CloseConnectionException("the answer has begun and can't become " + problem.type());
    }
    Answers.send(request, response, problem);
  }
}
