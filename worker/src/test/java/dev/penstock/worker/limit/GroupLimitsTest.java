package dev.penstock.worker.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Several workers share limits: what all of them do together, seen from the provider. */
final class GroupLimitsTest {
  private static final int PER_MINUTE = 6_000;
  private static final int AT_ONCE = 20;
  private static final long MANY = 1_000_000;
  private static final LimitRules.Rule RATE = new LimitRules.Rule((long) PER_MINUTE, null, null);
  private static final LimitRules.Rule SLOTS = new LimitRules.Rule(null, null, (long) AT_ONCE);

  /** What all may have saved up: one second's worth, and what one call of each is more. */
  private static double burst(Workers workers) {
    return PER_MINUTE / 60.0 + workers.all.size();
  }

  private static Workers workers(LimitRules.Rule rule, int count, long seed) {
    var workers = new Workers(rule, 200, seed, Workers.Bug.NONE);
    for (int i = 0; i < count; i++) {
      workers.join(MANY);
    }
    return workers;
  }

  @Test
  void theRateIsUsedUpByOneFourAndEightWorkers() {
    for (int count : List.of(1, 4, 8)) {
      var workers = workers(RATE, count, count);
      workers.run(Duration.ofSeconds(5));
      Instant since = workers.now();
      workers.run(Duration.ofSeconds(30));
      assertThat(workers.callsSince(since))
          .as(count + " workers")
          .isBetween(PER_MINUTE / 2 * 98L / 100, PER_MINUTE / 2 * 101L / 100);
      assertThat(workers.worstBurst(PER_MINUTE)).isLessThan(burst(workers));
    }
  }

  @Test
  void theSlotsAreUsedUpByOneFourAndEightWorkers() {
    for (int count : List.of(1, 4, 8)) {
      var workers = workers(SLOTS, count, count);
      workers.run(Duration.ofSeconds(5));
      Instant since = workers.now();
      workers.run(Duration.ofSeconds(30));
      assertThat(workers.mostAtOnce).as(count + " workers").isEqualTo(AT_ONCE);
      // A call takes 201 ms on average, and its slot is free at the next step of 10 ms.
      assertThat(workers.callsSince(since) * 0.201 / 30)
          .as(count + " workers")
          .isGreaterThan(AT_ONCE * 0.93);
    }
  }

  @Test
  void aShareMovesToWhereTheWorkIs() {
    var workers = workers(RATE, 2, 1);
    workers.run(Duration.ofSeconds(10));
    Workers.Worker idle = workers.all.getFirst();
    idle.backlog = 0;
    workers.run(Duration.ofSeconds(15));
    long before = workers.all.getLast().made;
    workers.run(Duration.ofSeconds(10));
    assertThat(workers.all.getLast().made - before).isGreaterThan(PER_MINUTE / 6 * 95 / 100);
    idle.backlog = MANY;
    workers.run(Duration.ofSeconds(5));
    long made = idle.made;
    workers.run(Duration.ofSeconds(10));
    assertThat(idle.made - made).isGreaterThan(PER_MINUTE / 6 * 45 / 100);
    assertThat(workers.worstBurst(PER_MINUTE)).isLessThan(burst(workers));
  }

  @Test
  void theShareOfAKilledWorkerGoesToTheOthersAndTheLimitStaysUsed() {
    var workers = workers(RATE, 4, 1);
    workers.run(Duration.ofSeconds(10));
    Instant since = workers.now();
    workers.all.getFirst().kill();
    workers.run(Duration.ofSeconds(25));
    workers.join(MANY);
    workers.run(Duration.ofSeconds(25));
    assertThat(workers.callsSince(since)).isGreaterThan(PER_MINUTE * 50L / 60 * 95 / 100);
    assertThat(workers.worstBurst(PER_MINUTE)).isLessThan(burst(workers));
  }

  @Test
  void theShareOfADrainingWorkerGoesAtOnce() {
    var workers = workers(RATE, 2, 1);
    workers.run(Duration.ofSeconds(10));
    Instant since = workers.now();
    workers.all.getFirst().drain();
    workers.run(Duration.ofSeconds(10));
    assertThat(workers.callsSince(since)).isGreaterThan(PER_MINUTE / 6 * 92 / 100);
  }

  @Test
  void aStoppedWorkerUsesNothingWhenItGoesOn() {
    var workers = workers(SLOTS, 2, 1);
    workers.run(Duration.ofSeconds(10));
    workers.all.getFirst().stop(Duration.ofSeconds(20));
    workers.run(Duration.ofSeconds(40));
    assertThat(workers.mostAtOnce).isEqualTo(AT_ONCE);
  }

  @Test
  void whenOneIsRefusedAllWaitAsLongAsTheProviderAskedAndNoLonger() {
    for (long seed = 1; seed <= 6; seed++) {
      var workers = workers(RATE, 4, seed);
      workers.run(Duration.ofSeconds(10));
      workers.refuseNext(Duration.ofSeconds(8));
      workers.run(Duration.ofSeconds(2));
      Instant refusedAt = workers.refusedAt;
      assertThat(workers.refused).isNotNull();
      // One that joins meanwhile hears of it too.
      workers.join(MANY);
      workers.run(Duration.ofSeconds(20));
      Instant heard = refusedAt.plusMillis(1_500);
      Instant over = refusedAt.plusSeconds(8);
      assertThat(workers.calls.stream().filter(at -> at.isAfter(heard) && at.isBefore(over)))
          .as("seed " + seed)
          .isEmpty();
      Instant again = over.plusSeconds(1);
      assertThat(workers.callsSince(again))
          .as("seed " + seed)
          .isGreaterThan(
              Duration.between(again, workers.now()).toMillis() * PER_MINUTE / 60_000 * 90 / 100);
      assertThat(workers.worstBurst(PER_MINUTE)).as("seed " + seed).isLessThan(burst(workers));
    }
  }

  @Test
  void theLimitHoldsHoweverWorkersComeAndGo() {
    for (long seed = 1; seed <= 6; seed++) {
      var rate = weather(new Workers(RATE, 200, seed, Workers.Bug.NONE));
      assertThat(rate.worstBurst(PER_MINUTE)).as("seed " + seed).isLessThan(burst(rate));
      assertThat(rate.calls.size()).as("seed " + seed).isGreaterThan(PER_MINUTE / 3);
      var slots = weather(new Workers(SLOTS, 200, seed, Workers.Bug.NONE));
      assertThat(slots.mostAtOnce).as("seed " + seed).isBetween(AT_ONCE * 3 / 4, AT_ONCE);
    }
  }

  @Test
  void theLawsCatchSharesThatAreRaisedAtOnce() {
    assertThat(isCaught(Workers.Bug.OWN_REPORTS_FIRST)).isTrue();
  }

  @Test
  void theLawsCatchAStoppedWorkerThatKeepsItsShare() {
    assertThat(isCaught(Workers.Bug.STOPPED_CLOCK)).isTrue();
  }

  private static boolean isCaught(Workers.Bug bug) {
    for (long seed = 1; seed <= 12; seed++) {
      if (weather(new Workers(SLOTS, 200, seed, bug)).mostAtOnce > AT_ONCE) {
        return true;
      }
    }
    return false;
  }

  /** A minute in which workers join, leave, die, stand still and lose touch with Kafka. */
  private static Workers weather(Workers workers) {
    workers.join(MANY);
    workers.join(MANY);
    for (int second = 0; second < 60; second++) {
      var random = workers.random;
      Workers.Worker one = workers.all.get(random.nextInt(workers.all.size()));
      boolean crowded = workers.all.stream().filter(each -> !each.isGone()).count() > 6;
      switch (random.nextInt(12)) {
        case 0 -> {
          if (!crowded) {
            workers.join(random.nextBoolean() ? MANY : random.nextInt(300));
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
        case 3 -> one.stop(Duration.ofMillis(random.nextInt(500, 12_000)));
        case 4 -> one.slow(Duration.ofMillis(random.nextInt(500, 9_000)));
        case 5 -> one.backlog = random.nextBoolean() ? 0 : random.nextInt(500);
        default -> {
          // a calm second
        }
      }
      workers.run(Duration.ofSeconds(1));
    }
    return workers;
  }
}
