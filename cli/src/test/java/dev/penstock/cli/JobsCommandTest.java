package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class JobsCommandTest {
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
  void allOptionsAreAskedFor() {
    assertThat(
            shell.run(
                "jobs",
                "--state",
                "queued,running",
                "--label",
                "a:b,c",
                "-q",
                "\"a b\" c*",
                "--from",
                "2026-01-01T00:00:00Z",
                "--sort=-costNanos",
                "--limit",
                "7"))
        .isZero();
    assertThat(api.lastQuery.get())
        .isEqualTo(
            "limit=7&state=queued&state=running&label=a:b,c&q=\"a b\" c*"
                + "&from=2026-01-01T00:00:00Z&sort=-costNanos");
  }

  @Test
  void jobsAreListedPageByPageUpToTheLimit() {
    for (int i = 0; i < 1_200; i++) {
      api.job("queued");
    }
    assertThat(shell.run("jobs", "--limit", "1100")).isZero();
    assertThat(shell.outLines()).hasSize(1_100).doesNotHaveDuplicates();
    assertThat(Json.MAPPER.readTree(shell.outLines().getFirst()).path("state").asString(""))
        .isEqualTo("queued");
    assertThat(api.requests.get()).isEqualTo(3);
  }

  @Test
  void aPersonSeesATableInWhichNoTextBreaksOut() {
    JobId id = api.job("queued");
    assertThat(shell.onTerminal().run("jobs")).isZero();
    assertThat(shell.outLines()).hasSize(2);
    assertThat(shell.outLines().getFirst()).startsWith("JOB  ").contains("STATE", "TOOK");
    assertThat(shell.outLines().getLast())
        .startsWith(id.toString())
        .contains("queued", "summarize")
        .doesNotContain("\u001b");
    assertThat(shell.errLines()).containsExactly("1 job");
  }

  @Test
  void facetsAreCounted() {
    api.job("queued");
    api.job("queued");
    assertThat(shell.onTerminal().run("jobs", "--facet", "state,code")).isZero();
    assertThat(api.lastQuery.get()).isEqualTo("limit=1&facets=state&facets=code");
    assertThat(shell.outLines()).containsExactly("state", "           2  queued");
  }

  @Test
  void allThatMatchAreCancelled() {
    for (int i = 0; i < 600; i++) {
      api.job("queued");
    }
    api.job("succeeded");
    assertThat(shell.run("jobs", "--state", "queued", "--cancel", "--yes")).isZero();
    assertThat(Json.MAPPER.readTree(shell.out()).path("requested").asInt()).isEqualTo(600);
    assertThat(api.requests.get()).isEqualTo(602);
  }

  @Test
  void thoseThatHaveEndedAreCounted() {
    api.job("queued");
    api.job("succeeded");
    assertThat(shell.onTerminal().run("jobs", "--kind", "summarize", "--cancel", "--yes")).isZero();
    assertThat(shell.outLines()).containsExactly("1 requested, 1 had ended already, 0 failed");
  }

  @Test
  void allThatWaitOfThoseThatMatchAreRetriedNow() {
    api.job("waiting");
    api.job("waiting");
    api.job("running");
    assertThat(shell.onTerminal().run("jobs", "--kind", "summarize", "--retry-now", "--yes"))
        .isZero();
    assertThat(shell.outLines()).containsExactly("2 requested, 1 did not wait, 0 failed");
    assertThat(shell.run("jobs", "--state", "waiting", "--retry-now")).isEqualTo(ExitCode.USAGE);
    assertThat(shell.err()).contains("2 jobs match; say --yes to retry");
    assertThat(shell.run("jobs", "--state", "waiting", "--retry-now", "--cancel"))
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void nothingIsCancelledUnlessSomeoneSaysSo() {
    api.job("queued");
    assertThat(shell.run("jobs", "--state", "queued", "--cancel")).isEqualTo(ExitCode.USAGE);
    assertThat(shell.err()).contains("1 job matches; say --yes");
    assertThat(api.requests.get()).isEqualTo(1);
    assertThat(shell.run("jobs", "--cancel", "--yes")).isEqualTo(ExitCode.USAGE);
    assertThat(api.requests.get()).isEqualTo(1);
  }

  @Test
  void optionsThatDoNotFitAreRefused() {
    assertThat(shell.run("jobs", "--limit", "0")).isEqualTo(ExitCode.USAGE);
    assertThat(shell.run("jobs", "--yes")).isEqualTo(ExitCode.USAGE);
    assertThat(shell.run("jobs", "--since", "1h", "--from", "2026-01-01T00:00:00Z"))
        .isEqualTo(ExitCode.USAGE);
    assertThat(api.requests.get()).isZero();
  }
}
