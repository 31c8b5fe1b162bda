package dev.penstock.standalone.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;

/** Reads from a worker's metrics how it committed. */
public final class CommitMetrics {
  private static final String COUNT = "penstock_worker_commit_seconds_count ";
  private static final String SUM = "penstock_worker_commit_seconds_sum ";
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private CommitMetrics() {}

  /**
   * Asks the worker.
   *
   * @param worker its address
   * @return nothing when it does not answer: a report without them is still one
   */
  public static Optional<DemoReport.Commits> read(URI worker) throws InterruptedException {
    var request = HttpRequest.newBuilder(URI.create(worker + "/metrics")).timeout(TIMEOUT).build();
    try (var http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build()) {
      return parse(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  static Optional<DemoReport.Commits> parse(String metrics) {
    OptionalDouble count = value(metrics, COUNT);
    OptionalDouble seconds = value(metrics, SUM);
    return count.isPresent() && seconds.isPresent()
        ? Optional.of(
            new DemoReport.Commits(
                (long) count.getAsDouble(), Duration.ofNanos((long) (seconds.getAsDouble() * 1e9))))
        : Optional.empty();
  }

  private static OptionalDouble value(String metrics, String name) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .findFirst();
  }
}
