package dev.penstock.streams.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.fleet.WorkerReport.State;
import dev.penstock.streams.report.Attention;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FleetAttentionTest {
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

  private static final WorkerReport.Surroundings ILL =
      new WorkerReport.Surroundings(
          List.of("openai"),
          List.of(new WorkerReport.Breaker("openai:x", "open", NOON)),
          List.of(),
          List.of(),
          List.of(
              new WorkerReport.Budget("tenant", "acme", "day", 100, 100),
              new WorkerReport.Budget("route", "fast", "hour", 100, 90)));

  @Test
  void nothingIsSaidOfAFleetThatIsWell() {
    assertThat(codes(worker("w1", State.RUNNING, "running", NOON, 0))).isEmpty();
  }

  @Test
  void silenceStuckCallsBreakersAndSpentBudgetsAreSaid() {
    List<Attention> said =
        FleetAttention.of(
            List.of(
                worker("w1", State.RUNNING, "running", NOON, 2),
                worker("w2", State.RUNNING, "silent", NOON.minusSeconds(30), 0),
                new FleetTail.Worker(
                    FleetTailTest.report("w3", State.RUNNING, ILL), NOON, NOON, "running")),
            NOON);
    assertThat(said)
        .extracting(Attention::code)
        .containsExactly("worker_silent", "stuck_calls", "breaker_open", "budget_spent");
    assertThat(said.getFirst().detail()).startsWith("w2:");
    assertThat(said.get(1).title()).isEqualTo("2 calls do not end");
    assertThat(said.getLast().detail()).contains("tenant acme (day)").doesNotContain("fast");
  }

  @Test
  void pricesInSeveralCurrenciesAreSaidAndNoneOfThemIsTheOne() {
    List<FleetTail.Worker> workers =
        List.of(priced("w1", "EUR"), priced("w2", "USD"), priced("w3", "EUR"));
    List<Attention> said = FleetAttention.of(workers, NOON);
    assertThat(said).extracting(Attention::code).containsExactly("currencies_differ");
    assertThat(said.getFirst().detail()).startsWith("EUR, USD:");
    assertThat(ProvidersAnswer.currency(workers)).isNull();
    assertThat(ProvidersAnswer.currency(workers.subList(0, 1))).isEqualTo("EUR");
  }

  private static FleetTail.Worker priced(String id, String currency) {
    var surroundings =
        new WorkerReport.Surroundings(
            List.of(), List.of(), List.of(), List.of(), List.of(), currency);
    return new FleetTail.Worker(
        FleetTailTest.report(id, State.RUNNING, surroundings), NOON, NOON, "running");
  }

  @Test
  void whoHasBeenSilentForAnHourWasTakenAway() {
    assertThat(
            codes(
                worker("w1", State.RUNNING, "running", NOON, 0),
                worker("w2", State.RUNNING, "silent", NOON.minusSeconds(3_601), 0)))
        .isEmpty();
  }

  @Test
  void aFleetInWhichNobodyWorksIsSaid() {
    assertThat(codes(worker("w1", State.DRAINED, "drained", NOON, 0))).containsExactly("no_worker");
    assertThat(codes()).containsExactly("no_worker");
  }

  @Test
  void partitionsWithoutLeaderOrWithTooFewReplicasAreSaid() {
    var well = new TopicsAnswer.Partition(0, 0L, 9L, null, null, 1, List.of(1, 2), 3);
    var leaderless = new TopicsAnswer.Partition(1, null, null, null, null, null, List.of(), 3);
    var few = new TopicsAnswer.Partition(2, 0L, 9L, null, null, 1, List.of(1), 3);
    var topic =
        new TopicsAnswer.Topic("p.jobs", List.of(well, leaderless, few), null, null, 2, List.of());
    assertThat(FleetAttention.of(new TopicsAnswer(NOON, List.of(topic))))
        .extracting(Attention::code, each -> each.detail().substring(0, 8))
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("partition_without_leader", "p.jobs-1"),
            org.assertj.core.groups.Tuple.tuple("partition_under_min_isr", "p.jobs-2"));
  }

  private static List<String> codes(FleetTail.Worker... workers) {
    return FleetAttention.of(List.of(workers), NOON).stream().map(Attention::code).toList();
  }

  private static FleetTail.Worker worker(
      String id, State state, String shown, Instant heardAt, int stuck) {
    WorkerReport report = FleetTailTest.report(id, state);
    var with =
        new WorkerReport(
            id,
            report.life(),
            report.version(),
            report.host(),
            report.startedAt(),
            null,
            state,
            null,
            false,
            new WorkerReport.Work(8, 2, stuck, 5, List.of(), List.of()),
            report.surroundings());
    return new FleetTail.Worker(with, heardAt, heardAt, shown);
  }
}
