package dev.penstock.standalone;

import com.sun.net.httpserver.HttpServer;
import dev.penstock.codec.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import tools.jackson.databind.JsonNode;

/**
 * Prometheus and Alertmanager as Debian has them, with the configuration and the rules of {@code
 * deploy/prometheus}; only addresses are others, and all is looked at each second. Alerts fire at
 * once instead of when they have held for a while. Whoever is on call is a web server here.
 */
final class PrometheusServer implements AutoCloseable {
  static final String INSTALL =
      "to run this: apt-get install --no-install-recommends prometheus prometheus-alertmanager";

  private static final Path RULES = Repository.root().resolve("deploy/prometheus");
  private static final Duration READY_WITHIN = Duration.ofSeconds(60);
  private static final String HOST = "127.0.0.1:";

  private final HttpClient http = HttpClient.newHttpClient();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final List<JsonNode> notified = new CopyOnWriteArrayList<>();
  private final String prometheus;

  private PrometheusServer(String prometheus) {
    this.prometheus = prometheus;
  }

  /** Starts them on what {@code system} serves; nothing where they are not installed. */
  static Optional<PrometheusServer> start(Path directory, Standalone.Addresses system)
      throws IOException, InterruptedException {
    Optional<Tool> prometheus = Tool.find("prometheus");
    Optional<Tool> alertmanager = Tool.find("prometheus-alertmanager", "alertmanager");
    if (prometheus.isEmpty() || alertmanager.isEmpty()) {
      return Optional.empty();
    }
    var ports = new Ports();
    String server = HOST + ports.exactly(0, "Prometheus", "");
    String alerts = HOST + ports.exactly(0, "Alertmanager", "");
    var running = new PrometheusServer(server);
    try {
      running.startAlertmanager(alertmanager.get(), directory, alerts);
      running.startPrometheus(prometheus.get(), directory, alerts, system);
    } catch (IOException | InterruptedException | RuntimeException e) {
      running.close();
      throw e;
    }
    return Optional.of(running);
  }

  private void startAlertmanager(Tool tool, Path directory, String address)
      throws IOException, InterruptedException {
    HttpServer onCall =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    onCall.createContext(
        "/",
        exchange -> {
          notified.add(Json.MAPPER.readTree(exchange.getRequestBody().readAllBytes()));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    onCall.start();
    opened.push(() -> onCall.stop(0));
    Path config =
        Files.writeString(
            directory.resolve("alertmanager.yml"),
            """
            route: {receiver: on-call, group_by: [alertname], group_wait: 0s, group_interval: 1s}
            receivers:
              - name: on-call
                webhook_configs: [{url: 'http://127.0.0.1:%d/'}]
            """
                .formatted(onCall.getAddress().getPort()));
    Path log = directory.resolve("alertmanager.log");
    opened.push(
        tool.start(
            directory,
            log,
            "--config.file=" + config,
            "--storage.path=" + directory.resolve("alertmanager"),
            "--web.listen-address=" + address,
            "--cluster.listen-address="));
    awaitReady(address, log);
  }

  private void startPrometheus(
      Tool tool, Path directory, String alertmanager, Standalone.Addresses system)
      throws IOException, InterruptedException {
    for (String rules : List.of("recording.rules.yml", "alerts.rules.yml")) {
      Files.writeString(
          directory.resolve(rules),
          Files.readString(RULES.resolve(rules)).replaceAll("\n +for: \\d+[smhd]\n", "\n"));
    }
    String config =
        replaced(
            Files.readString(RULES.resolve("prometheus.yml")),
            List.of(
                List.of("scrape_interval: 15s", "scrape_interval: 1s"),
                List.of("evaluation_interval: 15s", "evaluation_interval: 1s"),
                List.of("localhost:9093", alertmanager),
                List.of("localhost:8080", target(system.api())),
                List.of("localhost:8081", target(system.worker())),
                List.of("localhost:8082", target(system.streams())),
                List.of("localhost:8083", target(system.replayer()))));
    Path file = Files.writeString(directory.resolve("prometheus.yml"), config);
    Path log = directory.resolve("prometheus.log");
    opened.push(
        tool.start(
            directory,
            log,
            "--config.file=" + file,
            "--storage.tsdb.path=" + directory.resolve("prometheus"),
            "--web.listen-address=" + prometheus,
            "--enable-feature=exemplar-storage"));
    awaitReady(prometheus, log);
  }

  private static String replaced(String text, List<List<String>> changes) {
    String changed = text;
    for (List<String> change : changes) {
      if (!changed.contains(change.getFirst())) {
        throw new IllegalStateException("prometheus.yml does not say " + change.getFirst());
      }
      changed = changed.replace(change.getFirst(), change.getLast());
    }
    return changed;
  }

  private static String target(String address) {
    return URI.create(address).getAuthority();
  }

  private void awaitReady(String address, Path log) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + READY_WITHIN.toNanos();
    while (true) {
      try {
        if (get("http://" + address + "/-/ready").statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw new IOException(address + " does not answer: " + Files.readString(log), e);
        }
      }
      Thread.sleep(50);
    }
  }

  private HttpResponse<String> get(String uri) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(uri)).timeout(Duration.ofSeconds(20)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /**
   * What an expression says now.
   *
   * @throws IllegalArgumentException when it is not valid
   */
  JsonNode query(String expression) throws IOException, InterruptedException {
    HttpResponse<String> answer = get(api("query", expression));
    if (answer.statusCode() != 200) {
      throw new IllegalArgumentException(expression + ": " + answer.body());
    }
    return Json.MAPPER.readTree(answer.body()).at("/data/result");
  }

  /** The values of an expression now, those that are no numbers left out. */
  List<Double> values(String expression) throws IOException, InterruptedException {
    var values = new ArrayList<Double>();
    for (JsonNode series : query(expression)) {
      double value =
          Double.parseDouble(series.at("/value/1").asString().replace("Inf", "Infinity"));
      if (!Double.isNaN(value)) {
        values.add(value);
      }
    }
    return values;
  }

  /** The exemplars of a metric that were kept. */
  JsonNode exemplars(String metric) throws IOException, InterruptedException {
    return Json.MAPPER.readTree(get(api("query_exemplars", metric)).body()).at("/data");
  }

  private String api(String what, String expression) {
    return "http://"
        + prometheus
        + "/api/v1/"
        + what
        + "?query="
        + URLEncoder.encode(expression, StandardCharsets.UTF_8);
  }

  /** The alerts of which whoever is on call was told. */
  List<JsonNode> notified() {
    var alerts = new ArrayList<JsonNode>();
    notified.forEach(group -> group.path("alerts").forEach(alerts::add));
    return alerts;
  }

  @Override
  public void close() {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (Exception e) {
        throw new IllegalStateException("what the test started did not stop", e);
      }
    }
    http.close();
  }
}
