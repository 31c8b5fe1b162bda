package dev.penstock.streams.search;

import dev.penstock.streams.query.Forwarder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.state.HostInfo;

/** The other instances, all asked at the same time. Thread-safe. */
final class Peers implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

  /** More than 500 summaries with all their labels, and facets. */
  private static final int MAX_BODY_BYTES = 16 << 20;

  private final Supplier<List<HostInfo>> others;
  private final Duration timeout;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  /** One of them did not answer. */
  static final class SilentException extends Exception {
    private static final long serialVersionUID = 1L;

    SilentException(HostInfo host, Throwable cause) {
      super(
          "The instance at "
              + host.host()
              + ":"
              + host.port()
              + " does not answer ("
              + cause.getClass().getSimpleName()
              + ").",
          cause);
    }
  }

  /**
   * @param others who has partitions beside this instance; fails while that is not known
   * @param timeout for a whole answer
   */
  Peers(Supplier<List<HostInfo>> others, Duration timeout) {
    this.others = others;
    this.timeout = timeout;
  }

  /** Those that have partitions, as of the last rebalance. */
  static List<HostInfo> of(KafkaStreams streams, HostInfo self) {
    var hosts = new ArrayList<HostInfo>();
    for (StreamsMetadata each : streams.metadataForAllStreamsClients()) {
      if (!each.topicPartitions().isEmpty()
          && !each.hostInfo().equals(self)
          && !each.hostInfo().equals(HostInfo.unavailable())) {
        hosts.add(each.hostInfo());
      }
    }
    return hosts;
  }

  /** Questions that were asked; the answers come. */
  record Asked(Map<HostInfo, CompletableFuture<HttpResponse<byte[]>>> answers, long untilNanos) {
    /** All answers, whatever they say. */
    List<HttpResponse<byte[]>> await() throws SilentException, InterruptedException {
      var all = new ArrayList<HttpResponse<byte[]>>();
      try {
        for (var each : answers.entrySet()) {
          all.add(await(each.getKey(), each.getValue(), untilNanos));
        }
      } finally {
        answers.values().forEach(answer -> answer.cancel(true));
      }
      return all;
    }

    private static HttpResponse<byte[]> await(
        HostInfo host, CompletableFuture<HttpResponse<byte[]>> answer, long untilNanos)
        throws SilentException, InterruptedException {
      try {
        return answer.get(Math.max(0, untilNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (ExecutionException e) {
        throw new SilentException(host, e.getCause() instanceof IOException io ? io : e);
      } catch (TimeoutException e) {
        throw new SilentException(host, e);
      }
    }
  }

  /**
   * Gets {@code path} from each of them.
   *
   * @throws org.apache.kafka.streams.errors.StreamsException or IllegalStateException while it is
   *     not known who they are
   */
  Asked ask(String path) {
    var answers = new LinkedHashMap<HostInfo, CompletableFuture<HttpResponse<byte[]>>>();
    for (HostInfo host : others.get()) {
      var request =
          HttpRequest.newBuilder(URI.create("http://" + host.host() + ":" + host.port() + path))
              .timeout(timeout)
              .header(Forwarder.GUARD, "1")
              .GET()
              .build();
      answers.put(
          host,
          client.sendAsync(
              request,
              HttpResponse.BodyHandlers.limiting(
                  HttpResponse.BodyHandlers.ofByteArray(), MAX_BODY_BYTES)));
    }
    return new Asked(answers, System.nanoTime() + timeout.toNanos());
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
