package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.config.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked about dead letters reaches the replayer, and its answer the one who asks. */
final class ReplayRelayTest {
  private static final List<String> seen = new CopyOnWriteArrayList<>();

  @TempDir static Path directory;
  private static EmbeddedBroker broker;
  private static HttpServer replayer;
  private static IntakeService intake;
  private static Client client;

  @BeforeAll
  static void start() throws IOException {
    broker = EmbeddedBroker.start(directory, 0);
    replayer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    replayer.createContext("/", ReplayRelayTest::answer);
    replayer.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    replayer.start();
    intake =
        IntakeService.of(
            Settings.of(
                Map.of(
                    "kafka.bootstrap",
                    broker.bootstrapServers(),
                    "topics.partitions",
                    "2",
                    "api.port",
                    "0",
                    // The first can't be reached: the next one is asked.
                    "api.replayer-url",
                    "http://127.0.0.1:1, http://127.0.0.1:" + replayer.getAddress().getPort())));
    intake.start();
    client = new Client(intake.port());
  }

  @AfterAll
  static void stop() {
    client.close();
    intake.close();
    replayer.stop(0);
    broker.close();
  }

  @BeforeEach
  void forget() {
    seen.clear();
  }

  private static void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String path = exchange.getRequestURI().toString();
    seen.add(exchange.getRequestMethod() + " " + path + " " + body);
    if (path.endsWith("/pause")) {
      // It breaks off after it has read the request.
      exchange.close();
      return;
    }
    int status = path.equals("/v1/replays") ? 202 : 200;
    String type = "application/json";
    String answer = "{\"ok\":true}";
    if (path.endsWith("/export")) {
      type = "application/x-ndjson";
      answer = "{\"letter\":\"0-1\"}\n".repeat(200_000) + "{\"end\":true}\n";
    } else if (path.endsWith("/abort")) {
      status = 409;
      type = "application/problem+json";
      answer =
          "{\"type\":\"t\",\"title\":\"t\",\"status\":409,\"code\":\"replay_conflict\",\"detail\":\"it"
              + " is done\"}";
    } else if (path.endsWith("/undo")) {
      status = 500;
      type = "text/html";
      answer = "<b>stack</b>";
    }
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    if (status == 202) {
      exchange.getResponseHeaders().set("Location", "/v1/replays/p-1");
    }
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private static HttpResponse<String> post(String path, String body) {
    return client.send(
        "POST", path, BodyPublishers.ofString(body), "Content-Type", "application/json");
  }

  @Test
  void readsAndWritesAreSentOnAsTheyCame() {
    assertThat(client.get("/v1/dead-letters?code=a,b&q=x%20y").body()).isEqualTo("{\"ok\":true}");
    assertThat(client.get("/v1/dead-letters/3-17/decoded?codec=job").statusCode()).isEqualTo(200);
    HttpResponse<String> made = post("/v1/replays", "{\"selection\":{}}");
    assertThat(made.statusCode()).isEqualTo(202);
    assertThat(made.headers().firstValue("location")).contains("/v1/replays/p-1");
    assertThat(post("/v1/replays/p-1/confirm", "{}").statusCode()).isEqualTo(200);
    assertThat(post("/v1/experiments/e-1/confirm", "{}").statusCode()).isEqualTo(200);
    assertThat(client.get("/v1/experiments/e-1/items?different=true").statusCode()).isEqualTo(200);
    assertThat(seen)
        .containsExactly(
            "GET /v1/dead-letters?code=a,b&q=x%20y ",
            "GET /v1/dead-letters/3-17/decoded?codec=job ",
            "POST /v1/replays {\"selection\":{}}",
            "POST /v1/replays/p-1/confirm {}",
            "POST /v1/experiments/e-1/confirm {}",
            "GET /v1/experiments/e-1/items?different=true ");
  }

  @Test
  void anExportComesWhole() {
    HttpResponse<String> export = client.get("/v1/dead-letters/export");
    assertThat(export.headers().firstValue("content-type")).contains("application/x-ndjson");
    assertThat(export.body().lines()).hasSize(200_001).endsWith("{\"end\":true}");
  }

  @Test
  void problemsComeBackAndWhatIsNoneDoesNot() {
    HttpResponse<String> conflict = post("/v1/replays/p-1/abort", "{}");
    assertThat(conflict.statusCode()).isEqualTo(409);
    assertThat(Client.code(conflict)).isEqualTo("replay_conflict");
    HttpResponse<String> fault = post("/v1/replays/p-1/undo", "{}");
    assertThat(fault.statusCode()).isEqualTo(503);
    assertThat(Client.code(fault)).isEqualTo("replayer_unavailable");
    assertThat(fault.body()).doesNotContain("stack");
  }

  @Test
  void whatMayHaveBeenDoneIsNotAskedTwiceAndThatIsSaid() {
    HttpResponse<String> unknown = post("/v1/replays/p-1/pause", "{}");
    assertThat(unknown.statusCode()).isEqualTo(503);
    assertThat(unknown.body()).contains("look whether it was done");
    assertThat(seen).containsExactly("POST /v1/replays/p-1/pause {}");
  }

  @Test
  void namesThatLeadElsewhereAndFormsOfOtherSitesAreNotSentOn() {
    assertThat(client.get("/v1/dead-letters/..%2Fmetrics").statusCode()).isEqualTo(404);
    assertThat(client.get("/v1/replays/Not%20So").statusCode()).isEqualTo(404);
    HttpResponse<String> form =
        client.send(
            "POST",
            "/v1/replays/p-1/confirm",
            BodyPublishers.ofString("a=b"),
            "Content-Type",
            "application/x-www-form-urlencoded");
    assertThat(form.statusCode()).isEqualTo(415);
    assertThat(seen).isEmpty();
  }
}
