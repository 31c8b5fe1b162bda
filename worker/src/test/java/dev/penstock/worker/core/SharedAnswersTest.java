package dev.penstock.worker.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cache.CacheRecord;
import dev.penstock.job.Attempt;
import dev.penstock.job.CacheRule;
import dev.penstock.job.CacheTag;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.Outcome;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import dev.penstock.worker.cache.CacheConfig;
import dev.penstock.worker.judge.Settlement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Jobs that ask the same, on several workers with real cores and caches. */
final class SharedAnswersTest {
  private static final CacheRule HOUR = SharedWorkers.rule(Duration.ofHours(1));
  private static final Duration LONG = Duration.ofMinutes(5);

  private static SharedWorkers workers(int count, long seed) {
    var workers = new SharedWorkers(seed, SharedWorkers.Bug.NONE);
    for (int i = 0; i < count; i++) {
      workers.join();
    }
    return workers;
  }

  private static Job job(String text) {
    return SharedWorkers.job(text, "acme", HOUR);
  }

  /** The same job {@code count} times, spread over all workers. */
  private static void submit(SharedWorkers workers, int count) {
    for (int i = 0; i < count; i++) {
      workers.all.get(i % workers.all.size()).submit(job("same"));
    }
  }

  private static void assertAllSucceeded(SharedWorkers workers) {
    workers.finish(LONG);
    assertThat(workers.violations).isEmpty();
    assertThat(workers.finished.values())
        .allSatisfy(each -> assertThat(each.outcome()).isInstanceOf(Outcome.Succeeded.class));
    assertThat(workers.finished).hasSameSizeAs(workers.jobs);
  }

  @Test
  void aThousandIdenticalJobsOverFourWorkersMakeOneCall() {
    for (long seed = 1; seed <= 5; seed++) {
      var workers = workers(4, seed);
      submit(workers, 1_000);
      assertAllSucceeded(workers);
      assertThat(workers.calls).as("seed " + seed).hasSize(1);
      assertThat(workers.cached()).isEqualTo(999);
    }
  }

  @Test
  void theyMakeTwoWhenTheOwnerIsKilled() {
    for (long seed = 1; seed <= 5; seed++) {
      var workers = workers(4, seed);
      workers.latency = Duration.ofSeconds(20);
      submit(workers, 1_000);
      workers.run(Duration.ofSeconds(5));
      assertThat(workers.calls).as("seed " + seed).hasSize(1);
      SharedWorkers.Worker owner = workers.calls.getFirst().worker;
      owner.kill(workers.all.stream().filter(each -> each != owner).findFirst().orElseThrow());
      assertAllSucceeded(workers);
      assertThat(workers.calls).as("seed " + seed).hasSize(2);
      assertThat(workers.cached()).isEqualTo(999);
    }
  }

  @Test
  void aPartitionThatIsLostLetsItsCallsGoAtOnce() {
    var workers = workers(2, 1);
    workers.latency = Duration.ofSeconds(20);
    workers.all.getFirst().submit(job("same"));
    workers.run(Duration.ofSeconds(1));
    workers.all.getFirst().lose(workers.all.getLast());
    workers.run(Duration.ofSeconds(1));
    assertThat(workers.calls).hasSize(2);
    assertThat(workers.calls.getLast().worker).isSameAs(workers.all.getLast());
    assertAllSucceeded(workers);
  }

  @Test
  void aWorkerThatStopsBeforeItCallsLetsItsClaimGoAtOnce() {
    var workers = workers(2, 1);
    SharedWorkers.Worker stopping = workers.all.getFirst();
    stopping.submit(job("same"));
    while (stopping.busy == 0) {
      workers.run(Duration.ofMillis(10));
    }
    assertThat(workers.calls).as("it has its slot and waits for its claim").isEmpty();
    stopping.drain();
    workers.run(Duration.ofMillis(500));
    assertThat(stopping.busy).isZero();
    assertThat(stopping.drained).isTrue();
    workers.all.getLast().submit(job("same"));
    workers.run(Duration.ofSeconds(1));
    assertThat(workers.calls).hasSize(1);
  }

  @Test
  void whoWaitsHoldsNoSlotAndOthersGoOn() {
    var workers = workers(1, 1);
    workers.latency = Duration.ofSeconds(10);
    SharedWorkers.Worker worker = workers.all.getFirst();
    submit(workers, 500);
    workers.run(Duration.ofSeconds(2));
    assertThat(worker.busy).isEqualTo(1);
    worker.submit(SharedWorkers.job("other", "acme", null));
    workers.run(Duration.ofSeconds(1));
    assertThat(workers.calls).as("of the same model").hasSize(2);
    assertAllSucceeded(workers);
  }

  @Test
  void anAttemptThatIsServedSaysSoAndUsesNothing() {
    var workers = workers(2, 1);
    submit(workers, 2);
    assertAllSucceeded(workers);
    List<Attempt> attempts =
        workers.finished.values().stream().map(each -> each.attempts().getLast()).toList();
    Attempt served =
        attempts.stream()
            .filter(each -> each.served() != null && each.served().cachedAt() != null)
            .findFirst()
            .orElseThrow();
    Served how = Objects.requireNonNull(served.served());
    assertThat(how.usage()).isEqualTo(Usage.NONE);
    assertThat(how.costNanos()).isZero();
    assertThat(served.provider()).isEqualTo("p");
    assertThat(served.number()).isEqualTo(1);
    assertThat(served.latency()).isZero();
    assertThat(outputs(workers)).hasSize(1);
  }

  private static List<Outcome> outputs(SharedWorkers workers) {
    return workers.finished.values().stream().map(Settlement.Finish::outcome).distinct().toList();
  }

  @Test
  void aKeptAnswerIsUsedByAWorkerThatComesLater() {
    var workers = workers(1, 1);
    submit(workers, 1);
    assertAllSucceeded(workers);
    workers.join().submit(job("same"));
    assertAllSucceeded(workers);
    assertThat(workers.calls).hasSize(1);
  }

  @Test
  void whenTheCallFailsTheNextOneCalls() {
    var workers = workers(2, 1);
    workers.failPercent = 100;
    submit(workers, 100);
    while (workers.calls.isEmpty()) {
      workers.run(Duration.ofMillis(10));
    }
    workers.failPercent = 0;
    assertAllSucceeded(workers);
    assertThat(workers.calls).hasSize(2);
  }

  @Test
  void nobodyWaitsForWhatFailsAgainAndAgain() {
    var workers = workers(2, 1);
    workers.failPercent = 100;
    submit(workers, 50);
    workers.finish(LONG);
    assertThat(workers.violations).isEmpty();
    assertThat(workers.finished.values())
        .allSatisfy(each -> assertThat(each.outcome()).isInstanceOf(Outcome.DeadLettered.class));
    assertThat(workers.all)
        .anySatisfy(each -> assertThat(each.bypassed.get("fruitless")).isPositive());
    // 5 attempts of 50 jobs one after the other would take 125 s.
    assertThat(Duration.between(SharedWorkers.T0, workers.now()))
        .isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void tenantsShareNothing() {
    var workers = workers(2, 1);
    for (String tenant : List.of("a", "b", "a", "b")) {
      workers.all.forEach(each -> each.submit(SharedWorkers.job("same", tenant, HOUR)));
    }
    assertAllSucceeded(workers);
    assertThat(workers.calls).hasSize(2);
  }

  @Test
  void whoDoesNotAskForItSharesNothing() {
    var workers = workers(2, 1);
    submit(workers, 2);
    workers.all.getFirst().submit(SharedWorkers.job("same", "acme", CacheRule.NEVER));
    workers.all.getFirst().submit(SharedWorkers.job("same", "acme", null));
    assertAllSucceeded(workers);
    assertThat(workers.calls).hasSize(3);
  }

  @Test
  void aRouteCanBeCachedAsAWhole() {
    var config = new CacheConfig(true, Map.of("p", Duration.ofMinutes(1)), 1_000_000, 10_000);
    var workers = new SharedWorkers(1, SharedWorkers.Bug.NONE, config);
    SharedWorkers.Worker worker = workers.join();
    worker.submit(
        SharedWorkers.job("same", "acme", null),
        SharedWorkers.job("same", "acme", null),
        SharedWorkers.job("same", "acme", CacheRule.NEVER));
    workers.finish(LONG);
    assertThat(workers.finished).hasSize(3);
    assertThat(workers.calls).hasSize(2);
  }

  @Test
  void anAnswerIsUsedNoLongerThanItsJobAndItsReaderSay() {
    var workers = workers(2, 1);
    workers
        .all
        .getFirst()
        .submit(SharedWorkers.job("same", "acme", SharedWorkers.rule(Duration.ofSeconds(60))));
    assertAllSucceeded(workers);
    workers.run(Duration.ofSeconds(30));
    workers.all.getLast().submit(SharedWorkers.job("same", "acme", HOUR));
    assertAllSucceeded(workers);
    assertThat(workers.calls).as("after half of its time").hasSize(1);
    workers
        .all
        .getLast()
        .submit(SharedWorkers.job("same", "acme", SharedWorkers.rule(Duration.ofSeconds(20))));
    assertAllSucceeded(workers);
    assertThat(workers.calls).as("for one who wants it younger").hasSize(2);
    workers.run(Duration.ofSeconds(25));
    workers.all.getFirst().submit(SharedWorkers.job("same", "acme", HOUR));
    assertAllSucceeded(workers);
    assertThat(workers.calls).as("kept for 20 s").hasSize(3);
  }

  @Test
  void anInvalidatedTagDropsTheAnswersBelowItAndNoOthers() {
    var workers = workers(2, 1);
    Map<String, String> tags =
        Map.of("one", "kb/articles/17", "two", "kb/articles2", "three", "kb/articles");
    tags.forEach((text, tag) -> workers.all.getFirst().submit(tagged(text, "acme", tag)));
    workers.all.getFirst().submit(tagged("one", "other", "kb/articles/17"));
    assertAllSucceeded(workers);
    assertThat(workers.calls).hasSize(4);
    workers.write(new CacheRecord.Invalidated(TenantId.of("acme"), new CacheTag("kb/articles")));
    workers.run(Duration.ofSeconds(1));
    tags.forEach((text, tag) -> workers.all.getLast().submit(tagged(text, "acme", tag)));
    workers.all.getLast().submit(tagged("one", "other", "kb/articles/17"));
    assertAllSucceeded(workers);
    assertThat(
            workers.calls.subList(4, workers.calls.size()).stream()
                .map(each -> each.job().input().text()))
        .containsExactlyInAnyOrder("one", "three");
  }

  @Test
  void theReadersTagsCountAsWell() {
    var workers = workers(1, 1);
    workers.all.getFirst().submit(tagged("same", "acme", "a"));
    assertAllSucceeded(workers);
    workers.write(new CacheRecord.Invalidated(TenantId.of("acme"), new CacheTag("b")));
    workers.run(Duration.ofSeconds(1));
    workers.all.getFirst().submit(tagged("same", "acme", "a"));
    assertAllSucceeded(workers);
    assertThat(workers.calls).hasSize(1);
    workers.all.getFirst().submit(tagged("same", "acme", "b/c"));
    assertAllSucceeded(workers);
    assertThat(workers.calls).hasSize(2);
  }

  @Test
  void anAnswerOfACallThatBeganBeforeTheInvalidationIsNotUsedLater() {
    var workers = workers(2, 1);
    workers.latency = Duration.ofSeconds(10);
    workers.all.getFirst().submit(tagged("same", "acme", "a"));
    workers.run(Duration.ofSeconds(2));
    workers.write(new CacheRecord.Invalidated(TenantId.of("acme"), new CacheTag("a")));
    workers.run(Duration.ofSeconds(1));
    workers.all.getLast().submit(tagged("same", "acme", "a"));
    workers.run(Duration.ofSeconds(1));
    assertThat(workers.calls).as("nobody waits for what will be of no use").hasSize(2);
    assertAllSucceeded(workers);
    workers.all.getFirst().submit(tagged("same", "acme", "a"));
    assertAllSucceeded(workers);
    assertThat(workers.calls).hasSize(2);
  }

  private static Job tagged(String text, String tenant, String tag) {
    return SharedWorkers.job(text, tenant, SharedWorkers.rule(Duration.ofHours(1), tag));
  }

  @Test
  void whoIsCancelledWhileItWaitsEndsAtOnce() {
    var workers = workers(1, 1);
    workers.latency = Duration.ofSeconds(20);
    SharedWorkers.Worker worker = workers.all.getFirst();
    worker.submit(job("same"));
    workers.run(Duration.ofSeconds(1));
    Job waiting = job("same");
    worker.submit(waiting);
    workers.run(Duration.ofSeconds(1));
    worker.cancel(waiting);
    workers.run(Duration.ofSeconds(1));
    assertThat(outcome(workers, waiting.id())).isInstanceOf(Outcome.Cancelled.class);
    workers.finish(LONG);
    assertThat(workers.calls).hasSize(1);
  }

  @Test
  void whenWhoCallsIsCancelledAnotherOneCalls() {
    var workers = workers(2, 1);
    workers.latency = Duration.ofSeconds(20);
    Job first = job("same");
    workers.all.getFirst().submit(first);
    workers.run(Duration.ofSeconds(1));
    workers.all.getLast().submit(job("same"));
    workers.run(Duration.ofSeconds(1));
    workers.all.getFirst().cancel(first);
    workers.finish(LONG);
    assertThat(workers.violations).isEmpty();
    assertThat(outcome(workers, first.id())).isInstanceOf(Outcome.Cancelled.class);
    assertThat(workers.calls).hasSize(2);
    assertThat(workers.finished).hasSize(2);
  }

  private static Outcome outcome(SharedWorkers workers, JobId id) {
    return Objects.requireNonNull(workers.finished.get(id)).outcome();
  }

  @Test
  void nobodyWaitsForAnotherOnesCallLongerThanItsOwnMayTake() {
    var workers = workers(2, 1);
    workers.latency = Duration.ofSeconds(60);
    workers.all.getFirst().submit(job("same"));
    workers.run(Duration.ofSeconds(1));
    workers.latency = Duration.ofMillis(100);
    SharedWorkers.Worker other = workers.all.getLast();
    other.submit(SharedWorkers.job("same", "acme", HOUR, Duration.ofSeconds(10)));
    workers.run(Duration.ofSeconds(8));
    assertThat(workers.calls).hasSize(1);
    workers.run(Duration.ofSeconds(3));
    assertThat(workers.finished).hasSize(1);
    assertThat(other.bypassed.get("slow")).isEqualTo(1);
    assertAllSucceeded(workers);
  }

  @Test
  void whileTheLogIsOutOfReachCallsAreMadeWithoutIt() {
    var workers = workers(1, 1);
    SharedWorkers.Worker worker = workers.all.getFirst();
    submit(workers, 20);
    assertAllSucceeded(workers);
    worker.slow(Duration.ofSeconds(30));
    worker.submit(job("other"));
    workers.run(Duration.ofSeconds(6));
    worker.submit(job("same"));
    workers.run(Duration.ofSeconds(2));
    assertThat(workers.finished).hasSize(22);
    assertThat(worker.bypassed.get("out_of_reach")).isEqualTo(2);
    workers.run(Duration.ofSeconds(30));
    submit(workers, 20);
    assertAllSucceeded(workers);
    assertThat(workers.calls).as("in reach again").hasSize(3);
  }

  @Test
  void aLogThatCantBeReadAtTheStartHoldsNobodyUp() {
    var workers = workers(1, 1);
    workers.all.getFirst().slow(Duration.ofSeconds(30));
    submit(workers, 20);
    workers.run(Duration.ofSeconds(4));
    assertThat(workers.finished).hasSize(20);
    assertThat(workers.all.getFirst().bypassed.get("not_read")).isEqualTo(20);
  }

  @Test
  void nobodyWaitsForEverForAnAnswerThatWasLostOnItsWay() {
    var workers = workers(2, 1);
    workers.losesAnswers = true;
    submit(workers, 100);
    assertAllSucceeded(workers);
    assertThat(Duration.between(SharedWorkers.T0, workers.now()))
        .isLessThan(Duration.ofSeconds(60));
  }

  @Test
  void anAnswerThatIsTooLargeIsNotKept() {
    var workers =
        new SharedWorkers(1, SharedWorkers.Bug.NONE, new CacheConfig(true, Map.of(), 1_000_000, 3));
    workers.join().submit(job("same"));
    workers.finish(LONG);
    workers.all.getFirst().submit(job("same"));
    workers.finish(LONG);
    assertThat(workers.calls).hasSize(2);
    assertThat(workers.all.getFirst().bypassed.get("too_large")).isEqualTo(2);
  }

  @Test
  void theLawsHoldWhateverHappens() {
    for (long seed = 1; seed <= 60; seed++) {
      SharedWorkers workers = weather(seed, SharedWorkers.Bug.NONE);
      assertThat(workers.violations).as("seed " + seed).isEmpty();
      assertThat(workers.cached()).as("seed " + seed).isGreaterThan(workers.jobs.size() / 8);
      assertThat(workers.calls.size()).as("seed " + seed).isLessThan(workers.jobs.size() * 3 / 4);
    }
  }

  @Test
  void theLawsCatchClaimsThatAreNotTakenInTheOrderOfTheLog() {
    assertThat(isCaught(SharedWorkers.Bug.OWN_RECORDS_FIRST)).isTrue();
  }

  @Test
  void theLawsCatchInvalidationsThatAreNotHeard() {
    assertThat(isCaught(SharedWorkers.Bug.DEAF_TO_INVALIDATIONS)).isTrue();
  }

  @Test
  void theLawsCatchOwnersThatAreNotKnownToLive() {
    assertThat(isCaught(SharedWorkers.Bug.DEAF_TO_BEATS)).isTrue();
  }

  private static boolean isCaught(SharedWorkers.Bug bug) {
    for (long seed = 1; seed <= 20; seed++) {
      if (!weather(seed, bug).violations.isEmpty()) {
        return true;
      }
    }
    return false;
  }

  /** Half a minute in which workers die, stand still, lose partitions and lose touch. */
  private static SharedWorkers weather(long seed, SharedWorkers.Bug bug) {
    var workers = new SharedWorkers(seed, bug);
    for (int i = 0; i < 4; i++) {
      workers.join();
    }
    var random = workers.random;
    workers.latency = Duration.ofMillis(200 + random.nextInt(8_000));
    workers.failPercent = random.nextInt(3) == 0 ? 10 : 0;
    for (int second = 0; second < 30; second++) {
      for (int i = 0; i < 12; i++) {
        var tags = List.of("kb/a/1", "kb/a/2", "kb/b", "x");
        String tag = tags.get(random.nextInt(tags.size()));
        String tenant = random.nextBoolean() ? "a" : "b";
        Duration ttl = Duration.ofSeconds(1 + random.nextInt(20));
        var alive = workers.alive();
        alive
            .get(random.nextInt(alive.size()))
            .submit(
                SharedWorkers.job(
                    "text " + random.nextInt(4), tenant, SharedWorkers.rule(ttl, tag)));
      }
      var alive = workers.alive();
      SharedWorkers.Worker one = alive.get(random.nextInt(alive.size()));
      switch (random.nextInt(10)) {
        case 0 -> one.kill(workers.join());
        case 1 -> one.stop(Duration.ofMillis(random.nextInt(500, 9_000)));
        case 2 -> one.slow(Duration.ofMillis(random.nextInt(500, 9_000)));
        case 3, 4 ->
            workers.write(
                new CacheRecord.Invalidated(
                    TenantId.of(random.nextBoolean() ? "a" : "b"),
                    new CacheTag(random.nextBoolean() ? "kb" : "kb/a/1")));
        default -> {
          // a calm second
        }
      }
      workers.run(Duration.ofSeconds(1));
    }
    workers.failPercent = 0;
    workers.finish(LONG);
    return workers;
  }
}
