package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ExperimentCommandTest {
  private static final String DRAFT =
      """
      {"id":"e-1","name":"small","state":"draft","version":4,"by":"ann","createdAt":"2026-11-22T06:00:00Z",
       "changedAt":"2026-11-22T06:00:01Z","tenant":"x.e-1","jobs":12,"begun":0,
       "preview":{"scanned":1000,"matched":15,"selected":12,
         "refused":[{"reason":"invalid-change","count":3,"detail":"/model: no\\u001b[2J"}],
         "expected":{"calls":12,"costNanos":1500000,"seconds":90.0,"basis":"former calls"},
         "examples":[{"original":"j","diff":[{"op":"replace","path":"/model","old":"a","value":"b"}]}]}}
      """;
  private static final String DONE =
      """
      {"id":"e-1","name":"small","state":"done","version":9,"tenant":"x.e-1","jobs":12,"begun":12,
       "comparison":{"ended":12,"open":0,"refused":{},"bothSucceeded":11,"newlyFailed":1,"newlySucceeded":0,"bothFailed":0,
         "same":8,"different":3,"similarity":0.91,
         "latencyMillis":{"jobs":12,"before":{"p50":900,"p95":2000},"after":{"p50":300,"p95":700}},
         "costNanos":{"jobs":12,"before":{"sum":2000000000},"after":{"sum":250000000}}}}
      """;

  private final Map<String, String> answers = new HashMap<>();
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
    seen.add(body.isEmpty() ? request : request + " " + body);
    String answer = answers.get(request);
    byte[] bytes =
        (answer == null
                ? "{\"status\":404,\"code\":\"experiment_not_found\",\"title\":\"None\",\"detail\":\"-\"}"
                : answer)
            .getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer == null ? 404 : 200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private Shell shell() {
    return Shell.alone()
        .withEnvironment(
            Map.of("PENSTOCK_URL", "http://127.0.0.1:" + server.getAddress().getPort()));
  }

  private String out(String... args) {
    Shell shell = shell().onTerminal();
    assertThat(shell.run(args)).as(shell.err()).isZero();
    return shell.out();
  }

  @Test
  void anExperimentIsMadeAndShownBeforeItBegins() {
    answers.put("POST /v1/experiments", DRAFT.replace("draft", "selecting"));
    answers.put("GET /v1/experiments/e-1", DRAFT);
    Shell made = shell().onTerminal();
    int code =
        made.run(
            "experiment",
            "create",
            "--id",
            "e-1",
            "--by",
            "ann",
            "--model",
            "openai:big,anthropic:big",
            "--label",
            "team:a",
            "--sample",
            "5%",
            "--set",
            "model=local",
            "--system",
            "Be brief.",
            "--in-flight",
            "5");
    assertThat(code).as(made.err()).isZero();
    assertThat(seen.getFirst())
        .isEqualTo(
            "POST /v1/experiments"
                + " {\"id\":\"e-1\",\"by\":\"ann\",\"selection\":{\"filter\":{\"model\":"
                + "[\"openai:big\",\"anthropic:big\"],\"label\":[\"team:a\"]},\"sample\":{\"percent\":5.0}},"
                + "\"override\":{\"model\":\"local\"},\"patch\":[{\"op\":\"add\",\"path\":\"/input/system\",\"value\":\"Be"
                + " brief.\"}],\"pace\":{\"inFlight\":5}}");
    assertThat(made.out())
        .contains("runs 12 of 15 jobs that match", "3 invalid-change", "about 0.0015", "/model b")
        .contains("penstock experiment confirm e-1 --version 4")
        .doesNotContain("\u001b[2J");
  }

  @Test
  void theComparisonAndTheItemsAreShown() {
    answers.put("GET /v1/experiments/e-1", DONE);
    assertThat(out("experiment", "show", "e-1", "--watch"))
        .contains("only before 1", "same output 8, another one 3", "0.91")
        .contains("p50 900 -> 300 ms", "cost of 12 2 -> 0.25");
    answers.put(
        "GET /v1/experiments/e-1/items?limit=50&different=true",
        "{\"items\":[{\"number\":1,\"original\":\"o-1\",\"job\":\"j-1\",\"state\":\"succeeded\",\"same\":false,"
            + "\"similarity\":0.5,\"before\":{\"state\":\"succeeded\",\"output\":{\"text\":\"a\"}},"
            + "\"after\":{\"state\":\"succeeded\",\"output\":{\"text\":\"b\"}}}],\"next\":\"7\"}");
    answers.put("GET /v1/experiments/e-1/items?limit=49&different=true&cursor=7", "{\"items\":[]}");
    assertThat(out("experiment", "items", "e-1", "--different"))
        .contains("o-1 succeeded -> succeeded, other 0.5", "before {\"text\":\"a\"}", "\"b\"");
    answers.put("GET /v1/experiments", "{\"experiments\":[" + DONE + "]}");
    assertThat(out("experiment", "list")).contains("e-1", "done", "small");
  }

  @Test
  void oneIsConfirmedAndAborted() {
    answers.put("POST /v1/experiments/e-1/confirm", DONE.replace("done", "running"));
    answers.put("POST /v1/experiments/e-1/abort", DONE.replace("done", "aborted"));
    assertThat(shell().run("experiment", "confirm", "e-1", "--version", "4", "--by", "bob"))
        .isZero();
    assertThat(shell().run("experiment", "abort", "e-1", "--by", "bob")).isZero();
    assertThat(seen)
        .containsExactly(
            "POST /v1/experiments/e-1/confirm {\"by\":\"bob\",\"version\":4}",
            "POST /v1/experiments/e-1/abort {\"by\":\"bob\"}");
    assertThat(shell().run("experiment", "show", "none")).isEqualTo(ExitCode.REFUSED);
    assertThat(shell().run("experiment", "create")).isEqualTo(ExitCode.USAGE);
    assertThat(shell().run("experiment", "create", "--all", "--sample", "x"))
        .isEqualTo(ExitCode.USAGE);
  }
}
