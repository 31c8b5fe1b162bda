package dev.penstock.streams.report;

import dev.penstock.streams.query.Forwarder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.state.HostInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The other instances, all asked at the same time. Those that don't answer are left out; that
 * something is missing shows by the partitions that nobody told of. Thread-safe.
 */
final class Instances implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Instances.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(3);

  /** The largest answer that is read. */
  private static final int MAX_BODY_BYTES = 32 << 20;

  private final Supplier<List<HostInfo>> others;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  /**
   * @param others who has partitions beside this instance
   */
  Instances(Supplier<List<HostInfo>> others) {
    this.others = others;
  }

  /** Those beside {@code self} that have partitions, as of the last rebalance. */
  static List<HostInfo> of(KafkaStreams streams, HostInfo self) {
    var hosts = new ArrayList<HostInfo>();
    try {
      for (StreamsMetadata each : streams.metadataForAllStreamsClients()) {
        if (!each.topicPartitions().isEmpty()
            && !each.hostInfo().equals(self)
            && !each.hostInfo().equals(HostInfo.unavailable())) {
          hosts.add(each.hostInfo());
        }
      }
    } catch (StreamsException | IllegalStateException _) {
      // Not started, or just ending: then nobody is known.
      return List.of();
    }
    return hosts;
  }

  /** The answers to a GET of {@code path}, of those that answer with 200. */
  Collection<byte[]> ask(String path) throws InterruptedException {
    return ask(_ -> path).values();
  }

  /** The answers to a GET of each one's path, of those that answer with 200. */
  Map<HostInfo, byte[]> ask(Function<HostInfo, String> path) throws InterruptedException {
    var asked = new LinkedHashMap<HostInfo, CompletableFuture<HttpResponse<byte[]>>>();
    for (HostInfo host : others.get()) {
      var request =
          HttpRequest.newBuilder(
                  URI.create("http://" + host.host() + ":" + host.port() + path.apply(host)))
              .timeout(ANSWER_TIMEOUT)
              .header(Forwarder.GUARD, "1")
              .build();
      asked.put(
          host,
          client.sendAsync(
              request,
              HttpResponse.BodyHandlers.limiting(
                  HttpResponse.BodyHandlers.ofByteArray(), MAX_BODY_BYTES)));
    }
    var answers = new LinkedHashMap<HostInfo, byte[]>();
    long untilNanos = System.nanoTime() + ANSWER_TIMEOUT.toNanos();
    try {
      for (Map.Entry<HostInfo, CompletableFuture<HttpResponse<byte[]>>> each : asked.entrySet()) {
        await(each.getValue(), untilNanos).ifPresent(body -> answers.put(each.getKey(), body));
      }
    } finally {
      asked.values().forEach(each -> each.cancel(true));
    }
    return answers;
  }

  private static Optional<byte[]> await(
      CompletableFuture<HttpResponse<byte[]>> asked, long untilNanos) throws InterruptedException {
    try {
      HttpResponse<byte[]> answer =
          asked.get(Math.max(0, untilNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
      return answer.statusCode() == 200 ? Optional.of(answer.body()) : Optional.empty();
    } catch (ExecutionException | TimeoutException e) {
      log.debug("another instance does not answer", e);
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
