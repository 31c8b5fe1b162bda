package dev.penstock.api.http;

import dev.penstock.api.publish.JobPublisher;
import dev.penstock.api.publish.PlainIntake;
import dev.penstock.api.publish.Written;
import dev.penstock.cache.CacheRecord;
import dev.penstock.job.CacheTag;
import dev.penstock.job.TenantId;
import dev.penstock.submission.CacheEntryReader;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** {@code /v1/cache}: answers that identical jobs share. Thread-safe. */
final class CacheRoutes {
  private static final String PATH = "/v1/cache";

  private static final Set<String> PARAMETERS = Set.of("tag", "tenant");

  private final CacheEntryReader reader;
  private final JobPublisher publisher;
  private final Limits limits;

  CacheRoutes(CacheEntryReader reader, JobPublisher publisher, Limits limits) {
    this.reader = reader;
    this.publisher = publisher;
    this.limits = limits;
  }

  List<Route> routes() {
    return List.of(
        new Route(Method.DELETE, PATH, this::invalidate),
        new Route(Method.POST, PATH + "/entries", this::warm));
  }

  private void invalidate(ServerRequest request, ServerResponse response) {
    checkParameters(request.query());
    String tag = request.query().first("tag").orElse("");
    if (!CacheTag.isTag(tag)) {
      throw new ProblemException(
          Problem.of(
              ProblemType.BAD_REQUEST,
              "the parameter tag is a tag such as kb/articles: 1 to "
                  + CacheTag.MAX_CHARS
                  + " printable ASCII characters without spaces, with single '/' between its"
                  + " segments"));
    }
    String tenant = request.query().first("tenant").orElse(TenantId.DEFAULT.name());
    if (!TenantId.isName(tenant)) {
      throw new ProblemException(
          Problem.of(
              ProblemType.BAD_REQUEST,
              "the parameter tenant is 1 to "
                  + TenantId.MAX_CHARS
                  + " lower-case letters, digits, '.', '_' and '-'"));
    }
    written(
        publisher
            .cache(new CacheRecord.Invalidated(TenantId.of(tenant), new CacheTag(tag)))
            .join());
    // Neither a tag nor a tenant has anything that JSON would escape, but for these two.
    String text = tag.replace("\\", "\\\\").replace("\"", "\\\"");
    answer(
        request,
        response,
        "{\"tenant\":\"" + tenant + "\",\"tag\":\"" + text + "\",\"invalidation\":\"requested\"}");
  }

  /** A tenant that is misspelt would be the default one. */
  private static void checkParameters(UriQuery query) {
    for (String name : query.names()) {
      if (!PARAMETERS.contains(name) || query.all(name).size() > 1) {
        throw new ProblemException(
            Problem.of(
                ProblemType.BAD_REQUEST, "the parameters are tag and tenant, each at most once"));
      }
    }
  }

  private void warm(ServerRequest request, ServerResponse response) {
    Bodies.checkNotEncoded(request);
    if (!Bodies.mediaType(request).equals("application/json")) {
      throw new ProblemException(
          Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "send Content-Type application/json"));
    }
    byte[] body = Bodies.read(request, limits.bodyBytes(), limits.bodyTimeout());
    List<CacheRecord.Answer> answers = reader.admit(body);
    var writing = new ArrayList<CompletableFuture<Written>>();
    answers.forEach(answer -> writing.add(publisher.cache(answer)));
    // An answer that was written twice is the same answer: there is nothing to tell apart.
    writing.forEach(each -> written(each.join()));
    answer(request, response, "{\"entries\":" + answers.size() + "}");
  }

  private static void written(Written written) {
    switch (written) {
      case Written.Acknowledged _ -> {
        // Durable.
      }
      case Written.NotWritten _, Written.Unknown _ ->
          throw new ProblemException(PlainIntake.notAccepted());
    }
  }

  private static void answer(ServerRequest request, ServerResponse response, String json) {
    response.status(Status.ACCEPTED_202);
    response.header(Answers.JSON);
    Answers.closeUnlessRead(request, response);
    response.send(json.getBytes(StandardCharsets.UTF_8));
  }
}
