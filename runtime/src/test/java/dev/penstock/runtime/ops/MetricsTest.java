package dev.penstock.runtime.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.lifecycle.Health;
import io.helidon.webserver.WebServerConfig;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is served at {@code /metrics}, and how it is asked for. */
class MetricsTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final byte[] TRACEPARENT =
      ("00-" + TRACE + "-b7ad6b7169203331-00").getBytes(StandardCharsets.US_ASCII);
  private static final String OPEN_METRICS = "application/openmetrics-text;version=1.0.0,*/*;q=0.1";

  private final AtomicReference<Health> health = new AtomicReference<>(Health.READY);
  private final Metrics metrics = new Metrics("test");
  private final HttpEndpoint http =
      new HttpEndpoint("test-http", new HttpConfig("127.0.0.1", 0), this::routes);

  private void routes(WebServerConfig.Builder server) {
    server.routing(routing ->
        routing
            .addFilter(new RequestTimer(metrics.registry(), "penstock.test.requests"))
            .register(new OpsRoutes(health::get, metrics))
            .get("/things/{id}", (_, response) -> response.send("a thing")));
  }

  @BeforeEach
  void start() {
    http.start();
  }

  @AfterEach
  void stop() {
    http.close();
    metrics.close();
  }

  @Test
  void theFormatIsTheOneThatIsAskedFor() throws Exception {
    var plain = get("/metrics", "*/*");
    assertThat(plain.headers().firstValue("content-type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(plain.body()).doesNotContain("# EOF");

    var open = get("/metrics", OPEN_METRICS);
    assertThat(open.headers().firstValue("content-type"))
        .contains("application/openmetrics-text; version=1.0.0; charset=utf-8");
    assertThat(open.body()).endsWith("# EOF\n");
  }

  @Test
  void aHistogramKeepsTheTraceThatItWasRecordedFor() throws Exception {
    var timer =
        Timer.builder("penstock.test.calls")
            .description("Calls")
            .serviceLevelObjectives(Buckets.calls())
            .register(metrics.registry());
    CurrentTrace.begin(TRACEPARENT);
    try {
      timer.record(Duration.ofMillis(20));
    } finally {
      CurrentTrace.end();
    }

    assertThat(get("/metrics", OPEN_METRICS).body().lines())
        .anyMatch(line ->
            line.startsWith("penstock_test_calls_seconds_bucket{le=\"0.025\"} 1")
                && line.contains("trace_id=\"" + TRACE + "\""));
    assertThat(get("/metrics", OPEN_METRICS).body().lines())
        .as("what Prometheus 2.42 refuses")
        .noneMatch(
            line -> line.startsWith("penstock_test_calls_seconds_count") && line.contains("#"));
    assertThat(get("/metrics", "").body()).doesNotContain(TRACE);
  }

  @Test
  void whatIsNoTraceIsNoExemplar() {
    var context = CurrentTrace.spanContext();
    for (String no : new String[] {"", "00-xyz", "00-" + "g".repeat(32) + "-b7ad6b7169203331-01"}) {
      CurrentTrace.begin(no.getBytes(StandardCharsets.US_ASCII));
      assertThat(context.getCurrentTraceId()).as(no).isNull();
    }
    CurrentTrace.begin(TRACEPARENT);
    assertThat(context.getCurrentTraceId()).isEqualTo(TRACE);
    assertThat(context.getCurrentSpanId()).isEqualTo("b7ad6b7169203331");
    CurrentTrace.end();
    assertThat(context.getCurrentTraceId()).isNull();
  }

  @Test
  void healthIsAMetric() throws Exception {
    assertThat(get("/metrics", "").body())
        .contains("penstock_ready{service=\"test\"} 1.0")
        .contains("penstock_alive{service=\"test\"} 1.0")
        .containsPattern("penstock_build_info\\{service=\"test\",version=\"[0-9][^\"]+\"} 1");
    health.set(new Health.NotReady("no"));
    assertThat(get("/metrics", "").body())
        .contains("penstock_ready{service=\"test\"} 0.0")
        .contains("penstock_alive{service=\"test\"} 1.0");
    health.set(new Health.Dead("no"));
    assertThat(get("/metrics", "").body()).contains("penstock_alive{service=\"test\"} 0.0");
  }

  @Test
  void aLabelHasABoundedNumberOfValues() {
    for (int i = 0; i < 1_000; i++) {
      counter(String.valueOf(i)).increment();
    }
    counter("0").increment();

    assertThat(metrics.registry().find("penstock.test.named").counters())
        .hasSize(LabelBound.MAX_VALUES + 1);
    assertThat(counter("0").count()).isEqualTo(2);
    assertThat(counter(LabelBound.OTHER).count()).isEqualTo(1_000 - LabelBound.MAX_VALUES);
  }

  private Counter counter(String name) {
    return metrics.registry().counter("penstock.test.named", "name", name);
  }

  @Test
  void requestsAreTimedByThePatternThatTheyMatch() throws Exception {
    get("/things/1", "");
    get("/things/2", "");
    get("/nothing/1", "");

    assertThat(get("/metrics", "").body())
        .contains(
            "penstock_test_requests_seconds_count{method=\"GET\",route=\"/things/{id}\",status=\"200\"}"
                + " 2")
        .contains(
            "penstock_test_requests_seconds_count{method=\"GET\",route=\"other\",status=\"404\"}"
                + " 1");
  }

  private HttpResponse<String> get(String path, String accept) throws Exception {
    var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path));
    if (!accept.isEmpty()) {
      request.header("Accept", accept);
    }
    try (var client = HttpClient.newHttpClient()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }
}
