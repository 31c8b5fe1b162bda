package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ManyJobsTest {
  private static final String JOB = "{\"kind\":\"embed\",\"input\":{\"text\":\"x\"}}\n";

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
  void eachLineIsAnsweredUnderItsNumberInTheFile() {
    assertThat(
            shell.withInput(JOB + "\n" + "bad\n" + "  \n" + JOB.strip()).run("submit", "--jsonl=-"))
        .isEqualTo(ExitCode.REFUSED);

    List<JsonNode> answers = shell.outLines().stream().map(Json.MAPPER::readTree).toList();
    assertThat(answers).extracting(answer -> answer.path("line").asInt()).containsExactly(1, 3, 5);
    assertThat(answers.get(1).at("/error/code").asString()).isEqualTo("malformed_json");
    assertThat(JobId.parse(answers.get(2).path("id").asString())).isPresent();
  }

  @Test
  void onATerminalRefusedLinesAndTheCountsAreShown() throws IOException {
    Path file = Files.writeString(directory.resolve("jobs.jsonl"), JOB + "bad\n" + JOB);

    assertThat(shell.onTerminal().run("submit", "--jsonl", file.toString()))
        .isEqualTo(ExitCode.REFUSED);

    assertThat(shell.out()).isEqualTo("2 accepted, 1 refused\n");
    assertThat(shell.err()).contains("line 2 refused: the line is not JSON (400 malformed_json)");
  }

  @Test
  void aLineThatIsTooLongIsRefusedWithoutBeingSent() {
    String tooLong = "x".repeat(JobLines.MAX_LINE_BYTES + 1) + "\n";

    assertThat(shell.withInput(JOB + tooLong + JOB).run("submit", "--jsonl=-"))
        .isEqualTo(ExitCode.REFUSED);

    assertThat(api.linesAccepted).hasValue(2);
    assertThat(shell.out()).contains("{\"line\":2,\"error\":{").contains("line_too_long");
  }

  @Test
  void linesThatTheServerCouldNotTakeAreSentAgain() {
    api.refusesLineOnce(2);

    assertThat(shell.withInput(JOB + JOB + JOB).run("submit", "--jsonl=-")).isZero();

    assertThat(
            shell.outLines().stream().map(line -> Json.MAPPER.readTree(line).path("line").asInt()))
        .containsExactly(1, 3, 2);
    assertThat(api.linesAccepted).hasValue(3);
  }

  @Test
  void aLineThatMayHaveBeenAcceptedIsNotSentAgain() {
    api.isUnsureOfLineOnce(2);

    assertThat(shell.withInput(JOB + JOB + JOB).run("submit", "--jsonl=-"))
        .isEqualTo(ExitCode.REFUSED);

    assertThat(shell.out()).contains("acceptance_unknown");
    assertThat(api.linesAccepted).hasValue(2);
  }

  @Test
  void linesAfterAnEarlyEndAreSentAgain() {
    api.endsStreamAtLine = 2;

    assertThat(shell.withInput(JOB.repeat(4)).run("submit", "--jsonl=-")).isZero();

    assertThat(
            shell.outLines().stream().map(line -> Json.MAPPER.readTree(line).path("line").asInt()))
        .containsExactly(1, 2, 3, 4);
    assertThat(api.linesAccepted).hasValue(4);
  }

  @Test
  void aBrokenStreamSaysFromWhichLineOnNothingIsKnown() {
    api.breaksStreams = true;

    assertThat(shell.withInput(JOB + JOB + JOB).run("submit", "--jsonl=-"))
        .isEqualTo(ExitCode.UNAVAILABLE);

    assertThat(shell.errLines()).singleElement().asString().contains("from line 2 on");
  }

  @Test
  void aLongStreamIsReadOnlyAsFastAsItIsSent() {
    int lines = 100_000;
    var source = new RepeatedLine(JOB, lines, api.linesAccepted);
    var out = new CountingOutput();

    int code =
        PenstockCommand.run(
            new Terminal(
                source,
                new java.io.PrintStream(out, false, StandardCharsets.UTF_8),
                System.err,
                java.util.Set.of(),
                80,
                false),
            java.util.Map.of("PENSTOCK_URL", api.uri().toString()),
            "submit",
            "--jsonl=-");

    assertThat(code).isZero();
    assertThat(api.linesAccepted).hasValue(lines);
    assertThat(out.lines).isEqualTo(lines);
    // A batch, and what the read buffer holds.
    assertThat(source.furthestAhead).isLessThan(4L * JobLines.MAX_BATCH_LINES);
  }

  @Test
  void aBatchIsBoundedInLinesAndBytes() throws IOException {
    var many = new JobLines(new RepeatedLine(JOB, 10 * JobLines.MAX_BATCH_LINES, new AtomicLong()));
    assertThat(many.next().orElseThrow().count()).isEqualTo(JobLines.MAX_BATCH_LINES);

    String big = "y".repeat(JobLines.MAX_LINE_BYTES - 1) + "\n";
    var large = new JobLines(new RepeatedLine(big, 10, new AtomicLong()));
    assertThat(large.next().orElseThrow().length())
        .isLessThanOrEqualTo(JobLines.MAX_BATCH_BYTES + JobLines.MAX_LINE_BYTES);
  }

  @Test
  void watchPrintsEachJobWhenItEnds() {
    List<JobId> ids = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      ids.add(api.job(i == 7 ? "running" : "succeeded"));
    }
    String input = String.join("\n", ids.stream().map(JobId::toString).toList());
    shell.withInput(input);

    var ended = CompletableFuture.supplyAsync(() -> shell.run("watch", "--jsonl-ids=-"));
    await().atMost(Duration.ofSeconds(60)).until(() -> shell.outLines().size() >= 199);
    assertThat(ended).isNotDone();
    api.end(ids.get(7), "succeeded");

    assertThat(ended).succeedsWithin(Duration.ofSeconds(60)).isEqualTo(ExitCode.OK);
    assertThat(shell.outLines()).hasSize(200);
    assertThat(shell.outLines().getLast()).contains(ids.get(7).toString());
  }

  @Test
  void watchSumsUpForAPersonAndShowsWhatFailed() {
    JobId failed = api.job("dead-lettered");

    assertThat(
            shell
                .onTerminal()
                .run(
                    "watch",
                    api.job("succeeded").toString(),
                    failed.toString(),
                    api.job("cancelled").toString()))
        .isEqualTo(ExitCode.NOT_SUCCEEDED);

    assertThat(shell.out())
        .contains(failed + "  dead-lettered  retryable: connection reset")
        .endsWith("1 succeeded, 1 dead-lettered, 1 cancelled\n");
  }

  @Test
  void watchTakesWhatSubmitPrints() {
    api.newState = "succeeded";
    assertThat(shell.withInput(JOB + "bad\n" + JOB).run("submit", "--jsonl=-"))
        .isEqualTo(ExitCode.REFUSED);

    var watch = Shell.of(api).withInput(shell.out());
    assertThat(watch.run("watch", "--jsonl-ids=-")).isZero();
    assertThat(watch.outLines()).hasSize(2);
  }

  @Test
  void submitAndWaitPrintsEveryResult() {
    api.newState = "succeeded";

    assertThat(shell.withInput(JOB.repeat(3)).run("submit", "--jsonl=-", "--wait")).isZero();

    assertThat(shell.outLines()).hasSize(6);
    assertThat(shell.outLines().getLast()).contains("\"sentences\":[\"The first.\"");
  }

  /** Makes its lines as they are read, and notes how far it is ahead of what was accepted. */
  private static final class RepeatedLine extends InputStream {
    private final byte[] line;
    private final long lines;
    private final AtomicLong accepted;
    private long begun;
    private int position;
    private long furthestAhead;

    RepeatedLine(String line, int lines, AtomicLong accepted) {
      this.line = line.getBytes(StandardCharsets.UTF_8);
      this.position = this.line.length;
      this.lines = lines;
      this.accepted = accepted;
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0];
    }

    @Override
    public int read(byte[] into, int offset, int length) {
      int filled = 0;
      while (filled < length && available() > 0) {
        if (position == line.length) {
          position = 0;
          begun++;
          furthestAhead = Math.max(furthestAhead, begun - accepted.get());
        }
        int count = Math.min(length - filled, line.length - position);
        System.arraycopy(line, position, into, offset + filled, count);
        position += count;
        filled += count;
      }
      return filled == 0 ? -1 : filled;
    }

    @Override
    public int available() {
      return begun == lines && position == line.length ? 0 : 1;
    }
  }

  private static final class CountingOutput extends java.io.OutputStream {
    private long lines;

    @Override
    public void write(int b) {
      if (b == '\n') {
        lines++;
      }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      for (int i = 0; i < length; i++) {
        write(bytes[offset + i]);
      }
    }
  }
}
