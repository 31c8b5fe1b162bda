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
import dev.penstock.job.Waits;
import dev.penstock.provider.ProviderResult;
import dev.penstock.retry.RetryPolicies;
import dev.penstock.retry.RetryPolicy;
import dev.penstock.worker.admit.Routes;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.RetryBudget;
import dev.penstock.worker.judge.Settlement;
import dev.penstock.worker.window.Custody;
import dev.penstock.worker.window.PartitionWindow;
import dev.penstock.worker.window.WindowMetadata;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

/** The decisions, one at a time, with a clock that the test moves. */
final class WorkerCoreTest {
  private static final int SLOTS = 4;
  private static final TopicPartition P0 = new TopicPartition("jobs", 0);
  private static final TopicPartition P1 = new TopicPartition("jobs", 1);
  private static final TopicPartition HIGH = new TopicPartition("jobs.high", 0);
  private static final TopicPartition LOW = new TopicPartition("jobs.low", 0);
  private static final Uuid TOPIC = Uuid.randomUuid();
  private static final int PROCESS = 7;

  /** Of a partition that this process has already, so that it need not be taken over first. */
  private static final Custody MINE = Custody.FREE.takenOverBy(PROCESS);

  private static final ProviderResult ANSWER =
      new ProviderResult.Answered(new JobOutput.Summary(List.of("done")));
  private static final ProviderResult FAILURE =
      new ProviderResult.Failed(new Failure.Retryable("a server error"));

  private final RecordingActions actions = new RecordingActions();
  private Instant now = Instant.parse("2026-11-21T08:00:00Z");
  private WorkerCore core = core(4, 10);

  @Test
  void offsetsAreCommittedOnlyWithTheOutcomesOfTheirJobs() {
    assign(P0, 0);
    poll(P0, 0, 3);
    end(claim(0), ANSWER);
    assertThat(actions.commits).isEmpty();
    pass(Duration.ofMillis(3));
    var batch = lastCommit();
    assertThat(batch.settled()).extracting(settled -> settled.claim().offset()).containsExactly(0L);
    assertThat(committedOffset(batch, P0)).isEqualTo(1);
  }

  @Test
  void aSlowJobHoldsTheWatermarkButNotTheOthers() {
    assign(P0, 0);
    poll(P0, 0, 4);
    for (long offset = 1; offset < 4; offset++) {
      end(claim(offset), ANSWER);
    }
    pass(Duration.ofMillis(3));
    var batch = lastCommit();
    assertThat(committedOffset(batch, P0)).isZero();
    assertThat(restored(batch, P0).isFinished(2)).isTrue();
    assertThat(restored(batch, P0).isFinished(0)).isFalse();
  }

  @Test
  void theNextOwnerDoesNotRunWhatWasFinishedBeyondTheWatermark() {
    var window = new PartitionWindow(0);
    for (long offset = 0; offset < 4; offset++) {
      window.add(offset);
    }
    window.finish(1);
    window.finish(3);
    core.handle(new CoreEvent.Assigned(P0, TOPIC, window, MINE), now);
    poll(P0, 0, 4);
    assertThat(actions.calls.keySet()).extracting(Claim::offset).containsExactly(0L, 2L);
  }

  @Test
  void aRecordThatVanishedUnfinishedStopsTheWorker() {
    var window = new PartitionWindow(0);
    for (long offset = 0; offset < 4; offset++) {
      window.add(offset);
    }
    window.finish(3);
    core.handle(new CoreEvent.Assigned(P0, TOPIC, window, MINE), now);
    core.handle(new CoreEvent.Polled(P0, List.of(source(P0, 2)), 3), now);
    core.endTurn(now);
    assertThat(actions.failures).singleElement().asString().contains("offset 0 of jobs-0");
  }

  @Test
  void onlyOneBatchIsUnderWayAndTheNextTakesAllThatCameMeanwhile() {
    assign(P0, 0);
    poll(P0, 0, 3);
    end(claim(0), ANSWER);
    pass(Duration.ofMillis(3));
    end(claim(1), ANSWER);
    end(claim(2), ANSWER);
    pass(Duration.ofMillis(50));
    assertThat(actions.commits).hasSize(1);
    committed();
    pass(Duration.ofMillis(3));
    assertThat(lastCommit().settled()).hasSize(2);
    assertThat(committedOffset(lastCommit(), P0)).isEqualTo(3);
  }

  @Test
  void aRefusedBatchIsTriedAgainBeforeAnyOther() {
    assign(P0, 0);
    poll(P0, 0, 2);
    end(claim(0), ANSWER);
    pass(Duration.ofMillis(3));
    var refused = lastCommit();
    core.handle(new CoreEvent.Refused(refused), now);
    end(claim(1), ANSWER);
    pass(Duration.ofMillis(5));
    assertThat(actions.commits).hasSize(1);
    assertThat(core.nextWakeUp()).as("there is nothing to do before").isAfter(now);
    pass(WorkerCore.REFUSED_PAUSE);
    assertThat(lastCommit().settled()).isEqualTo(refused.settled());
    assertThat(committedOffset(lastCommit(), P0)).isEqualTo(1);
    committed();
    pass(Duration.ofMillis(3));
    assertThat(committedOffset(lastCommit(), P0)).isEqualTo(2);
  }

  @Test
  void revokingCommitsWhatIsFinishedDropsTheRestAndOnlyThenLetsGo() {
    assign(P0, 0);
    assign(P1, 0);
    poll(P0, 0, 2);
    poll(P1, 0, 1);
    end(claim(P0, 0), ANSWER);
    var released = new CompletableFuture<Void>();
    core.handle(new CoreEvent.Revoked(Set.of(P0), released), now);
    core.endTurn(now);
    assertThat(actions.interrupted).containsExactly(claim(P0, 1));
    assertThat(lastCommit().offsets()).containsKey(P0);
    assertThat(released).isNotDone();
    committed();
    core.endTurn(now);
    assertThat(released).isCompleted();
    // What comes of a dropped call is nobody's: its next owner runs the job again.
    end(claim(P0, 1), ANSWER);
    end(claim(P1, 0), ANSWER);
    pass(Duration.ofMillis(10));
    assertThat(lastCommit().offsets()).containsOnlyKeys(P1);
  }

  @Test
  void losingPartitionsCommitsNothingOfThem() {
    assign(P0, 0);
    poll(P0, 0, 2);
    end(claim(0), ANSWER);
    var released = new CompletableFuture<Void>();
    core.handle(new CoreEvent.Lost(Set.of(P0), released), now);
    pass(Duration.ofMillis(10));
    assertThat(released).isCompleted();
    assertThat(actions.commits).isEmpty();
  }

  @Test
  void partitionsAreNotLetGoWhileTheirTransactionRuns() {
    assign(P0, 0);
    poll(P0, 0, 1);
    end(claim(0), ANSWER);
    pass(Duration.ofMillis(3));
    var released = new CompletableFuture<Void>();
    core.handle(new CoreEvent.Lost(Set.of(P0), released), now);
    core.endTurn(now);
    assertThat(released).isNotDone();
    core.handle(new CoreEvent.Refused(lastCommit()), now);
    core.endTurn(now);
    assertThat(released).isCompleted();
    pass(Duration.ofSeconds(1));
    assertThat(actions.commits).hasSize(1);
  }

  @Test
  void aRequestToCancelIsKeptForTheNextOwnerWhenTheBatchWithItsEndIsLeftToHim() {
    assign(P0, 0);
    assign(P1, 0);
    poll(P0, 0, 1);
    poll(P1, 0, 1);
    JobId left = id(claim(P0, 0));
    JobId kept = id(claim(P1, 0));
    core.handle(new CoreEvent.CancelRequested(left, 0), now);
    core.handle(new CoreEvent.CancelRequested(kept, 0), now);
    end(claim(P0, 0), ANSWER);
    end(claim(P1, 0), ANSWER);
    pass(Duration.ofMillis(3));
    assertThat(lastCommit().settledCancels()).containsExactlyInAnyOrder(left, kept);
    core.handle(new CoreEvent.Revoked(Set.of(P0), new CompletableFuture<>()), now);
    core.handle(new CoreEvent.Refused(lastCommit()), now);
    core.endTurn(now);
    pass(WorkerCore.REFUSED_PAUSE);
    assertThat(lastCommit().settledCancels()).containsExactly(kept);
  }

  @Test
  void aBatchThatIsRefusedDuringARevocationIsLeftToTheNextOwner() {
    assign(P0, 0);
    assign(P1, 0);
    poll(P0, 0, 1);
    poll(P1, 0, 1);
    end(claim(P0, 0), ANSWER);
    end(claim(P1, 0), ANSWER);
    pass(Duration.ofMillis(3));
    var released = new CompletableFuture<Void>();
    core.handle(new CoreEvent.Revoked(Set.of(P0), released), now);
    core.handle(new CoreEvent.Refused(lastCommit()), now);
    core.endTurn(now);
    assertThat(released).isCompleted();
    pass(WorkerCore.REFUSED_PAUSE);
    assertThat(lastCommit().offsets()).containsOnlyKeys(P1);
    assertThat(lastCommit().settled()).extracting(s -> s.claim().partition()).containsExactly(P1);
  }

  @Test
  void aFullWindowPausesItsPartitionAlone() {
    core = core(100, 5);
    assign(P0, 0);
    assign(P1, 0);
    poll(P0, 0, 8);
    poll(P1, 0, 1);
    assertThat(actions.paused).containsExactly(P0);
    assertThat(actions.calls).hasSize(6);
    end(claim(P0, 3), ANSWER);
    pass(Duration.ofMillis(3));
    assertThat(actions.calls).as("a finished job makes room for the next").hasSize(7);
  }

  @Test
  void aPartitionOfLargeWaitingJobsPausesItselfAlone() {
    core = core(100, 50);
    assign(P0, 0);
    assign(P1, 0);
    Instant dueAt = now.plusSeconds(3_600);
    var large = new ArrayList<SourceRecord>();
    for (int i = 0; i < 10; i++) {
      var record = new JobRecord(job(), 0, List.of(), dueAt);
      large.add(new SourceRecord(P0, i, new Decoded.Value<>(record), null, 200_000, null));
    }
    core.handle(new CoreEvent.Polled(P0, large, 10), now);
    core.endTurn(now);
    assertThat(actions.paused).containsExactly(P0);
    poll(P1, 0, 3);
    assertThat(actions.calls.keySet()).extracting(Claim::partition).containsOnly(P1).hasSize(3);
  }

  @Test
  void oneBatchHoldsAboutWhatATransactionCanWriteInTime() {
    core = coreOf(actions, 100, 50, 1_000_000_000);
    assign(P0, 0);
    var large = new ArrayList<SourceRecord>();
    for (int i = 0; i < 40; i++) {
      large.add(
          new SourceRecord(
              P0,
              i,
              new Decoded.Refused<>("not JSON"),
              new SourceRecord.Raw(null, new byte[0], -1),
              1_000_000,
              null));
    }
    core.handle(new CoreEvent.Polled(P0, large, 40), now);
    core.endTurn(now);
    pass(Duration.ofMillis(3));
    assertThat(lastCommit().poison()).hasSize(16);
    committed();
    pass(Duration.ofMillis(3));
    assertThat(lastCommit().poison()).hasSize(16);
  }

  @Test
  void aTailOfMarkersDoesNotGrowAWindowThatHasUnfinishedJobs() {
    assign(P0, 0);
    poll(P0, 0, 2);
    core.handle(new CoreEvent.Polled(P0, List.of(), 100_000), now);
    core.endTurn(now);
    end(claim(1), ANSWER);
    pass(Duration.ofMillis(3));
    assertThat(restored(lastCommit(), P0).end()).isEqualTo(2);
    committed();
    end(claim(0), ANSWER);
    pass(Duration.ofMillis(3));
    committed();
    pass(Duration.ofSeconds(1));
    assertThat(committedOffset(lastCommit(), P0)).isEqualTo(100_000);
  }

  @Test
  void aVanishedRecordIsNoticedAlsoBeforeOneThatIsFinished() {
    var window = new PartitionWindow(0);
    for (long offset = 0; offset < 4; offset++) {
      window.add(offset);
    }
    window.finish(1);
    core.handle(new CoreEvent.Assigned(P0, TOPIC, window, MINE), now);
    core.handle(new CoreEvent.Polled(P0, List.of(source(P0, 1)), 2), now);
    core.endTurn(now);
    assertThat(actions.failures).isNotEmpty().first().asString().contains("offset 0 of jobs-0");
  }

  @Test
  void aCallThatIsLostToARevocationIsToldInTheCommitThatLetsGo() {
    assign(P0, 0);
    poll(P0, 0, 1);
    var released = new CompletableFuture<Void>();
    core.handle(new CoreEvent.Revoked(Set.of(P0), released), now);
    core.endTurn(now);
    assertThat(lastCommit().started()).hasSize(1);
    assertThat(committedOffset(lastCommit(), P0)).isZero();
    committed();
    core.endTurn(now);
    assertThat(released).isCompleted();
  }

  @Test
  void noMoreCallsThanSlotsRunAtOnce() {
    assign(P0, 0);
    poll(P0, 0, 8);
    assertThat(actions.calls).hasSize(4);
    end(claim(2), FAILURE);
    assertThat(actions.calls).hasSize(5);
  }

  @Test
  void aCallThatOutlivesItsPartitionKeepsItsSlotUntilItReturns() {
    core = core(1, 10);
    assign(P0, 0);
    assign(P1, 0);
    poll(P0, 0, 1);
    poll(P1, 0, 1);
    core.handle(new CoreEvent.Revoked(Set.of(P0), new CompletableFuture<>()), now);
    core.endTurn(now);
    assertThat(actions.calls).hasSize(1);
    end(claim(P0, 0), FAILURE);
    assertThat(actions.calls).hasSize(2);
  }

  @Test
  void aRetryIsNotBegunBeforeItIsDue() {
    assign(P0, 0);
    Instant dueAt = now.plusSeconds(10);
    var job = job();
    core.handle(
        new CoreEvent.Polled(
            P0, List.of(source(P0, 0, new JobRecord(job, 0, List.of(), dueAt))), 1),
        now);
    core.endTurn(now);
    assertThat(actions.calls).isEmpty();
    assertThat(core.nextWakeUp()).isEqualTo(dueAt);
    pass(Duration.ofMillis(9_999));
    assertThat(actions.calls).isEmpty();
    pass(Duration.ofMillis(1));
    assertThat(actions.calls).hasSize(1);
  }

  @Test
  void whenAttemptsAreSpentTheJobIsDeadLettered() {
    assign(P0, 0);
    poll(P0, 0, 1);
    var claim = claim(0);
    end(claim, FAILURE);
    pass(Duration.ofMillis(3));
    var retry = (Settlement.Retry) lastCommit().settled().getFirst().settlement();
    assertThat(retry.next().attempts()).hasSize(1);
    committed();
    core.handle(new CoreEvent.Polled(P0, List.of(source(P0, 1, retry.next())), 2), now);
    pass(Duration.ofSeconds(5));
    committed();
    end(claim(1), FAILURE);
    pass(Duration.ofMillis(3));
    assertThat(lastCommit().settled().getFirst().settlement())
        .isInstanceOfSatisfying(
            Settlement.Finish.class,
            finish -> {
              assertThat(finish.outcome()).isInstanceOf(Outcome.DeadLettered.class);
              assertThat(finish.attempts()).hasSize(2);
            });
  }

  @Test
  void aCancelInterruptsTheCallAndWinsOverItsFailureButNotOverItsAnswer() {
    assign(P0, 0);
    poll(P0, 0, 2);
    core.handle(new CoreEvent.CancelRequested(id(claim(0)), 0), now);
    core.handle(new CoreEvent.CancelRequested(id(claim(1)), 0), now);
    assertThat(actions.interrupted).containsExactlyInAnyOrder(claim(0), claim(1));
    end(claim(0), FAILURE);
    end(claim(1), ANSWER);
    pass(Duration.ofMillis(3));
    assertThat(outcomes(lastCommit()))
        .hasExactlyElementsOfTypes(Outcome.Cancelled.class, Outcome.Succeeded.class);
    assertThat(lastCommit().settledCancels()).containsExactlyInAnyOrder(id(claim(0)), id(claim(1)));
  }

  @Test
  void aCancelOfAnotherGenerationChangesNothing() {
    assign(P0, 0);
    poll(P0, 0, 1);
    core.handle(new CoreEvent.CancelRequested(id(claim(0)), 1), now);
    assertThat(actions.interrupted).isEmpty();
  }

  @Test
  void aLateRequestToCancelAnEarlierGenerationDoesNotReplaceThatForALaterOne() {
    assign(P0, 0);
    Job job = job();
    core.handle(new CoreEvent.CancelRequested(job.id(), 1), now);
    core.handle(new CoreEvent.CancelRequested(job.id(), 0), now);
    var replayed = new JobRecord(job, 1, List.of(), null);
    core.handle(new CoreEvent.Polled(P0, List.of(source(P0, 0, replayed)), 1), now);
    core.endTurn(now);
    pass(Duration.ofMillis(5));
    assertThat(actions.calls).isEmpty();
    assertThat(outcomes(lastCommit())).containsExactly(new Outcome.Cancelled());
  }

  @Test
  void aRequestToCancelTheNextGenerationOutlivesTheCommitOfTheOneBefore() {
    assign(P0, 0);
    Job job = job();
    var first = JobRecord.accepted(job);
    core.handle(new CoreEvent.Polled(P0, List.of(source(P0, 0, first)), 1), now);
    core.endTurn(now);
    core.handle(new CoreEvent.CancelRequested(job.id(), 0), now);
    end(claim(0), ANSWER);
    pass(Duration.ofMillis(3));
    assertThat(lastCommit().settledCancels()).containsExactly(job.id());
    core.handle(new CoreEvent.CancelRequested(job.id(), 1), now);
    committed();
    var replayed = new JobRecord(job, 1, List.of(), null);
    core.handle(new CoreEvent.Polled(P0, List.of(source(P0, 1, replayed)), 2), now);
    core.endTurn(now);
    pass(Duration.ofMillis(5));
    assertThat(outcomes(lastCommit())).containsExactly(new Outcome.Cancelled());
  }

  @Test
  void aJobThatLeftItsLineCancelledIsEndedWithoutACallAlsoBeforeItsRequestIsKnown() {
    assign(P0, 0);
    JobRecord record = JobRecord.accepted(job()).asCancelled();
    core.handle(new CoreEvent.Polled(P0, List.of(source(P0, 0, record)), 1), now);
    core.endTurn(now);
    pass(Duration.ofMillis(5));
    assertThat(actions.calls).isEmpty();
    assertThat(outcomes(lastCommit())).containsExactly(new Outcome.Cancelled());
  }

  @Test
  void aCallThatIgnoresItsInterruptIsSettledWithoutItAndKeepsItsSlot() {
    core = core(1, 10);
    assign(P0, 0);
    poll(P0, 0, 2);
    var stuck = actions.onlyCall();
    pass(Duration.ofSeconds(31));
    assertThat(actions.interrupted).containsExactly(stuck);
    pass(WorkerCore.INTERRUPT_GRACE.plusMillis(1));
    committed();
    pass(Duration.ofMillis(3));
    assertThat(actions.commits.stream().flatMap(batch -> batch.settled().stream()))
        .extracting(Batch.Settled::claim)
        .containsExactly(stuck);
    assertThat(actions.calls).hasSize(1);
    assertThat(actions.stuck).as("interrupted, and past its grace").containsExactly(stuck);
    end(stuck, ANSWER);
    assertThat(actions.stuck).isEmpty();
    assertThat(actions.calls).as("the slot is free only now").hasSize(2);
  }

  @Test
  void aCallThatGoesOnAfterItsPartitionWentIsStuckOnlyAfterTheGrace() {
    assign(P0, 0);
    poll(P0, 0, 1);
    Claim call = actions.onlyCall();
    core.handle(new CoreEvent.Lost(Set.of(P0), new CompletableFuture<>()), now);
    pass(Duration.ofMillis(100));
    pass(WorkerCore.INTERRUPT_GRACE);
    assertThat(actions.stuck).isEmpty();
    pass(Duration.ofMillis(1));
    assertThat(actions.stuck).containsExactly(call);
  }

  @Test
  void aCallBeyondTheWorkersOwnBoundIsStuckAlthoughItMayGoOn() {
    core =
        coreOf(
            actions,
            new CoreLimits(
                1,
                10,
                1_000_000,
                100,
                Duration.ofMillis(3),
                new CoreLimits.Waiting(10, Duration.ofSeconds(20)),
                CoreLimits.LaneRule.DEFAULT,
                Duration.ofSeconds(10)));
    assign(P0, 0);
    poll(P0, 0, 1);
    pass(Duration.ofSeconds(10));
    assertThat(actions.stuck).isEmpty();
    pass(Duration.ofMillis(1));
    assertThat(actions.stuck).containsExactly(claim(0));
    assertThat(actions.interrupted).isEmpty();
    end(claim(0), ANSWER);
    assertThat(actions.stuck).isEmpty();
  }

  @Test
  void anIdleWorkerCommitsNowAndThenToKnowThatItCan() {
    assign(P0, 0);
    pass(WorkerCore.HEARTBEAT);
    assertThat(actions.commits).isEmpty();
    pass(Duration.ofMillis(1));
    assertThat(actions.commits).hasSize(1);
    assertThat(lastCommit().offsets()).containsOnlyKeys(P0);
    assertThat(lastCommit().size()).isZero();
  }

  @Test
  void aWorkerWithoutPartitionsCommitsNowAndThenToo() {
    pass(Duration.ofMillis(1));
    pass(WorkerCore.HEARTBEAT);
    assertThat(actions.commits).isEmpty();
    pass(Duration.ofMillis(1));
    assertThat(actions.commits).hasSize(1);
    assertThat(lastCommit().offsets()).isEmpty();
  }

  @Test
  void aJobExpiresInTimeAlthoughNoSlotIsFreeOrItIsNotDueYet() {
    assign(P0, 0);
    poll(P0, 0, SLOTS);
    Instant expireAt = now.plusSeconds(2);
    JobRecord queued = JobRecord.accepted(expiring(expireAt));
    var waiting = new JobRecord(expiring(expireAt), 0, List.of(), now.plusSeconds(3));
    core.handle(
        new CoreEvent.Polled(
            P0, List.of(source(P0, SLOTS, queued), source(P0, SLOTS + 1, waiting)), SLOTS + 2),
        now);
    core.endTurn(now);
    pass(Duration.ofMillis(1_900));
    assertThat(outcomes(lastCommit())).as("the calls are told, no more").isEmpty();
    committed();
    pass(Duration.ofMillis(200));
    pass(Duration.ofMillis(3));
    assertThat(outcomes(lastCommit()))
        .containsExactly(new Outcome.Expired(), new Outcome.Expired());
    assertThat(actions.calls).hasSize(SLOTS);
  }

  @Test
  void anUnreadableRecordTakesNoSlotAndIsCommittedWithItsOffset() {
    assign(P0, 0);
    var poison =
        new SourceRecord(
            P0,
            0,
            new Decoded.Refused<>("not JSON"),
            new SourceRecord.Raw(null, new byte[] {1}, -1),
            1,
            null);
    core.handle(new CoreEvent.Polled(P0, List.of(poison), 1), now);
    core.endTurn(now);
    pass(Duration.ofMillis(3));
    assertThat(lastCommit().poison()).containsExactly(poison);
    assertThat(committedOffset(lastCommit(), P0)).isEqualTo(1);
    assertThat(actions.calls).isEmpty();
  }

  @Test
  void markersAtTheTailAreCommittedOnceTheyAreSeen() {
    assign(P0, 0);
    poll(P0, 0, 1);
    end(claim(0), ANSWER);
    pass(Duration.ofMillis(3));
    committed();
    core.handle(new CoreEvent.Polled(P0, List.of(), 7), now);
    core.endTurn(now);
    pass(Duration.ofSeconds(1));
    assertThat(lastCommit().size()).isZero();
    assertThat(committedOffset(lastCommit(), P0)).isEqualTo(7);
  }

  @Test
  void offsetsOfIdlePartitionsAreCommittedAgainBeforeTheyExpire() {
    assign(P0, 5);
    pass(WorkerCore.RECOMMIT_AFTER.plusSeconds(1));
    assertThat(committedOffset(lastCommit(), P0)).isEqualTo(5);
  }

  @Test
  void callsThatGoOnAreToldSoThatLostOnesCanBeCounted() {
    assign(P0, 0);
    poll(P0, 0, 1);
    pass(WorkerCore.ANNOUNCE_PERIOD);
    pass(Duration.ofMillis(3));
    assertThat(lastCommit().started())
        .singleElement()
        .satisfies(s -> assertThat(s.event().attempt()).isEqualTo(1));
    assertThat(committedOffset(lastCommit(), P0)).isZero();
  }

  @Test
  void aCallThatEndsBeforeItIsToldIsToldByItsOutcomeAlone() {
    assign(P0, 0);
    poll(P0, 0, 1);
    end(claim(0), ANSWER);
    pass(WorkerCore.ANNOUNCE_PERIOD);
    pass(Duration.ofMillis(3));
    assertThat(actions.commits)
        .singleElement()
        .satisfies(batch -> assertThat(batch.started()).isEmpty());
  }

  @Test
  void drainingStartsNothingFinishesWhatRunsAndSaysSo() {
    core = core(1, 10);
    assign(P0, 0);
    poll(P0, 0, 3);
    core.handle(new CoreEvent.Drain(now.plusSeconds(20)), now);
    pass(Duration.ofMillis(3));
    committed();
    assertThat(actions.drained).isFalse();
    end(claim(0), ANSWER);
    pass(Duration.ofMillis(3));
    assertThat(actions.drained).isFalse();
    committed();
    core.endTurn(now);
    assertThat(actions.drained).isTrue();
    assertThat(actions.calls).hasSize(1);
  }

  @Test
  void aDrainThatTakesTooLongHandsBackWhatStillRuns() {
    assign(P0, 0);
    poll(P0, 0, 1);
    core.handle(new CoreEvent.Drain(now.plusSeconds(20)), now);
    pass(Duration.ofSeconds(1));
    committed();
    pass(Duration.ofSeconds(20));
    assertThat(actions.interrupted).hasSize(1);
    assertThat(actions.drained).isTrue();
    assertThat(actions.commits).allMatch(batch -> batch.settled().isEmpty());
  }

  /**
   * A random life of two partitions with hand-overs: nothing is lost, and nothing is committed
   * twice.
   */
  @Test
  void throughRandomHandOversEachJobIsSettledExactlyOnce() {
    for (long seed = 1; seed <= 200; seed++) {
      new RandomLife(seed).run();
    }
  }

  /** Plays log and broker: what is committed is what the next owner begins from. */
  private static final class RandomLife {
    private static final int JOBS = 300;
    private final long seed;
    private final Random random;
    private final RecordingActions world = new RecordingActions();
    private final List<SourceRecord> log = new ArrayList<>();
    private final Map<Long, Integer> settledByOffset = new java.util.TreeMap<>();
    private Instant time = Instant.parse("2026-11-21T08:00:00Z");
    private WorkerCore owner;
    private long committed;
    private String metadata = "";
    private long position;
    private boolean owned;

    RandomLife(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
      for (int i = 0; i < JOBS; i++) {
        // Every third offset is a marker.
        log.add(source(P0, i * 3L / 2));
      }
      this.owner = coreOf(world, 8, 40);
    }

    void run() {
      for (int step = 0; step < 20_000 && settledByOffset.size() < JOBS; step++) {
        time = time.plusMillis(random.nextInt(5));
        step();
        owner.handle(new CoreEvent.Tick(), time);
        owner.endTurn(time);
      }
      assertThat(settledByOffset).as("seed %s", seed).hasSize(JOBS);
      assertThat(settledByOffset.values()).as("seed %s", seed).containsOnly(1);
    }

    private void step() {
      int dice = random.nextInt(100);
      if (!owned) {
        var restored =
            (WindowMetadata.Restored.Window) WindowMetadata.read(committed, TOPIC, metadata);
        owner.handle(
            new CoreEvent.Assigned(P0, TOPIC, restored.window(), restored.custody()), time);
        position = committed;
        owned = true;
      } else if (dice < 30) {
        var polled =
            log.stream().filter(r -> r.offset() >= position).limit(random.nextInt(20)).toList();
        if (!polled.isEmpty()) {
          position = polled.getLast().offset() + 1;
          owner.handle(new CoreEvent.Polled(P0, polled, position), time);
        }
      } else if (dice < 75) {
        endSomeCall();
      } else if (dice < 95) {
        answerCommit(random.nextInt(10) > 0);
      } else if (dice < 98) {
        var released = new CompletableFuture<Void>();
        owner.handle(
            dice < 97
                ? new CoreEvent.Revoked(Set.of(P0), released)
                : new CoreEvent.Lost(Set.of(P0), released),
            time);
        for (int i = 0; i < 50 && !released.isDone(); i++) {
          owner.endTurn(time);
          answerCommit(random.nextInt(10) > 0);
          time = time.plusMillis(50);
        }
        owner.endTurn(time);
        assertThat(released).as("seed %s", seed).isCompleted();
        owned = false;
      } else {
        // The process dies with all it remembers; what is under way may or may not have been
        // committed.
        answerCommit(random.nextBoolean());
        world.commits.clear();
        world.calls.clear();
        owner = coreOf(world, 8, 40);
        owned = false;
      }
    }

    private void endSomeCall() {
      var running = List.copyOf(world.calls.keySet());
      if (!running.isEmpty()) {
        Claim claim = running.get(random.nextInt(running.size()));
        world.calls.remove(claim);
        owner.handle(
            new CoreEvent.CallEnded(claim, ANSWER, new Judge.Call("p", "w", time, Duration.ZERO)),
            time);
      }
    }

    private void answerCommit(boolean granted) {
      if (world.commits.isEmpty()) {
        return;
      }
      Batch batch = world.commits.removeFirst();
      if (granted) {
        batch.settled().forEach(s -> settledByOffset.merge(s.claim().offset(), 1, Integer::sum));
        var offset = Objects.requireNonNull(batch.offsets().get(P0));
        committed = offset.offset();
        metadata = offset.metadata();
        owner.handle(new CoreEvent.Committed(batch), time);
      } else {
        owner.handle(new CoreEvent.Refused(batch), time);
      }
    }
  }

  // Waiting

  @Test
  void aJobThatIsDueLaterThanTheHorizonIsPassedOnAtOnceAndOneThatIsDueSoonerWaits() {
    core = core(1, 10);
    assign(P0, 0);
    var far = dueAt(now.plusSeconds(21));
    var near = dueAt(now.plusSeconds(20));
    core.handle(new CoreEvent.Polled(P0, List.of(source(P0, 0, far), source(P0, 1, near)), 2), now);
    core.endTurn(now);
    pass(Duration.ofMillis(5));
    assertThat(lastCommit().settled()).hasSize(1);
    assertThat(lastCommit().settled().getFirst().settlement())
        .isEqualTo(new Settlement.Hold(far, now.minusMillis(5)));
    assertThat(committedOffset(lastCommit(), P0)).isEqualTo(1);
    committed();
    pass(Duration.ofSeconds(20));
    assertThat(actions.onlyCall().record()).isEqualTo(near);
  }

  @Test
  void jobsThatWaitForTheirDueTimeDoNotTakeTheRoomOfThoseThatRun() {
    core = coreOf(actions, 10, 2, 1_000_000, 3);
    assign(P0, 0);
    var records = new ArrayList<SourceRecord>();
    for (int offset = 0; offset < 3; offset++) {
      records.add(source(P0, offset, dueAt(now.plusSeconds(5))));
    }
    records.add(source(P0, 3));
    records.add(source(P0, 4));
    core.handle(new CoreEvent.Polled(P0, records.subList(0, 2), 2), now);
    core.endTurn(now);
    assertThat(actions.paused).as("two wait, and as many may run").isEmpty();
    core.handle(new CoreEvent.Polled(P0, records.subList(2, 5), 5), now);
    core.endTurn(now);
    assertThat(actions.paused).as("no more may wait, and enough is read ahead").containsExactly(P0);
    assertThat(actions.calls).isEmpty();
    pass(Duration.ofSeconds(5));
    pass(Duration.ofMillis(1));
    assertThat(actions.calls).as("those that became due run, although they are more").hasSize(3);
    end(claim(0), ANSWER);
    end(claim(1), ANSWER);
    pass(Duration.ofMillis(5));
    assertThat(actions.calls).hasSize(4);
  }

  // Priorities

  @Test
  void reservedSlotsStayFreeForJobsOfHighPriority() {
    core = coreWith(4, 50, new CoreLimits.LaneRule(2, 16, 4, 1, Duration.ofMinutes(5)));
    assign(P0, 0);
    assign(HIGH, 0);
    assign(LOW, 0);
    poll(LOW, 0, 10);
    poll(P0, 0, 10);
    assertThat(actions.calls).as("two slots are for others").hasSize(2);
    poll(HIGH, 0, 10);
    assertThat(lanesOf(actions.calls.keySet())).containsEntry(Priority.HIGH, 2L).hasSize(2);
    end(claim(HIGH, 0), ANSWER);
    assertThat(lanesOf(actions.calls.keySet())).containsEntry(Priority.HIGH, 3L);
    assertThat(actions.calls).hasSize(5);
  }

  @Test
  void freedSlotsAreSharedByTheWeightsAndLowGoesOnSlowly() {
    core = coreWith(1, 500, new CoreLimits.LaneRule(0, 16, 4, 1, Duration.ofMinutes(5)));
    assign(P0, 0);
    assign(HIGH, 0);
    assign(LOW, 0);
    for (TopicPartition partition : List.of(LOW, P0, HIGH)) {
      poll(partition, 0, 300);
    }
    for (int i = 0; i < 210; i++) {
      end(actions.calls.sequencedKeySet().getLast(), ANSWER);
    }
    assertThat(lanesOf(actions.calls.keySet()).get(Priority.HIGH)).isBetween(158L, 162L);
    assertThat(lanesOf(actions.calls.keySet()).get(Priority.NORMAL)).isBetween(38L, 42L);
    assertThat(lanesOf(actions.calls.keySet()).get(Priority.LOW)).isBetween(9L, 12L);
  }

  @Test
  void aBacklogOfOnePriorityPausesNothingOfAnother() {
    core = coreWith(1, 10, CoreLimits.LaneRule.DEFAULT);
    assign(LOW, 0);
    assign(P0, 0);
    assign(HIGH, 0);
    poll(LOW, 0, 5_000);
    assertThat(actions.paused).containsExactly(LOW);
  }

  private static Map<Priority, Long> lanesOf(Collection<Claim> claims) {
    return claims.stream().collect(Collectors.groupingBy(Claim::lane, Collectors.counting()));
  }

  private WorkerCore coreWith(int slots, int windowJobs, CoreLimits.LaneRule lanes) {
    return coreOf(
        actions,
        new CoreLimits(
            slots,
            windowJobs,
            1_000_000,
            100,
            Duration.ofMillis(3),
            new CoreLimits.Waiting(1_000, Duration.ofSeconds(20)),
            lanes));
  }

  private static JobRecord dueAt(Instant dueAt) {
    return new JobRecord(job(), 0, List.of(), dueAt);
  }

  // The world

  private WorkerCore core(int slots, int windowJobs) {
    return coreOf(actions, slots, windowJobs);
  }

  private static WorkerCore coreOf(RecordingActions actions, int slots, int windowJobs) {
    return coreOf(actions, slots, windowJobs, 1_000_000);
  }

  @Test
  void anAttemptTellsHowLongItWaitedForItsSlot() {
    assign(P0, 0);
    poll(P0, 0, SLOTS + 1);
    pass(Duration.ofSeconds(2));
    end(claim(0), ANSWER);
    end(claim(SLOTS), FAILURE);
    pass(Duration.ofMillis(3));
    committed();
    pass(Duration.ofMillis(3));
    assertThat(actions.commits.stream().flatMap(batch -> attempts(batch).stream()))
        .extracting(Attempt::waits)
        .containsExactly(
            new Waits(Duration.ofHours(1).toMillis(), 0),
            new Waits(Duration.ofHours(1).plusSeconds(2).toMillis(), 0));
  }

  @Test
  void aRetryWaitsFromItsDueTimeOn() {
    assign(P0, 0);
    var due = new JobRecord(job(), 0, List.of(attempt()), now.plusSeconds(3));
    core.handle(new CoreEvent.Polled(P0, List.of(source(P0, 0, due)), 1), now);
    core.endTurn(now);
    pass(Duration.ofMillis(3_040));
    assertThat(claim(0).waits).isEqualTo(new Waits(40, 0));
  }

  private static List<Attempt> attempts(Batch batch) {
    return batch.settled().stream()
        .map(s ->
            switch (s.settlement()) {
              case Settlement.Finish finish -> finish.attempts().getLast();
              case Settlement.Retry retry -> retry.failed();
              case Settlement.Hold _ -> throw new AssertionError("a hold has no attempt");
            })
        .toList();
  }

  private Attempt attempt() {
    return new Attempt(1, "simulated", "w", now, Duration.ZERO, new Failure.Retryable("no"));
  }

  private static WorkerCore coreOf(
      RecordingActions actions, int slots, int windowJobs, long claimedBytes) {
    return coreOf(actions, slots, windowJobs, claimedBytes, 1_000);
  }

  private static WorkerCore coreOf(
      RecordingActions actions, int slots, int windowJobs, long claimedBytes, int windowWaiting) {
    return coreOf(
        actions,
        new CoreLimits(
            slots,
            windowJobs,
            claimedBytes,
            100,
            Duration.ofMillis(3),
            new CoreLimits.Waiting(windowWaiting, Duration.ofSeconds(20))));
  }

  private static WorkerCore coreOf(RecordingActions actions, CoreLimits limits) {
    return new WorkerCore(
        new Incarnation("worker-1", PROCESS),
        limits,
        new Judge(
            RetryPolicies.all(new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1))),
            new RetryBudget(0.2, 10),
            new Random(1)),
        new Routes(Map.of(), (_, _) -> true, List.of()),
        actions,
        new NoMetrics());
  }

  private void assign(TopicPartition partition, long watermark) {
    core.handle(
        new CoreEvent.Assigned(partition, TOPIC, new PartitionWindow(watermark), MINE), now);
    core.endTurn(now);
  }

  private void poll(TopicPartition partition, long from, int count) {
    var records = new ArrayList<SourceRecord>();
    for (long offset = from; offset < from + count; offset++) {
      records.add(source(partition, offset));
    }
    core.handle(new CoreEvent.Polled(partition, records, from + count), now);
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

  private Claim claim(long offset) {
    return claim(P0, offset);
  }

  private Claim claim(TopicPartition partition, long offset) {
    return actions.calls.keySet().stream()
        .filter(claim -> claim.offset() == offset && claim.partition().equals(partition))
        .findFirst()
        .orElseThrow();
  }

  private static long committedOffset(Batch batch, TopicPartition partition) {
    return Objects.requireNonNull(batch.offsets().get(partition)).offset();
  }

  private static PartitionWindow restored(Batch batch, TopicPartition partition) {
    var offset = Objects.requireNonNull(batch.offsets().get(partition));
    return ((WindowMetadata.Restored.Window)
            WindowMetadata.read(offset.offset(), TOPIC, offset.metadata()))
        .window();
  }

  private static List<Outcome> outcomes(Batch batch) {
    return batch.settled().stream()
        .map(s -> ((Settlement.Finish) s.settlement()).outcome())
        .toList();
  }

  private static JobId id(Claim claim) {
    return claim.record().job().id();
  }

  private static SourceRecord source(TopicPartition partition, long offset) {
    return source(partition, offset, JobRecord.accepted(job()));
  }

  private static SourceRecord source(TopicPartition partition, long offset, JobRecord record) {
    return new SourceRecord(partition, offset, new Decoded.Value<>(record), null, 100, null);
  }

  private static Job expiring(Instant expireAt) {
    Job job = job();
    return new Job(
        job.id(),
        job.model(),
        job.input(),
        job.maxAttempts(),
        job.attemptTimeout(),
        job.acceptedAt(),
        expireAt,
        job.labels());
  }

  private static Job job() {
    Instant accepted = Instant.parse("2026-11-21T07:00:00Z");
    return new Job(
        JobId.random(accepted),
        "simulated",
        new JobInput.Embed("text"),
        2,
        Duration.ofSeconds(30),
        accepted,
        null,
        Map.of());
  }
}
