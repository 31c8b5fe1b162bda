package dev.penstock.fake;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command line of the fake provider. */
class FakeProviderCommandTest {
  private record Run(int code, String out, String err) {}

  @Test
  void itSaysHowToPointAWorkerAtIt() {
    var urls = new ArrayList<String>();

    Run run = run(server -> urls.add(server.url().toString()), "--port", "0", "--key", "sk-mine");

    assertThat(run.code()).isZero();
    assertThat(run.out())
        .contains("worker.provider.openai.base-url=" + urls.getFirst() + "/v1\n")
        .contains("worker.provider.openai.api-key=sk-mine\n")
        .contains("worker.provider.anthropic.base-url=" + urls.getFirst() + "/v1\n");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void optionsAndScriptAreObeyed(@TempDir Path directory) throws Exception {
    Path script =
        Files.writeString(
            directory.resolve("script.json"),
            "{\"rules\":[{\"do\":\"error\",\"status\":503,\"when\":{\"calls\":[2]}}]}");
    var statuses = new ArrayList<Integer>();

    run(
        server -> {
          try {
            for (int i = 0; i < 3; i++) {
              statuses.add(
                  RawClient.post(
                          server,
                          "/v1/chat/completions",
                          RawClient.CHAT,
                          Set.of("authorization: Bearer sk-mine"))
                      .status());
            }
          } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        },
        "--port",
        "0",
        "--key",
        "sk-mine",
        "--requests-per-minute",
        "1",
        "--burst",
        "60s",
        "--script",
        script.toString());

    assertThat(statuses).containsExactly(200, 503, 429);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--port 70000 | --port is 70000, but must be from 0 to 65535",
        "--burst soon | --burst is 'soon', but must be a duration such as 100ms, 1s or 1m",
        "--concurrency -1 | the limits are wrong: concurrency is -1, but must be from 0",
        "--script nowhere.json | --script nowhere.json can't be read",
        "--colour red | Unknown options: '--colour', 'red'"
      })
  void wrongOptionsAreNamed(String options, String message) {
    Run run = run(_ -> {}, options.strip().split(" ", -1));

    assertThat(run.code()).isEqualTo(Main.USAGE);
    assertThat(run.err()).startsWith("penstock fake-provider: " + message);
    assertThat(run.out()).isEmpty();
  }

  @Test
  void aPortThatIsTakenIsNamed() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Run run = run(_ -> {}, "--port", String.valueOf(taken.getLocalPort()));

      assertThat(run.code()).isEqualTo(Main.CANNOT_START);
      assertThat(run.err())
          .startsWith(
              "penstock fake-provider: the fake provider can't start: can't listen on 127.0.0.1:"
                  + taken.getLocalPort());
    }
  }

  private static Run run(FakeProviderCommand.Body body, String... args) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int code =
        Main.run(
            new FakeProviderCommand(new PrintStream(out, true, StandardCharsets.UTF_8), body),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            args);
    return new Run(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
