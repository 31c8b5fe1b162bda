package dev.penstock.streams.view;

import static dev.penstock.streams.Lives.T0;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.job.Attempt;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobState;
import dev.penstock.job.JobView;
import dev.penstock.job.LifePosition;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import dev.penstock.streams.Lives;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class JobLifeTest {
  private final Job job = Lives.job(T0);
  private static final Instant APPENDED = T0.plusMillis(3);

  @Test
  void aRecordThatStandsInTwoTopicsHasOneOrigin() {
    JobRecord record = JobRecord.accepted(job);
    var first = new Fact.Accepted(record, APPENDED, new Origin(Input.JOBS, 900), "a".repeat(32));
    var second = new Fact.Accepted(record, APPENDED, new Origin(Input.ACCEPTED, 3), null);

    JobLife life = JobLife.UNKNOWN.accepted(first).accepted(second);

    assertThat(life).isEqualTo(JobLife.UNKNOWN.accepted(second).accepted(first));
    assertThat(life.profile())
        .extracting(JobLife.Profile::origin)
        .isEqualTo(new Origin(Input.JOBS, 900));
    assertThat(view(life).traceId()).isEqualTo("a".repeat(32));
  }

  @Test
  void aJobThatIsNotToRunYetIsScheduledUntilItsFirstCallBegins() {
    Job job = Lives.scheduled(T0, T0.plusSeconds(3_600));
    JobView view = view(fold(List.of(JobRecord.accepted(job))));
    assertThat(view.state()).isEqualTo("scheduled");
    assertThat(view.dueAt()).isEqualTo(T0.plusSeconds(3_600));
    view =
        view(
            fold(
                List.of(
                    Lives.started(job.id(), 0, 1, "w1", T0.plusSeconds(3_601)),
                    JobRecord.accepted(job))));
    assertThat(view.state()).isEqualTo("running");
    assertThat(view.dueAt()).isNull();
  }

  @Test
  void anAcceptedJobIsQueued() {
    JobView view = view(fold(List.of(JobRecord.accepted(job))));
    assertThat(view.state()).isEqualTo("queued");
    assertThat(view.version()).isEqualTo("0.0.0");
    assertThat(view.acceptedAt()).isEqualTo(T0);
    assertThat(view.kind()).isEqualTo("detect-language");
    assertThat(view.labels()).containsEntry("team", "blue");
    assertThat(view.wastedCalls()).isZero();
  }

  @Test
  void aJobIsShownWithItsTenantAlsoWhereTheStoreKnewNone() {
    Job job = Lives.job(T0);
    Job theirs =
        new Job(
            job.id(),
            job.model(),
            job.input(),
            job.maxAttempts(),
            job.attemptTimeout(),
            job.acceptedAt(),
            null,
            job.labels(),
            null,
            null,
            null,
            Priority.NORMAL,
            false,
            new TenantId("acme"),
            null);
    JobLife ours = JobLife.UNKNOWN.accepted(Lives.fact(JobRecord.accepted(job), T0));
    assertThat(Json.MAPPER.writeValueAsString(ours)).doesNotContain("tenant");
    assertThat(JobViews.view(job.id(), ours).orElseThrow().tenant()).isEqualTo(TenantId.DEFAULT);
    JobLife life = JobLife.UNKNOWN.accepted(Lives.fact(JobRecord.accepted(theirs), T0));
    JobLife stored = Json.MAPPER.readValue(Json.MAPPER.writeValueAsString(life), JobLife.class);
    assertThat(stored).isEqualTo(life);
    assertThat(JobViews.view(job.id(), stored).orElseThrow().tenant())
        .isEqualTo(new TenantId("acme"));
  }

  @Test
  void eventsBeforeTheJobRecordAreKeptButNotShown() {
    JobLife partial = fold(List.of(Lives.started(job.id(), 0, 1, "w1", T0)));
    assertThat(partial.isShown()).isFalse();
    assertThat(JobViews.view(job.id(), partial)).isEmpty();
    JobLife whole = partial.accepted(Lives.fact(JobRecord.accepted(job), APPENDED));
    assertThat(view(whole).state()).isEqualTo("running");
    assertThat(view(whole).runningAttempt()).isEqualTo(1);
  }

  @Test
  void aFailedAttemptWaitsForItsDueTimeAndIsListed() {
    JobView view =
        view(
            fold(
                List.of(
                    JobRecord.accepted(job),
                    Lives.started(job.id(), 0, 1, "w1", T0.plusSeconds(1)),
                    Lives.retried(job.id(), 0, 1, T0.plusSeconds(2)))));
    assertThat(view.state()).isEqualTo("waiting");
    assertThat(view.dueAt()).isEqualTo(T0.plusSeconds(7));
    assertThat(view.attempts()).containsExactly(Lives.failed(1, T0.plusSeconds(2)));
    assertThat(view.runningAttempt()).isNull();
  }

  @Test
  void aCallToldTwiceForOneAttemptIsWasted() {
    JobLife life =
        fold(
            List.of(
                JobRecord.accepted(job),
                Lives.started(job.id(), 0, 1, "w1", T0.plusSeconds(1)),
                Lives.started(job.id(), 0, 1, "w1", T0.plusSeconds(1)),
                Lives.started(job.id(), 0, 1, "w2", T0.plusSeconds(9))));
    assertThat(view(life).wastedCalls()).isEqualTo(1);
    assertThat(JobViews.tag(life)).isEqualTo("0.1.1+wasted1");
  }

  @Test
  void whatTheInputOfWastedCallsCostIsAddedUp() {
    JobLife life =
        fold(
            List.of(
                JobRecord.accepted(job),
                startedFor(500L, "w1", T0.plusSeconds(1)),
                startedFor(null, "w2", T0.plusSeconds(9)),
                startedFor(700L, "w3", T0.plusSeconds(19)),
                startedFor(900L, "w4", T0.plusSeconds(29))));
    assertThat(view(life).wastedCalls()).isEqualTo(3);
    assertThat(view(life).wastedCostNanos()).isEqualTo(1_200);
    assertThat(Json.MAPPER.readValue(Json.MAPPER.writeValueAsString(life), JobLife.class))
        .isEqualTo(life);
  }

  @Test
  void theCallOfALostWorkerIsWastedAlsoWhenItsJobIsServedFromTheCache() {
    var served = new Served("m", null, Usage.NONE, 0L, null, null, T0.plusSeconds(5));
    var attempt = new Attempt(1, "local", "w2", T0.plusSeconds(9), Duration.ZERO, null, served);
    JobLife life =
        fold(
            List.of(
                JobRecord.accepted(job),
                startedFor(500L, "w1", T0.plusSeconds(1)),
                new JobEvent.Finished(
                    job.id(),
                    0,
                    List.of(attempt),
                    new Outcome.Succeeded(Lives.output()),
                    T0.plusSeconds(9))));
    assertThat(view(life).wastedCalls()).isEqualTo(1);
    assertThat(view(life).wastedCostNanos()).isEqualTo(500);
  }

  @Test
  void theCallOfALostWorkerIsWastedAlsoWhenItsJobEndsWithoutAnother() {
    JobLife life =
        fold(
            List.of(
                JobRecord.accepted(job),
                startedFor(500L, "w1", T0.plusSeconds(1)),
                new JobEvent.Finished(
                    job.id(), 0, List.of(), new Outcome.Expired(), T0.plusSeconds(9))));
    assertThat(view(life).wastedCalls()).isEqualTo(1);
    assertThat(view(life).wastedCostNanos()).isEqualTo(500);
  }

  @Test
  void withoutWastedCallsThereIsNoWastedCost() {
    JobLife life =
        fold(List.of(JobRecord.accepted(job), startedFor(500L, "w1", T0.plusSeconds(1))));
    assertThat(view(life).wastedCostNanos()).isNull();
  }

  private JobEvent.AttemptStarted startedFor(@Nullable Long cost, String worker, Instant at) {
    return new JobEvent.AttemptStarted(job.id(), 0, 1, "local", worker, at, cost);
  }

  @Test
  void theJobsCostIsThatOfItsAttempts() {
    Attempt failed = costing(1, 300L);
    Attempt unknown = costing(2, null);
    var retry =
        new JobEvent.RetryScheduled(job.id(), 0, failed, T0.plusSeconds(7), T0.plusSeconds(2));
    var accepted = JobRecord.accepted(job);
    assertThat(view(fold(List.of(accepted))).costNanos()).isNull();
    assertThat(view(fold(List.of(accepted, retry))).costNanos()).isEqualTo(300);
    var finished =
        new JobEvent.Finished(
            job.id(),
            0,
            List.of(failed, unknown, costing(3, 40L)),
            new Outcome.Succeeded(Lives.output()),
            T0.plusSeconds(9));
    assertThat(view(fold(List.of(accepted, retry, finished))).costNanos()).isEqualTo(340);
    assertThat(JobViews.result(finished).costNanos()).isEqualTo(340);
  }

  private static Attempt costing(int number, @Nullable Long cost) {
    return new Attempt(
        number,
        "local",
        "w1",
        T0,
        Duration.ofSeconds(1),
        null,
        new Served(null, null, new Usage(10, 5, 0), cost, null));
  }

  @Test
  void startsOfOneAttemptAreKeptUpToABound() {
    JobLife life = fold(List.of(JobRecord.accepted(job)));
    for (int start = 0; start < 1_000; start++) {
      life = life.happened(Lives.started(job.id(), 0, 1, "w" + start, T0.plusMillis(start)));
    }
    assertThat(life.attempts().getFirst().starts()).hasSize(JobLife.MAX_STARTS);
  }

  @Test
  void aFinishedJobHasItsOutcomeAndAllAttempts() {
    Instant end = T0.plusSeconds(9);
    JobView view =
        view(fold(List.of(JobRecord.accepted(job), Lives.succeeded(job.id(), 0, 3, end))));
    assertThat(view.state()).isEqualTo("succeeded");
    assertThat(view.finishedAt()).isEqualTo(end);
    assertThat(view.attempts()).hasSize(3);
    assertThat(view.version()).isEqualTo(LifePosition.finished(0).toString());
  }

  @Test
  void aReplayStartsAgainAndWhatIsToldOfTheOldGenerationIsIgnored() {
    JobLife replayed =
        fold(
            List.of(
                JobRecord.accepted(job),
                Lives.deadLettered(job.id(), 0, T0.plusSeconds(1)),
                new JobRecord(job, 1, List.of(), null)));
    assertThat(view(replayed).state()).isEqualTo("queued");
    assertThat(view(replayed).generation()).isEqualTo(1);
    assertThat(view(replayed).failure()).isNull();
    assertThat(replayed.enteredAt()).isEqualTo(APPENDED);
    assertThat(replayed.happened(Lives.deadLettered(job.id(), 0, T0.plusSeconds(1))))
        .isEqualTo(replayed);
  }

  @Test
  void aCancelRequestIsShownForTheGenerationItNames() {
    JobLife life =
        fold(
            List.of(
                JobRecord.accepted(job),
                Lives.cancel(job.id(), 0, T0),
                new JobRecord(job, 1, List.of(), null)));
    assertThat(view(life).cancelRequested()).isFalse();
    assertThat(view(life.cancelRequested(Lives.cancel(job.id(), 1, T0))).cancelRequested())
        .isTrue();
  }

  @Test
  void aRequestToRetryNowIsShownWhileTheJobIsInTheWaitThatItIsFor() {
    Instant asked = T0.plusSeconds(2);
    JobLife waiting =
        fold(
            List.of(
                JobRecord.accepted(job),
                Lives.retried(job.id(), 0, 1, T0.plusSeconds(1)),
                new RetryNowRequest(job.id(), 0, 1, asked.plusSeconds(1)),
                new RetryNowRequest(job.id(), 0, 1, asked)));
    assertThat(view(waiting).retryNowRequestedAt()).isEqualTo(asked);
    assertThat(JobViews.tag(waiting)).isEqualTo(waiting.position() + "+now");
    JobLife running = fold(waiting, Lives.started(job.id(), 0, 2, "w", T0.plusSeconds(3)));
    assertThat(view(running).retryNowRequestedAt()).isNull();
    JobLife again = fold(running, Lives.retried(job.id(), 0, 2, T0.plusSeconds(4)));
    assertThat(view(again).retryNowRequestedAt()).isNull();
    Job later = Lives.scheduled(T0, T0.plusSeconds(3_600));
    JobLife scheduled =
        fold(List.of(JobRecord.accepted(later), new RetryNowRequest(later.id(), 0, 0, asked)));
    assertThat(scheduled.retryNowRequestedAt()).isEqualTo(asked);
  }

  @Test
  void theFirstOutcomeOfAGenerationStays() {
    JobLife finished =
        fold(List.of(JobRecord.accepted(job), Lives.succeeded(job.id(), 0, 1, T0.plusSeconds(5))));
    assertThat(finished.happened(Lives.deadLettered(job.id(), 0, T0.plusSeconds(1))))
        .isEqualTo(finished);
  }

  @Test
  void anyOrderAndAnyRepetitionOfTheRecordsGivesTheSameLife() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int round = 0; round < 2_000; round++) {
      Job any = Lives.job(T0);
      List<Object> records = Lives.random(any, random);
      JobLife expected = fold(records);
      var shuffled = new ArrayList<>(records);
      for (Object record : records) {
        if (random.nextInt(3) == 0) {
          shuffled.add(record);
        }
      }
      Collections.shuffle(shuffled, random);
      assertThat(fold(shuffled)).as("seed %d, round %d", seed, round).isEqualTo(expected);
      assertThat(expected.state() == JobState.SUCCEEDED)
          .as("seed %d, round %d", seed, round)
          .isEqualTo(expected.end() != null);
    }
  }

  @Test
  void thePositionNeverFallsWhateverIsRead() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int round = 0; round < 500; round++) {
      Job any = Lives.job(T0);
      var records = new ArrayList<>(Lives.random(any, random));
      Collections.shuffle(records, random);
      JobLife life = JobLife.UNKNOWN;
      for (Object record : records) {
        JobLife next = fold(life, record);
        assertThat(next.position()).as("seed %d", seed).isGreaterThanOrEqualTo(life.position());
        life = next;
      }
    }
  }

  @Test
  void entriesAreInTheOrderOfTheLifeAndEachPositionIsUnique() {
    var random = new Random(7);
    for (int round = 0; round < 200; round++) {
      JobLife life = fold(Lives.random(Lives.job(T0), random));
      List<LifePosition> positions = LifeEntry.of(life).stream().map(LifeEntry::position).toList();
      assertThat(positions).isSorted().doesNotHaveDuplicates();
      assertThat(positions.getLast()).isEqualTo(life.position());
    }
  }

  private JobView view(JobLife life) {
    return JobViews.view(job.id(), life).orElseThrow();
  }

  private static JobLife fold(List<?> records) {
    JobLife life = JobLife.UNKNOWN;
    for (Object record : records) {
      life = fold(life, record);
    }
    return life;
  }

  private static JobLife fold(JobLife life, Object record) {
    return switch (record) {
      case JobRecord accepted -> life.accepted(Lives.fact(accepted, APPENDED));
      case JobEvent event -> life.happened(event);
      case CancelRequest cancel -> life.cancelRequested(cancel);
      case RetryNowRequest retry -> life.retryNowRequested(retry);
      default -> throw new AssertionError(record);
    };
  }
}
