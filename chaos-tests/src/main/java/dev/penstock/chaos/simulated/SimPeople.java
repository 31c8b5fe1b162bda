package dev.penstock.chaos.simulated;

import dev.penstock.chaos.simulated.kafka.SimKafka;
import dev.penstock.chaos.simulated.kafka.SimLog;
import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replayer.plan.Coordinator;
import dev.penstock.replayer.plan.Coordinator.Request;
import dev.penstock.replayer.plan.Draft;
import dev.penstock.replayer.plan.PlanLife.Command;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * People who want dead letters to run again: they choose some of those that are there, whether
 * others have chosen them or not, and have second thoughts. They see what the topics tell, and talk
 * to whoever believes to make plans, which may be nobody, or somebody who never answers.
 */
final class SimPeople {
  /** Routes and the other provider are there for jobs that are changed. */
  private static final String OTHER_MODEL =
      "[{\"op\":\"replace\",\"path\":\"/model\",\"value\":\"" + SimProvider.OTHER + "\"}]";

  /** What no intake would accept. */
  private static final String NO_MODEL = "[{\"op\":\"remove\",\"path\":\"/model\"}]";

  private static final Duration THOUGHT = Duration.ofMillis(800);
  private static final Duration PATIENCE = Duration.ofSeconds(4);
  private static final Duration LOOK = Duration.ofMillis(20);

  private final Scheduler scheduler;
  private final SimKafka kafka;
  private final Topics topics;
  private final Scenario.Replays replays;
  private final SimReplayers replayers;
  private final SimIntake intake;
  private final Map<PlanId, Plan> plans = new LinkedHashMap<>();

  /** All plans below this offset of their topic are in {@link #plans}. */
  private long read;

  private int made;
  private boolean finishing;

  SimPeople(
      SimKafka kafka,
      Scheduler scheduler,
      Scenario scenario,
      SimReplayers replayers,
      SimIntake intake) {
    this.scheduler = scheduler;
    this.kafka = kafka;
    this.topics = scenario.topics();
    this.replays = scenario.replays();
    this.replayers = replayers;
    this.intake = intake;
  }

  void start() {
    scheduler.start(scheduler.strand(scheduler.process("people"), "people", this::live));
  }

  /** From now on they only bring to an end what was begun. */
  void finish() {
    finishing = true;
  }

  /** Whether nobody waits for anything of any plan. */
  boolean isQuiet() {
    return finishing
        && plans().values().stream()
            .allMatch(plan -> plan.state().isEnd() || plan.state() == PlanRecord.State.DRAFT);
  }

  private void live() {
    while (true) {
      scheduler.sleep(scheduler.below(THOUGHT.toNanos()));
      List<Plan> open =
          plans().values().stream()
              .filter(plan -> !plan.state().isEnd() || plan.state() == PlanRecord.State.ABORTED)
              .toList();
      if (!finishing && made < replays.plans() && (open.isEmpty() || scheduler.below(3) == 0)) {
        make();
      } else if (!open.isEmpty()) {
        move(open.get((int) scheduler.below(open.size())));
      }
      if (!finishing && scheduler.below(4) == 0) {
        cancelOne();
      }
    }
  }

  /** The last version of each plan, in the order in which they were made. */
  private Map<PlanId, Plan> plans() {
    SimLog log = kafka.logs(topics.dlqPlans()).getFirst();
    for (ConsumerRecord<byte[], byte[]> record : log.committed()) {
      if (record.offset() >= read
          && record.value() != null
          && JsonCodec.PLANS.decode(record.value())
              instanceof Decoded.Value<PlanRecord>(Plan plan)) {
        plans.put(plan.id(), plan);
      }
    }
    read = log.lastStable();
    return plans;
  }

  // New plans

  private void make() {
    var chosen = new ArrayList<String>();
    long percent = 20 + scheduler.below(81);
    for (SimLog log : kafka.logs(topics.deadLetters())) {
      var there = new HashSet<Long>();
      log.committed().forEach(record -> there.add(record.offset()));
      for (long offset = 0; offset < log.lastStable(); offset++) {
        // Now and then also where no letter is, as if it had been taken away.
        boolean looks = there.contains(offset) || scheduler.below(10) == 0;
        if (looks && scheduler.below(100) < percent) {
          chosen.add(
              (int) scheduler.below(chosen.size() + 1), log.partition().partition() + "-" + offset);
        }
      }
    }
    if (chosen.isEmpty()) {
      return;
    }
    made++;
    ask(
        new Request.Create(
            new Draft(
                new PlanId("plan-" + made),
                "the " + made + ".",
                "people",
                SimSelecting.of(chosen),
                action(),
                pace(),
                canary())));
  }

  private @Nullable Canary canary() {
    if (scheduler.below(3) == 0) {
      return null;
    }
    boolean counted = scheduler.below(2) == 0;
    return new Canary(
        counted ? 1 + (int) scheduler.below(4) : null,
        counted ? null : 1.0 + scheduler.below(60),
        scheduler.below(2) == 0 ? Canary.Then.STOP : Canary.Then.GO_ON,
        (1 + scheduler.below(2)) / 2.0);
  }

  private Action action() {
    return switch ((int) scheduler.below(8)) {
      case 0 ->
          scheduler.below(2) == 0
              ? new Action.Discard("nobody needs it")
              : new Action.Purge("nobody may see it");
      case 1 -> new Action.Replay(generations(), OTHER_MODEL);
      case 2 -> new Action.Replay(generations(), scheduler.below(2) == 0 ? OTHER_MODEL : NO_MODEL);
      default -> new Action.Replay(generations(), null);
    };
  }

  private int generations() {
    return 1 + (int) scheduler.below(3);
  }

  private Pace pace() {
    int inFlight = scheduler.below(2) == 0 ? 1 + (int) scheduler.below(3) : 100;
    @Nullable Double perSecond = scheduler.below(2) == 0 ? 1.0 + scheduler.below(6) : null;
    return new Pace(inFlight, perSecond);
  }

  // What becomes of them

  private void move(Plan plan) {
    Command command =
        switch (plan.state()) {
          case SELECTING -> finishing || scheduler.below(10) > 0 ? null : Command.ABORT;
          case DRAFT -> beforeItRuns();
          case RUNNING -> whileItRuns();
          case PAUSED -> either(Command.RESUME, Command.ABORT, Command.UNDO);
          case CANARY_REPORT -> either(Command.GO_ON, Command.ABORT, Command.UNDO);
          case ABORTING, ABORTED -> finishing || scheduler.below(6) > 0 ? null : Command.UNDO;
          case UNDOING, UNDONE, DONE -> null;
        };
    if (command != null) {
      // Who says which version they saw is refused when it has changed.
      Integer version = scheduler.below(3) == 0 ? plan.version() : null;
      ask(new Request.Move(plan.id(), command, "people", version));
    }
  }

  private Command either(Command mostly, Command now, Command then) {
    return switch ((int) scheduler.below(8)) {
      case 0 -> now;
      case 1 -> then;
      default -> mostly;
    };
  }

  private @Nullable Command beforeItRuns() {
    if (finishing) {
      return null;
    }
    return scheduler.below(8) == 0 ? Command.ABORT : Command.CONFIRM;
  }

  private @Nullable Command whileItRuns() {
    if (finishing) {
      return null;
    }
    return switch ((int) scheduler.below(10)) {
      case 0, 1 -> Command.PAUSE;
      case 2 -> Command.ABORT;
      case 3 -> Command.UNDO;
      default -> null;
    };
  }

  /** Someone wants one of the replayed jobs to end, whether it has begun or not. */
  private void cancelOne() {
    var replayed = new ArrayList<LedgerRecord.Replayed>();
    for (SimLog log : kafka.logs(topics.dlqLedger())) {
      for (ConsumerRecord<byte[], byte[]> record : log.committed()) {
        if (JsonCodec.LEDGER.decode(record.value())
            instanceof Decoded.Value<LedgerRecord>(LedgerRecord.Replayed one)) {
          replayed.add(one);
        }
      }
    }
    if (!replayed.isEmpty()) {
      LedgerRecord.Replayed one = replayed.get((int) scheduler.below(replayed.size()));
      letter(one).ifPresent(letter -> intake.cancel(letter.job(), one.newGeneration()));
    }
  }

  private Optional<DeadLetter> letter(LedgerRecord.Replayed replayed) {
    for (SimLog log : kafka.logs(topics.deadLetters())) {
      for (ConsumerRecord<byte[], byte[]> record : log.committed()) {
        if (record.offset() == replayed.offset()
            && JsonCodec.DEAD_LETTERS.decode(record.value())
                instanceof Decoded.Value<DeadLetter>(DeadLetter letter)
            && letter.job().id().equals(replayed.jobId())) {
          return Optional.of(letter);
        }
      }
    }
    return Optional.empty();
  }

  private void ask(Request request) {
    Optional<Coordinator> coordinator = replayers.coordinator();
    if (coordinator.isPresent()) {
      var reply = coordinator.get().ask(request);
      // Whoever gets no answer looks at the plan.
      var _ = scheduler.poll(reply::isDone, LOOK, PATIENCE);
    }
  }
}
