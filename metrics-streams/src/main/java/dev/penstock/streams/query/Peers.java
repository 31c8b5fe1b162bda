package dev.penstock.streams.query;

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
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.state.HostInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The other instances, all asked at the same time; whoever asks says what one that does not answer
 * means. Thread-safe.
 */
public final class Peers implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(Peers.class);

  private final Supplier<List<HostInfo>> others;
  private final Duration timeout;
  private final int maxBodyBytes;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  /** One of them did not answer. */
  public static final class SilentException extends Exception {
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
   * @param others who has partitions beside this instance; may fail while that is not known
   * @param timeout for a whole answer
   * @param maxBodyBytes the largest answer that is read
   */
  public Peers(Supplier<List<HostInfo>> others, Duration timeout, int maxBodyBytes) {
    this.others = others;
    this.timeout = timeout;
    this.maxBodyBytes = maxBodyBytes;
  }

  /**
   * Those that have partitions beside {@code self}, as of the last rebalance.
   *
   * @throws org.apache.kafka.streams.errors.StreamsException or IllegalStateException while it is
   *     not known who they are
   */
  public static List<HostInfo> of(KafkaStreams streams, HostInfo self) {
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
  public record Asked(
      Map<HostInfo, CompletableFuture<HttpResponse<byte[]>>> answers, long untilNanos) {
    /** All answers, whatever they say. */
    public List<HttpResponse<byte[]>> all() throws SilentException, InterruptedException {
      var all = new ArrayList<HttpResponse<byte[]>>();
      try {
        for (var each : answers.entrySet()) {
          all.add(await(each.getKey(), each.getValue()));
        }
      } finally {
        giveUp();
      }
      return all;
    }

    /** The answers of those that answer with 200; the others are left out. */
    public Map<HostInfo, byte[]> given() throws InterruptedException {
      var given = new LinkedHashMap<HostInfo, byte[]>();
      try {
        for (var each : answers.entrySet()) {
          try {
            HttpResponse<byte[]> answer = await(each.getKey(), each.getValue());
            if (answer.statusCode() == 200) {
              given.put(each.getKey(), answer.body());
            }
          } catch (SilentException e) {
            log.debug("another instance is left out", e);
          }
        }
      } finally {
        giveUp();
      }
      return given;
    }

    private HttpResponse<byte[]> await(
        HostInfo host, CompletableFuture<HttpResponse<byte[]>> answer)
        throws SilentException, InterruptedException {
      try {
        return answer.get(Math.max(0, untilNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (ExecutionException e) {
        throw new SilentException(host, e.getCause() instanceof IOException io ? io : e);
      } catch (TimeoutException e) {
        throw new SilentException(host, e);
      }
    }

    private void giveUp() {
      answers.values().forEach(answer -> answer.cancel(true));
    }
  }

  /** Gets {@code path} from each of them. Fails as the list of them does. */
  public Asked ask(String path) {
    return ask(_ -> path);
  }

  /** Gets from each of them its own path. Fails as the list of them does. */
  public Asked ask(Function<HostInfo, String> path) {
    var answers = new LinkedHashMap<HostInfo, CompletableFuture<HttpResponse<byte[]>>>();
    for (HostInfo host : others.get()) {
      var request =
          HttpRequest.newBuilder(
                  URI.create("http://" + host.host() + ":" + host.port() + path.apply(host)))
              .timeout(timeout)
              .header(Forwarder.GUARD, "1")
              .GET()
              .build();
      answers.put(
          host,
          client.sendAsync(
              request,
              HttpResponse.BodyHandlers.limiting(
                  HttpResponse.BodyHandlers.ofByteArray(), maxBodyBytes)));
    }
    return new Asked(answers, System.nanoTime() + timeout.toNanos());
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
