package dev.penstock.streams.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.penstock.runtime.ops.HttpConfig;
import dev.penstock.runtime.ops.HttpEndpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is done in the dashboard reaches the intake, and the intake's answer the dashboard. */
class IntakeRelayTest {
  private static final String ID = "0198f3a0-0001-7000-8000-000000000001";

  private final List<String> seen = new CopyOnWriteArrayList<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private HttpServer intake;
  private IntakeRelay relay;
  private HttpEndpoint streams;

  @BeforeEach
  void start() throws Exception {
    intake = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    intake.createContext(
        "/",
        exchange -> {
          seen.add(
              exchange.getRequestMethod()
                  + " "
                  + exchange.getRequestURI()
                  + " "
                  + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)
                  + " "
                  + exchange.getRequestHeaders().getFirst("Idempotency-Key")
                  + " "
                  + exchange.getRequestHeaders().getFirst("Authorization"));
          boolean invalid = exchange.getRequestURI().getPath().endsWith("/release");
          byte[] body =
              (invalid ? "{\"code\":\"job_not_found\"}" : "{\"id\":\"" + ID + "\"}")
                  .getBytes(StandardCharsets.UTF_8);
          exchange
              .getResponseHeaders()
              .set("Content-Type", invalid ? "application/problem+json" : "application/json");
          exchange.getResponseHeaders().set("Set-Cookie", "not=passed");
          exchange.sendResponseHeaders(invalid ? 404 : 202, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    intake.start();
    relay = new IntakeRelay(URI.create("http://127.0.0.1:" + intake.getAddress().getPort()));
    streams =
        new HttpEndpoint(
            "streams",
            new HttpConfig("127.0.0.1", 0),
            server -> server.routing(routing -> routing.register(relay)));
    streams.start();
  }

  @AfterEach
  void stop() {
    intake.stop(0);
    streams.close();
    relay.close();
    http.close();
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + streams.port() + path))
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", "k-1")
            .header("Authorization", "Bearer dashboard")
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void writesAreSentOnWithoutTheTokenAndAnswersComeBack() throws Exception {
    HttpResponse<String> accepted = send("POST", "/v1/jobs", "{\"kind\":\"embed\"}");
    assertThat(accepted.statusCode()).isEqualTo(202);
    assertThat(accepted.body()).contains(ID);
    assertThat(accepted.headers().firstValue("set-cookie")).isEmpty();
    assertThat(send("DELETE", "/v1/jobs/" + ID, "").statusCode()).isEqualTo(202);
    assertThat(send("POST", "/v1/jobs/" + ID + "/retry-now", "").statusCode()).isEqualTo(202);
    HttpResponse<String> refused = send("POST", "/v1/jobs/" + ID + "/release", "");
    assertThat(refused.statusCode()).isEqualTo(404);
    assertThat(refused.headers().firstValue("content-type")).contains("application/problem+json");
    assertThat(seen)
        .containsExactly(
            "POST /v1/jobs {\"kind\":\"embed\"} k-1 null",
            "DELETE /v1/jobs/" + ID + "  k-1 null",
            "POST /v1/jobs/" + ID + "/retry-now  k-1 null",
            "POST /v1/jobs/" + ID + "/release  k-1 null");
  }

  @Test
  void deadLettersAndPlansAreAskedForAtTheIntake() throws Exception {
    assertThat(send("GET", "/v1/dead-letters?code=a%20b&limit=5", "").body()).contains(ID);
    assertThat(send("GET", "/v1/dead-letters/3-17", "").statusCode()).isEqualTo(202);
    assertThat(send("POST", "/v1/replays", "{}").statusCode()).isEqualTo(202);
    assertThat(send("POST", "/v1/replays/p-1/confirm", "{\"version\":2}").statusCode())
        .isEqualTo(202);
    assertThat(send("GET", "/v1/replays/p-1/differences", "").statusCode()).isEqualTo(202);
    assertThat(send("GET", "/v1/experiments/e-1/items?limit=5", "").statusCode()).isEqualTo(202);
    assertThat(send("GET", "/v1/replays/..%2Fjobs", "").statusCode()).isEqualTo(404);
    assertThat(send("POST", "/v1/replays/p-1/..%2F..%2Fx", "{}").statusCode()).isEqualTo(404);
    assertThat(seen)
        .containsExactly(
            "GET /v1/dead-letters?code=a%20b&limit=5  null null",
            "GET /v1/dead-letters/3-17  null null",
            "POST /v1/replays {} k-1 null",
            "POST /v1/replays/p-1/confirm {\"version\":2} k-1 null",
            "GET /v1/replays/p-1/differences  null null",
            "GET /v1/experiments/e-1/items?limit=5  null null");
  }

  @Test
  void nothingElseIsSentOn() throws Exception {
    assertThat(send("DELETE", "/v1/jobs/..%2Fschedules%2Fnightly", "").statusCode()).isEqualTo(404);
    assertThat(send("POST", "/v1/schedules/nightly/pause", "").statusCode()).isEqualTo(404);
    assertThat(send("POST", "/v1/jobs", "x".repeat(1_000_001)).statusCode()).isEqualTo(413);
    assertThat(seen).isEmpty();
  }

  @Test
  void anIntakeThatDoesNotAnswerIsNamed() throws Exception {
    intake.stop(0);
    HttpResponse<String> answer = send("DELETE", "/v1/jobs/" + ID, "");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).contains("intake_unreachable", "streams.api-url");
  }
}
