package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class CommandsTest {
  @TempDir private Path directory;
  private FakeApi api;
  private Shell shell;

  @BeforeEach
  void start() throws IOException {
    api = FakeApi.start();
    shell = Shell.of(api);
  }

  @AfterEach
  void stop() {
    api.close();
  }

  @Test
  void submitSendsPromptsAndSchemas() throws IOException {
    assertThat(
            shell.run(
                "submit",
                "--kind=generate",
                "--text=Say hi.",
                "--system=Be short.",
                "--max-output-tokens=9"))
        .isEqualTo(ExitCode.OK);
    assertThat(Objects.requireNonNull(api.lastJob.get()).get("input"))
        .isEqualTo(
            Json.MAPPER.readTree(
                "{\"text\":\"Say hi.\",\"system\":\"Be short.\",\"maxOutputTokens\":9}"));

    Path schema = Files.writeString(directory.resolve("schema.json"), "{\"type\": \"object\"}");
    assertThat(shell.run("submit", "--kind=extract", "--text=t", "--schema=" + schema))
        .isEqualTo(ExitCode.OK);
    assertThat(Objects.requireNonNull(api.lastJob.get()).get("input"))
        .isEqualTo(Json.MAPPER.readTree("{\"text\":\"t\",\"schema\":{\"type\":\"object\"}}"));

    Files.writeString(schema, "{");
    assertThat(shell.run("submit", "--kind=extract", "--text=t", "--schema=" + schema))
        .isEqualTo(ExitCode.USAGE);
    assertThat(shell.err()).contains(schema + " is not JSON");
  }

  @Test
  void submitSendsEveryOptionAsTheApiNamesIt() {
    int code =
        shell.run(
            "submit",
            "--kind=classify",
            "--text=The engine stalls",
            "--class=motor",
            "--class=wheels",
            "--model=local:minilm",
            "--label=team=blue",
            "--label=case=7",
            "--max-attempts=3",
            "--timeout=90s",
            "--expire-at=2027-01-31T12:00:00Z",
            "--run-at=2026-12-31T12:00:00Z",
            "--ordering-key=customer 17",
            "--on-dead-letter=block",
            "--priority=high",
            "--progress",
            "--tenant=acme",
            "--cache-ttl=90m",
            "--cache-tag=kb/1",
            "--cache-tag=x",
            "--idempotency-key=order 7");

    assertThat(code).isEqualTo(ExitCode.OK);
    assertThat(api.lastJob.get())
        .isEqualTo(
            Json.MAPPER.readTree(
                """
                {"kind":"classify",
                 "input":{"text":"The engine stalls","labels":["motor","wheels"]},
                 "model":"local:minilm","maxAttempts":3,"attemptTimeout":"90s",
                 "expireAt":"2027-01-31T12:00:00Z","runAt":"2026-12-31T12:00:00Z",
                 "orderingKey":"customer 17","onDeadLetter":"block",
                 "priority":"high","progress":true,"tenant":"acme","cache":{"ttl":"5400s","tags":["kb/1","x"]},
                 "labels":{"team":"blue","case":"7"}}
                """));
    assertThat(api.lastKey.get()).isEqualTo("order 7");
  }

  @Test
  void onATerminalAnAnswerIsShownWhileItIsWrittenAndOnce() {
    api.events = pieces(1, 0, "Wa", 2, "ter ", 6, "tu\u001brns ");
    api.output = "{\"kind\":\"generate\",\"text\":\"Water tu\\u001brns the wheel.\"}";
    assertThat(
            shell.onTerminal().run("submit", "--kind=generate", "--text=t", "--progress", "--wait"))
        .isEqualTo(ExitCode.OK);
    assertThat(shell.out()).isEqualTo("Water tu\ufffdrns the wheel.\n");
    assertThat(shell.err())
        .as("the bar is taken away once, and not what stands in its place")
        .doesNotContain("\r\u001b[K\r\u001b[K");
  }

  @Test
  void anAnswerThatWasShownWithGapsOrBeganAgainIsShownAsAWholeAtTheEnd() {
    api.output = "{\"kind\":\"generate\",\"text\":\"Water turns.\"}";
    api.events = pieces(1, 0, "Wa", 6, "turns");
    assertThat(
            shell.onTerminal().run("submit", "--kind=generate", "--text=t", "--progress", "--wait"))
        .isEqualTo(ExitCode.OK);
    assertThat(shell.out()).isEqualTo("Wa … turns\nWater turns.\n");

    api.events = pieces(1, 0, "Ice") + pieces(2, 0, "Water");
    assertThat(shell.run("submit", "--kind=generate", "--text=t", "--progress", "--wait"))
        .isEqualTo(ExitCode.OK);
    assertThat(shell.out()).endsWith("Ice\n— begins again: attempt 2 —\nWater turns.\n");
  }

  @Test
  void watchShowsTheAnswerOfASingleJob() {
    JobId id = api.job("running");
    api.events = pieces(1, 0, "Water");
    assertThat(shell.onTerminal().run("watch", id.toString())).isEqualTo(ExitCode.OK);
    assertThat(shell.out()).startsWith("Water\n").contains("1 succeeded");
  }

  /** Progress events: after the attempt, each piece as where it begins and its text. */
  private static String pieces(int attempt, Object... pieces) {
    var text = new StringBuilder("retry: 1000\n\nid: 0.0.0\nevent: accepted\ndata: {}\n\n");
    for (int i = 0; i < pieces.length; i += 2) {
      text.append("event: progress\ndata: ")
          .append(
              Json.MAPPER.writeValueAsString(
                  Map.of("attempt", attempt, "from", pieces[i], "text", pieces[i + 1])))
          .append("\n\n");
    }
    return text.toString();
  }

  @Test
  void anExpiryMayBeRelative() {
    Instant before = Instant.now();

    assertThat(shell.run("submit", "--kind=embed", "--text=x", "--expire-at=+10m")).isZero();

    Instant expiry = Instant.parse(job().path("expireAt").asString());
    assertThat(expiry).isBetween(before.plusSeconds(600), Instant.now().plusSeconds(600));
  }

  @Test
  void inAPipeSubmitPrintsOneJsonObject() {
    assertThat(shell.run("submit", "--kind=embed", "--text=x")).isZero();

    assertThat(shell.outLines())
        .singleElement()
        .satisfies(line -> {
          assertThat(JobId.parse(Json.MAPPER.readTree(line).path("id").asString())).isPresent();
        });
    assertThat(shell.err()).isEmpty();
  }

  @Test
  void onATerminalSubmitPrintsTheIdAndTheNextStep() {
    assertThat(shell.onTerminal().run("submit", "--kind=embed", "--text=x")).isZero();

    assertThat(JobId.parse(shell.out().strip())).isPresent();
    assertThat(shell.err()).contains("penstock watch " + shell.out().strip());
  }

  @Test
  void theTextComesFromAFile() throws IOException {
    Path file = Files.writeString(directory.resolve("text"), "Fünf Wörter – und mehr");

    assertThat(shell.run("submit", "--kind=embed", "--file", file.toString())).isZero();

    assertThat(job().at("/input/text").asString()).isEqualTo("Fünf Wörter – und mehr");
  }

  @Test
  void theTextComesFromAPipe() {
    assertThat(shell.withInput("from a pipe").run("submit", "--kind=embed")).isZero();

    assertThat(job().at("/input/text").asString()).isEqualTo("from a pipe");
  }

  @Test
  void textThatIsNotUtf8IsRefusedBeforeItIsSent() throws IOException {
    Path file =
        Files.write(directory.resolve("latin1"), "für".getBytes(StandardCharsets.ISO_8859_1));

    assertThat(shell.run("submit", "--kind=embed", "--file", file.toString()))
        .isEqualTo(ExitCode.USAGE);

    assertThat(shell.errLines()).singleElement().asString().contains("latin1 is not UTF-8 text");
    assertThat(api.requests).hasValue(0);
  }

  @Test
  void submitAndWaitPrintsTheResult() {
    api.newState = "succeeded";

    assertThat(shell.onTerminal().run("submit", "--kind=summarize", "--text=x", "--wait")).isZero();

    assertThat(shell.outLines()).containsExactly("The first.", "The second.");
  }

  @Test
  void submitAndWaitTellsOfAFailure() {
    api.newState = "dead-lettered";

    assertThat(shell.onTerminal().run("submit", "--kind=summarize", "--text=x", "--wait"))
        .isEqualTo(ExitCode.NOT_SUCCEEDED);

    assertThat(shell.outLines()).containsExactly("dead-lettered: retryable: connection reset");
  }

  @Test
  void aRefusalIsOneLineWithEveryViolation() {
    assertThat(shell.run("submit", "--kind=wrong", "--text=x")).isEqualTo(ExitCode.REFUSED);

    assertThat(shell.errLines())
        .containsExactly(
            "penstock submit: The job can't be accepted: /kind: is not a kind; /maxAttempts: is 1"
                + " to 20 (422 invalid_job)");
    assertThat(shell.out()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"429", "503"})
  void aBusyServerIsAskedAgainWhenItSays(int status) {
    api.isBusyOnce(status, "0");
    api.isBusyOnce(status, "0");

    assertThat(shell.run("submit", "--kind=embed", "--text=x")).isZero();

    assertThat(api.requests).hasValue(3);
  }

  @Test
  void whatMayHaveBeenAcceptedIsNotSentAgainWithoutAKey() {
    api.isUnsureOnce();

    assertThat(shell.run("submit", "--kind=embed", "--text=x")).isEqualTo(ExitCode.UNAVAILABLE);

    assertThat(shell.err()).contains("503 acceptance_unknown");
    assertThat(api.requests).hasValue(1);
  }

  @Test
  void whatMayHaveBeenAcceptedIsSentAgainUnderItsKey() {
    api.isUnsureOnce();

    assertThat(shell.run("submit", "--kind=embed", "--text=x", "--idempotency-key=k")).isZero();

    assertThat(api.requests).hasValue(2);
  }

  @Test
  void aSubmissionUnderWayUnderTheSameKeyIsAskedAgain() {
    api.isBusyOnce(409, "0");

    assertThat(shell.run("submit", "--kind=embed", "--text=x", "--idempotency-key=k")).isZero();

    assertThat(api.requests).hasValue(2);
  }

  @Test
  void aServerThatStaysBusyIsGivenUp() {
    for (int i = 0; i <= ApiClient.MAX_RETRIES; i++) {
      api.isBusyOnce(503, "0");
    }

    assertThat(shell.run("submit", "--kind=embed", "--text=x")).isEqualTo(ExitCode.UNAVAILABLE);

    assertThat(shell.errLines()).containsExactly("penstock submit: come again (503 busy)");
    assertThat(api.requests).hasValue(ApiClient.MAX_RETRIES + 1);
  }

  @Test
  void aWaitThatIsTooLongIsNotWaited() {
    api.isBusyOnce(429, "3600");

    assertThat(shell.run("submit", "--kind=embed", "--text=x")).isEqualTo(ExitCode.UNAVAILABLE);

    assertThat(api.requests).hasValue(1);
  }

  @Test
  void aServerThatIsNotThereIsOneLineWithWhatToDo() throws IOException {
    // Held, but not listened on: nobody else can come to listen there.
    try (var held = new Socket()) {
      held.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      int port = held.getLocalPort();

      int code =
          shell.run(
              "get", "--url=http://127.0.0.1:" + port, JobId.random(Instant.EPOCH).toString());

      assertThat(code).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(shell.errLines())
          .containsExactly(
              "penstock get: can't reach http://127.0.0.1:"
                  + port
                  + " (connection refused); start it with './penstock standalone', or give its"
                  + " address with --url");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"get", "result", "cancel", "retry", "release", "watch"})
  void anUnknownJobIsRefused(String command) {
    assertThat(shell.run(command, JobId.random(Instant.EPOCH).toString()))
        .isEqualTo(ExitCode.REFUSED);

    assertThat(shell.errLines()).singleElement().asString().contains("there is no job");
  }

  @Test
  void wrongOptionsAreOneLineEach() {
    assertUsage("give a command");
    assertUsage("'nonsense' is not a job id", "get", "nonsense");
    assertUsage("give --kind and a text", "submit");
    assertUsage("not both", "submit", "--kind=embed", "--text=x", "--file=y");
    assertUsage("there is no file", "submit", "--kind=embed", "--file=/no/such/file");
    assertUsage("is not a duration", "submit", "--kind=embed", "--text=x", "--timeout=soon");
    assertUsage("--run-at is 'then'", "submit", "--kind=embed", "--text=x", "--run-at=then");
    assertUsage("--expire-at is 'then'", "submit", "--kind=embed", "--text=x", "--expire-at=then");
    assertUsage("--kind can't be combined", "submit", "--kind=embed", "--jsonl=-");
    assertUsage("give the ids", "watch");
    assertUsage(
        "is not an address", "get", "--url=ftp://x", JobId.random(Instant.EPOCH).toString());
    assertUsage("--outputt", "get", "--outputt=json", JobId.random(Instant.EPOCH).toString());
    assertThat(api.requests).hasValue(0);
  }

  private void assertUsage(String message, String... args) {
    shell = Shell.of(api);
    assertThat(shell.run(args)).isEqualTo(ExitCode.USAGE);
    assertThat(shell.errLines()).singleElement().asString().contains(message).contains("--help");
    assertThat(shell.out()).isEmpty();
  }

  @Test
  void getShowsAJobToAPerson() {
    JobId id = api.job("dead-lettered");

    assertThat(shell.onTerminal().run("get", id.toString())).isZero();

    assertThat(shell.out())
        .contains("job         " + id)
        .contains("state       dead-lettered")
        .contains("label       team=blue")
        .contains("failure     retryable: connection reset")
        .contains("wasted      1 call that was lost with its worker and made again")
        .contains("attempt 1   failed, retryable: connection reset after 12 ms at local");
  }

  @Test
  void getPassesOnTheServersJson() {
    JobId id = api.job("queued");

    assertThat(shell.run("get", id.toString())).isZero();

    assertThat(shell.outLines())
        .singleElement()
        .satisfies(line -> {
          JsonNode view = Json.MAPPER.readTree(line);
          assertThat(view.path("state").asString()).isEqualTo("queued");
          assertThat(view.path("version").asString()).isEqualTo("0.21.3");
        });
  }

  @Test
  void outputCanBeChosen() {
    JobId id = api.job("succeeded");

    assertThat(shell.onTerminal().run("result", "--output=json", id.toString())).isZero();

    assertThat(shell.out()).startsWith("{\"id\":\"" + id);
  }

  @Test
  void aResultTellsByItsCodeHowTheJobEnded() {
    assertThat(shell.run("result", api.job("succeeded").toString())).isEqualTo(ExitCode.OK);
    assertThat(shell.run("result", api.job("expired").toString()))
        .isEqualTo(ExitCode.NOT_SUCCEEDED);
    assertThat(shell.run("result", api.job("running").toString())).isEqualTo(ExitCode.REFUSED);
    assertThat(shell.err()).contains("the job is running (409 job_not_finished)");
  }

  @Test
  void cancelIsRequested() {
    JobId id = api.job("running");

    assertThat(shell.onTerminal().run("cancel", id.toString())).isZero();

    assertThat(shell.out()).isEqualTo("cancel requested for " + id + "\n");
  }

  @Test
  void cancelOfAFinishedJobSaysWhichOutcomeWon() {
    assertThat(shell.run("cancel", api.job("succeeded").toString())).isEqualTo(ExitCode.REFUSED);

    assertThat(shell.err()).contains("the job has ended as succeeded (409 already_finished)");
  }

  @Test
  void cancelOfACancelledJobIsNoFailure() {
    String id = api.job("cancelled").toString();

    assertThat(shell.run("cancel", id)).isZero();

    assertThat(shell.out()).isEqualTo("{\"id\":\"" + id + "\",\"cancel\":\"cancelled\"}\n");
    assertThat(shell.err()).isEmpty();
  }

  @Test
  void releaseOfADeadLetteredJobIsRequestedAndOfAnotherOneIsRefused() {
    JobId id = api.job("dead-lettered");

    assertThat(shell.onTerminal().run("release", id.toString())).isZero();

    assertThat(shell.out()).isEqualTo("release requested for " + id + "\n");
    assertThat(shell.run("release", api.job("running").toString())).isEqualTo(ExitCode.REFUSED);
    assertThat(shell.err()).contains("the job is running (409 not_blocking)");
  }

  @Test
  void retriesAreRequestedOfThoseThatWaitAndTheOthersAreSaid() {
    JobId first = api.job("waiting");
    JobId running = api.job("running");
    JobId last = api.job("waiting");

    assertThat(
            shell.onTerminal().run("retry", first.toString(), running.toString(), last.toString()))
        .isEqualTo(ExitCode.REFUSED);

    assertThat(shell.outLines())
        .containsExactly("retry requested for " + first, "retry requested for " + last);
    assertThat(shell.errLines()).singleElement().asString().contains(running + ":", "is running");
    assertThat(shell.run("retry", running.toString())).isEqualTo(ExitCode.REFUSED);
    assertThat(shell.err()).contains("(409 job_not_waiting)");
    assertThat(shell.run("retry", first.toString())).isZero();
  }

  @Test
  void coloursAreLeftOutWhereTheyAreNotWelcome() {
    String id = api.job("succeeded").toString();
    assertThat(shell.onTerminal().run("get", id)).isZero();
    assertThat(shell.out()).doesNotContain("\u001b");

    assertThat(Shell.of(api).onTerminal().withColor().run("get", id)).isZero();
    var out = java.util.Set.of(Terminal.Stream.OUT);
    assertThat(Terminal.wantsColor(Map.of(), out)).isTrue();
    assertThat(Terminal.wantsColor(Map.of("NO_COLOR", "1"), out)).isFalse();
    assertThat(Terminal.wantsColor(Map.of("TERM", "dumb"), out)).isFalse();
    assertThat(Terminal.wantsColor(Map.of(), java.util.Set.of())).isFalse();
  }

  @Test
  void everyCommandExplainsItselfAndItsExitCodes() {
    for (String command :
        new String[] {"submit", "watch", "get", "result", "cancel", "retry", "release"}) {
      var help = Shell.of(api);
      assertThat(help.run(command, "--help")).isZero();
      assertThat(help.out()).contains("Exit codes:").contains("--url=URL");
    }
  }

  private JsonNode job() {
    return Objects.requireNonNull(api.lastJob.get());
  }

  @Test
  void theStartScriptKnowsEveryCommand() throws IOException {
    Shell shell = Shell.alone();
    assertThat(shell.run("--help")).isZero();
    List<String> commands =
        shell.outLines().stream()
            .dropWhile(line -> !line.startsWith("Commands:"))
            .filter(line -> line.matches("  [a-z].*"))
            .map(line -> line.strip().split(" ", 2)[0])
            .toList();
    assertThat(commands).contains("submit", "retry", "dlq");
    String script = Files.readString(Path.of("..", "penstock"));
    String known =
        script
            .lines()
            .filter(line -> line.matches(" *submit \\|.*\\)"))
            .findFirst()
            .orElseThrow()
            .replace(")", "");
    assertThat(List.of(known.strip().split(" \\| "))).containsAll(commands);
  }
}
