package dev.penstock.streams.query;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import org.apache.kafka.streams.state.HostInfo;

/** Asks another instance. Thread-safe. */
public final class Forwarder implements AutoCloseable {
  /** Set on what is forwarded; an instance that gets it and has not got the job does not go on. */
  public static final String GUARD = "Penstock-Forwarded";

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

  private final HttpClient client;
  private final Duration answerTimeout;

  /**
   * @param answerTimeout how long the other instance may take until its answer begins
   */
  Forwarder(Duration answerTimeout) {
    this.answerTimeout = answerTimeout;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();
  }

  /**
   * Gets {@code path} from {@code owner}. The body must be closed.
   *
   * @param headers passed on
   * @throws IOException when the owner can't be reached or does not answer in time
   */
  public HttpResponse<InputStream> get(HostInfo owner, String path, Map<String, String> headers)
      throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create("http://" + owner.host() + ":" + owner.port() + path))
            .timeout(answerTimeout)
            .header(GUARD, "1")
            .GET();
    headers.forEach(request::header);
    return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
