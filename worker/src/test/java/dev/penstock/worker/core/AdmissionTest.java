package dev.penstock.worker.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.job.Served;
import dev.penstock.job.Usage;
import dev.penstock.job.Waits;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import dev.penstock.retry.RetryPolicies;
import dev.penstock.retry.RetryPolicy;
import dev.penstock.worker.admit.BreakerRule;
import dev.penstock.worker.admit.Breakers;
import dev.penstock.worker.admit.Routes;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.RetryBudget;
import dev.penstock.worker.judge.Settlement;
import dev.penstock.worker.window.Custody;
import dev.penstock.worker.window.PartitionWindow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Routes, breakers and those who wait for them, with a clock that the test moves. */
final class AdmissionTest {
  private static final TopicPartition P0 = new TopicPartition("jobs", 0);
  private static final Uuid TOPIC = Uuid.randomUuid();
  private static final int PROCESS = 7;
  private static final Custody MINE = Custody.FREE.takenOverBy(PROCESS);
  private static final Duration OPEN = Duration.ofSeconds(5);
  private static final BreakerRule RULE =
      new BreakerRule(true, 50, BreakerRule.DEFAULT.slow(), 4, 10, OPEN, Duration.ofSeconds(60), 2);
  private static final Map<String, List<Target>> ROUTES =
      Map.of("fast", List.of(Target.of("a:x"), Target.of("a:y"), Target.of("b")));
  private static final ProviderResult ANSWER =
      new ProviderResult.Answered(new JobOutput.Summary(List.of("done")));
  private static final ProviderResult FAILURE =
      new ProviderResult.Failed(new Failure.Retryable("a server error"));

  private final RecordingActions actions = new RecordingActions();
  private final List<String> states = new ArrayList<>();
  private Instant now = Instant.parse("2026-11-21T08:00:00Z");
  private WorkerCore core = core(8, 1_000);
  private long offset;

  AdmissionTest() {
    assign();
  }

  // Breakers

  @Test
  void whileABreakerIsOpenItsJobsWaitWithoutAttemptsAndOthersRun() {
    open("a");
    assertThat(states).containsExactly("a OPEN");
    int made = actions.calls.size();
    submit("a", 100);
    submit("b", 2);
    assertThat(calls()).hasSize(made + 2);
    assertThat(targets().subList(made, made + 2)).containsOnly("b");
    pass(OPEN.minusMillis(1));
    assertThat(calls()).hasSize(made + 2);
    assertThat(running("a")).isEmpty();
  }

  @Test
  void whatAJobWaitedForABreakerItsAttemptTells() {
    open("a");
    pass(Duration.ofMillis(10));
    submit("a", 1);
    assertThat(running("a")).isEmpty();
    Instant gatedAt = now;
    while (running("a").isEmpty()) {
      pass(Duration.ofMillis(100));
    }
    Claim claim = running("a").getFirst();
    long queued = Duration.between(claim.record().job().acceptedAt(), gatedAt).toMillis();
    long limit = Duration.between(gatedAt, now).toMillis();
    assertThat(limit).isPositive();
    assertThat(claim.waits).isEqualTo(new Waits(queued, limit));
  }

  @Test
  void whatAJobWaitedInAHoldForABreakerItsAttemptTells() {
    Job job = job("b", 5, null);
    Instant heldUntil = now.minusSeconds(1);
    submit(List.of(new JobRecord(job, 0, List.of(), heldUntil)));
    Claim claim = running("b").getFirst();
    assertThat(claim.waits)
        .isEqualTo(new Waits(1_000, Duration.between(job.acceptedAt(), heldUntil).toMillis()));
  }

  @Test
  void thoseWhoWaitTakeNoRoomFromThoseWhoRun() {
    core = core(8, 10);
    assign();
    open("a");
    int made = actions.calls.size();
    submit("a", 400);
    submit("b", 3);
    assertThat(calls()).as("400 wait in a window of 10").hasSize(made + 3);
  }

  @Test
  void afterItsTimeAFewProbesAreMadeAndNoMoreUntilTheyAreAnswered() {
    open("a");
    submit("a", 100);
    int made = actions.calls.size();
    pass(OPEN);
    assertThat(calls()).hasSize(made + 2);
    assertThat(states).containsExactly("a OPEN", "a HALF_OPEN");
    pass(Duration.ofSeconds(20));
    assertThat(calls()).hasSize(made + 2);
  }

  @Test
  void aTargetThatIsWellAgainIsTakenUpSlowly() {
    open("a");
    submit("a", 100);
    pass(OPEN);
    var running = new ArrayList<Integer>();
    for (int round = 0; round < 4; round++) {
      var calls = running("a");
      running.add(calls.size());
      calls.forEach(each -> end(each, ANSWER));
    }
    assertThat(running).as("at once in each round").containsExactly(2, 2, 4, 8);
    assertThat(states).containsExactly("a OPEN", "a HALF_OPEN", "a CLOSED");
  }

  @Test
  void aTargetWhoseProbesFailIsLeftAloneTwiceAsLong() {
    open("a");
    submit("a", 100);
    pass(OPEN);
    running("a").forEach(each -> end(each, FAILURE));
    int made = actions.calls.size();
    pass(OPEN.multipliedBy(2).minusMillis(1));
    assertThat(calls()).hasSize(made);
    pass(Duration.ofMillis(1));
    assertThat(calls()).hasSize(made + 2);
  }

  @Test
  void aJobsOwnFaultsAreNotItsTargets() {
    submit("a", 8);
    running("a")
        .forEach(each ->
            end(each, new ProviderResult.Failed(new Failure.InvalidRequest("not like this"))));
    submit("a", 3);
    assertThat(states).isEmpty();
    assertThat(running("a")).hasSize(3);
  }

  @Test
  void anAnsweredProbeProvesTheTargetWellAlsoWhenTheJobIsAtFault() {
    open("a");
    submit("a", 10);
    pass(OPEN);
    running("a")
        .forEach(each ->
            end(each, new ProviderResult.Failed(new Failure.InvalidRequest("not like this"))));
    assertThat(states).endsWith("a CLOSED");
  }

  @Test
  void aProbeThatNobodyWantsAnyMoreIsFollowedByAnother() {
    open("a");
    submit("a", 10);
    pass(OPEN);
    int made = actions.calls.size();
    Claim probe = running("a").getFirst();
    core.handle(new CoreEvent.CancelRequested(id(probe), 0), now);
    end(probe, FAILURE);
    assertThat(calls()).hasSize(made + 1);
    assertThat(states).endsWith("a HALF_OPEN");
  }

  @Test
  void aThrottledTargetIsLeftAloneAsLongAsItSaysAndIsNotIll() {
    submit("a", 1);
    submit("b", 1);
    end(
        running("a").getFirst(),
        new ProviderResult.Failed(new Failure.Throttled("too many", Duration.ofSeconds(7))));
    submit("a", 2);
    submit("b", 1);
    pass(Duration.ofMillis(6_999));
    assertThat(running("a")).isEmpty();
    assertThat(running("b")).hasSize(2);
    pass(Duration.ofMillis(1));
    assertThat(running("a")).hasSize(2);
    assertThat(states).isEmpty();
  }

  @Test
  void aTargetThatDoesNotTakeTheKeyIsLeftAloneAtOnceAndForLong() {
    submit("a", 1);
    end(
        running("a").getFirst(),
        new ProviderResult.Failed(new Failure.Authentication("invalid key")));
    submit("a", 5);
    pass(RULE.longestOpen().minusMillis(1));
    assertThat(running("a")).isEmpty();
    pass(Duration.ofMillis(1));
    assertThat(running("a")).hasSize(RULE.probes());
  }

  @Test
  void callsThatBeganBeforeTheBreakerOpenedSayNothingOfItsProbes() {
    submit("a", 8);
    var early = running("a");
    early.subList(0, 4).forEach(each -> end(each, FAILURE));
    submit("a", 10);
    pass(OPEN);
    assertThat(states).endsWith("a HALF_OPEN");
    early.subList(4, 8).forEach(each -> end(each, ANSWER));
    assertThat(states).endsWith("a HALF_OPEN");
  }

  // Those who wait

  @Test
  void aJobThatWaitsForABreakerCanBeCancelledAndExpires() {
    open("a");
    settleAll();
    var expiring = job("a", 3, now.plusSeconds(2));
    var cancelled = job("a", 3, null);
    submit(List.of(JobRecord.accepted(expiring), JobRecord.accepted(cancelled)));
    core.handle(new CoreEvent.CancelRequested(cancelled.id(), 0), now);
    pass(Duration.ofSeconds(2));
    pass(Duration.ofMillis(5));
    assertThat(outcomes())
        .containsOnly(
            Map.entry(cancelled.id(), new Outcome.Cancelled()),
            Map.entry(expiring.id(), new Outcome.Expired()));
    assertThat(actions.commits.getLast().settled())
        .allSatisfy(each -> assertThat(finish(each).attempts()).isEmpty());
  }

  @Test
  void aPartitionIsLetGoWhileItsJobsWaitForABreaker() {
    open("a");
    settleAll();
    submit("a", 20);
    var released = new CompletableFuture<Void>();
    core.handle(new CoreEvent.Revoked(Set.of(P0), released), now);
    core.endTurn(now);
    if (!released.isDone()) {
      core.handle(new CoreEvent.Committed(actions.commits.getLast()), now);
      core.endTurn(now);
    }
    assertThat(released).isCompleted();
    pass(OPEN);
    assertThat(running("a")).isEmpty();
  }

  @Test
  void aWorkerThatStopsDoesNotWaitForABreaker() {
    open("a");
    settleAll();
    submit("a", 20);
    core.handle(new CoreEvent.Drain(now.plusSeconds(20)), now);
    pass(Duration.ofMillis(5));
    assertThat(actions.drained).isTrue();
  }

  @Test
  void whereTooManyWaitTheRestWaitsInHoldsLongerTheLongerItLastsAndNoAttemptIsSpent() {
    core = core(8, 1_000, 40);
    assign();
    open("a");
    settleAll();
    submit("a", 30);
    pass(Duration.ofMillis(5));
    var held = holds();
    assertThat(held).as("half of the room of 40 is for those who wait here").hasSize(10);
    assertThat(held)
        .allSatisfy(each -> {
          assertThat(each.next().attempts()).isEmpty();
          assertThat(Objects.requireNonNull(each.next().dueAt())).isAfter(now.plusSeconds(20));
        });
    core.handle(new CoreEvent.Committed(actions.commits.getLast()), now);
    pass(Duration.ofSeconds(4));
    submit("b", 2);
    assertThat(running("b")).hasSize(2);
  }

  @Test
  void aJobIsHeldNoLongerThanItsResultIsWanted() {
    core = core(8, 1_000, 2);
    assign();
    open("a");
    settleAll();
    Instant expireAt = now.plusSeconds(8);
    submit(
        List.of(JobRecord.accepted(job("a", 3, null)), JobRecord.accepted(job("a", 3, expireAt))));
    pass(Duration.ofMillis(5));
    assertThat(holds()).extracting(each -> each.next().dueAt()).containsExactly(expireAt);
  }

  // Routes

  @Test
  void aRoutesFirstTargetIsCalled() {
    submit("fast", 1);
    assertThat(targets()).containsExactly("a:x");
    end(running("fast").getFirst(), ANSWER);
    settle();
    Attempt attempt = finish(actions.commits.getLast().settled().getFirst()).attempts().getFirst();
    assertThat(attempt.provider()).isEqualTo("a");
    assertThat(Objects.requireNonNull(attempt.served()).providerModel()).isEqualTo("x");
    assertThat(attempt.served().insteadOf()).isNull();
  }

  @Test
  void afterAFailureTheNextTargetIsCalledAtOnceAndTheReasonStandsOnTheAttempt() {
    submit("fast", 1);
    Settlement.Retry retry = fail(new Failure.ContextTooLong("9,000 tokens"));
    assertThat(retry.dueAt()).isEqualTo(retry.at());
    assertThat(retry.isOverBudget()).isFalse();
    submit(List.of(retry.next()));
    assertThat(targets()).containsExactly("a:x", "a:y");
    Settlement.Retry again = fail(new Failure.Overloaded("busy", Duration.ofSeconds(9)));
    assertThat(again.dueAt()).as("another target need not wait").isEqualTo(again.at());
    submit(List.of(again.next()));
    assertThat(targets()).containsExactly("a:x", "a:y", "b");
    assertThat(Objects.requireNonNull(again.failed().served()).insteadOf())
        .isEqualTo("a:x: context_too_long");
  }

  @Test
  void theLastTargetsFailureIsFollowedByBackoffAndTheFirstThatHasNotFailedForGood() {
    submit("fast", 1);
    submit(List.of(fail(new Failure.ContextTooLong("9,000 tokens")).next()));
    submit(List.of(fail(new Failure.Retryable("5xx")).next()));
    Settlement.Retry third = fail(new Failure.Throttled("too many", Duration.ofSeconds(3)));
    assertThat(third.dueAt()).isAfterOrEqualTo(third.at().plusSeconds(3));
    submit(List.of(new JobRecord(third.next().job(), 0, third.next().attempts(), now)));
    assertThat(targets()).containsExactly("a:x", "a:y", "b", "a:y");
  }

  @Test
  void aJobThatFailedEverywhereForGoodIsDeadLettered() {
    submit("fast", 1);
    submit(List.of(fail(new Failure.ContextTooLong("too long for x")).next()));
    submit(List.of(fail(new Failure.ContextTooLong("too long for y")).next()));
    end(
        running("fast").getFirst(),
        new ProviderResult.Failed(new Failure.ContextTooLong("too long for b")));
    settle();
    assertThat(finish(actions.commits.getLast().settled().getFirst()).outcome())
        .isEqualTo(new Outcome.DeadLettered(new Failure.ContextTooLong("too long for b")));
  }

  @Test
  void whoWasCalledStandsOnTheAttemptWhateverTheProviderCallsItsModel() {
    submit("fast", 1);
    Settlement.Retry retry =
        fail(
            new ProviderResult.Failed(
                new Failure.ContextTooLong("too long for x"),
                new CallReport("y-in-truth", null, Usage.NONE, null, null)));
    Served served = Objects.requireNonNull(retry.failed().served());
    assertThat(served.target()).isEqualTo("a:x");
    assertThat(served.providerModel()).isEqualTo("y-in-truth");
    submit(List.of(retry.next()));
    assertThat(targets()).containsExactly("a:x", "a:y");
  }

  @Test
  void anAttemptAtATargetThatTheRouteNoLongerHasSpeaksForNoOther() {
    var gone =
        new Attempt(
            1,
            "a",
            "w",
            now,
            Duration.ZERO,
            new Failure.ContextTooLong("too long for z"),
            new Served("z", null, Usage.NONE, null, null, "a:z", null));
    submit(List.of(new JobRecord(job("fast", 5, null), 0, List.of(gone), null)));
    assertThat(targets()).containsExactly("a:x");
  }

  @Test
  void aModelThatATargetDoesNotHaveIsLeftToTheNextAndElsewhereIsTheEnd() {
    var unknown = new Failure.ModelNotFound("there is no x");
    submit("fast", 1);
    submit(List.of(fail(unknown).next()));
    assertThat(targets()).containsExactly("a:x", "a:y");
    end(running("fast").getFirst(), ANSWER);
    settle();
    assertThat(finish(actions.commits.getLast().settled().getFirst()).outcome())
        .isInstanceOf(Outcome.Succeeded.class);

    submit("a:made-up", RULE.minimumCalls());
    running("a:made-up").forEach(each -> end(each, new ProviderResult.Failed(unknown)));
    settle();
    assertThat(finish(actions.commits.getLast().settled().getFirst()).outcome())
        .isEqualTo(new Outcome.DeadLettered(unknown));
    assertThat(states).as("names that jobs make up open no breaker").isEmpty();
  }

  @Test
  void failoversAreAttemptsAndThereAreNoMoreThanThePolicySays() {
    submit(List.of(JobRecord.accepted(job("fast", 2, null))));
    submit(List.of(fail(new Failure.Retryable("5xx")).next()));
    end(running("fast").getFirst(), FAILURE);
    settle();
    var finish = finish(actions.commits.getLast().settled().getFirst());
    assertThat(finish.attempts()).hasSize(2);
    assertThat(finish.outcome()).isInstanceOf(Outcome.DeadLettered.class);
  }

  @Test
  void aTargetWhoseBreakerIsOpenIsPassedByWithoutAnAttempt() {
    open("a:x");
    submit("fast", 1);
    assertThat(targets()).endsWith("a:y");
    end(running("fast").getFirst(), ANSWER);
    settle();
    Attempt attempt = finish(actions.commits.getLast().settled().getLast()).attempts().getFirst();
    assertThat(attempt.number()).isEqualTo(1);
    assertThat(Objects.requireNonNull(attempt.served()).insteadOf()).isEqualTo("a:x: breaker open");
  }

  @Test
  void aJobWithFewerTargetsLeftDoesNotKeepOthersOfItsRouteWaiting() {
    open("b");
    Attempt atX = failed(1, "a", "x");
    Attempt atY = failed(2, "a", "y");
    var onlyB = new JobRecord(job("fast", 5, null), 0, List.of(atX, atY), null);
    int made = actions.calls.size();
    submit(List.of(onlyB));
    submit("fast", 2);
    assertThat(targets().subList(made, actions.calls.size())).containsExactly("a:x", "a:x");
  }

  @Test
  void whatATargetAskedOfAnotherWorkerIsKeptToForTheJobThatItToldIt() {
    open("a:y");
    open("b");
    var throttled =
        new Attempt(
            1,
            "a",
            "another-worker",
            now,
            Duration.ZERO,
            new Failure.Throttled("too many", Duration.ofSeconds(3)),
            new Served("x", null, Usage.NONE, null, null));
    int made = actions.calls.size();
    submit(List.of(new JobRecord(job("fast", 5, null), 0, List.of(throttled), now)));
    pass(Duration.ofMillis(2_999));
    assertThat(calls()).hasSize(made);
    pass(Duration.ofMillis(1));
    assertThat(targets().subList(made, actions.calls.size())).containsExactly("a:x");
  }

  private static Attempt failed(int number, String provider, String model) {
    return new Attempt(
        number,
        provider,
        "w",
        Instant.parse("2026-11-21T07:00:00Z"),
        Duration.ofMillis(5),
        new Failure.ContextTooLong("too long"),
        new Served(model + "-2026-01", null, Usage.NONE, null, null));
  }

  // The world

  private WorkerCore core(int slots, int windowJobs) {
    return core(slots, windowJobs, 10_000);
  }

  private WorkerCore core(int slots, int windowJobs, int windowWaiting) {
    return new WorkerCore(
        new Incarnation("worker-1", PROCESS),
        new CoreLimits(
            slots,
            windowJobs,
            100_000_000,
            1_000,
            Duration.ofMillis(3),
            new CoreLimits.Waiting(windowWaiting, Duration.ofSeconds(20))),
        new Judge(
            RetryPolicies.all(new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1))),
            new RetryBudget(0.2, 10),
            new Random(1)),
        new Routes(
            ROUTES,
            (_, _) -> true,
            List.of(new Breakers(RULE, (target, state, _, _) -> states.add(target + " " + state)))),
        actions,
        new NoMetrics());
  }

  private void assign() {
    offset = 0;
    core.handle(new CoreEvent.Assigned(P0, TOPIC, new PartitionWindow(0), MINE), now);
    core.endTurn(now);
  }

  /** Lets calls of the target fail until its breaker is open. */
  private void open(String target) {
    submit(target, RULE.minimumCalls());
    running(target).forEach(each -> end(each, FAILURE));
  }

  private void submit(String model, int jobs) {
    var records = new ArrayList<JobRecord>();
    for (int i = 0; i < jobs; i++) {
      records.add(JobRecord.accepted(job(model, 5, null)));
    }
    submit(records);
  }

  private void submit(List<JobRecord> records) {
    var sources = new ArrayList<SourceRecord>();
    for (JobRecord record : records) {
      sources.add(new SourceRecord(P0, offset++, new Decoded.Value<>(record), null, 100, null));
    }
    core.handle(new CoreEvent.Polled(P0, sources, offset), now);
    core.endTurn(now);
  }

  private void end(Claim claim, ProviderResult result) {
    core.handle(
        new CoreEvent.CallEnded(
            claim,
            result,
            new Judge.Call(claim.target().provider(), "worker-1", now, Duration.ZERO)),
        now);
    core.endTurn(now);
  }

  /** The only running call of the route fails; returns what follows. */
  private Settlement.Retry fail(Failure failure) {
    return fail(new ProviderResult.Failed(failure));
  }

  private Settlement.Retry fail(ProviderResult.Failed failed) {
    end(running("fast").getFirst(), failed);
    settle();
    return (Settlement.Retry) actions.commits.getLast().settled().getLast().settlement();
  }

  private void settle() {
    pass(Duration.ofMillis(5));
    core.handle(new CoreEvent.Committed(actions.commits.getLast()), now);
  }

  private void settleAll() {
    settle();
    actions.commits.clear();
  }

  private void pass(Duration time) {
    now = now.plus(time);
    core.handle(new CoreEvent.Tick(), now);
    core.endTurn(now);
  }

  private List<Claim> calls() {
    return List.copyOf(actions.calls.keySet());
  }

  private List<String> targets() {
    return actions.calls.values().stream().map(each -> each.target().toString()).toList();
  }

  private List<Claim> running(String model) {
    return calls().stream()
        .filter(each -> each.phase == Claim.Phase.RUNNING)
        .filter(each -> each.record().job().model().equals(model))
        .toList();
  }

  private List<Settlement.Hold> holds() {
    return actions.commits.stream()
        .flatMap(batch -> batch.settled().stream())
        .map(Batch.Settled::settlement)
        .filter(Settlement.Hold.class::isInstance)
        .map(Settlement.Hold.class::cast)
        .toList();
  }

  private Map<JobId, Outcome> outcomes() {
    var outcomes = new java.util.HashMap<JobId, Outcome>();
    actions.commits.stream()
        .flatMap(batch -> batch.settled().stream())
        .forEach(each -> outcomes.put(id(each.claim()), finish(each).outcome()));
    return outcomes;
  }

  private static Settlement.Finish finish(Batch.Settled settled) {
    return (Settlement.Finish) settled.settlement();
  }

  private static JobId id(Claim claim) {
    return claim.record().job().id();
  }

  private static Job job(String model, int maxAttempts, @Nullable Instant expireAt) {
    Instant accepted = Instant.parse("2026-11-21T07:00:00Z");
    return new Job(
        JobId.random(accepted),
        model,
        new JobInput.Embed("text"),
        maxAttempts,
        Duration.ofSeconds(30),
        accepted,
        expireAt,
        Map.of());
  }
}
