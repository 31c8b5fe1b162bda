package dev.penstock.http;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * The one HTTP client of the process: made for the first provider that needs it, closed after the
 * last. Connections are kept per host and key-less, so providers can share them.
 */
final class SharedClient implements AutoCloseable {
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  private static final Object LOCK = new Object();
  private static @Nullable HttpClient shared;
  private static int users;

  private final HttpClient client;
  private boolean closed;

  private SharedClient(HttpClient client) {
    this.client = client;
  }

  /** A share in the client; the caller closes it. */
  static SharedClient share() {
    synchronized (LOCK) {
      if (shared == null) {
        shared =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT_TIMEOUT)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
      }
      users++;
      return new SharedClient(shared);
    }
  }

  HttpClient client() {
    return client;
  }

  /** Gives the share back; what still runs on the last one ends. */
  @Override
  public void close() {
    synchronized (LOCK) {
      if (closed) {
        return;
      }
      closed = true;
      users--;
      if (users == 0) {
        client.shutdownNow();
        shared = null;
      }
    }
  }
}
