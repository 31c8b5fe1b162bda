package dev.penstock.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;

/** A page of metrics in Prometheus' text form. */
record PrometheusText(String page) {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** What {@code uri} answers at this moment. */
  static PrometheusText scrape(HttpClient client, URI uri)
      throws IOException, InterruptedException {
    var answer =
        client.send(
            HttpRequest.newBuilder(uri).timeout(TIMEOUT).build(),
            HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException(uri + " answered " + answer.statusCode());
    }
    return new PrometheusText(answer.body());
  }

  /**
   * The sum over all series of a metric.
   *
   * @param label a part of the label set as it is written, for example {@code area="heap"}; empty
   *     for any
   * @throws IllegalStateException when there is no such series, or it has no value
   */
  double sum(String metric, String label) {
    double[] values = values(metric, label);
    if (values.length == 0) {
      throw new IllegalStateException("the page of metrics has no " + metric + " " + label);
    }
    double sum = Arrays.stream(values).sum();
    if (Double.isNaN(sum)) {
      throw new IllegalStateException(metric + " " + label + " is not a number");
    }
    return sum;
  }

  /** As {@link #sum}; 0 when there is no such series yet. */
  double sumOrZero(String metric, String label) {
    return Arrays.stream(values(metric, label)).sum();
  }

  private double[] values(String metric, String label) {
    return page.lines()
        .filter(line -> line.startsWith(metric) && line.contains(label))
        .filter(line -> {
          char next = line.charAt(metric.length());
          return next == '{' || next == ' ';
        })
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .toArray();
  }
}
