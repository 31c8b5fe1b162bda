package dev.penstock.api.http;

import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpResponse;
import java.util.Map;

/** Reads that the service that keeps the views answers under the same path. Thread-safe. */
final class ViewPages {
  /** No request that is meant well is longer. */
  private static final int MAX_QUERY_CHARS = 16_000;

  private final ServiceClient views;

  ViewPages(ServiceClient views) {
    this.views = views;
  }

  /** Relays a GET with its query, and the answer: a page, or what is wrong with the request. */
  void relay(ServerRequest request, ServerResponse response) {
    HttpResponse<byte[]> answer = views.get(withQuery(request.path().path(), request), Map.of());
    int status = answer.statusCode();
    if (status == 200) {
      response.header(Answers.JSON);
      Answers.closeUnlessRead(request, response);
      response.send(answer.body());
      return;
    }
    JobViews.refuse(request, response, status, answer, answer.body());
  }

  /** The path with the request's query, as it came. */
  static String withQuery(String ofPath, ServerRequest request) {
    String query = request.query().rawValue();
    if (query.length() > MAX_QUERY_CHARS) {
      throw new ProblemException(
          Problem.of(
              ProblemType.URI_TOO_LONG,
              "the query has at most " + MAX_QUERY_CHARS + " characters"));
    }
    String path = ofPath + (query.isEmpty() ? "" : "?" + query);
    try {
      return new URI(path).toString();
    } catch (URISyntaxException _) {
      throw new ProblemException(
          Problem.of(ProblemType.INVALID_PARAMETER, "the query has to be percent-encoded"));
    }
  }
}
