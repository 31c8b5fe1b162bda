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
import dev.penstock.job.Priority;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.job.Waits;
import dev.penstock.provider.ProviderResult;
import dev.penstock.retry.RetryPolicies;
import dev.penstock.retry.RetryPolicy;
import dev.penstock.worker.admit.Admission;
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
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the core makes of requests to run waiting jobs now. */
final class RetryNowTest {
  private static final TopicPartition P0 = new TopicPartition("retry", 0);
  private static final TopicPartition P1 = new TopicPartition("retry", 1);
  private static final int PROCESS = 7;
  private static final Duration HORIZON = Duration.ofSeconds(20);
  private static final ProviderResult ANSWER =
      new ProviderResult.Answered(new JobOutput.Summary(List.of("done")));
  private static final ProviderResult FAILURE =
      new ProviderResult.Failed(new Failure.Retryable("a server error"));

  private final RecordingActions actions = new RecordingActions();
  private final List<Duration> lateness = new ArrayList<>();
  private Instant now = Instant.parse("2026-11-22T03:00:00Z");
  private WorkerCore core = core(new Routes(Map.of(), (_, _) -> true, List.of()), 1_000);

  @Test
  void aJobThatWaitsInTheWindowStartsWhenSomeoneAsks() {
    assign(P0);
    JobRecord record = waiting(1, Duration.ofSeconds(15));
    poll(P0, 0, record);
    assertThat(actions.calls).isEmpty();
    pass(Duration.ofSeconds(2));
    ask(record, 0, 1);
    assertThat(actions.onlyCall().record()).isEqualTo(record);
    pass(Duration.ofSeconds(20));
    assertThat(actions.calls).as("its due time comes, and it has begun long ago").hasSize(1);
  }

  @Test
  void aJobThatIsClaimedLaterStartsAtOnceHoweverLateItIsDue() {
    assign(P0);
    JobRecord record = waiting(1, Duration.ofDays(20));
    ask(record, 0, 1);
    poll(P0, 0, record);
    assertThat(actions.onlyCall().record()).isEqualTo(record);
  }

  @Test
  void aJobThatWaitsForItsFirstAttemptIsAskedForWithoutAttempts() {
    assign(P0);
    JobRecord record = waiting(0, Duration.ofDays(20));
    ask(record, 0, 0);
    poll(P0, 0, record);
    assertThat(actions.onlyCall().record()).isEqualTo(record);
  }

  @Test
  void aRequestForAnotherWaitChangesNothing() {
    assign(P0);
    JobRecord record = waiting(1, Duration.ofSeconds(15));
    poll(P0, 0, record);
    ask(record, 0, 0);
    ask(record, 0, 2);
    ask(record, 1, 1);
    JobRecord later = waiting(2, Duration.ofDays(1));
    ask(later, 0, 1);
    poll(P0, 1, later);
    pass(Duration.ofMillis(3));
    assertThat(actions.calls).isEmpty();
    assertThat(lastCommit().settled().getFirst().settlement()).isInstanceOf(Settlement.Hold.class);
    assertThat(lastCommit().settledHurries())
        .as("of a wait that is over")
        .containsExactly(later.job().id());
  }

  @Test
  void aRequestForAnEarlierWaitNeverTakesThePlaceOfOneForALaterWait() {
    assign(P0);
    JobRecord record = waiting(2, Duration.ofDays(1));
    ask(record, 0, 2);
    ask(record, 0, 1);
    poll(P0, 0, record);
    assertThat(actions.calls).hasSize(1);
  }

  @Test
  void whatIsTakenBackOrCancelledOrExpiredIsNotStarted() {
    assign(P0);
    JobRecord takenBack = waiting(1, Duration.ofSeconds(15));
    ask(takenBack, 0, 1);
    core.handle(new CoreEvent.RetryNowForgotten(takenBack.job().id()), now);
    JobRecord cancelled = waiting(1, Duration.ofSeconds(15));
    ask(cancelled, 0, 1);
    core.handle(new CoreEvent.CancelRequested(cancelled.job().id(), 0), now);
    JobRecord expired = new JobRecord(job(now, null), 0, List.of(), now.plusSeconds(15));
    ask(expired, 0, 0);
    poll(P0, 0, takenBack, cancelled, expired);
    pass(Duration.ofMillis(3));
    assertThat(actions.calls).isEmpty();
    assertThat(lastCommit().settled())
        .extracting(each -> ((Settlement.Finish) each.settlement()).outcome())
        .containsExactly(new Outcome.Cancelled(), new Outcome.Expired());
  }

  @Test
  void aRequestIsTakenOffTheTopicWithWhatTheAttemptCameToAndIsForThatAttemptOnly() {
    assign(P0);
    JobRecord record = waiting(1, Duration.ofSeconds(15));
    poll(P0, 0, record);
    ask(record, 0, 1);
    pass(Duration.ofMillis(20));
    assertThat(lastCommit().started()).hasSize(1);
    assertThat(lastCommit().settledHurries()).as("a lost worker's job is run again").isEmpty();
    committed();
    end(actions.onlyCall(), FAILURE);
    pass(Duration.ofMillis(3));
    assertThat(lastCommit().settledHurries()).containsExactly(record.job().id());
    committed();
    var next = ((Settlement.Retry) lastCommit().settled().getFirst().settlement()).next();
    poll(P0, 1, new JobRecord(next.job(), 0, next.attempts(), now.plusSeconds(15)));
    assertThat(actions.calls).as("the next attempt waits").hasSize(1);
  }

  @Test
  void aRequestForTheWaitThatACommitBeginsOutlivesThatCommit() {
    assign(P0);
    JobRecord record = waiting(1, Duration.ofSeconds(15));
    poll(P0, 0, record);
    ask(record, 0, 1);
    end(actions.onlyCall(), FAILURE);
    pass(Duration.ofMillis(3));
    ask(record, 0, 2);
    committed();
    var next = ((Settlement.Retry) lastCommit().settled().getFirst().settlement()).next();
    poll(P0, 1, new JobRecord(next.job(), 0, next.attempts(), now.plusSeconds(15)));
    assertThat(actions.calls).hasSize(2);
  }

  @Test
  void aRequestThatComesWhileTheJobIsPassedOnToAHoldIsKept() {
    assign(P0);
    JobRecord record = waiting(1, Duration.ofDays(1));
    poll(P0, 0, record);
    ask(record, 0, 1);
    pass(Duration.ofMillis(3));
    assertThat(lastCommit().settled().getFirst().settlement()).isInstanceOf(Settlement.Hold.class);
    assertThat(lastCommit().settledHurries()).isEmpty();
  }

  @Test
  void aRequestIsKeptForTheNextOwnerWhenTheBatchIsLeftToHim() {
    assign(P0);
    assign(P1);
    JobRecord left = waiting(1, Duration.ofSeconds(15));
    JobRecord kept = waiting(1, Duration.ofSeconds(15));
    poll(P0, 0, left);
    poll(P1, 0, kept);
    ask(left, 0, 1);
    ask(kept, 0, 1);
    for (Claim claim : List.copyOf(actions.calls.keySet())) {
      end(claim, ANSWER);
    }
    pass(Duration.ofMillis(3));
    assertThat(lastCommit().settledHurries()).hasSize(2);
    core.handle(new CoreEvent.Revoked(Set.of(P0), new CompletableFuture<>()), now);
    core.handle(new CoreEvent.Refused(lastCommit()), now);
    core.endTurn(now);
    pass(WorkerCore.REFUSED_PAUSE);
    assertThat(lastCommit().settledHurries()).containsExactly(kept.job().id());
  }

  @Test
  void whereNobodyMayBeCalledTheRequestIsOverAndTheJobIsHeldAsAnyOther() {
    core = core(new Nobody(), 2);
    assign(P0);
    poll(P0, 0, waiting(1, Duration.ZERO));
    JobRecord record = waiting(1, Duration.ofDays(1));
    ask(record, 0, 1);
    poll(P0, 1, record);
    pass(Duration.ofMillis(3));
    var settled = lastCommit().settled().getFirst();
    assertThat(settled.claim().record()).isEqualTo(record);
    assertThat(settled.settlement()).isInstanceOf(Settlement.Hold.class);
    assertThat(lastCommit().settledHurries()).containsExactly(record.job().id());
  }

  @Test
  void itWaitsFromTheRequestOnAndIsNotEarly() {
    assign(P0);
    JobRecord record = waiting(1, Duration.ofSeconds(15));
    poll(P0, 0, record);
    pass(Duration.ofSeconds(1));
    Instant asked = now;
    pass(Duration.ofMillis(200));
    askAt(record, 0, 1, asked);
    JobRecord first = waiting(0, Duration.ofDays(1));
    askAt(first, 0, 0, asked);
    poll(P0, 1, first);
    assertThat(lateness).containsOnly(Duration.ofMillis(200));
    assertThat(actions.calls.keySet()).extracting(Claim::waits).containsOnly(new Waits(200, 0));
  }

  @Test
  void aRequestWithATimeToComeIsObeyedAtOnce() {
    assign(P0);
    JobRecord record = waiting(1, Duration.ofSeconds(15));
    poll(P0, 0, record);
    askAt(record, 0, 1, now.plusSeconds(10));
    assertThat(actions.calls).hasSize(1);
    assertThat(lateness).containsExactly(Duration.ZERO);
  }

  @Test
  void oneOfManyThatWaitIsFoundAndTheOthersKeepTheirTime() {
    assign(P0);
    var records = new JobRecord[500];
    for (int i = 0; i < records.length; i++) {
      records[i] = waiting(1, Duration.ofSeconds(10));
    }
    poll(P0, 0, records);
    ask(records[321], 0, 1);
    assertThat(actions.onlyCall().offset()).isEqualTo(321);
    end(actions.onlyCall(), ANSWER);
    pass(Duration.ofSeconds(9));
    assertThat(actions.calls).hasSize(1);
    pass(Duration.ofMillis(1_100));
    assertThat(actions.calls).hasSizeGreaterThan(1);
  }

  /** Nobody may be called, since long. */
  private static final class Nobody implements Admission {
    @Override
    public Verdict ask(JobRecord record, Instant now) {
      return new Verdict.Wait(Instant.MAX, "ill", now.minus(Duration.ofMinutes(1)));
    }

    @Override
    public String gate(JobRecord record) {
      return "all";
    }

    @Override
    public long version() {
      return 0;
    }

    @Override
    public Way after(JobRecord record, Instant now) {
      return Way.LATER;
    }
  }

  private WorkerCore core(Admission admission, int windowWaiting) {
    return new WorkerCore(
        new Incarnation("worker-1", PROCESS),
        new CoreLimits(
            4,
            1_000,
            1_000_000,
            100,
            Duration.ofMillis(3),
            new CoreLimits.Waiting(windowWaiting, HORIZON)),
        new Judge(
            RetryPolicies.all(new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1))),
            new RetryBudget(0.2, 10),
            new Random(1)),
        admission,
        actions,
        new NoMetrics(lateness::add));
  }

  private void assign(TopicPartition partition) {
    core.handle(
        new CoreEvent.Assigned(
            partition, new Uuid(1, 2), new PartitionWindow(0), Custody.FREE.takenOverBy(PROCESS)),
        now);
    core.endTurn(now);
  }

  private void poll(TopicPartition partition, long from, JobRecord... records) {
    var polled = new ArrayList<SourceRecord>();
    for (JobRecord record : records) {
      polled.add(
          new SourceRecord(
              partition, from + polled.size(), new Decoded.Value<>(record), null, 100, null));
    }
    core.handle(new CoreEvent.Polled(partition, polled, from + polled.size()), now);
    core.endTurn(now);
  }

  private void ask(JobRecord record, int generation, int attempts) {
    askAt(record, generation, attempts, now);
  }

  private void askAt(JobRecord record, int generation, int attempts, Instant at) {
    core.handle(
        new CoreEvent.RetryNowRequested(
            new RetryNowRequest(record.job().id(), generation, attempts, at)),
        now);
    core.endTurn(now);
  }

  private void end(Claim claim, ProviderResult result) {
    core.handle(
        new CoreEvent.CallEnded(
            claim, result, new Judge.Call("simulated", "worker-1", now, Duration.ZERO)),
        now);
    core.endTurn(now);
  }

  private void committed() {
    core.handle(new CoreEvent.Committed(lastCommit()), now);
  }

  private void pass(Duration time) {
    now = now.plus(time);
    core.handle(new CoreEvent.Tick(), now);
    core.endTurn(now);
  }

  private Batch lastCommit() {
    return actions.commits.getLast();
  }

  private JobRecord waiting(int attempts, Duration remaining) {
    var failed = new ArrayList<Attempt>();
    for (int i = 1; i <= attempts; i++) {
      failed.add(new Attempt(i, "simulated", "w", now, Duration.ZERO, new Failure.Retryable("no")));
    }
    Instant dueAt = now.plus(remaining);
    return new JobRecord(job(null, attempts == 0 ? dueAt : null), 0, failed, dueAt);
  }

  private static Job job(@Nullable Instant expireAt, @Nullable Instant runAt) {
    Instant accepted = Instant.parse("2026-11-22T02:00:00Z");
    return new Job(
        JobId.random(accepted),
        "simulated",
        new JobInput.Embed("text"),
        5,
        Duration.ofSeconds(30),
        accepted,
        expireAt,
        Map.of(),
        runAt,
        null,
        null,
        Priority.NORMAL);
  }
}
