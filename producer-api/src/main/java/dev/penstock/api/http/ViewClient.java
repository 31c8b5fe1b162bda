package dev.penstock.api.http;

import dev.penstock.config.Secret;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the views, at whichever of their addresses answers. Thread-safe. */
public final class ViewClient implements AutoCloseable {
  /** The largest answer that is relayed. */
  private static final int MAX_BODY_BYTES = 8_000_000;

  private static final Logger log = LoggerFactory.getLogger(ViewClient.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(15);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();
  private final List<URI> addresses;
  private final Secret token;

  /** The index of the address that answered last. */
  private volatile int preferred;

  /**
   * @param addresses without a path; at least one
   * @param token shown with what changes something; empty for none
   */
  public ViewClient(List<URI> addresses, Secret token) {
    this.addresses = List.copyOf(addresses);
    this.token = token;
  }

  /** The whole answer to a GET. */
  HttpResponse<byte[]> get(String path, Map<String, String> headers) {
    return send(path, headers, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_BODY_BYTES));
  }

  /** The answer to a GET, to be read as it comes and to be closed. */
  HttpResponse<InputStream> open(String path, Map<String, String> headers) {
    return send(path, headers, BodyHandlers.ofInputStream());
  }

  /** The whole answer to a POST without a body, which may be made twice. */
  HttpResponse<byte[]> post(String path) {
    return send(
        path,
        builder -> {
          builder.POST(HttpRequest.BodyPublishers.noBody());
          if (!token.isEmpty()) {
            builder.header("Authorization", "Bearer " + token.reveal());
          }
        },
        BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_BODY_BYTES));
  }

  private <T> HttpResponse<T> send(
      String path, Map<String, String> headers, BodyHandler<T> bodyHandler) {
    return send(path, builder -> headers.forEach(builder::header), bodyHandler);
  }

  private <T> HttpResponse<T> send(
      String path, Consumer<HttpRequest.Builder> more, BodyHandler<T> bodyHandler) {
    int first = preferred;
    for (int i = 0; i < addresses.size(); i++) {
      int index = (first + i) % addresses.size();
      var request =
          HttpRequest.newBuilder(addresses.get(index).resolve(path)).timeout(ANSWER_TIMEOUT);
      more.accept(request);
      try {
        HttpResponse<T> response = http.send(request.build(), bodyHandler);
        preferred = index;
        return response;
      } catch (IOException e) {
        log.debug("the views at {} do not answer", addresses.get(index), e);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        throw unavailable("the intake is stopping");
      }
    }
    throw unavailable(
        "the service that keeps the views does not answer; the job is safe; try again");
  }

  static ProblemException unavailable(String detail) {
    return new ProblemException(Problem.passing(ProblemType.VIEW_UNAVAILABLE, detail, RETRY_AFTER));
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
