package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.penstock.codec.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

final class DlqCommandTest {
  private static final String DRAFT =
      """
      {"id":"p-1","name":"after the outage","state":"draft","version":2,"by":"ann","createdAt":"2026-11-22T06:00:00Z",
       "action":"replay","canary":{"count":3,"then":"go-on","minSucceeded":0.95},"selected":{"canary":3,"rest":9},
       "progress":{"decided":0},
       "preview":{"scanned":1000,"matched":15,"selected":12,"canary":3,
         "refused":[{"reason":"returned-too-often","count":3,"detail":"it was replayed 3 times","examples":["0-4"]}],
         "expected":{"calls":12,"costNanos":1500000,"currency":"EUR","seconds":90.0,"basis":"former calls"},
         "by":{"code":[{"value":"timeout","count":12}]},
         "examples":[{"letter":"0-1","jobId":"j","diff":[{"op":"replace","path":"/model","old":"a","value":"b"}]}]}}
      """;

  private final Map<String, Queue<String>> answers = new HashMap<>();
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private HttpServer server;

  @TempDir Path directory;

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

  /** What a request is answered with; the last one again and again. */
  private void answer(String request, String... bodies) {
    answers.put(request, new ArrayDeque<>(List.of(bodies)));
  }

  private void handle(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
    seen.add(body.isEmpty() ? request : request + " " + body);
    Queue<String> bodies = answers.get(request);
    String answer =
        bodies == null
            ? "{\"status\":404,\"code\":\"replay_not_found\",\"title\":\"There is no such plan\","
                + "\"detail\":\"none\"}"
            : bodies.size() > 1 ? bodies.remove() : bodies.element();
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(bodies == null ? 404 : 200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private Shell shell() {
    return Shell.alone()
        .withEnvironment(
            Map.of(
                "PENSTOCK_URL",
                "http://127.0.0.1:" + server.getAddress().getPort(),
                "HOSTNAME",
                "desk"));
  }

  @Test
  void deadLettersAreListedPageByPageWithoutWhatATerminalWouldObey() {
    String letter =
        "{\"letter\":\"0-%d\",\"type\":\"job\",\"standing\":\"open\",\"at\":"
            + "\"2026-11-22T06:00:00Z\",\"code\":\"timeout\",\"message\":\"\\u001b[31mred\"}";
    answer(
        "GET /v1/dead-letters?limit=3&code=timeout&code=overloaded&q=a%20b",
        "{\"letters\":[" + letter.formatted(9) + "],\"next\":\"c 1\"}");
    answer(
        "GET /v1/dead-letters?limit=2&code=timeout&code=overloaded&q=a%20b&cursor=c%201",
        "{\"letters\":[" + letter.formatted(8) + "]}");
    Shell shell = shell().onTerminal();
    assertThat(
            shell.run("dlq", "list", "--code", "timeout,overloaded", "-q", "a b", "--limit", "3"))
        .as(shell.err())
        .isZero();
    assertThat(shell.outLines()).hasSize(3);
    assertThat(shell.out()).contains("0-9", "0-8", "timeout").doesNotContain("\u001b[31m");
    assertThat(shell.err()).contains("2 in all");
  }

  @Test
  void groupsAreATable() {
    answer(
        "GET /v1/dead-letters/groups?by=fingerprint&standing=any",
        """
        {"by":"fingerprint","groups":[{"value":"0123456789abcdef","code":"timeout","provider":"p","model":"m",
         "kind":"embed","message":"no answer in * s","count":12345,"firstAt":"2026-11-22T06:00:00Z",
         "lastAt":"2026-11-22T06:00:00Z","examples":["0-1"]}],"other":7,"matched":12352,"scanned":20000,"complete":false}
        """);
    Shell shell = shell().onTerminal();
    assertThat(shell.run("dlq", "groups", "--standing", "any")).as(shell.err()).isZero();
    assertThat(shell.out())
        .contains(
            "12,345",
            "0123456789abcdef",
            "no answer in * s",
            "7 more",
            "12,352 of 20,000 dead letters match; not all were looked at");
  }

  @Test
  void aPlanSaysWhatItWouldDoAndNothingElseHappens() {
    answer("POST /v1/replays", "{\"id\":\"p-1\",\"state\":\"selecting\"}");
    answer("GET /v1/replays/p-1", "{\"id\":\"p-1\",\"state\":\"selecting\"}", DRAFT);
    Shell shell = shell().onTerminal();
    assertThat(
            shell.run(
                "dlq",
                "plan",
                "--id",
                "p-1",
                "--code",
                "timeout",
                "--since",
                "2h",
                "--canary",
                "3",
                "--go-on-at",
                "95%",
                "--per-second",
                "5",
                "--set",
                "model=b",
                "--set",
                "expireAt=null",
                "--set",
                "maxAttempts=2",
                "--by",
                "ann"))
        .as(shell.err())
        .isZero();
    JsonNode request =
        Json.MAPPER.readTree(seen.getFirst().substring("POST /v1/replays ".length()));
    assertThat(request.path("by").asString("")).isEqualTo("ann");
    assertThat(request.path("selection").path("filter").path("code").toString())
        .isEqualTo("[\"timeout\"]");
    assertThat(request.path("selection").path("filter").has("from")).isTrue();
    assertThat(request.path("override").toString())
        .isEqualTo("{\"model\":\"b\",\"expireAt\":null,\"maxAttempts\":2}");
    assertThat(request.path("canary").toString())
        .isEqualTo("{\"count\":3,\"then\":\"go-on\",\"minSucceeded\":0.95}");
    assertThat(request.path("pace").toString()).isEqualTo("{\"perSecond\":5.0}");
    assertThat(shell.out())
        .contains(
            "plan p-1 \"after the outage\": draft, version 2",
            "replays 12 of 15 dead letters that match (1,000 looked at); 3 of them first, then the"
                + " rest where 95% of them succeeded",
            "left out: 3 returned-too-often (it was replayed 3 times), such as 0-4",
            "12 calls, about 0.0015 EUR",
            "~ /model \"a\" -> \"b\"",
            "penstock dlq confirm p-1 --version 2");
    assertThat(seen).noneMatch(each -> each.contains("confirm"));
  }

  @Test
  void whoAsksIsTheUserAtTheHostAndTheVersionGoesAlong() {
    answer("POST /v1/replays/p-1/undo", DRAFT);
    assertThat(shell().run("dlq", "undo", "p-1", "--version", "7")).isZero();
    assertThat(seen)
        .containsExactly(
            "POST /v1/replays/p-1/undo {\"by\":\""
                + System.getProperty("user.name")
                + "@desk\",\"version\":7}");
  }

  @Test
  void aPlanIsWatchedUntilItWaitsOrEndsAndTheExitCodeTellsHow() {
    String running =
        "{\"id\":\"p-1\",\"state\":\"running\",\"selected\":{\"rest\":2},\"progress\":"
            + "{\"decided\":1,\"replayed\":1,\"open\":1}}";
    String done =
        "{\"id\":\"p-1\",\"state\":\"done\",\"version\":5,\"selected\":{\"rest\":2},\"progress\":"
            + "{\"decided\":2,\"replayed\":2,\"succeeded\":1,\"deadLettered\":1}}";
    answer("GET /v1/replays/p-1", running, done);
    Shell shell = shell().onTerminal();
    assertThat(shell.run("dlq", "status", "p-1", "--watch")).isEqualTo(1);
    assertThat(shell.err()).contains("running: 1 of 2 decided, 1 replayed, 1 under way");
    assertThat(shell.out()).contains("done", "1 dead-lettered again");
  }

  @Test
  void whatIsMissingOrTwofoldOnTheCommandLineIsSaidAndNothingIsSent() {
    for (List<String> wrong :
        List.of(
            List.of("dlq", "plan"),
            List.of("dlq", "plan", "--all", "--go-on-at", "5%"),
            List.of("dlq", "plan", "--all", "--canary", "few"),
            List.of("dlq", "plan", "--letter", "0-1", "--code", "timeout"),
            List.of("dlq", "plan", "--all", "--discard", "a", "--purge", "b"),
            List.of("dlq", "plan", "--all", "--set", "model"),
            List.of("dlq", "plan", "--all", "--patch", "/no/such/file"),
            List.of("dlq", "list", "--limit", "0"),
            List.of("dlq"))) {
      Shell shell = shell();
      assertThat(shell.run(wrong.toArray(String[]::new))).as("%s", wrong).isEqualTo(2);
      assertThat(shell.err()).as("%s", wrong).contains("penstock dlq");
    }
    assertThat(seen).isEmpty();
  }

  @Test
  void anExportIsWholeOnlyWithItsLastLine() throws IOException {
    answer("GET /v1/dead-letters/export", "{\"letter\":\"0-1\"}\n{\"end\":true,\"letters\":1}\n");
    Path file = directory.resolve("letters.jsonl");
    assertThat(shell().run("dlq", "export", "-o", file.toString())).isZero();
    assertThat(Files.readAllLines(file)).hasSize(2);
    answer("GET /v1/dead-letters/export", "{\"letter\":\"0-1\"}\n");
    Shell broken = shell();
    assertThat(broken.run("dlq", "export")).isEqualTo(3);
    assertThat(broken.err()).contains("broke off");
  }

  @Test
  void anImportSubmitsTheJobsOfAnExportUnderKeysOfTheirOwn() throws IOException {
    Path file = directory.resolve("letters.jsonl");
    Files.writeString(
        file,
        """
        {"letter":"0-1","type":"job","generation":2,"key":"j-1","submission":{"kind":"embed","input":{"text":"a"},"model":"m","expireAt":"2020-01-01T00:00:00Z"},"value":{}}
        {"letter":"0-2","type":"poison","valueBase64":"AA=="}
        {"letter":"0-3","type":"job","generation":0,"key":"j-2","submission":{"kind":"embed","input":{"text":"b"},"model":"m","labels":{"team":"x"}},"value":{}}
        {"end":true,"letters":3,"scanned":3}
        """);
    answer(
        "POST /v1/jobs",
        """
        {"line":1,"id":"0199b8f4-6a70-7c3e-9d54-2b8f0c6e1a35","state":"queued"}
        {"line":2,"error":{"status":422,"code":"invalid_job","title":"t","detail":"d"}}
        """);
    Shell shell = shell().onTerminal();
    assertThat(
            shell.run(
                "dlq", "import", file.toString(), "--set", "model=local", "--set", "expireAt=null"))
        .as(shell.err())
        .isEqualTo(4);
    List<String> sent = seen.getFirst().substring("POST /v1/jobs ".length()).lines().toList();
    assertThat(sent)
        .containsExactly(
            "{\"kind\":\"embed\",\"input\":{\"text\":\"a\"},\"model\":\"local\",\"idempotencyKey\":"
                + "\"dlq-import/import/j-1/2\",\"labels\":{\"penstock.original\":\"j-1\"}}",
            "{\"kind\":\"embed\",\"input\":{\"text\":\"b\"},\"model\":\"local\",\"labels\":"
                + "{\"team\":\"x\",\"penstock.original\":\"j-2\"},\"idempotencyKey\":"
                + "\"dlq-import/import/j-2/0\"}");
    // The line of the file is named, not the one that was sent.
    assertThat(shell.err()).contains("line 3 refused", "1 dead letters hold no job");
    assertThat(shell.out()).contains("1 accepted, 1 refused");
  }

  @Test
  void anImportOfWhatIsNoExportOrNotWholeSaysSo() throws IOException {
    Path file = Files.writeString(directory.resolve("cut.jsonl"), "{\"letter\":\"0-1\"}\n");
    Shell cut = shell();
    assertThat(cut.run("dlq", "import", file.toString())).isEqualTo(1);
    assertThat(cut.err()).contains("last line of a whole export is missing");
    Files.writeString(file, "not JSON\n");
    assertThat(shell().run("dlq", "import", file.toString())).isEqualTo(2);
    assertThat(shell().run("dlq", "import", "/no/such/file")).isEqualTo(2);
    assertThat(shell().run("dlq", "import", file.toString(), "--as", "a b")).isEqualTo(2);
    assertThat(seen).isEmpty();
  }

  @Test
  void anAuditThatDoesNotHoldIsAFailure() {
    answer("GET /v1/audit/verification", "{\"sound\":true,\"entries\":6,\"lastHash\":\"ab\"}");
    assertThat(shell().run("dlq", "audit", "--verify")).isZero();
    answer(
        "GET /v1/audit/verification",
        "{\"sound\":false,\"entries\":0,\"offset\":4,\"reason\":\"the hash is another one\"}");
    Shell shell = shell().onTerminal();
    assertThat(shell.run("dlq", "audit", "--verify")).isEqualTo(1);
    assertThat(shell.out()).contains("does not hold", "offset 4", "the hash is another one");
  }

  @Test
  void aPlanThatIsNotThereIsRefused() {
    Shell shell = shell();
    assertThat(shell.run("dlq", "status", "nobody")).isEqualTo(4);
    assertThat(shell.err()).contains("replay_not_found");
  }
}
