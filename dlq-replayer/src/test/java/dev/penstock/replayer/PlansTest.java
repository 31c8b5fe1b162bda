package dev.penstock.replayer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JsonObject;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Outcome;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.Installation.Place;
import dev.penstock.replayer.audit.AuditLog;
import dev.penstock.replayer.plan.Coordinator;
import dev.penstock.replayer.plan.Coordinator.Reply;
import dev.penstock.replayer.plan.Coordinator.Request;
import dev.penstock.replayer.plan.Draft;
import dev.penstock.replayer.plan.PlanLife;
import dev.penstock.replayer.plan.PlanLife.Command;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.KafkaPartitionLog;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The life of plans with a real broker. The tests share a replayer, and some start it anew; each
 * has dead letters and plans of its own, and leaves none of them at work.
 */
final class PlansTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Action REPLAY = new Action.Replay(3, null);

  @TempDir static Path directory;
  private static final PreparedSelections prepared = new PreparedSelections();
  private static EmbeddedBroker broker;
  private static Installation all;
  private static ReplayerService replayer;

  @BeforeAll
  static void start() {
    broker = EmbeddedBroker.start(directory, 0);
    all = new Installation(broker, "p.");
    replayer = all.replayer(prepared);
  }

  @AfterAll
  static void stop() {
    replayer.close();
    all.close();
    broker.close();
  }

  /** Another one takes over. */
  private static void startAnew() {
    replayer.close();
    replayer = all.replayer(prepared);
  }

  private static Draft draft(String id, int inFlight, Action action, @Nullable Canary canary) {
    return new Draft(
        new PlanId(id),
        "after the outage",
        "ann",
        new JsonObject("{}"),
        action,
        new PlanRecord.Pace(inFlight, null),
        canary);
  }

  private static Reply ask(Request request) throws Exception {
    await().atMost(PATIENCE).until(() -> replayer.coordinator().isPresent());
    Coordinator coordinator = replayer.coordinator().orElseThrow();
    CompletableFuture<Reply> reply = coordinator.ask(request);
    return reply.get();
  }

  private static State state(Reply reply) {
    return ((Reply.Done) reply).plan().state();
  }

  private static State create(Draft draft) throws Exception {
    return state(ask(new Request.Create(draft)));
  }

  private static State move(PlanId id, Command command) throws Exception {
    return state(ask(new Request.Move(id, command, "ann", null)));
  }

  private static void awaitState(PlanId id, State state) {
    await().atMost(PATIENCE).until(() -> all.state(id) == state);
  }

  private static PlanRecord.Plan plan(PlanId id) {
    return Objects.requireNonNull(all.plan(id));
  }

  /** A plan that runs. */
  private static PlanId run(Draft draft) throws Exception {
    assertThat(create(draft)).isEqualTo(State.SELECTING);
    awaitState(draft.id(), State.DRAFT);
    assertThat(move(draft.id(), Command.CONFIRM)).isEqualTo(State.RUNNING);
    return draft.id();
  }

  /** That exactly these were put to the workers; the transaction may become visible by and by. */
  private static void assertReplayed(Collection<Job> jobs, Collection<String> generations) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(all.generations(jobs)).containsExactlyInAnyOrderElementsOf(generations));
  }

  private static List<String> generations(Map<Job, Place> jobs) {
    return jobs.keySet().stream().map(job -> job.id() + "/1").toList();
  }

  /** The first one is the canary. */
  private static Job prepareWithCanary(String id, Map<Job, Place> jobs) {
    List<Place> places = List.copyOf(jobs.values());
    prepared.prepare(new PlanId(id), places.subList(0, 1), places.subList(1, places.size()));
    return jobs.keySet().iterator().next();
  }

  private static void prepare(String id, Collection<Place> places) {
    prepared.prepare(new PlanId(id), List.of(), places);
  }

  private static List<String> audited(PlanId id) {
    return all.values(all.topics.dlqAudit(), JsonCodec.AUDIT).stream()
        .filter(entry -> id.equals(entry.plan()))
        .map(entry -> entry.who() + " " + entry.did())
        .toList();
  }

  @Test
  void aPlanGoesFromItsSelectionOverItsCanaryToItsEnd() throws Exception {
    Map<Job, Place> jobs = all.deadLetters(7);
    Job canary = prepareWithCanary("whole-life", jobs);
    Draft draft = draft("whole-life", 100, REPLAY, new Canary(1, null, Canary.Then.STOP, 1));
    PlanId id = draft.id();
    assertThat(create(draft)).isEqualTo(State.SELECTING);
    awaitState(id, State.DRAFT);
    // All of the jobs may be of one partition.
    assertThat(plan(id).ends()).hasSize(Installation.PARTITIONS).anyMatch(end -> end > 0);
    assertThat(create(draft)).isEqualTo(State.DRAFT);
    assertThat(ask(new Request.Create(draft("whole-life", 99, REPLAY, null))))
        .isEqualTo(new Reply.Refused("there is another plan whole-life"));
    assertThat(ask(new Request.Move(id, Command.RESUME, "ann", 2)))
        .isEqualTo(new Reply.Refused("the plan is draft: it can't resume"));
    assertThat(ask(new Request.Move(id, Command.CONFIRM, "ann", 1)))
        .isInstanceOf(Reply.Refused.class);
    assertThat(ask(new Request.Move(new PlanId("none"), Command.ABORT, "ann", null)))
        .isEqualTo(new Reply.Missing());
    assertThat(state(ask(new Request.Move(id, Command.CONFIRM, "ann", 2))))
        .isEqualTo(State.RUNNING);
    assertReplayed(jobs.keySet(), List.of(canary.id() + "/1"));
    all.finished(canary.id(), 1);
    awaitState(id, State.CANARY_REPORT);
    assertThat(state(ask(new Request.Move(id, Command.GO_ON, "bob", null))))
        .isEqualTo(State.RUNNING);
    assertReplayed(jobs.keySet(), generations(jobs));
    jobs.keySet().forEach(job -> all.finished(job.id(), 1));
    awaitState(id, State.DONE);
    var audit = new AuditLog(all.topics.dlqAudit(), () -> all.consumer("audit"));
    assertThat(audit.verify()).isInstanceOf(AuditLog.Verdict.Sound.class);
    assertThat(audited(id))
        .containsExactly(
            "ann create",
            "penstock draft",
            "ann confirm",
            "penstock canary-report",
            "bob go-on",
            "penstock done");
    assertThat(audit.last().sequence())
        .isEqualTo(all.values(all.topics.dlqAudit(), JsonCodec.AUDIT).size());
  }

  @Test
  void theRestFollowsACanaryThatSucceededByItself() throws Exception {
    Map<Job, Place> jobs = all.deadLetters(3);
    Job canary = prepareWithCanary("by-itself", jobs);
    PlanId id = run(draft("by-itself", 100, REPLAY, new Canary(1, null, Canary.Then.GO_ON, 1)));
    assertReplayed(jobs.keySet(), List.of(canary.id() + "/1"));
    all.finished(canary.id(), 1);
    assertReplayed(jobs.keySet(), generations(jobs));
    jobs.keySet().forEach(job -> all.finished(job.id(), 1));
    awaitState(id, State.DONE);
    assertThat(audited(id)).contains("penstock go-on").doesNotContain("penstock canary-report");
  }

  @Test
  void whatWasAbortedBeginsNothingMoreAndIsFollowedToItsEnd() throws Exception {
    Map<Job, Place> jobs = all.deadLetters(6);
    prepare("aborted", jobs.values());
    PlanId id = run(draft("aborted", Installation.PARTITIONS, REPLAY, null));
    await().atMost(PATIENCE).until(() -> !all.generations(jobs.keySet()).isEmpty());
    assertThat(move(id, Command.ABORT)).isEqualTo(State.ABORTING);
    await()
        .atMost(PATIENCE)
        .until(() -> PlanLife.isObeyed(plan(id), all.progressByPartition(id.text())));
    List<String> begun = all.generations(jobs.keySet());
    assertThat(begun).hasSizeLessThanOrEqualTo(Installation.PARTITIONS);
    assertThat(all.state(id)).isEqualTo(State.ABORTING);
    begun.forEach(each -> all.finished(JobId.of(each.substring(0, each.indexOf('/'))), 1));
    awaitState(id, State.ABORTED);
    assertThat(all.generations(jobs.keySet())).isEqualTo(begun);
    assertThat(ask(new Request.Move(id, Command.UNDO, "ann", null)))
        .isInstanceOf(Reply.Refused.class);
    assertThat(plan(id).note())
        .startsWith("replayed " + begun.size() + " (succeeded " + begun.size());
  }

  @Test
  void whatIsUndoneIsAskedToBeCancelledAndCountsAsItEnds() throws Exception {
    Map<Job, Place> jobs = all.deadLetters(3);
    Job inLine = Installation.job(new Ordering("customer 9", Ordering.OnDeadLetter.BLOCK));
    jobs.put(inLine, all.deadLetter(inLine, 0));
    List<Job> some = List.copyOf(jobs.keySet());
    prepare("undone", jobs.values());
    PlanId id = run(draft("undone", 100, REPLAY, null));
    await().atMost(PATIENCE).until(() -> all.decided(id.text()) == jobs.size());
    all.finished(some.getFirst().id(), 1);
    await().atMost(PATIENCE).until(() -> all.tally(id.text()).succeeded() == 1);
    // Who takes over has to find out from the ledger what the plan has begun.
    startAnew();
    assertThat(move(id, Command.UNDO)).isEqualTo(State.UNDOING);
    await().atMost(PATIENCE).until(() -> all.tally(id.text()).cancelsAsked() == some.size() - 1);
    assertThat(cancels(jobs.keySet()))
        .containsExactlyInAnyOrderElementsOf(
            some.stream().skip(1).map(job -> job.id() + "/1").toList());
    assertThat(all.values(all.topics.ordered(), JsonCodec.ORDERED))
        .contains(new OrderedRecord.Cancel(inLine.id(), 1));
    // One was quicker than its cancel.
    all.finished(some.get(1).id(), 1);
    some.stream().skip(2).forEach(job -> all.ended(job.id(), 1, new Outcome.Cancelled()));
    awaitState(id, State.UNDONE);
    assertThat(all.tally(id.text())).isEqualTo(new Tally(4, 0, 0, Map.of(), 2, 0, 2, 0, 0, 3));
  }

  private static List<String> cancels(Collection<Job> jobs) {
    Set<JobId> ids = jobs.stream().map(Job::id).collect(Collectors.toSet());
    return all.values(all.topics.control(), JsonCodec.CANCEL_REQUESTS).stream()
        .filter(request -> ids.contains(request.jobId()))
        .map(request -> request.jobId() + "/" + request.generation())
        .toList();
  }

  @Test
  void aPurgeCutsTheLogUpToWhatIsKept() throws Exception {
    // Workers write them in transactions, whose markers stand between them.
    try (var log =
        new KafkaPartitionLog(
            all.kafka,
            Duration.ofSeconds(10),
            new TopicPartition(all.topics.deadLetters(), 1),
            "worker")) {
      log.open(null, _ -> {});
      for (int i = 0; i < 3; i++) {
        assertThat(log.commit(List.of(all.poisonRecord(1)))).isInstanceOf(Commit.Committed.class);
      }
    }
    Place kept = all.poison(1);
    // A log can only be cut at its start: what other tests have left goes, too.
    List<Place> before =
        all.read(all.topics.deadLetters()).stream()
            .filter(record -> record.partition() == 1 && record.offset() < kept.offset())
            .map(record -> new Place(1, record.offset()))
            .toList();
    prepare("purge", before);
    prepare("purge-kept", List.of(kept));
    for (Map.Entry<String, Long> each :
        List.of(Map.entry("purge", kept.offset()), Map.entry("purge-kept", kept.offset() + 1))) {
      PlanId id = run(draft(each.getKey(), 1, new Action.Purge("old"), null));
      awaitState(id, State.DONE);
      assertThat(all.begin(all.topics.deadLetters(), 1)).isEqualTo(each.getValue());
      assertThat(all.progress(id.text()).getFirst().cutTo()).isEqualTo(each.getValue());
    }
    assertThat(all.tally("purge")).isEqualTo(Tally.ofPurged(before.size()));
  }

  @Test
  void whoTakesOverSelectsAnew() throws Exception {
    Map<Job, Place> jobs = all.deadLetters(2);
    Draft draft = draft("selected-anew", 10, REPLAY, null);
    PlanId id = draft.id();
    prepared.hold(id);
    assertThat(create(draft)).isEqualTo(State.SELECTING);
    await().atMost(PATIENCE).until(() -> prepared.held(id) == 1);
    List<Long> ends = plan(id).ends();
    prepare("selected-anew", jobs.values());
    startAnew();
    awaitState(id, State.DRAFT);
    assertThat(plan(id).ends()).isEqualTo(ends);
    assertThat(move(id, Command.ABORT)).isEqualTo(State.ABORTED);
    assertReplayed(jobs.keySet(), List.of());
  }

  @Test
  void aSelectionThatFailsEndsThePlanWithItsReason() throws Exception {
    Draft draft = draft("wrong", 10, REPLAY, null);
    assertThat(create(draft)).isEqualTo(State.SELECTING);
    awaitState(draft.id(), State.ABORTED);
    assertThat(plan(draft.id()).note()).contains("nothing is prepared");
  }
}
