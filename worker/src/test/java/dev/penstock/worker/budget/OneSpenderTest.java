package dev.penstock.worker.budget;

import static dev.penstock.worker.budget.TestPrices.COST;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Failure;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import dev.penstock.limit.SpendReport;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import dev.penstock.worker.admit.TargetGate;
import dev.penstock.worker.admit.TargetGate.Opening;
import dev.penstock.worker.cost.Prices;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One worker whose reports are read back at once. */
final class OneSpenderTest {
  private static final Instant T0 = Instant.parse("2026-11-21T08:59:50Z");
  private static final Target PAID = Target.of("paid:model");
  private static final TenantId ACME = new TenantId("acme");
  private static final TenantId GLOBEX = new TenantId("globex");

  @TempDir Path directory;

  private final Deque<SpendReport> written = new ArrayDeque<>();
  private final List<BudgetMetrics.Shown> shown = new ArrayList<>();
  private Instant now = T0;
  private Prices prices = Prices.NONE;

  @BeforeEach
  void readPrices() {
    prices = TestPrices.in(directory);
  }

  private GroupBudgets budgets(BudgetRules rules) {
    return new GroupBudgets(
        rules,
        prices,
        "w",
        7,
        written::add,
        all -> {
          shown.clear();
          shown.addAll(all);
        });
  }

  private static BudgetRules tenants(Map<String, Map<Period, Long>> tenants) {
    return new BudgetRules(tenants, Map.of());
  }

  private void passTime(GroupBudgets budgets, Duration time) {
    now = now.plus(time);
    budgets.tick(now);
    deliver(budgets);
  }

  private void deliver(GroupBudgets budgets) {
    for (int i = 0; i < 100 && !written.isEmpty(); i++) {
      budgets.heard(written.remove(), now, now);
    }
  }

  /** What becomes of a job that asks until it need not wait any more. */
  private Opening ask(GroupBudgets budgets, Target target, JobRecord record) {
    Opening opening = budgets.look(target, record, now);
    for (int i = 0; i < 5 && opening instanceof Opening.Closed; i++) {
      deliver(budgets);
      opening = budgets.look(target, record, now);
    }
    return opening;
  }

  private static ProviderResult answered(long cost) {
    return new ProviderResult.Answered(
        new JobOutput.Text("t"), new CallReport(null, null, new Usage(1, 1, 0), null, null, cost));
  }

  /** Spends all that can be spent by calls of one cent each; returns how many there were. */
  private int spendAll(GroupBudgets budgets, TenantId tenant) {
    JobRecord record = Spenders.job(tenant, PAID.toString());
    int calls = 0;
    while (ask(budgets, PAID, record) instanceof Opening.Open && calls < 1_000) {
      budgets.take(PAID, record, now).ended(answered(COST), Duration.ofMillis(5), now);
      calls++;
    }
    return calls;
  }

  private String refusal(GroupBudgets budgets, JobRecord record) {
    Opening opening = ask(budgets, PAID, record);
    assertThat(opening).isInstanceOf(Opening.Spent.class);
    return ((Opening.Spent) opening).message();
  }

  @Test
  void theMessageSaysWhatIsSpentUntilWhenAndWhatToDo() {
    var budgets = budgets(tenants(Map.of("acme", Map.of(Period.HOUR, 3 * COST))));
    assertThat(spendAll(budgets, ACME)).isEqualTo(3);
    assertThat(refusal(budgets, Spenders.job(ACME, PAID.toString())))
        .isEqualTo(
            "the budget of tenant acme for the hour 2026-11-21T08 (UTC) is spent: 0.03 of 0.03 EUR."
                + " It begins anew at 2026-11-21T09:00:00Z; to let its jobs run before, raise"
                + " worker.budget.tenant.acme.per-hour on all workers, and submit the job again");
  }

  @Test
  void eachTenantOfTheDefaultHasABudgetOfItsOwn() {
    var budgets =
        budgets(
            tenants(
                Map.of("*", Map.of(Period.DAY, 5 * COST), "globex", Map.of(Period.DAY, 2 * COST))));
    assertThat(spendAll(budgets, ACME)).isEqualTo(5);
    assertThat(spendAll(budgets, TenantId.DEFAULT)).isEqualTo(5);
    assertThat(spendAll(budgets, GLOBEX)).isEqualTo(2);
    assertThat(refusal(budgets, Spenders.job(ACME, PAID.toString())))
        .contains("raise worker.budget.tenant.*.per-day or set worker.budget.tenant.acme.per-day");
    passTime(budgets, Duration.ofSeconds(2));
    assertThat(shown)
        .containsExactlyInAnyOrder(
            new BudgetMetrics.Shown("tenant", "*", "day", 5 * COST, 10 * COST, 0),
            new BudgetMetrics.Shown("tenant", "globex", "day", 2 * COST, 2 * COST, 0));
  }

  @Test
  void bothTheTenantsAndTheRoutesBudgetHold() {
    var budgets =
        budgets(
            new BudgetRules(
                Map.of("acme", Map.of(Period.HOUR, 3 * COST)),
                Map.of("fast", Map.of(Period.DAY, 4 * COST))));
    JobRecord routed = Spenders.job(ACME, "fast");
    for (int i = 0; i < 3; i++) {
      assertThat(ask(budgets, PAID, routed)).isInstanceOf(Opening.Open.class);
      budgets.take(PAID, routed, now).ended(answered(COST), Duration.ZERO, now);
    }
    assertThat(refusal(budgets, routed)).contains("tenant acme");
    JobRecord others = Spenders.job(GLOBEX, "fast");
    assertThat(ask(budgets, PAID, others)).isInstanceOf(Opening.Open.class);
    budgets.take(PAID, others, now).ended(answered(COST), Duration.ZERO, now);
    assertThat(refusal(budgets, others)).contains("route fast").contains("0.04 of 0.04");
    // Without the route, it is nobody's budget.
    assertThat(ask(budgets, PAID, Spenders.job(GLOBEX, PAID.toString())))
        .isInstanceOf(Opening.Open.class);
  }

  @Test
  void theShorterPeriodBeginsAnewAndTheLongerGoesOn() {
    var budgets =
        budgets(tenants(Map.of("acme", Map.of(Period.HOUR, 3 * COST, Period.MONTH, 5 * COST))));
    assertThat(spendAll(budgets, ACME)).isEqualTo(3);
    passTime(budgets, Duration.ofSeconds(11));
    assertThat(spendAll(budgets, ACME)).isEqualTo(2);
    assertThat(refusal(budgets, Spenders.job(ACME, PAID.toString())))
        .contains("the month 2026-11 (UTC)")
        .contains("2026-12-01T00:00:00Z");
  }

  @Test
  void whatCostsNothingIsNeverStopped() {
    var budgets = budgets(tenants(Map.of("acme", Map.of(Period.HOUR, 0L))));
    assertThat(refusal(budgets, Spenders.job(ACME, PAID.toString()))).contains("0 of 0 EUR");
    for (String target : List.of("free", "free:any", "local")) {
      assertThat(ask(budgets, Target.of(target), Spenders.job(ACME, target)))
          .as(target)
          .isInstanceOf(Opening.Open.class);
    }
    // Of a provider that has prices, a model without one of its own costs as much as the dearest.
    assertThat(ask(budgets, Target.of("paid"), Spenders.job(ACME, "paid")))
        .isInstanceOf(Opening.Spent.class);
    assertThat(ask(budgets, Target.of("paid:unheard-of"), Spenders.job(ACME, "paid:unheard-of")))
        .isInstanceOf(Opening.Spent.class);
  }

  @Test
  void aCallThatWasNotMadeCostsNothingAndOneThatWasCutOffItsInput() {
    var budgets = budgets(tenants(Map.of("acme", Map.of(Period.HOUR, 2 * COST))));
    JobRecord record = Spenders.job(ACME, PAID.toString());
    for (int i = 0; i < 10; i++) {
      assertThat(ask(budgets, PAID, record)).isInstanceOf(Opening.Open.class);
      budgets.take(PAID, record, now).unused(now);
    }
    for (Failure cutOff :
        List.of(new Failure.TimedOut("too long"), new Failure.CallCancelled("cancelled"))) {
      assertThat(ask(budgets, PAID, record)).isInstanceOf(Opening.Open.class);
      budgets
          .take(PAID, record, now)
          .ended(new ProviderResult.Failed(cutOff), Duration.ofSeconds(1), now);
    }
    assertThat(refusal(budgets, record)).contains("0.02 of 0.02");
  }

  @Test
  void aModelWithoutAPriceCostsAsMuchAsTheDearestOfItsProvider() {
    var budgets = budgets(tenants(Map.of("acme", Map.of(Period.HOUR, 2 * COST))));
    Target unheard = Target.of("paid:unheard-of");
    JobRecord record = Spenders.job(ACME, unheard.toString());
    for (int i = 0; i < 2; i++) {
      assertThat(ask(budgets, unheard, record)).isInstanceOf(Opening.Open.class);
      var report = new CallReport(null, null, new Usage(1_000, 0, 0), null, null);
      budgets
          .take(unheard, record, now)
          .ended(
              new ProviderResult.Answered(new JobOutput.Text("t"), report),
              Duration.ofMillis(5),
              now);
    }
    assertThat(ask(budgets, unheard, record)).isInstanceOf(Opening.Spent.class);
  }

  @Test
  void aCallThatIsRefusedByTheProviderCostsNothing() {
    var budgets = budgets(tenants(Map.of("acme", Map.of(Period.HOUR, COST))));
    JobRecord record = Spenders.job(ACME, PAID.toString());
    for (int i = 0; i < 10; i++) {
      assertThat(ask(budgets, PAID, record)).isInstanceOf(Opening.Open.class);
      budgets
          .take(PAID, record, now)
          .ended(
              new ProviderResult.Failed(new Failure.Throttled("slow down", Duration.ZERO)),
              Duration.ofMillis(5),
              now);
    }
  }

  @Test
  void aJobWaitsWhileCallsThatRunMayUseUpTheRest() {
    var budgets = budgets(tenants(Map.of("acme", Map.of(Period.HOUR, 2 * COST))));
    JobRecord record = Spenders.job(ACME, PAID.toString());
    var running = new ArrayList<TargetGate.Pass>();
    for (int i = 0; i < 2; i++) {
      assertThat(ask(budgets, PAID, record)).isInstanceOf(Opening.Open.class);
      running.add(budgets.take(PAID, record, now));
    }
    assertThat(ask(budgets, PAID, record)).isInstanceOf(Opening.Closed.class);
    running.getFirst().ended(answered(COST / 10), Duration.ofMillis(5), now);
    assertThat(ask(budgets, PAID, record)).isInstanceOf(Opening.Open.class);
  }

  @Test
  void nothingBeginsBeforeItsReportIsReadBack() {
    var budgets = budgets(tenants(Map.of("acme", Map.of(Period.HOUR, 20 * COST))));
    JobRecord record = Spenders.job(ACME, PAID.toString());
    assertThat(budgets.look(PAID, record, now)).isInstanceOf(Opening.Closed.class);
    long before = budgets.version();
    deliver(budgets);
    assertThat(budgets.version()).isGreaterThan(before);
    assertThat(budgets.look(PAID, record, now)).isInstanceOf(Opening.Open.class);
  }

  @Test
  void whoseJobsWaitForDifferentBudgetsWaitApart() {
    var budgets = budgets(tenants(Map.of("*", Map.of(Period.HOUR, COST))));
    assertThat(budgets.group(Spenders.job(ACME, "paid")))
        .isNotEqualTo(budgets.group(Spenders.job(GLOBEX, "paid")));
    var routes = budgets(new BudgetRules(Map.of(), Map.of("fast", Map.of(Period.HOUR, COST))));
    assertThat(routes.group(Spenders.job(ACME, "paid")))
        .isEqualTo(routes.group(Spenders.job(GLOBEX, "paid")));
  }

  @Test
  void anEarlierLifeOfTheSameWorkerCounts() {
    var budgets = budgets(tenants(Map.of("acme", Map.of(Period.HOUR, 10 * COST))));
    budgets.heard(
        new SpendReport(
            "w",
            6,
            41,
            "tenant/acme",
            List.of(new SpendReport.Period("2026-11-21T08", 4 * COST, 7 * COST))),
        now,
        now);
    assertThat(spendAll(budgets, ACME)).isEqualTo(3);
    JobRecord record = Spenders.job(ACME, PAID.toString());
    assertThat(ask(budgets, PAID, record)).isInstanceOf(Opening.Closed.class);
    // By the log's time it is lost: it will not spend the rest any more, but may have.
    budgets.heard(
        new SpendReport("other", 1, 0, "tenant/acme", List.of()),
        now.plus(Account.LOST).plusMillis(1),
        now);
    assertThat(refusal(budgets, record))
        .contains("0.1 of 0.1 EUR, of which 0.03 had been set aside for calls of workers");
  }

  @Test
  void reportsThatSayNothingOfThisTimeOrNobodysBudgetAreSkipped() {
    var budgets = budgets(tenants(Map.of("acme", Map.of(Period.HOUR, COST))));
    for (String scope :
        List.of("tenant/globex", "route/acme", "tenant/", "nothing", "tenant/acme")) {
      budgets.heard(
          new SpendReport(
              "other",
              1,
              0,
              scope,
              List.of(
                  new SpendReport.Period("2026-11-21T07", COST, COST),
                  new SpendReport.Period("2026-11-21", COST, COST),
                  new SpendReport.Period("2026-11-21T8", COST, COST),
                  new SpendReport.Period("never", COST, COST))),
          now,
          now);
    }
    assertThat(spendAll(budgets, ACME)).isEqualTo(1);
  }
}
