package dev.penstock.runtime.ownership;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends requests to the processes of a service that own their subject. Thread-safe. */
public final class Neighbours implements AutoCloseable {
  /** Tells the owner not to send it on: who is asked and is not the owner says so. */
  public static final String FORWARDED = "Penstock-Forwarded";

  private static final Logger log = LoggerFactory.getLogger(Neighbours.class);
  private static final int MAX_AT_ONCE = 256;
  private static final int MAX_ANSWER_BYTES = 1_000_000;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  private final Semaphore atOnce = new Semaphore(MAX_AT_ONCE);
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  /**
   * The answer; nothing when none came. Whether the owner did what it was asked to is not known
   * then.
   */
  public Optional<HttpResponse<byte[]>> send(HttpRequest.Builder request, Duration timeout)
      throws InterruptedException {
    HttpRequest forwarded = request.timeout(timeout).header(FORWARDED, "1").build();
    atOnce.acquire();
    try {
      return Optional.of(
          http.send(
              forwarded, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_ANSWER_BYTES)));
    } catch (IOException e) {
      log.debug("the owner at {} does not answer", forwarded.uri(), e);
      return Optional.empty();
    } finally {
      atOnce.release();
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
