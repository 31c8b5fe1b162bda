package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ScheduleCommandTest {
  private static final String JOB = "{\"kind\":\"embed\",\"input\":{\"text\":\"tick\"}}";

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
  void putSendsEveryOptionAsTheApiNamesIt() throws IOException {
    Path job = Files.writeString(directory.resolve("job.json"), JOB);
    int code =
        shell.run(
            "schedule",
            "put",
            "nightly",
            "--cron=30 2 * * *",
            "--zone=Europe/Berlin",
            "--job=" + job,
            "--misfire=fire-all",
            "--misfire-after=5m",
            "--misfire-limit=7",
            "--overlap=skip",
            "--start=2026-05-01T00:00:00Z",
            "--end=2027-05-01T00:00:00Z",
            "--paused",
            "--if-match=3-abc");
    assertThat(code).as(shell.err()).isEqualTo(ExitCode.OK);
    assertThat(api.lastJob.get())
        .isEqualTo(
            Json.MAPPER.readTree(
                """
                {"cron":"30 2 * * *","job":%s,"timeZone":"Europe/Berlin","misfire":"fire-all",
                 "misfireAfter":"300s","misfireLimit":7,"overlap":"skip",
                 "start":"2026-05-01T00:00:00Z","end":"2027-05-01T00:00:00Z","paused":true}
                """
                    .formatted(JOB)));
    assertThat(api.lastIfMatch.get()).isEqualTo("\"3-abc\"");
  }

  @Test
  void aScheduleIsPutFromAPipeShownPausedResumedAndDeleted() {
    assertThat(put("tick")).isZero();
    assertThat(Shell.of(api).run("schedule", "pause", "tick")).isZero();
    Shell get = Shell.of(api);
    assertThat(get.run("schedule", "get", "tick")).isZero();
    assertThat(Json.MAPPER.readTree(get.out()).path("paused").asBoolean()).isTrue();
    Shell resume = Shell.of(api);
    assertThat(resume.run("schedule", "resume", "tick")).isZero();
    assertThat(Json.MAPPER.readTree(resume.out()).path("paused").asBoolean()).isFalse();
    Shell delete = Shell.of(api);
    assertThat(delete.run("schedule", "delete", "tick")).isZero();
    assertThat(Json.MAPPER.readTree(delete.out()).path("deleted").asBoolean()).isTrue();
    Shell gone = Shell.of(api);
    assertThat(gone.run("schedule", "get", "tick")).isEqualTo(ExitCode.REFUSED);
    assertThat(gone.errLines())
        .singleElement()
        .asString()
        .contains("there is no schedule tick", "schedule_not_found");
  }

  @Test
  void onATerminalTimesAreShownInTheSchedulesOwnZone() {
    put("tick");
    assertThat(shell.onTerminal().run("schedule", "get", "tick")).isZero();
    assertThat(shell.outLines())
        .contains(
            "schedule    tick",
            "fires       30 2 * * * in Europe/Berlin",
            "job         embed",
            "last        2026-04-30 02:30:00 +02:00  job some-id",
            "next        2026-05-01 02:30:00 +02:00");
  }

  @Test
  void theListGoesThroughAllPages() {
    for (String name : new String[] {"b", "c", "a"}) {
      put(name);
    }
    assertThat(shell.run("schedule", "list")).isZero();
    assertThat(shell.outLines().stream().map(l -> Json.MAPPER.readTree(l).path("name").asString()))
        .containsExactly("a", "b", "c");
    Shell terminal = Shell.of(api).onTerminal();
    assertThat(terminal.run("schedule", "list")).isZero();
    assertThat(terminal.outLines()).hasSize(3).allMatch(line -> line.endsWith("+02:00"));
  }

  @Test
  void aWrongCommandLineSendsNothing() throws IOException {
    Path text = Files.writeString(directory.resolve("job.json"), "tick");
    assertThat(Shell.of(api).run("schedule")).isEqualTo(ExitCode.USAGE);
    assertThat(Shell.of(api).run("schedule", "put", "x", "--job=" + text))
        .isEqualTo(ExitCode.USAGE);
    for (String job : new String[] {text.toString(), directory + "/absent"}) {
      assertThat(Shell.of(api).run("schedule", "put", "x", "--cron=@daily", "--job=" + job))
          .isEqualTo(ExitCode.USAGE);
    }
    assertThat(api.requests).hasValue(0);
  }

  private int put(String name) {
    return Shell.of(api)
        .withInput(JOB)
        .run("schedule", "put", name, "--cron=30 2 * * *", "--zone=Europe/Berlin");
  }
}
