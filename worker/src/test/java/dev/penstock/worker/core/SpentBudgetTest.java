package dev.penstock.worker.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import dev.penstock.limit.SpendReport;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import dev.penstock.retry.RetryPolicies;
import dev.penstock.retry.RetryPolicy;
import dev.penstock.worker.admit.Routes;
import dev.penstock.worker.budget.BudgetMetrics;
import dev.penstock.worker.budget.BudgetRules;
import dev.penstock.worker.budget.GroupBudgets;
import dev.penstock.worker.cost.Prices;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.RetryBudget;
import dev.penstock.worker.judge.Settlement;
import dev.penstock.worker.window.Custody;
import dev.penstock.worker.window.PartitionWindow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of jobs whose tenant or route has spent its budget. */
final class SpentBudgetTest {
  private static final TopicPartition P0 = new TopicPartition("jobs", 0);
  private static final int PROCESS = 7;
  private static final Map<String, List<Target>> ROUTES =
      Map.of(
          "fast", List.of(Target.of("paid:a"), Target.of("paid:b")),
          "thrifty", List.of(Target.of("paid:a"), Target.of("free")));

  /** A thousand tokens. */
  private static final String TEXT = "x".repeat(4_000);

  private static final long CENT = 10_000_000;

  @TempDir Path directory;

  private final RecordingActions actions = new RecordingActions();
  private final Deque<SpendReport> reports = new ArrayDeque<>();
  private Instant now = Instant.parse("2026-11-21T08:00:00Z");
  private WorkerCore core =
      new WorkerCore(
          new Incarnation("none", 1),
          limits(),
          judge(),
          new Routes(Map.of(), (_, _) -> true, List.of()),
          actions,
          new NoMetrics());
  private long offset;

  @BeforeEach
  void begin() throws IOException {
    Path file = directory.resolve("prices.json");
    Files.writeString(
        file,
        """
        {"currency": "USD",
         "prices": [{"provider": "paid", "model": "*", "from": "2026-01-01", "input": 10, "output": 0}]}
        """);
    SettingsReader reader =
        Settings.of(
                Map.of(
                    "worker.budget.tenant.acme.per-day", "0.02",
                    "worker.budget.route.fast.per-hour", "0.03"))
            .reader();
    BudgetRules rules = BudgetRules.read(reader, ROUTES.keySet());
    var budgets =
        new GroupBudgets(
            reader.build(() -> rules), Prices.of(file), "w", 7, reports::add, BudgetMetrics.NONE);
    core =
        new WorkerCore(
            new Incarnation("w", PROCESS),
            limits(),
            judge(),
            new Routes(ROUTES, (_, _) -> true, List.of(budgets)),
            actions,
            new NoMetrics());
    core.handle(
        new CoreEvent.Assigned(
            P0, Uuid.randomUuid(), new PartitionWindow(0), Custody.FREE.takenOverBy(PROCESS)),
        now);
    turn();
  }

  private static CoreLimits limits() {
    return new CoreLimits(
        4,
        1_000,
        100_000_000,
        1_000,
        Duration.ofMillis(3),
        new CoreLimits.Waiting(1_000, Duration.ofSeconds(20)));
  }

  private static Judge judge() {
    return new Judge(
        RetryPolicies.all(new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1))),
        new RetryBudget(0.2, 10),
        new Random(1));
  }

  @Test
  void aJobIsDeadLetteredAtOnceWithoutACallOrAnAttempt() {
    submit("acme", "paid:a", List.of());
    submit("acme", "paid:a", List.of());
    answerAll(CENT);
    submit("acme", "paid:a", List.of());
    assertThat(actions.calls).hasSize(2);
    Settlement.Finish finish = last();
    assertThat(finish.attempts()).isEmpty();
    assertThat(finish.outcome())
        .isInstanceOfSatisfying(
            Outcome.DeadLettered.class,
            end -> {
              assertThat(end.reason().code()).isEqualTo("budget");
              assertThat(end.reason().message())
                  .contains("tenant acme", "0.02 of 0.02 USD", "worker.budget.tenant.acme.per-day");
            });
    // Nobody else is touched.
    submit("globex", "paid:a", List.of());
    assertThat(actions.calls).hasSize(3);
  }

  @Test
  void theAttemptsThatWereMadeBeforeStayInTheDeadLetter() {
    submit("acme", "paid:a", List.of());
    submit("acme", "paid:a", List.of());
    answerAll(CENT);
    var failed =
        new Attempt(
            1, "paid", "v", now, Duration.ofMillis(5), new Failure.Retryable("a server error"));
    submit("acme", "paid:a", List.of(failed));
    assertThat(last().attempts()).containsExactly(failed);
    assertThat(last().outcome()).isInstanceOf(Outcome.DeadLettered.class);
  }

  @Test
  void aRoutesJobsGoOnToATargetThatCostsNothing() {
    submit("acme", "paid:a", List.of());
    submit("acme", "paid:a", List.of());
    answerAll(CENT);
    submit("acme", "thrifty", List.of());
    assertThat(actions.calls.lastEntry().getValue().target()).isEqualTo(Target.of("free"));
    assertThat(actions.calls.lastEntry().getKey().insteadOf).isEqualTo("paid:a: budget spent");
  }

  @Test
  void aRoutesBudgetStopsItsJobsOfAllTenantsAndTargets() {
    for (String tenant : List.of("a", "b", "c")) {
      submit(tenant, "fast", List.of());
    }
    answerAll(CENT);
    submit("d", "fast", List.of());
    assertThat(actions.calls).hasSize(3);
    assertThat(last().outcome())
        .isInstanceOfSatisfying(
            Outcome.DeadLettered.class,
            end -> assertThat(end.reason().message()).contains("route fast", "for the hour"));
    submit("d", "paid:a", List.of());
    assertThat(actions.calls).hasSize(4);
  }

  @Test
  void whileCallsThatRunMayUseUpTheRestTheTenantsJobsWaitAndOthersRun() {
    submit("acme", "paid:a", List.of());
    submit("acme", "paid:a", List.of());
    submit("acme", "paid:a", List.of());
    assertThat(actions.calls).hasSize(2);
    submit("globex", "paid:a", List.of());
    assertThat(actions.calls).hasSize(3);
    answerAll(CENT / 10);
    assertThat(actions.calls).as("the calls were cheaper than they might have been").hasSize(4);
  }

  private void answerAll(long cost) {
    for (Claim claim : List.copyOf(actions.calls.keySet())) {
      if (claim.phase == Claim.Phase.RUNNING) {
        var report = new CallReport(null, null, new Usage(1_000, 0, 0), null, null, cost);
        core.handle(
            new CoreEvent.CallEnded(
                claim,
                new ProviderResult.Answered(new JobOutput.Summary(List.of("done")), report),
                new Judge.Call(claim.target().provider(), "w", now, Duration.ZERO)),
            now);
      }
    }
    turn();
  }

  private void submit(String tenant, String model, List<Attempt> attempts) {
    var job =
        new Job(
            JobId.random(now),
            model,
            new JobInput.Embed(TEXT),
            5,
            Duration.ofSeconds(30),
            now,
            null,
            Map.of(),
            null,
            null,
            null,
            Priority.NORMAL,
            false,
            new TenantId(tenant),
            null);
    var record = new JobRecord(job, 0, attempts, null);
    core.handle(
        new CoreEvent.Polled(
            P0,
            List.of(new SourceRecord(P0, offset, new Decoded.Value<>(record), null, 100, null)),
            offset + 1),
        now);
    offset++;
    turn();
  }

  /** Lets the core act until nothing follows any more: its reports are read back at once. */
  private void turn() {
    for (int i = 0; i < 10; i++) {
      core.endTurn(now);
      now = now.plusMillis(100);
      core.handle(new CoreEvent.Tick(), now);
      while (!reports.isEmpty()) {
        core.handle(new CoreEvent.SpendReported(reports.remove(), now), now);
      }
      core.endTurn(now);
      for (Batch batch : List.copyOf(actions.commits)) {
        if (committed.add(batch)) {
          core.handle(new CoreEvent.Committed(batch), now);
        }
      }
    }
  }

  private final Set<Batch> committed =
      java.util.Collections.newSetFromMap(new java.util.IdentityHashMap<>());

  private Settlement.Finish last() {
    var settled = new ArrayList<Batch.Settled>();
    actions.commits.forEach(batch -> settled.addAll(batch.settled()));
    return (Settlement.Finish) settled.getLast().settlement();
  }
}
