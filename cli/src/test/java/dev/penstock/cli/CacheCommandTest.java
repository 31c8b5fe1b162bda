package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CacheCommandTest {
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
  void aTagIsInvalidatedForItsTenant() {
    assertThat(shell.run("cache", "invalidate", "kb/a&b", "--tenant", "acme")).isZero();
    assertThat(api.lastQuery.get()).isEqualTo("tag=kb/a&b&tenant=acme");
    assertThat(Json.MAPPER.readTree(shell.out()).path("tag").asString("")).isEqualTo("kb");
  }

  @Test
  void withoutATenantItIsLeftToTheServer() {
    assertThat(shell.onTerminal().run("cache", "invalidate", "kb")).isZero();
    assertThat(api.lastQuery.get()).isEqualTo("tag=kb");
    assertThat(shell.outLines()).containsExactly("invalidated kb of tenant default");
  }

  @Test
  void aFileIsSentInPiecesAndWrongLinesAreNamedByTheirNumbers() throws IOException {
    String good = "{\"request\":{},\"output\":{}}";
    String lines =
        IntStream.rangeClosed(1, 450)
            .mapToObj(line ->
                switch (line) {
                  case 3 -> "{";
                  case 4 -> "";
                  case 5 -> "[1]";
                  case 210, 449 -> "{\"request\":\"wrong\",\"output\":{}}";
                  default -> good;
                })
            .collect(Collectors.joining("\n"));
    Path file = Files.writeString(directory.resolve("answers.jsonl"), lines);
    assertThat(shell.run("cache", "warm", file.toString())).isEqualTo(ExitCode.REFUSED);
    assertThat(shell.errLines())
        .hasSize(4)
        .anySatisfy(line -> assertThat(line).startsWith("line 3: is not JSON"))
        .contains(
            "line 5: is not a JSON object",
            "line 210: /request: must be an object",
            "line 449: /request: must be an object");
    assertThat(api.entriesKept.get()).isEqualTo(445);
    var summary = Json.MAPPER.readTree(shell.out());
    assertThat(summary.path("entries").asInt()).isEqualTo(445);
    assertThat(summary.path("refused").asInt()).isEqualTo(4);
  }

  @Test
  void aServerThatIsBusyIsAskedAgain() throws IOException {
    Path file =
        Files.writeString(directory.resolve("answers.jsonl"), "{\"request\":{},\"output\":{}}\n");
    api.isBusyOnce(503, "0");
    assertThat(shell.run("cache", "warm", file.toString())).as(shell.err()).isZero();
    assertThat(api.entriesKept.get()).isEqualTo(1);
    assertThat(Objects.requireNonNull(api.lastJob.get()).path("entries")).hasSize(1);
  }

  @Test
  void aFileThatIsNotThereIsAWrongCommandLine() {
    assertThat(shell.run("cache", "warm", directory.resolve("none").toString()))
        .isEqualTo(ExitCode.USAGE);
    assertThat(shell.err()).contains("there is no file");
  }
}
