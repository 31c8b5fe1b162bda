package dev.penstock.api.http;

import dev.penstock.config.Secret;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemException;
import dev.penstock.submission.problem.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
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

/** Asks a service behind the intake, at whichever of its addresses answers. Thread-safe. */
public final class ServiceClient implements AutoCloseable {
  /** The largest answer that is relayed. */
  private static final int MAX_BODY_BYTES = 8_000_000;

  private static final Logger log = LoggerFactory.getLogger(ServiceClient.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration VIEWS_WITHIN = Duration.ofSeconds(15);

  /** To read through a million dead letters takes its time. */
  private static final Duration REPLAYERS_WITHIN = Duration.ofSeconds(150);

  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();
  private final List<URI> addresses;
  private final Secret token;
  private final Duration within;
  private final Absence absence;

  private static final Absence NO_VIEWS =
      new Absence(
          ProblemType.VIEW_UNAVAILABLE, "the service that keeps the views", "the job is safe");

  private static final Absence NO_REPLAYERS =
      new Absence(ProblemType.REPLAYER_UNAVAILABLE, "the replayer", "the dead letters are safe");

  /** The index of the address that answered last. */
  private volatile int preferred;

  /** What is said when nobody answers. */
  private record Absence(ProblemType type, String name, String consolation) {
    ProblemException because(String what) {
      return new ProblemException(Problem.passing(type, what, RETRY_AFTER));
    }
  }

  private ServiceClient(List<URI> addresses, Secret token, Duration within, Absence absence) {
    this.addresses = List.copyOf(addresses);
    this.token = token;
    this.within = within;
    this.absence = absence;
  }

  /**
   * One that asks the views.
   *
   * @param addresses without a path; at least one
   * @param token shown with what changes something; empty for none
   */
  public static ServiceClient ofViews(List<URI> addresses, Secret token) {
    return new ServiceClient(addresses, token, VIEWS_WITHIN, NO_VIEWS);
  }

  /**
   * One that asks the replayers of dead letters.
   *
   * @param addresses without a path; at least one
   */
  public static ServiceClient ofReplayers(List<URI> addresses) {
    return new ServiceClient(addresses, new Secret(""), REPLAYERS_WITHIN, NO_REPLAYERS);
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

  /**
   * The whole answer to a POST of JSON. Only where nothing was sent yet it is tried elsewhere.
   *
   * @throws ProblemException when none came; where it may have been received, that is said
   */
  HttpResponse<byte[]> post(String path, byte[] json) {
    return send(
        path,
        builder ->
            builder
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(json)),
        BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_BODY_BYTES),
        false);
  }

  private <T> HttpResponse<T> send(
      String path, Map<String, String> headers, BodyHandler<T> bodyHandler) {
    return send(path, builder -> headers.forEach(builder::header), bodyHandler);
  }

  private <T> HttpResponse<T> send(
      String path, Consumer<HttpRequest.Builder> more, BodyHandler<T> bodyHandler) {
    return send(path, more, bodyHandler, true);
  }

  private <T> HttpResponse<T> send(
      String path,
      Consumer<HttpRequest.Builder> more,
      BodyHandler<T> bodyHandler,
      boolean repeatable) {
    int first = preferred;
    for (int i = 0; i < addresses.size(); i++) {
      int index = (first + i) % addresses.size();
      var request = HttpRequest.newBuilder(addresses.get(index).resolve(path)).timeout(within);
      more.accept(request);
      try {
        HttpResponse<T> response = http.send(request.build(), bodyHandler);
        preferred = index;
        return response;
      } catch (IOException e) {
        log.debug("{} at {} does not answer", absence.name(), addresses.get(index), e);
        if (!repeatable && !(e instanceof ConnectException)) {
          throw absence.because(
              absence.name() + " gave no answer; look whether it was done, before you ask again");
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        throw absence.because("the intake is stopping");
      }
    }
    throw absence.because(
        absence.name() + " does not answer; " + absence.consolation() + "; try again");
  }

  /** The views have answered with what is no answer. */
  static ProblemException viewsFault() {
    return NO_VIEWS.because(NO_VIEWS.name() + " has a fault; try again");
  }

  /** The replayer has answered with what is no answer. */
  static ProblemException replayerFault() {
    return NO_REPLAYERS.because(NO_REPLAYERS.name() + " has a fault; its log says more");
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
