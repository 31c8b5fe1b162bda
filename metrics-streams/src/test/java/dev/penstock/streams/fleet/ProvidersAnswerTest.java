package dev.penstock.streams.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.fleet.WorkerReport.Breaker;
import dev.penstock.fleet.WorkerReport.Budget;
import dev.penstock.fleet.WorkerReport.Gate;
import dev.penstock.fleet.WorkerReport.Limit;
import dev.penstock.fleet.WorkerReport.State;
import dev.penstock.fleet.WorkerReport.Surroundings;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ProvidersAnswerTest {
  private static final Instant AT = Instant.parse("2026-11-21T12:00:00Z");

  private static final Surroundings FIRST =
      new Surroundings(
          List.of("openai", "local"),
          List.of(new Breaker("openai:x", "open", AT.plusSeconds(5))),
          List.of(new Limit("openai", "requests-per-minute", 600, 300, 120, true)),
          List.of(new Gate("fast", 3), new Gate("openai", 2)),
          List.of(new Budget("tenant", "acme", "day", 100, 90)),
          "EUR");
  private static final Surroundings SECOND =
      new Surroundings(
          List.of("openai"),
          List.of(new Breaker("openai:x", "half-open", AT)),
          List.of(
              new Limit("openai", "requests-per-minute", 500, 300, 30, false),
              new Limit("openai:x", "concurrency", 8, 4, 3, false)),
          List.of(new Gate("fast", 4)),
          List.of(new Budget("tenant", "acme", "day", 100, 100)));

  @Test
  void whatWorkersTellIsPutTogether() {
    var answer =
        ProvidersAnswer.of(
            List.of(worker("w1", "running", FIRST), worker("w2", "running", SECOND)));
    assertThat(answer.providers())
        .extracting(ProvidersAnswer.Provider::name)
        .containsExactly("local", "openai");
    List<ProvidersAnswer.Of> openai = answer.providers().getLast().targets();
    assertThat(openai)
        .containsExactly(
            new ProvidersAnswer.Of(
                "openai",
                "closed",
                null,
                Map.of("closed", 2),
                List.of(new ProvidersAnswer.Limit("requests", 500, 150, 60_000, 1)),
                2),
            new ProvidersAnswer.Of(
                "openai:x",
                "open",
                AT,
                Map.of("open", 1, "half-open", 1),
                List.of(new ProvidersAnswer.Limit("concurrency", 8, 3, null, 0)),
                0));
    assertThat(answer.routes()).containsExactly(new ProvidersAnswer.Route("fast", 7));
    assertThat(answer.budgets()).containsExactly(new Budget("tenant", "acme", "day", 100, 100));
    assertThat(answer.currency()).isEqualTo("EUR");
  }

  @Test
  void whoIsSilentOrHasStoppedCountsForNothing() {
    var answer =
        ProvidersAnswer.of(
            List.of(
                worker("w1", "silent", FIRST),
                new FleetTail.Worker(
                    FleetTailTest.report("w2", State.STOPPED, SECOND), AT, AT, "stopped")));
    assertThat(answer.providers()).isEmpty();
    assertThat(answer.routes()).isEmpty();
  }

  private static FleetTail.Worker worker(String id, String state, Surroundings surroundings) {
    WorkerReport report = FleetTailTest.report(id, State.RUNNING, surroundings);
    return new FleetTail.Worker(report, AT, AT, state);
  }
}
