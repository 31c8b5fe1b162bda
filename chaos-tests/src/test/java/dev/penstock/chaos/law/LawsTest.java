package dev.penstock.chaos.law;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Attempt;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobResult;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryNowRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Each planted violation is found, by its own law and no other. */
final class LawsTest {
  private static final Outcome SUCCESS =
      new Outcome.Succeeded(new JobOutput.Summary(List.of("another one")));

  private static final Call.End DONE = Call.End.RETURNED;

  private final Run run = new Run();

  @Test
  void aRunThatKeepsAllLawsHasNoViolations() {
    assertThat(run.check()).isEmpty();
  }

  @Test
  void anAcceptedJobThatIsNowhereIsFound() {
    run.accepted(JobId.random(Instant.EPOCH), Optional.empty());
    assertOnly(Law.ACCEPTED_MEANS_DURABLE, "not on the jobs topic");
  }

  @Test
  void aJobThatStandsOnTheTopicTwiceIsFound() {
    run.history.jobs.add(run.record("jobs", run.history.jobs.getFirst().value()));
    assertOnly(Law.ACCEPTED_MEANS_DURABLE, "2 times");
  }

  @Test
  void aJobWithoutAnOutcomeIsFound() {
    run.forgetOutcome(run.succeeded);
    assertOnly(Law.EXACTLY_ONE_OUTCOME, "no outcome");
  }

  @Test
  void aJobOfAnIndeterminateSubmissionNeedsAnOutcomeToo() {
    run.history.submissions.removeIf(
        submission -> submission.answer().equals(new Submission.Answer.Accepted(run.succeeded)));
    run.history.submissions.add(
        new Submission(Optional.empty(), new Submission.Answer.Indeterminate("reset")));
    assertThat(run.check()).isEmpty();
    run.forgetOutcome(run.succeeded);
    assertOnly(Law.EXACTLY_ONE_OUTCOME, "no outcome");
  }

  @Test
  void aSecondOutcomeIsFoundAndTheStoryTellsBoth() {
    run.event(new JobEvent.Finished(run.succeeded, 0, List.of(), SUCCESS, run.now()));
    Violation violation = assertOnly(Law.EXACTLY_ONE_OUTCOME, "2 outcomes");
    assertThat(violation.subject()).isEqualTo("job " + run.succeeded);
    assertThat(violation.story())
        .contains("submitted, 2 attempts allowed", "attempt 1 started by w1", "deu", "another one");
    assertThat(violation.toString()).startsWith("EXACTLY_ONE_OUTCOME (promise 2): job ");
  }

  @Test
  void anOutcomeOfAJobThatWasNeverSubmittedIsFound() {
    JobId unknown = JobId.random(Instant.EPOCH);
    run.event(new JobEvent.Finished(unknown, 0, List.of(), new Outcome.Expired(), run.now()));
    assertOnly(Law.EXACTLY_ONE_OUTCOME, "never on the jobs topic");
  }

  @Test
  void anOutcomeOfAnotherGenerationDoesNotCount() {
    run.event(new JobEvent.Finished(run.succeeded, 1, List.of(), new Outcome.Expired(), run.now()));
    assertThat(run.check()).extracting(Violation::law).contains(Law.EXACTLY_ONE_OUTCOME);
  }

  @Test
  void anAttemptThatBeginsAfterTheOutcomeIsFound() {
    run.start(run.succeeded, 1);
    assertOnly(Law.NO_ZOMBIES, "went on after its outcome");
  }

  @Test
  void eventsInTwoPartitionsAreFound() {
    run.history.events.add(
        new Recorded<>(
            "events",
            1,
            0,
            Instant.EPOCH,
            new JobEvent.AttemptStarted(run.succeeded, 0, 1, "p", "w", Instant.EPOCH)));
    assertOnly(Law.NO_ZOMBIES, "two partitions");
  }

  @Test
  void moreCallsThanThePolicyAndTheCrashesAllowAreFound() {
    run.forgetOutcome(run.keyed);
    run.start(run.keyed, 1);
    run.start(run.keyed, 1);
    run.finish(run.keyed, List.of(run.attempt(1, false)), SUCCESS);
    assertOnly(Law.ATTEMPTS_ARE_BOUNDED, "called 4 times, but 3 are allowed");
  }

  @Test
  void moreAttemptsThanThePolicyAllowsAreFound() {
    run.forgetOutcome(run.succeeded);
    Attempt first = run.started(run.succeeded, true);
    run.start(run.succeeded, 2);
    Attempt second = run.attempt(2, true);
    run.start(run.succeeded, 3);
    run.finish(run.succeeded, List.of(first, second, run.attempt(3, false)), SUCCESS);
    assertOnly(Law.ATTEMPTS_ARE_BOUNDED, "3 attempts, but 2 are allowed");
  }

  @Test
  void attemptsThatAreMisnumberedAreFound() {
    run.forgetOutcome(run.succeeded);
    run.start(run.succeeded, 2);
    run.finish(run.succeeded, List.of(run.attempt(2, false)), SUCCESS);
    assertOnly(Law.ATTEMPTS_ARE_BOUNDED, "not numbered");
  }

  @Test
  void givingUpEarlyIsFound() {
    run.forgetOutcome(run.succeeded);
    List<Attempt> attempts = List.of(run.started(run.succeeded, true));
    run.finish(run.succeeded, attempts, new Outcome.DeadLettered(Run.FAILURE));
    run.bury(run.succeeded, attempts);
    assertOnly(Law.ATTEMPTS_ARE_BOUNDED, "given up after 1 of 2");
  }

  @Test
  void aFailedAttemptThatTheOutcomeForgetsIsFound() {
    run.forgetOutcome(run.retried);
    Attempt first = run.started(run.retried, false);
    run.finish(run.retried, List.of(first, run.attempt(2, false)), SUCCESS);
    assertOnly(Law.ATTEMPTS_ARE_BOUNDED, "does not tell so");
  }

  @Test
  void aCallThatEndedBeforeItsStartCouldBeToldIsLawful() {
    run.history.events.removeIf(event ->
        event.value() instanceof JobEvent.AttemptStarted start
            && start.jobId().equals(run.succeeded));
    assertThat(run.check()).isEmpty();
    assertThat(Laws.wastedCalls(run.history.build())).isEqualTo(1);
  }

  @Test
  void aRetryThatBeginsTooEarlyIsFound() {
    run.forgetOutcome(run.succeeded);
    Attempt failed = run.started(run.succeeded, true);
    run.retry(run.succeeded, failed, 60);
    run.start(run.succeeded, 2);
    run.finish(run.succeeded, List.of(failed, run.attempt(2, false)), SUCCESS);
    assertOnly(Law.RETRIES_KEEP_THEIR_DUE_TIME, "but it was due at");
    assertThat(Laws.check(run.history.build(), new Allowance(1, Duration.ofMinutes(1)))).isEmpty();
  }

  @Test
  void aRetryMayBeginBeforeItIsDueWhenSomeoneAskedForThatWaitAndNotBeforeThat() {
    run.forgetOutcome(run.succeeded);
    Attempt failed = run.started(run.succeeded, true);
    run.retry(run.succeeded, failed, 60);
    hurry(run.succeeded, 1);
    run.start(run.succeeded, 2);
    run.finish(run.succeeded, List.of(failed, run.attempt(2, false)), SUCCESS);
    assertThat(run.check()).isEmpty();
    run.history.hurries.clear();
    hurry(run.succeeded, 1);
    assertOnly(Law.RETRIES_KEEP_THEIR_DUE_TIME, "but it was due at");
  }

  @Test
  void aRequestForAnotherWaitLetsNoRetryBeginEarly() {
    run.forgetOutcome(run.succeeded);
    Attempt failed = run.started(run.succeeded, true);
    run.retry(run.succeeded, failed, 60);
    hurry(run.succeeded, 0);
    hurry(run.succeeded, 2);
    run.start(run.succeeded, 2);
    run.finish(run.succeeded, List.of(failed, run.attempt(2, false)), SUCCESS);
    assertOnly(Law.RETRIES_KEEP_THEIR_DUE_TIME, "but it was due at");
  }

  @Test
  void aRetryThatBeginsLongAfterSomeoneAskedForItIsFound() {
    Attempt failed = run.started(run.dead, true);
    run.history.events.clear();
    run.history.retries.clear();
    run.retry(run.dead, failed, 60);
    Instant asked = run.now();
    hurry(run.dead, 1);
    Call call = second(run.call(run.dead, "w1", 1, Duration.ZERO));
    run.history.calls.add(second(lasting(call, asked.plusSeconds(3), asked.plusSeconds(4), DONE)));
    assertThat(violationsOf(Law.RETRIES_ARE_PUNCTUAL)).isEmpty();
    run.history.calls.set(
        0, second(lasting(call, asked.plusMillis(3_001), asked.plusSeconds(4), DONE)));
    assertThat(violationsOf(Law.RETRIES_ARE_PUNCTUAL)).hasSize(1);
  }

  private void hurry(JobId id, int attempts) {
    run.history.hurries.add(run.record("control", new RetryNowRequest(id, 0, attempts, run.now())));
  }

  @Test
  void aWaitingJobThatIsCancelledLongAfterThatWasAskedIsFound() {
    assertThat(violationsOf(Law.CANCELLED_IN_TIME)).isEmpty();
    run.history.events.replaceAll(event ->
        event.value().jobId().equals(run.cancelled)
            ? new Recorded<>(
                event.topic(),
                event.partition(),
                event.offset(),
                event.appendedAt().plusMillis(1_001),
                event.value())
            : event);
    assertThat(violationsOf(Law.CANCELLED_IN_TIME))
        .singleElement()
        .satisfies(found -> assertThat(found.finding()).contains("not called, but ended at"));
  }

  @Test
  void twoJobsUnderOneKeyAreFound() {
    run.accepted(run.succeeded, Optional.of("k"));
    assertOnly(Law.SAME_KEY_SAME_JOB, "stands for 2 jobs");
  }

  @Test
  void poisonThatIsLostIsFound() {
    run.history.poison.clear();
    assertOnly(Law.POISON_IS_CONTAINED, "0 times");
  }

  @Test
  void poisonThatIsThereTwiceIsFound() {
    run.history.poison.add(run.history.poison.getFirst());
    assertOnly(Law.POISON_IS_CONTAINED, "2 times");
  }

  @Test
  void poisonWithOtherBytesIsFound() {
    run.history.poison.set(0, new Poison("jobs:0:999", "aa", null, "reason"));
    assertOnly(Law.POISON_IS_CONTAINED, "other bytes");
    run.history.poison.set(0, new Poison("jobs:0:999", "ab", "bb", "reason"));
    assertOnly(Law.POISON_IS_CONTAINED, "other bytes");
  }

  @Test
  void poisonWithoutAReasonIsFound() {
    run.history.poison.set(0, new Poison("jobs:0:999", "aa", "bb", " "));
    assertOnly(Law.POISON_IS_CONTAINED, "without a reason");
  }

  @Test
  void aGoodRecordThatIsTakenForPoisonIsFound() {
    run.history.poison.add(new Poison("jobs:0:5", null, "cc", "why not"));
    assertOnly(Law.POISON_IS_CONTAINED, "put there by no one");
  }

  @Test
  void aMissingDeadLetterIsFound() {
    run.history.deadLetters.clear();
    assertOnly(Law.DEAD_LETTERS_MATCH_OUTCOMES, "lies not in the dead letters");
  }

  @Test
  void aSecondDeadLetterIsFound() {
    run.history.deadLetters.add(
        run.record("dead-letters", run.history.deadLetters.getFirst().value()));
    assertOnly(Law.DEAD_LETTERS_MATCH_OUTCOMES, "2 times");
  }

  @Test
  void aDeadLetterOfAJobThatSucceededIsFound() {
    run.bury(run.succeeded, List.of());
    assertOnly(Law.DEAD_LETTERS_MATCH_OUTCOMES, "but is not dead-lettered");
  }

  @Test
  void aDeadLetterThatTellsAnotherEndIsFound() {
    run.history.deadLetters.clear();
    run.bury(run.dead, List.of());
    assertOnly(Law.DEAD_LETTERS_MATCH_OUTCOMES, "another end");
  }

  @Test
  void aDeadLetterThatNamesAnotherRecordIsFound() {
    DeadLetter letter = run.history.deadLetters.getFirst().value();
    DeadLetter.Origin from = letter.origin();
    for (var wrong :
        List.of(
            new DeadLetter.Origin(from.topic(), from.partition(), from.offset() + 7),
            new DeadLetter.Origin(from.topic(), from.partition() + 1, from.offset()),
            new DeadLetter.Origin("jobs", from.partition(), from.offset()))) {
      run.misplace(letter.job(), wrong);
      assertOnly(Law.DEAD_LETTERS_MATCH_OUTCOMES, "but came from retry:0:" + from.offset());
    }
  }

  @Test
  void aDeadLetterThatHoldsAnotherJobIsFound() {
    DeadLetter letter = run.history.deadLetters.getFirst().value();
    Job job = run.jobRecord(run.dead).job();
    assertThat(job).as("accepted at another time").isNotEqualTo(letter.job());
    run.misplace(job, letter.origin());
    assertOnly(Law.DEAD_LETTERS_MATCH_OUTCOMES, "another job than at retry:0:");
  }

  @Test
  void aCallThatOutlivesTheRequestToCancelItIsFound() {
    Instant asked = run.history.cancels.getFirst().visibleAt();
    Call call = run.call(run.cancelled, "w1", 1, Duration.ZERO);
    run.history.calls.add(lasting(call, asked.minusSeconds(1), asked.plusSeconds(1), DONE));
    assertThat(violationsInTime()).isEmpty();
    run.history.calls.set(0, lasting(call, asked.minusSeconds(1), asked.plusMillis(1_001), DONE));
    assertThat(violationsInTime())
        .singleElement()
        .satisfies(found -> assertThat(found.law()).isEqualTo(Law.CANCELLED_IN_TIME))
        .satisfies(found -> assertThat(found.finding()).contains("w1 let it run to"));
    run.history.calls.set(
        0, lasting(call, asked.minusSeconds(1), asked.plusSeconds(9), Call.End.DEAF));
    assertThat(violationsInTime()).isEmpty();
  }

  @Test
  void aCallThatBeginsLongAfterTheRequestToCancelItsJobIsFound() {
    Instant asked = run.history.cancels.getFirst().visibleAt();
    Call call = run.call(run.cancelled, "w1", 1, Duration.ZERO);
    // Nobody had its partition when the end was asked for.
    run.history.calls.add(
        lasting(call, asked.plusMillis(1_001), asked.plusMillis(1_002), Call.End.DEAF));
    assertThat(violationsInTime()).extracting(Violation::law).contains(Law.CANCELLED_IN_TIME);
  }

  @Test
  void aRetryThatBeginsLateIsFound() {
    Recorded<JobEvent> scheduled =
        run.history.events.stream()
            .filter(event -> event.value() instanceof JobEvent.RetryScheduled)
            .filter(event -> event.value().jobId().equals(run.retried))
            .findFirst()
            .orElseThrow();
    Instant due = ((JobEvent.RetryScheduled) scheduled.value()).dueAt();
    Instant last =
        (due.isAfter(scheduled.visibleAt()) ? due : scheduled.visibleAt()).plusSeconds(1);
    Call call = run.call(run.retried, "w1", 2, Duration.ZERO);
    run.history.calls.add(second(lasting(call, last, last, DONE)));
    assertThat(violationsOf(Law.RETRIES_ARE_PUNCTUAL)).isEmpty();
    run.history.calls.set(0, second(lasting(call, last.plusMillis(1), last.plusMillis(2), DONE)));
    assertThat(violationsOf(Law.RETRIES_ARE_PUNCTUAL))
        .singleElement()
        .satisfies(found -> assertThat(found.finding()).contains("began attempt 2 at"));
  }

  private List<Violation> violationsOf(Law law) {
    return violationsInTime().stream().filter(found -> found.law() == law).toList();
  }

  /** Of a run in which calls are prompt and cancels are heard within a second. */
  private List<Violation> violationsInTime() {
    var second = Duration.ofSeconds(1);
    return Laws.check(
        run.history.build(),
        new Allowance(
            1, Duration.ZERO, Run.COMMITS_TO_TELL, second, 1, Allowance.Lanes.ANY, second));
  }

  private static Call lasting(Call call, Instant began, Instant ended, Call.End end) {
    return new Call(
        call.job(),
        call.generation(),
        call.attempt(),
        call.worker(),
        call.life(),
        false,
        call.ownedSince(),
        began,
        began,
        ended,
        end,
        0);
  }

  private static Call second(Call call) {
    return new Call(
        call.job(),
        call.generation(),
        2,
        call.worker(),
        call.life(),
        call.owned(),
        call.ownedSince(),
        call.toldAt(),
        call.beganAt(),
        call.endedAt(),
        call.end(),
        call.commits());
  }

  @Test
  void aCancellationThatNoOneAskedForIsFound() {
    run.history.cancels.clear();
    assertOnly(Law.CANCELLED_ONLY_ON_REQUEST, "no one asked");
  }

  @Test
  void aResultThatDiffersFromTheTopicIsFound() {
    JobResult right = new ArrayList<>(run.history.results.values()).getFirst();
    run.history.results.put(
        right.id(),
        new JobResult(
            right.id(), 0, "expired", right.output(), right.failure(), right.finishedAt()));
    assertOnly(Law.VIEWS_TELL_THE_TRUTH, "by the topics");
  }

  @Test
  void aResultThatTheApiDoesNotGiveIsFound() {
    run.history.results.remove(run.dead);
    assertOnly(Law.VIEWS_TELL_THE_TRUTH, "gave no result");
  }

  @Test
  void callsThatWereMadeAgainAreCountedAsWasted() {
    assertThat(Laws.wastedCalls(run.history.build())).isEqualTo(1);
  }

  @Test
  void aCallThatAnotherWorkerLostIsCountedAlthoughTheSecondStartWasNotTold() {
    run.event(new JobEvent.AttemptStarted(run.succeeded, 0, 1, "simulated", "w2", Instant.EPOCH));
    assertThat(Laws.wastedCalls(run.history.build())).isEqualTo(2);
  }

  @Test
  void aWaitingRecordThatIsWrittenAnewBeforeItCouldBeReadIsFound() {
    JobRecord job = run.jobRecord(run.retried);
    var waiting =
        new JobRecord(job.job(), 0, List.of(run.failedAttempt(run.retried)), Instant.EPOCH);
    Recorded<JobRecord> first =
        run.history.retries.stream()
            .filter(retry -> retry.value().job().id().equals(run.retried))
            .findFirst()
            .orElseThrow();
    run.history.retries.remove(first);
    run.history.retries.add(
        new Recorded<>(
            first.topic(),
            0,
            first.offset(),
            first.appendedAt(),
            first.appendedAt().plusSeconds(1),
            first.value()));
    run.history.held.add(
        new Recorded<>("hold-16s", 0, 1, first.appendedAt().plusSeconds(1), waiting));
    assertThat(run.check()).isEmpty();
    run.history.held.set(
        0, new Recorded<>("hold-16s", 0, 1, first.appendedAt().plusMillis(999), waiting));
    assertOnly(Law.ONE_LIVE_RECORD, "attempt 2 in more than one record");
  }

  @Test
  void aRetryThatIsToldButNotThereIsFound() {
    run.history.retries.removeIf(retry -> retry.value().job().id().equals(run.retried));
    assertOnly(Law.ONE_LIVE_RECORD, "tell of [2]");
  }

  @Test
  void anOwnersCallAfterWhatCameOfItIsFound() {
    run.history.calls.add(run.call(run.succeeded, "w2", 1, Duration.ofHours(1)));
    assertOnly(Law.NO_ZOMBIES, "was called by w2 after events:0:");
  }

  @Test
  void aCallOfOneWhoHasLostThePartitionIsNoZombie() {
    Call late = run.call(run.succeeded, "w2", 1, Duration.ofHours(1));
    run.history.calls.add(run.change(late, false, late.ownedSince(), 0));
    assertThat(run.check()).isEmpty();
  }

  @Test
  void anOutcomeOfOneWhomAnotherHasReplacedIsFound() {
    // The first call decides, although the next owner's began while it ran.
    run.history.calls.add(run.call(run.succeeded, "w1", 1, Duration.ZERO));
    run.history.calls.add(run.call(run.succeeded, "w2", 1, Duration.ofMillis(10)));
    assertOnly(Law.NO_ZOMBIES, "was decided by w1");
  }

  @Test
  void aCallThatManyTransactionsDidNotTellOfIsFound() {
    Call call = run.call(run.cancelled, "w3", 1, Duration.ofHours(-1));
    run.history.calls.add(run.change(call, true, call.ownedSince(), Run.COMMITS_TO_TELL));
    assertThat(run.check()).isEmpty();
    run.history.calls.set(0, run.change(call, true, call.ownedSince(), Run.COMMITS_TO_TELL + 1));
    assertOnly(Law.CALLS_ARE_TOLD, "transactions during the call");
  }

  @Test
  void aJobThatIsRunAlthoughItsEndWasAskedForBeforeIsFound() {
    Recorded<CancelRequest> cancel = run.history.cancels.getFirst();
    Call call = run.call(run.cancelled, "w1", 1, Duration.ofHours(-1));
    run.history.calls.add(run.change(call, true, cancel.visibleAt(), 0));
    assertThat(run.check()).isEmpty();
    run.history.calls.set(0, run.change(call, true, cancel.visibleAt().plusMillis(1), 0));
    assertOnly(Law.CANCELLED_BEFORE_CLAIMED, "its end was asked for");
  }

  @Test
  void aCallAfterTheDeadlineIsFound() {
    run.expire(run.succeeded, Instant.EPOCH);
    run.history.calls.add(run.call(run.succeeded, "w1", 1, Duration.ZERO));
    assertOnly(Law.NO_CALL_AFTER_THE_DEADLINE, "but expired at 1970");
  }

  @Test
  void aJobThatHasToWaitForOthersIsFound() {
    run.history.calls.add(run.call(run.succeeded, "w1", 1, Duration.ofMillis(500)));
    assertThat(run.check()).isEmpty();
    var prompt = new Allowance(1, Duration.ZERO, Run.COMMITS_TO_TELL, Duration.ZERO, 1);
    assertThat(Laws.check(run.history.build(), prompt))
        .singleElement()
        .extracting(Violation::law)
        .isEqualTo(Law.SLOW_JOBS_BLOCK_NOBODY);
  }

  @Test
  void aJobThatKillsManyProcessesIsFound() {
    for (int i = 0; i < 14; i++) {
      run.history.calls.add(run.kill(run.cancelled, i));
    }
    assertThat(run.check())
        .extracting(Violation::law)
        .containsOnly(Law.KILLERS_ARE_CONTAINED, Law.ATTEMPTS_ARE_BOUNDED);
  }

  @Test
  void aJobThatIsTakenForAKillerIsFound() {
    run.forgetOutcome(run.succeeded);
    run.history.calls.add(run.call(run.succeeded, "w1", 1, Duration.ZERO));
    var reason = new Failure.CrashLoop("it looked like it");
    run.finish(run.succeeded, List.of(), new Outcome.DeadLettered(reason));
    run.bury(run.succeeded, List.of(), reason);
    run.history.results.clear();
    assertOnly(Law.KILLERS_ARE_CONTAINED, "never killed one");
  }

  @Test
  void aCallBeforeTheJobWasToRunIsFound() {
    Instant begins = run.call(run.succeeded, "w1", 1, Duration.ZERO).beganAt();
    run.history.calls.add(run.call(run.succeeded, "w1", 1, Duration.ZERO));
    run.schedule(run.succeeded, begins);
    assertThat(run.check()).isEmpty();
    run.schedule(run.succeeded, begins.plusMillis(1));
    assertOnly(Law.RETRIES_KEEP_THEIR_DUE_TIME, "was not to run before");
  }

  @Test
  void aRetryThatIsDueBeforeItsProviderWantsIsFound() {
    run.forgetOutcome(run.succeeded);
    Attempt started = run.started(run.succeeded, true);
    var failed =
        new Attempt(
            1,
            started.provider(),
            started.worker(),
            started.startedAt(),
            started.latency(),
            new Failure.Throttled("slow down", Duration.ofSeconds(5)));
    run.retry(run.succeeded, failed, 4);
    run.finish(run.succeeded, List.of(failed), new Outcome.Expired());
    assertOnly(Law.RETRIES_KEEP_THEIR_DUE_TIME, "asked for PT5S");
  }

  @Test
  void aJobThatBeginsBeforeTheOutcomeOfTheOneBeforeItInItsLineIsFound() {
    run.line(Ordering.OnDeadLetter.RELEASE, run.succeeded, run.retried, run.dead, run.keyed);
    assertThat(run.check()).isEmpty();
    run.history.ordered.clear();
    run.line(Ordering.OnDeadLetter.RELEASE, run.retried, run.succeeded);
    assertThat(assertOnly(Law.ORDER_IS_KEPT, "before the outcome of job " + run.retried).subject())
        .isEqualTo("job " + run.succeeded);
  }

  @Test
  void aCallBeforeTheOutcomeOfTheOneBeforeItIsFound() {
    run.line(Ordering.OnDeadLetter.RELEASE, run.succeeded, run.retried);
    run.history.calls.add(run.call(run.retried, "w1", 1, Duration.ofHours(-1)));
    assertOnly(Law.ORDER_IS_KEPT, "before the outcome of job " + run.succeeded);
  }

  @Test
  void aJobThatFollowsOneThatBlocksItsLineIsFoundUnlessSomeoneReleasedIt() {
    run.line(Ordering.OnDeadLetter.BLOCK, run.dead, run.keyed);
    assertOnly(Law.ORDER_IS_KEPT, "blocks the ordering key a");
    Recorded<JobEvent> outcome =
        run.history.events.stream()
            .filter(event ->
                event.value() instanceof JobEvent.Finished
                    && event.value().jobId().equals(run.dead))
            .findFirst()
            .orElseThrow();
    run.history.ordered.add(
        new Recorded<>(
            "ordered",
            0,
            99,
            outcome.appendedAt().plusMillis(1),
            new OrderedRecord.Release(run.dead, 0)));
    assertThat(run.check()).isEmpty();
  }

  @Test
  void whoeverLeftItsLineToBeCancelledDoesNotCountAndIsNotRun() {
    run.line(Ordering.OnDeadLetter.RELEASE, run.cancelled, run.succeeded);
    assertOnly(Law.ORDER_IS_KEPT, "before the outcome of job " + run.cancelled);
    run.leave(run.cancelled);
    assertThat(run.check()).isEmpty();
    run.history.calls.add(run.call(run.cancelled, "w1", 1, Duration.ofHours(-1)));
    assertOnly(Law.ORDER_IS_KEPT, "left the line");
  }

  @Test
  void aRetryInTheLaneOfAnotherPriorityIsFound() {
    Recorded<JobRecord> retry = run.history.retries.removeFirst();
    run.history.retries.addFirst(inTopic(retry, "retry.high"));
    assertOnly(Law.JOBS_KEEP_THEIR_PRIORITY, "of NORMAL priority, but stands on retry.high");
  }

  @Test
  void aJobThatWaitsWhileOthersGetMoreThanTheirShareIsFound() {
    run.history.results.clear();
    Instant visible = run.history.jobs.getFirst().visibleAt();
    var patient = run.call(run.succeeded, "w1", 1, Duration.ofHours(1));
    run.history.calls.add(patient);
    JobId urgent = run.submit(Optional.empty(), Priority.HIGH);
    run.start(urgent, 1);
    run.finish(urgent, List.of(run.attempt(1, false)), SUCCESS);
    for (int i = 0; i < 30; i++) {
      run.history.calls.add(
          at(run.call(urgent, "w1", 1, Duration.ZERO), visible.plusSeconds(60 + i)));
    }
    var weights = Map.of(Priority.HIGH, 4, Priority.NORMAL, 2, Priority.LOW, 1);
    assertThat(laneViolations(new Allowance.Lanes(1, weights)))
        .containsExactly(Law.NO_PRIORITY_STARVES);
    assertThat(laneViolations(new Allowance.Lanes(1, Map.of()))).isEmpty();
    var likeOthers = Map.of(Priority.HIGH, 40, Priority.NORMAL, 2, Priority.LOW, 1);
    assertThat(laneViolations(new Allowance.Lanes(1, likeOthers))).isEmpty();
  }

  @Test
  void moreCallsAtOnceThanThereAreOrdinarySlotsAreFound() {
    Call one = run.call(run.succeeded, "w1", 1, Duration.ZERO);
    run.history.calls.add(one);
    run.history.calls.add(at(run.call(run.dead, "w1", 1, Duration.ZERO), one.beganAt()));
    assertThat(laneViolations(new Allowance.Lanes(2, Map.of()))).isEmpty();
    assertThat(laneViolations(new Allowance.Lanes(1, Map.of())))
        .containsExactly(Law.RESERVED_SLOTS_STAY_FREE);
  }

  private List<Law> laneViolations(Allowance.Lanes lanes) {
    var allowance =
        new Allowance(
            100,
            Duration.ofDays(1),
            Run.COMMITS_TO_TELL,
            Allowance.NO_MATTER_WHEN,
            100,
            lanes,
            Allowance.NO_MATTER_WHEN);
    return Laws.check(run.history.build(), allowance).stream()
        .map(Violation::law)
        .filter(law ->
            law == Law.NO_PRIORITY_STARVES
                || law == Law.RESERVED_SLOTS_STAY_FREE
                || law == Law.JOBS_KEEP_THEIR_PRIORITY)
        .toList();
  }

  private static Call at(Call call, Instant began) {
    return new Call(
        call.job(),
        call.generation(),
        call.attempt(),
        call.worker(),
        call.life(),
        true,
        call.ownedSince(),
        began,
        began,
        began.plusMillis(100),
        Call.End.RETURNED,
        0);
  }

  private static <T> Recorded<T> inTopic(Recorded<T> record, String topic) {
    return new Recorded<>(
        topic, record.partition(), record.offset(), record.appendedAt(), record.value());
  }

  private Violation assertOnly(Law law, String finding) {
    List<Violation> violations = run.check();
    assertThat(violations).hasSize(1);
    assertThat(violations.getFirst().law()).isEqualTo(law);
    assertThat(violations.getFirst().finding()).contains(finding);
    return violations.getFirst();
  }
}
