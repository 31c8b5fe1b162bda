package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class FleetCommandsTest {
  private static final String WORKERS =
      """
      {"workers":[
        {"id":"w1","state":"running","slots":8,"busy":3,"stuck":1,"version":"1.0","host":"h1",
         "partitions":[{"topic":"jobs","partition":0},{"topic":"jobs","partition":1}],
         "calls":[{"jobId":"j-1","startedAt":"2026-11-21T12:00:00Z"}]},
        {"id":"worker-2","state":"drained","reason":"drained by an operator","slots":16,"busy":0,"stuck":0,
         "version":"1.0","host":"h2","partitions":[],"calls":[]}]}
      """;
  private static final String TOPICS =
      """
      {"topics":[
        {"name":"p.jobs","group":"p.workers","lag":7,"minInSyncReplicas":1,"partitions":[
          {"partition":0,"start":2,"end":10,"leader":1,"isr":[1]},{"partition":1,"isr":[]}]},
        {"name":"p.limits","minInSyncReplicas":2,"partitions":[{"partition":0,"start":0,"end":4,"leader":1,"isr":[1]}]}]}
      """;

  private FakeApi api;

  @BeforeEach
  void start() throws IOException {
    api = FakeApi.start();
  }

  @AfterEach
  void stop() {
    api.close();
  }

  @Test
  void workersAreATableForPeople() {
    api.fleet = WORKERS;
    Shell shell = Shell.of(api).onTerminal();
    assertThat(shell.run("workers")).as(shell.err()).isZero();
    assertThat(shell.outLines())
        .containsExactly(
            "ID        STATE    SLOTS  STUCK  PARTITIONS  VERSION  HOST  LONGEST CALL",
            "w1        running  3/8    1      2           1.0      h1    j-1 since"
                + " 2026-11-21T12:00:00Z",
            "worker-2  drained  0/16   0      0           1.0      h2",
            "worker-2: drained by an operator");
  }

  @Test
  void workersAreOneALineForPrograms() {
    api.fleet = WORKERS;
    Shell shell = Shell.of(api);
    assertThat(shell.run("workers")).isZero();
    assertThat(shell.outLines())
        .extracting(line -> Json.MAPPER.readTree(line).path("id").asString())
        .containsExactly("w1", "worker-2");
  }

  @Test
  void noWorkerIsSaidWithWhatToDo() {
    api.fleet = "{\"workers\":[]}";
    Shell shell = Shell.of(api).onTerminal();
    assertThat(shell.run("workers")).isZero();
    assertThat(shell.out()).contains("./penstock worker");
  }

  @Test
  void aWorkerIsDrainedAndResumed() {
    Shell drain = Shell.of(api).onTerminal();
    assertThat(drain.run("workers", "--drain", "w1")).isZero();
    assertThat(drain.outLines()).containsExactly("drain requested for w1");
    Shell resume = Shell.of(api);
    assertThat(resume.run("workers", "--resume", "w1")).isZero();
    assertThat(Json.MAPPER.readTree(resume.out()).path("requested").asString()).isEqualTo("resume");
    Shell unknown = Shell.of(api);
    assertThat(unknown.run("workers", "--drain", "w9")).isEqualTo(ExitCode.REFUSED);
    assertThat(unknown.err()).contains("worker_not_found");
    assertThat(Shell.of(api).run("workers", "--drain", "w1", "--resume", "w1"))
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void topicsTellTheirLagAndTheirTrouble() {
    api.fleet = TOPICS;
    Shell shell = Shell.of(api).onTerminal();
    assertThat(shell.run("topics")).as(shell.err()).isZero();
    assertThat(shell.outLines())
        .containsExactly(
            "TOPIC     PARTITIONS  KEPT  GROUP      LAG  TROUBLE",
            "p.jobs    2           8     p.workers  7    1 without leader",
            "p.limits  1           4     -          -    1 under min.insync.replicas");
  }
}
