package dev.penstock.api.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.api.publish.TraceContext;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.JobId;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.TenantId;
import dev.penstock.submission.Contract;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Firing, over a log in memory and by a clock that the test sets; step by step, on one thread. */
final class SchedulePartitionTest {
  private static final Topics TOPICS = Topics.defaults();
  private static final Contract CONTRACT = Contract.load();
  private static final Precondition NONE = new Precondition(Optional.empty(), Optional.empty());
  private static final String EVERY_MINUTE = "\"cron\":\"* * * * *\"";

  private final SettableClock clock = new SettableClock("2026-05-01T12:00:30Z");
  private final FakePartitionLog log = new FakePartitionLog();
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private final ScheduleMetrics scheduleMetrics = new ScheduleMetrics(metrics);
  private final Map<JobId, FormerJob> formers = new ConcurrentHashMap<>();
  private final ScheduleReader reader = new ScheduleReader(CONTRACT, clock, Duration.ofSeconds(1));
  private SchedulePartition owner = owner();

  @Test
  void eachFireTimeIsOneJobWithTheIdThatTheScheduleAndTheTimeMake() {
    Schedule put = put("each", EVERY_MINUTE);
    clock.set("2026-05-01T12:00:59.999Z");
    owner.step(null);
    assertThat(fireTimes()).isEmpty();
    clock.set("2026-05-01T12:01:00Z");
    owner.step(null);
    owner.step(null);
    clock.set("2026-05-01T12:02:07Z");
    owner.step(null);
    assertThat(ids())
        .containsExactly(
            put.jobId(Instant.parse("2026-05-01T12:01:00Z")),
            put.jobId(Instant.parse("2026-05-01T12:02:00Z")));
    Progress progress = standing("each").progress();
    assertThat(progress.fired()).isEqualTo(2);
    assertThat(progress.last())
        .isEqualTo(
            new Progress.Firing(
                Instant.parse("2026-05-01T12:02:00Z"),
                Instant.parse("2026-05-01T12:02:07Z"),
                ids().getLast()));
    assertThat(counted("fired")).isEqualTo(2);
    assertThat(log.jobs(TOPICS.jobs()).getLast().job().acceptedAt())
        .isEqualTo(Instant.parse("2026-05-01T12:02:07Z"));
  }

  @Test
  void aTimeThatIsLateByLittleFiresWhateverThePolicy() {
    for (String policy : List.of("skip", "fire-once", "fire-all")) {
      put("late-" + policy, EVERY_MINUTE + ",\"misfire\":\"" + policy + "\"");
    }
    clock.set("2026-05-01T12:02:00Z");
    takeOver();
    assertThat(fireTimes()).hasSize(6);
    assertThat(counted("misfired")).isZero();
  }

  @Test
  void lateTimesAreSkippedWherePolicySaysSo() {
    put("skip", EVERY_MINUTE + ",\"misfire\":\"skip\"");
    clock.set("2026-05-01T13:00:30Z");
    takeOver();
    assertThat(fireTimes()).containsExactly("2026-05-01T13:00:00Z");
    assertThat(counted("misfired")).isEqualTo(59);
    assertThat(standing("skip").progress().misfired()).isEqualTo(59);
  }

  @Test
  void skippedTimesStaySkippedWhenNothingElseIsDue() {
    put("daily", "\"cron\":\"0 1 * * *\",\"misfire\":\"skip\"");
    clock.set("2026-05-03T12:00:00Z");
    takeOver();
    takeOver();
    assertThat(fireTimes()).isEmpty();
    assertThat(standing("daily").progress().misfired()).isEqualTo(2);
    assertThat(standing("daily").progress().settledUntil())
        .isEqualTo(Instant.parse("2026-05-03T01:00:00Z"));
  }

  @Test
  void ofLateTimesTheLastFiresOnce() {
    put("daily", "\"cron\":\"0 1 * * *\",\"misfire\":\"fire-once\"");
    clock.set("2026-05-04T12:00:00Z");
    takeOver();
    takeOver();
    assertThat(fireTimes()).containsExactly("2026-05-04T01:00:00Z");
    assertThat(counted("misfired")).isEqualTo(2);
  }

  @Test
  void allLateTimesFireUpToTheLimitInTheirOrder() {
    put("all", EVERY_MINUTE + ",\"misfire\":\"fire-all\",\"misfireLimit\":250");
    clock.set("2026-05-01T22:00:30Z");
    takeOver();
    // 600 were due: 250 of the late ones, and the one that is not late.
    assertThat(fireTimes()).hasSize(251).isSorted().endsWith("2026-05-01T22:00:00Z");
    assertThat(fireTimes().getFirst()).isEqualTo("2026-05-01T17:50:00Z");
    assertThat(new TreeSet<>(ids())).hasSize(251);
    assertThat(standing("all").progress().misfired()).isEqualTo(349);
  }

  @Test
  void aMonthOfLateSecondsIsSettledWithoutGoingThroughAllOfThem() {
    put("seconds", "\"cron\":\"* * * * * *\",\"misfireAfter\":\"1s\"");
    clock.set("2026-06-01T12:00:30Z");
    takeOver();
    assertThat(fireTimes())
        .containsExactly("2026-06-01T12:00:28Z", "2026-06-01T12:00:29Z", "2026-06-01T12:00:30Z");
  }

  @Test
  void timesBeforeItWasPutNeverFire() {
    clock.set("2026-05-01T12:00:00Z");
    put("new", EVERY_MINUTE);
    owner.step(null);
    takeOver();
    assertThat(fireTimes()).isEmpty();
  }

  @Test
  void aReplacedSchedulesOldTimesDoNotFireLate() {
    put("changed", "\"cron\":\"0 13 * * *\"");
    takeOver();
    log.away = true;
    SchedulePartition replacing = owner();
    clock.set("2026-05-01T13:00:05Z");
    replacing.step(null);
    log.away = false;
    // Nobody fired at 13:00. The new owner is asked to replace before it has looked: it fires
    // first.
    owner = owner();
    put("changed", "\"cron\":\"30 13 * * *\"");
    assertThat(fireTimes()).containsExactly("2026-05-01T13:00:00Z");
    clock.set("2026-05-01T13:30:00Z");
    owner.step(null);
    assertThat(fireTimes()).containsExactly("2026-05-01T13:00:00Z", "2026-05-01T13:30:00Z");
    put("changed", EVERY_MINUTE);
    owner.step(null);
    assertThat(fireTimes()).hasSize(2);
  }

  @Test
  void aClockThatIsSetBackFiresNothingAgain() {
    put("back", EVERY_MINUTE);
    clock.set("2026-05-01T12:01:00Z");
    owner.step(null);
    clock.set("2026-05-01T11:00:00Z");
    owner.step(null);
    put("back", "\"cron\":\"*/2 * * * *\"");
    takeOver();
    clock.set("2026-05-01T12:01:30Z");
    owner.step(null);
    assertThat(fireTimes()).containsExactly("2026-05-01T12:01:00Z");
    clock.set("2026-05-01T12:02:00Z");
    owner.step(null);
    assertThat(fireTimes()).containsExactly("2026-05-01T12:01:00Z", "2026-05-01T12:02:00Z");
  }

  @Test
  void aScheduleThatTakesTheNameOfADeletedOneIsAnotherOne() {
    put("name", EVERY_MINUTE);
    clock.set("2026-05-01T12:01:00Z");
    owner.step(null);
    assertThat(ask(new Command.Delete("name", NONE))).isEqualTo(new Command.Deleted("name"));
    clock.set("2026-05-01T12:00:30Z");
    put("name", EVERY_MINUTE);
    clock.set("2026-05-01T12:01:00Z");
    owner.step(null);
    // The same time of another schedule: another job, not the same one twice.
    assertThat(fireTimes()).containsExactly("2026-05-01T12:01:00Z", "2026-05-01T12:01:00Z");
    assertThat(new TreeSet<>(ids())).hasSize(2);
  }

  @Test
  void startAndEndBoundWhatFires() {
    put(
        "bounded",
        EVERY_MINUTE + ",\"start\":\"2026-05-01T12:05:00Z\",\"end\":\"2026-05-01T12:07:00Z\"");
    for (int i = 0; i < 20; i++) {
      clock.pass(Duration.ofSeconds(30));
      owner.step(null);
    }
    assertThat(fireTimes()).containsExactly("2026-05-01T12:05:00Z", "2026-05-01T12:06:00Z");
    assertThat(standing("bounded").view(true, 5).path("nextFireTimes")).isEmpty();
  }

  @Test
  void whatRestsFiresNothingThenOrLater() {
    put("resting", EVERY_MINUTE);
    ask(new Command.Pause("resting", true));
    clock.set("2026-05-01T12:03:00Z");
    owner.step(null);
    takeOver();
    ask(new Command.Pause("resting", false));
    assertThat(fireTimes()).isEmpty();
    clock.set("2026-05-01T12:04:00Z");
    owner.step(null);
    assertThat(fireTimes()).containsExactly("2026-05-01T12:04:00Z");
    assertThat(counted("misfired")).isZero();
  }

  @Test
  void whileTheFormerJobHasNotEndedTimesAreSkipped() {
    put("skip", EVERY_MINUTE + ",\"overlap\":\"skip\"");
    fireAt("2026-05-01T12:01:00Z");
    formers.put(ids().getLast(), new FormerJob.Unended(0, null));
    fireAt("2026-05-01T12:02:00Z");
    assertThat(fireTimes()).containsExactly("2026-05-01T12:01:00Z");
    assertThat(counted("overlapped")).isEqualTo(1);
    formers.put(ids().getLast(), new FormerJob.Ended());
    fireAt("2026-05-01T12:03:00Z");
    assertThat(fireTimes()).containsExactly("2026-05-01T12:01:00Z", "2026-05-01T12:03:00Z");
    assertThat(standing("skip").progress().overlapped()).isEqualTo(1);
  }

  @Test
  void theFormerJobIsCancelledInItsOwnGenerationWithTheNextFiring() {
    put("cancel", EVERY_MINUTE + ",\"overlap\":\"cancel-previous\"");
    fireAt("2026-05-01T12:01:00Z");
    JobId former = ids().getLast();
    formers.put(former, new FormerJob.Unended(3, null));
    fireAt("2026-05-01T12:02:00Z");
    assertThat(fireTimes()).hasSize(2);
    assertThat(log.cancels(TOPICS.control()))
        .containsExactly(new CancelRequest(former, 3, Instant.parse("2026-05-01T12:02:00Z")));
    formers.put(ids().getLast(), new FormerJob.Ended());
    fireAt("2026-05-01T12:03:00Z");
    assertThat(fireTimes()).hasSize(3);
    assertThat(log.cancels(TOPICS.control())).hasSize(1);
  }

  @Test
  void whileNobodyTellsOfTheFormerJobTheTimeWaitsUntilItIsLate() {
    put("unknown", EVERY_MINUTE + ",\"overlap\":\"skip\",\"misfire\":\"skip\"");
    fireAt("2026-05-01T12:01:00Z");
    formers.put(ids().getLast(), new FormerJob.Unknown());
    fireAt("2026-05-01T12:02:00Z");
    assertThat(fireTimes()).hasSize(1);
    assertThat(standing("unknown").progress().overlapped()).isZero();
    clock.set("2026-05-01T12:10:30Z");
    formers.put(ids().getLast(), new FormerJob.Ended());
    takeOver();
    stepUntilSettled("unknown", "2026-05-01T12:10:00Z");
    assertThat(fireTimes()).containsExactly("2026-05-01T12:01:00Z", "2026-05-01T12:10:00Z");
    assertThat(standing("unknown").progress().misfired()).isEqualTo(8);
  }

  @Test
  void aTimeWhoseOverlapIsInQuestionOutlivesAChangeOfAnythingButTheTimes() {
    put("changed", EVERY_MINUTE + ",\"overlap\":\"skip\"");
    fireAt("2026-05-01T12:01:00Z");
    formers.put(ids().getLast(), new FormerJob.Unknown());
    fireAt("2026-05-01T12:02:00Z");
    put("changed", EVERY_MINUTE + ",\"overlap\":\"skip\",\"end\":\"2027-01-01T00:00:00Z\"");
    assertThat(standing("changed").revision()).isEqualTo(2);
    formers.put(ids().getLast(), new FormerJob.Ended());
    fireAt("2026-05-01T12:02:00.040Z", "2026-05-01T12:02:00Z");
    assertThat(fireTimes()).containsExactly("2026-05-01T12:01:00Z", "2026-05-01T12:02:00Z");
    formers.put(ids().getLast(), new FormerJob.Unknown());
    fireAt("2026-05-01T12:03:00Z");
    put("changed", EVERY_MINUTE + ",\"overlap\":\"skip\"");
    formers.put(ids().getLast(), new FormerJob.Unended(0, null));
    fireAt("2026-05-01T12:03:00.040Z", "2026-05-01T12:03:00Z");
    assertThat(settled("changed")).containsExactly(2L, 0L, 1L);
  }

  @Test
  void aTimeWhoseOverlapIsInQuestionIsAMisfireWhenTheTimesChangeOrPause() {
    put("changed", EVERY_MINUTE + ",\"overlap\":\"skip\"");
    fireAt("2026-05-01T12:01:00Z");
    formers.put(ids().getLast(), new FormerJob.Unknown());
    fireAt("2026-05-01T12:02:00Z");
    clock.set("2026-05-01T12:02:00.040Z");
    // The new expression's 12:02:00 is past as well: it was nobody's when it came.
    put("changed", "\"cron\":\"*/2 * * * *\",\"overlap\":\"skip\"");
    assertThat(settled("changed")).containsExactly(1L, 1L, 0L);
    formers.put(ids().getLast(), new FormerJob.Ended());
    fireAt("2026-05-01T12:04:00Z");
    assertThat(settled("changed")).containsExactly(2L, 1L, 0L);
    formers.put(ids().getLast(), new FormerJob.Unknown());
    fireAt("2026-05-01T12:06:00Z");
    ask(new Command.Pause("changed", true));
    clock.set("2026-05-01T12:09:00Z");
    ask(new Command.Pause("changed", false));
    formers.put(ids().getLast(), new FormerJob.Ended());
    takeOver();
    assertThat(settled("changed")).containsExactly(2L, 2L, 0L);
    fireAt("2026-05-01T12:10:00Z");
    assertThat(settled("changed")).containsExactly(3L, 2L, 0L);
    assertThat(fireTimes())
        .containsExactly("2026-05-01T12:01:00Z", "2026-05-01T12:04:00Z", "2026-05-01T12:10:00Z");
    assertThat(counted("misfired")).isEqualTo(2);
  }

  @Test
  void aFiringThatWasAbortedIsDoneBeforeTheScheduleIsChanged() {
    put("aborted", EVERY_MINUTE);
    log.outcomes.add(FakePartitionLog.Outcome.ABORTED);
    clock.set("2026-05-01T12:01:00Z");
    put("aborted", "\"cron\":\"30 * * * *\"");
    assertThat(fireTimes()).containsExactly("2026-05-01T12:01:00Z");
    log.outcomes.add(FakePartitionLog.Outcome.ABORTED);
    clock.set("2026-05-01T12:30:00Z");
    ask(new Command.Pause("aborted", true));
    assertThat(settled("aborted")).containsExactly(2L, 0L, 0L);
  }

  @Test
  void aFormerJobInALineIsCancelledInThatLine() {
    String job =
        EVERY_MINUTE
            + ",\"overlap\":\"cancel-previous\",\"job\":"
            + "{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},\"orderingKey\":\"new\"}";
    ask(
        new Command.Put(
            "ordered",
            reader.admit(("{" + job + "}").getBytes(StandardCharsets.UTF_8)),
            NONE,
            "uid"));
    fireAt("2026-05-01T12:01:00Z");
    JobId former = log.jobs(TOPICS.accepted()).getLast().job().id();
    // The schedule may have had another key when it fired that job.
    formers.put(former, new FormerJob.Unended(3, "old"));
    fireAt("2026-05-01T12:02:00Z");
    assertThat(log.ordered(TOPICS.ordered(), "old"))
        .containsExactly(new OrderedRecord.Cancel(former, 3));
    assertThat(log.ordered(TOPICS.ordered(), "new")).hasSize(2);
    assertThat(log.cancels(TOPICS.control()))
        .containsExactly(new CancelRequest(former, 3, Instant.parse("2026-05-01T12:02:00Z")));
  }

  @Test
  void anOwnerThatWasReplacedFiresNothing() {
    put("moved", EVERY_MINUTE);
    SchedulePartition zombie = owner;
    takeOver();
    clock.set("2026-05-01T12:01:00Z");
    zombie.step(null);
    assertThat(fireTimes()).isEmpty();
    owner.step(null);
    zombie.step(null);
    assertThat(fireTimes()).containsExactly("2026-05-01T12:01:00Z");
    var command = new Command(new Command.Pause("moved", true));
    takeOver();
    zombie = owner;
    takeOver();
    zombie.step(command);
    assertThat(command.answer().join()).isEqualTo(new Command.Moved());
    assertThat(standing("moved").request().paused()).isFalse();
  }

  @Test
  void aFiringIsItsSchedulesTenantsAlsoAfterATakeover() {
    String body =
        "{"
            + EVERY_MINUTE
            + ",\"job\":{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},\"tenant\":\"acme\"}}";
    ask(
        new Command.Put(
            "theirs", reader.admit(body.getBytes(StandardCharsets.UTF_8)), NONE, "uid"));
    fireAt("2026-05-01T12:01:00Z");
    takeOver();
    fireAt("2026-05-01T12:02:00Z");
    assertThat(log.jobs(TOPICS.jobs()).stream().map(record -> record.job().tenant()))
        .containsExactly(new TenantId("acme"), new TenantId("acme"));
  }

  @Test
  void aFiringWithAnOrderingKeyJoinsTheLineOfThatKey() {
    String body =
        "{"
            + EVERY_MINUTE
            + ",\"job\":{\"kind\":\"embed\",\"input\":{\"text\":\"t\"},\"orderingKey\":\"k\"}}";
    ask(
        new Command.Put(
            "ordered", reader.admit(body.getBytes(StandardCharsets.UTF_8)), NONE, "uid"));
    fireAt("2026-05-01T12:01:00Z");
    takeOver();
    fireAt("2026-05-01T12:02:00Z");
    assertThat(log.records.stream().map(ProducerRecord::topic))
        .containsOnly(TOPICS.schedules(), TOPICS.ordered(), TOPICS.accepted());
    assertThat(log.jobs(TOPICS.accepted()).stream().map(record -> record.job().id().time()))
        .containsExactly(
            Instant.parse("2026-05-01T12:01:00Z"), Instant.parse("2026-05-01T12:02:00Z"));
  }

  @Test
  void aFiringWhoseCommitIsUnknownIsLookedUpAndNotRepeated() {
    put("unknown", EVERY_MINUTE);
    log.outcomes.add(FakePartitionLog.Outcome.UNKNOWN_BUT_WRITTEN);
    log.outcomes.add(FakePartitionLog.Outcome.COMMITTED);
    log.outcomes.add(FakePartitionLog.Outcome.UNKNOWN_AND_NOT_WRITTEN);
    for (int i = 0; i < 3; i++) {
      clock.pass(Duration.ofMinutes(1));
      owner.step(null);
      owner.step(null);
    }
    assertThat(fireTimes())
        .containsExactly("2026-05-01T12:01:00Z", "2026-05-01T12:02:00Z", "2026-05-01T12:03:00Z");
  }

  @Test
  void aFiringThatWasAbortedIsDoneLater() {
    put("aborted", EVERY_MINUTE);
    log.outcomes.add(FakePartitionLog.Outcome.ABORTED);
    clock.set("2026-05-01T12:01:00Z");
    owner.step(null);
    assertThat(fireTimes()).isEmpty();
    owner.step(null);
    assertThat(fireTimes()).containsExactly("2026-05-01T12:01:00Z");
  }

  @Test
  void aScheduleThatCanNotBeReadDoesNotFireAndCanBeReplaced() {
    log.put(TOPICS.schedules(), "broken", "{\"v\":1,\"what\":\"is this\"}");
    put("whole", EVERY_MINUTE);
    fireAt("2026-05-01T12:01:00Z");
    assertThat(fireTimes()).hasSize(1);
    assertThat(refused(new Command.Read("broken"))).isEqualTo(ProblemType.INTERNAL_ERROR);
    put("broken", EVERY_MINUTE);
    fireAt("2026-05-01T12:02:00Z");
    assertThat(fireTimes()).hasSize(3);
  }

  @Test
  void whatCanNotBeReadCanBeDeletedAndStopsNoOther() {
    String whole = new String(put("whole", EVERY_MINUTE).value(), StandardCharsets.UTF_8);
    var broken = new ArrayList<String>(List.of("", "null", "[]", "{\"v\":99}", "no JSON"));
    for (String field : List.of("uid", "definition", "createdAt", "updatedAt", "progress")) {
      broken.add(whole.replace("\"" + field + "\"", "\"other\""));
    }
    for (String field : List.of("settledUntil", "job", "cron", "input")) {
      broken.add(whole.replace("\"" + field + "\":", "\"" + field + "\":null,\"other\":"));
    }
    for (String value : broken) {
      log.put(TOPICS.schedules(), "broken", value);
      takeOver();
      assertThat(owner.schedules()).as(value).containsOnlyKeys("whole");
      assertThat(refused(new Command.Read("broken"))).isEqualTo(ProblemType.INTERNAL_ERROR);
      assertThat(ask(new Command.Delete("broken", NONE))).isEqualTo(new Command.Deleted("broken"));
      assertThat(refused(new Command.Read("broken"))).isEqualTo(ProblemType.SCHEDULE_NOT_FOUND);
    }
    fireAt("2026-05-01T12:01:00Z");
    assertThat(fireTimes()).hasSize(1);
  }

  @Test
  void puttingTheSameAgainChangesNothing() {
    Schedule first = put("same", EVERY_MINUTE);
    int records = log.records.size();
    clock.pass(Duration.ofSeconds(5));
    assertThat(put("same", "\"timeZone\":\"UTC\"," + EVERY_MINUTE)).isEqualTo(first);
    assertThat(log.records).hasSize(records);
  }

  @Test
  void aPreconditionKeepsWhatSomeoneElseHasChanged() {
    Schedule first = put("guarded", EVERY_MINUTE);
    put("guarded", "\"cron\":\"0 * * * *\"");
    var stale = new Precondition(Optional.of("\"" + first.version() + "\""), Optional.empty());
    var create = new Precondition(Optional.empty(), Optional.of("*"));
    for (Precondition each : List.of(stale, create)) {
      assertThat(refused(putCommand("guarded", EVERY_MINUTE, each)))
          .isEqualTo(ProblemType.PRECONDITION_FAILED);
    }
    assertThat(refused(new Command.Delete("guarded", stale)))
        .isEqualTo(ProblemType.PRECONDITION_FAILED);
    var current =
        new Precondition(
            Optional.of("\"x\", \"" + standing("guarded").version() + "\""), Optional.empty());
    assertThat(ask(putCommand("guarded", EVERY_MINUTE, current))).isInstanceOf(Command.Found.class);
    assertThat(refused(putCommand("absent", EVERY_MINUTE, current)))
        .isEqualTo(ProblemType.PRECONDITION_FAILED);
  }

  @Test
  void noMoreSchedulesAreTakenThanAllowed() {
    for (String name : List.of("a", "b", "c", "d", "e")) {
      put(name, EVERY_MINUTE);
    }
    assertThat(refused(putCommand("f", EVERY_MINUTE, NONE)))
        .isEqualTo(ProblemType.TOO_MANY_SCHEDULES);
    put("a", "\"cron\":\"0 * * * *\"");
    ask(new Command.Delete("a", NONE));
    put("f", EVERY_MINUTE);
  }

  @Test
  void withoutSchedulesTheLogIsOpenedOnceAndNotAgain() {
    for (int i = 0; i < 5; i++) {
      clock.pass(Duration.ofMinutes(1));
      owner.step(null);
    }
    assertThat(log.opened).isEqualTo(1);
    put("first", EVERY_MINUTE);
    assertThat(log.opened).isEqualTo(2);
  }

  /**
   * Owners come and go, commits fail in every way, the clock jumps: no fire time is fired twice,
   * and with a policy that fires all of them none is missing.
   */
  @Test
  void whateverHappensEachFireTimeIsOneJob() {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    Schedule put =
        put("all", "\"cron\":\"*/10 * * * * *\",\"misfire\":\"fire-all\",\"misfireLimit\":1000");
    var owners = new ArrayList<>(List.of(owner, owner(), owner()));
    List<FakePartitionLog.Outcome> outcomes = List.of(FakePartitionLog.Outcome.values());
    Instant latest = clock.instant();
    for (int i = 0; i < 600; i++) {
      switch (random.nextInt(10)) {
        case 0 -> owners.set(random.nextInt(3), owner());
        case 1 -> log.outcomes.add(outcomes.get(random.nextInt(outcomes.size())));
        case 2 -> clock.pass(Duration.ofSeconds(-random.nextInt(60)));
        default -> clock.pass(Duration.ofMillis(random.nextInt(10_000)));
      }
      latest = clock.instant().isAfter(latest) ? clock.instant() : latest;
      owners.get(random.nextInt(3)).step(null);
    }
    log.outcomes.clear();
    clock.set(latest.plusSeconds(120).toString());
    takeOver();
    var expected = new ArrayList<JobId>();
    for (Instant time = Instant.parse("2026-05-01T12:00:40Z");
        !time.isAfter(clock.instant());
        time = time.plusSeconds(10)) {
      expected.add(put.jobId(time));
    }
    assertThat(ids()).as("seed %d", seed).containsExactlyElementsOf(expected);
  }

  private SchedulePartition owner() {
    return new SchedulePartition(
        0,
        new SchedulePartition.Parts(
            TOPICS,
            "simulated",
            clock,
            log::session,
            reader,
            id -> formers.getOrDefault(id, new FormerJob.Unknown()),
            scheduleMetrics,
            5,
            () -> TraceContext.continueOrStart("")),
        Duration.ZERO);
  }

  /** Another intake owns the partition from now on. */
  private void takeOver() {
    owner = owner();
    owner.step(null);
  }

  private Schedule put(String name, String fields) {
    return ((Command.Found) ask(putCommand(name, fields, NONE))).schedule();
  }

  private Command.Put putCommand(String name, String fields, Precondition precondition) {
    String body =
        "{" + fields + ",\"job\":{\"kind\":\"embed\",\"input\":{\"text\":\"" + name + "\"}}}";
    return new Command.Put(
        name,
        reader.admit(body.getBytes(StandardCharsets.UTF_8)),
        precondition,
        "uid-" + log.records.size());
  }

  private Command.Answer ask(Command.Work work) {
    var command = new Command(work);
    owner.step(command);
    assertThat(command.answer()).isDone();
    return command.answer().join();
  }

  private ProblemType refused(Command.Work work) {
    return ((Command.Refused) ask(work)).problem().type();
  }

  private void fireAt(String time) {
    clock.set(time);
    owner.step(null);
    String only = owner.schedules().keySet().iterator().next();
    if (formers.values().stream().noneMatch(FormerJob.Unknown.class::isInstance)) {
      stepUntilSettled(only, time);
    }
  }

  /** Fires what {@code due} names, later. */
  private void fireAt(String time, String due) {
    clock.set(time);
    stepUntilSettled(owner.schedules().keySet().iterator().next(), due);
  }

  /** How many fired, misfired and overlapped. */
  private List<Long> settled(String name) {
    Progress progress = standing(name).progress();
    return List.of(progress.fired(), progress.misfired(), progress.overlapped());
  }

  /** What is known of former jobs comes from another thread. */
  private void stepUntilSettled(String name, String time) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .pollInterval(Duration.ofMillis(2))
        .untilAsserted(() -> {
          owner.step(null);
          assertThat(standing(name).progress().settledUntil()).isEqualTo(Instant.parse(time));
        });
  }

  private Schedule standing(String name) {
    return Objects.requireNonNull(owner.schedules().get(name));
  }

  private List<JobId> ids() {
    return log.jobs(TOPICS.jobs()).stream().map(record -> record.job().id()).toList();
  }

  /** The ids carry the fire times. */
  private List<String> fireTimes() {
    return ids().stream().map(id -> id.time().toString()).toList();
  }

  private double counted(String what) {
    return metrics.counter("penstock.api.schedule." + what).count();
  }
}
