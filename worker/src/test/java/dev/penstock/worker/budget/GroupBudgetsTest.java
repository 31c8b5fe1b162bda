package dev.penstock.worker.budget;

import static dev.penstock.worker.budget.TestPrices.COST;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.worker.cost.Prices;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several workers spend one budget: what the provider bills all of them together. */
final class GroupBudgetsTest {
  private static final long CALLS = 300;
  private static final long LIMIT = CALLS * COST;
  private static final long MANY = 1_000_000;
  private static final BudgetRules HOURLY =
      new BudgetRules(Map.of("acme", Map.of(Period.HOUR, LIMIT)), Map.of());

  @TempDir static Path directory;
  private static Prices prices;

  @BeforeAll
  static void readPrices() {
    prices = TestPrices.in(directory);
  }

  private static Spenders workers(int count, int leastPercent, int mostPercent, long seed) {
    var workers = new Spenders(HOURLY, prices, leastPercent, mostPercent, seed, Spenders.Bug.NONE);
    for (int i = 0; i < count; i++) {
      workers.join(MANY);
    }
    return workers;
  }

  @Test
  void oneFourAndEightWorkersSpendTheBudgetToItsEndAndNoMore() {
    for (int count : List.of(1, 4, 8)) {
      var workers = workers(count, 100, 100, count);
      workers.run(Duration.ofMinutes(1));
      assertThat(workers.billed).as(count + " workers").isEqualTo(LIMIT);
      assertThat(workers.all).allSatisfy(each -> assertThat(each.refusal).contains("3 of 3 EUR"));
    }
  }

  @Test
  void callsThatCostLessThanTheirEstimateLeaveTheRestToOthers() {
    for (int count : List.of(1, 4, 8)) {
      var workers = workers(count, 5, 60, count);
      workers.run(Duration.ofSeconds(90));
      // The last call takes what is left, be it enough for it or not.
      assertThat(workers.billed).as(count + " workers").isBetween(LIMIT, LIMIT + COST);
      assertThat(workers.all).allSatisfy(each -> assertThat(each.refusal).isNotNull());
    }
  }

  @Test
  void theBudgetIsNotExceededByMoreThanWhatWasInFlight() {
    for (int count : List.of(1, 4, 8)) {
      var workers = workers(count, 50, 300, count);
      long over = 0;
      long inFlight = 0;
      for (int i = 0; i < 3_000; i++) {
        workers.run(Duration.ofMillis(20));
        over = Math.max(over, workers.billed - LIMIT);
        inFlight = Math.max(inFlight, workers.inFlight());
      }
      assertThat(over).as(count + " workers").isBetween(0L, inFlight);
      assertThat(workers.all).allSatisfy(each -> assertThat(each.refusal).isNotNull());
    }
  }

  @Test
  void theNextHourBeginsAnew() {
    var workers = workers(3, 100, 100, 7);
    workers.run(Duration.ofMinutes(1));
    assertThat(workers.billed).isEqualTo(LIMIT);
    workers.nextHour();
    workers.all.forEach(each -> each.backlog = MANY);
    workers.run(Duration.ofMinutes(1));
    assertThat(workers.billed).isEqualTo(LIMIT);
  }

  @Test
  void whoJoinsLaterKnowsWhatIsSpent() {
    var workers = workers(2, 100, 100, 3);
    workers.run(Duration.ofMinutes(1));
    workers.all.forEach(Spenders.Spender::drain);
    workers.run(Duration.ofSeconds(2));
    workers.all.forEach(Spenders.Spender::kill);
    Spenders.Spender late = workers.join(MANY);
    workers.run(Duration.ofSeconds(20));
    assertThat(late.made).isZero();
    assertThat(late.refusal).contains("3 of 3 EUR").doesNotContain("lost");
  }

  @Test
  void whatADrainingWorkerHadSetAsideGoesToTheOthers() {
    var workers = workers(2, 100, 100, 5);
    workers.run(Duration.ofSeconds(2));
    workers.all.getFirst().drain();
    workers.run(Duration.ofMinutes(1));
    assertThat(workers.billed).isEqualTo(LIMIT);
  }

  @Test
  void whatAKilledWorkerHadSetAsideCountsAsSpent() {
    var workers = workers(2, 100, 100, 6);
    workers.run(Duration.ofSeconds(2));
    workers.all.getFirst().kill();
    workers.run(Duration.ofSeconds(90));
    assertThat(workers.billed).isBetween(LIMIT * 8 / 10, LIMIT);
    assertThat(workers.all.getLast().refusal).contains("3 of 3 EUR");
    if (workers.billed < LIMIT) {
      assertThat(workers.all.getLast().refusal).contains("of workers that were lost");
    }
  }

  @Test
  void noMoreIsSetAsideThanWhatRunsAndTheNextSecondsNeed() {
    var month = Map.of(Period.MONTH, 1_000_000 * COST);
    var rules = new BudgetRules(Map.of("acme", month), Map.of());
    var workers = new Spenders(rules, prices, 50, 150, 1, Spenders.Bug.NONE);
    for (int i = 0; i < 3; i++) {
      workers.join(MANY);
    }
    workers.run(Duration.ofSeconds(10));
    long billed = workers.billed;
    long most = 0;
    for (int i = 0; i < 200; i++) {
      workers.run(Duration.ofMillis(100));
      most = Math.max(most, workers.setAside());
    }
    long perSecond = (workers.billed - billed) / 20;
    assertThat(most).isLessThan(3 * Spenders.SLOTS * COST + 4 * perSecond);
    // Four calls at once of about 200 ms are 20 calls a second.
    assertThat(perSecond).isGreaterThan(3 * 15 * COST);
    assertThat(workers.reports()).as("in 30 s, of 3 workers").isLessThan(30 * 3 * 4);
  }

  @Test
  void theBudgetHoldsHoweverWorkersComeAndGo() {
    for (long seed = 1; seed <= 6; seed++) {
      var workers = weather(new Spenders(HOURLY, prices, 100, 100, seed, Spenders.Bug.NONE));
      assertThat(workers.mostBilled).as("seed " + seed).isLessThanOrEqualTo(LIMIT);
      assertThat(workers.all.stream().filter(each -> !each.isGone()))
          .as("seed " + seed)
          .isNotEmpty()
          .allSatisfy(each -> assertThat(each.refusal).isNotNull());
    }
  }

  @Test
  void theLawCatchesWorkersThatReadTheirOwnReportsFirst() {
    assertThat(isCaught(Spenders.Bug.OWN_REPORTS_FIRST)).isTrue();
  }

  @Test
  void theLawCatchesThatTheLostAreForgotten() {
    assertThat(isCaught(Spenders.Bug.LOST_ARE_FORGOTTEN)).isTrue();
  }

  private static boolean isCaught(Spenders.Bug bug) {
    for (long seed = 1; seed <= 12; seed++) {
      if (weather(new Spenders(HOURLY, prices, 100, 100, seed, bug)).mostBilled > LIMIT) {
        return true;
      }
    }
    return false;
  }

  /** Workers join, leave, die, stand still and lose touch with Kafka; then it is calm. */
  private static Spenders weather(Spenders workers) {
    workers.join(MANY);
    workers.join(MANY);
    for (int step = 0; step < 40; step++) {
      var random = workers.random;
      Spenders.Spender one = workers.all.get(random.nextInt(workers.all.size()));
      boolean crowded = workers.all.stream().filter(each -> !each.isGone()).count() > 6;
      switch (random.nextInt(10)) {
        case 0 -> {
          if (!crowded) {
            workers.join(random.nextBoolean() ? MANY : random.nextInt(30));
          }
        }
        case 1 -> {
          one.kill();
          workers.join(MANY);
        }
        case 2 -> {
          one.drain();
          workers.join(MANY);
        }
        case 3 -> one.stop(Duration.ofMillis(random.nextInt(200, 15_000)));
        case 4 -> one.slow(Duration.ofMillis(random.nextInt(200, 9_000)));
        default -> {
          // a calm moment
        }
      }
      workers.run(Duration.ofMillis(300));
    }
    workers.all.forEach(each -> each.backlog = MANY);
    workers.run(Duration.ofSeconds(40));
    return workers;
  }
}
