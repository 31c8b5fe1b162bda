package dev.penstock.replayer.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.job.JsonObject;
import dev.penstock.job.Ordering;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.LedgerRecord.Replayed;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.plan.PlanBook;
import dev.penstock.replayer.plan.PlanLife;
import dev.penstock.replayer.plan.PlanLife.Command;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The real decider, the real life of plans and the real reader of plans against logs that take a
 * step as a whole or not at all, the ledger only of who opened it last. Deciders die at any point,
 * also between a commit and its answer; old ones go on as zombies; everyone reads plans late,
 * except when taking over; people confirm, pause, abort and undo whenever they like; jobs end in
 * between, and letters come back.
 */
final class DeciderCrashesTest {
  private static final int RUNS = 300;
  private static final int STEPS = 500;
  private static final long SEED = 20_261_122;
  private static final List<Command> COMMANDS = List.of(Command.values());
  private static final SubmissionReader READER =
      new SubmissionReader(Contract.load(), () -> Letters.NOW);

  @Test
  void plansDoWhatTheySayWhateverDiesWhen() {
    var met = new EnumMap<Met, Integer>(Met.class);
    for (int i = 0; i < RUNS; i++) {
      new Run(SEED + i, met).live();
    }
    // What never happened was not tested.
    assertThat(met.keySet()).isEqualTo(EnumSet.allOf(Met.class));
    assertThat(met)
        .as("%s", met)
        .allSatisfy((what, times) -> assertThat(times).as("%s", what).isGreaterThan(3));
  }

  /** What runs are to meet, together. */
  private enum Met {
    DONE,
    ABORTED_WITH_SOME_LEFT,
    UNDONE_WITH_SOME_CANCELLED,
    UNDONE_WITH_SOME_TOO_LATE,
    UNDO_TAKEN_OVER,
    CANARY_WENT_ON,
    PURGED_AFTER_REPLAY,
    STILL_OPEN,
    CUT,
    RECALLED,
    ALREADY_RESOLVED
  }

  private record Generation(JobId job, int number) {}

  /** One partition, and everyone who believes to decide about it. */
  private static final class Run {
    private final Random random;
    private final String what;
    private final Map<Met, Integer> met;
    private Instant now = Letters.NOW;

    // Dead letters
    private final List<Letter.OfJob> letters = new ArrayList<>();
    private long logStart;

    // Plans
    private final List<ConsumerRecord<byte[], byte[]>> planLog = new ArrayList<>();
    private final Map<PlanId, Plan> plans = new LinkedHashMap<>();
    private final Map<PlanId, OffsetSet> selected = new HashMap<>();
    private final Map<PlanId, Integer> toStopAt = new HashMap<>();
    private final Set<PlanId> stopped = new HashSet<>();
    private final Set<PlanId> undone = new HashSet<>();

    // The ledger
    private final List<LedgerRecord> ledger = new ArrayList<>();
    private final Map<PlanId, Progress> progress = new HashMap<>();
    private final Set<Long> resolved = new HashSet<>();
    private final Set<Long> purged = new HashSet<>();
    private final Set<String> decided = new HashSet<>();
    private final Map<Generation, PlanId> begun = new LinkedHashMap<>();
    private final Map<Long, Generation> successors = new HashMap<>();

    // Workers
    private final List<Generation> unfinished = new ArrayList<>();
    private final Set<Generation> cancels = new HashSet<>();
    private final List<Ended> events = new ArrayList<>();

    /** Whether events are not kept for long, so that what becomes of jobs is not always known. */
    private final boolean forgetful;

    private int eventsStart;

    private final List<Life> processes = new ArrayList<>();
    private int epoch;

    private record Ended(Generation generation, JobState end) {}

    Run(long seed, Map<Met, Integer> met) {
      this.random = new Random(seed);
      this.what = "seed " + seed;
      this.met = met;
      this.forgetful = random.nextInt(3) == 0;
    }

    void met(Met what) {
      met.merge(what, 1, Integer::sum);
    }

    void live() {
      int count = 5 + random.nextInt(40);
      for (int number = 0; number < count; number++) {
        var ordering =
            number % 3 == 0 ? new Ordering("key " + number, Ordering.OnDeadLetter.BLOCK) : null;
        add(Letters.deadLetter(Letters.job(number, ordering, null), random.nextInt(2)));
      }
      create();
      open();
      for (int step = 0; step < STEPS; step++) {
        now = now.plusMillis(random.nextInt(300));
        switch (random.nextInt(24)) {
          case 0 -> open();
          case 1, 2 -> finishOne();
          case 4 -> create();
          case 5 -> command(COMMANDS.get(random.nextInt(COMMANDS.size())));
          case 6 -> command(Command.CONFIRM);
          case 7, 8 -> advance();
          case 3 -> {
            // Those that go on are of more interest than those that never began.
            if (random.nextInt(4) == 0) {
              command(random.nextBoolean() ? Command.UNDO : Command.ABORT);
            }
          }
          case 9 -> {
            if (forgetful) {
              eventsStart += random.nextInt(events.size() - eventsStart + 1);
            }
          }
          default -> processes.get(random.nextInt(processes.size())).step(random.nextInt(8) == 0);
        }
      }
      // Quiet: the last one goes on alone.
      open();
      for (int step = 0; step < 4_000 && !plans.values().stream().allMatch(Run::isOver); step++) {
        now = now.plusMillis(500);
        processes.getLast().step(false);
        finishOne();
        if (random.nextInt(8) == 0) {
          command(Command.UNDO);
        }
        List.of(Command.CONFIRM, Command.RESUME, Command.GO_ON).forEach(this::command);
        advance();
      }
      judge();
    }

    private static boolean isOver(Plan plan) {
      return plan.state().isEnd();
    }

    private void add(dev.penstock.job.DeadLetter dead) {
      letters.add(new Letter.OfJob(letters.size(), dead, null));
    }

    // Plans, as the coordinator writes them

    private void create() {
      if (plans.size() == 5) {
        return;
      }
      var id = new PlanId("plan-" + plans.size());
      var canary = new OffsetSet();
      var rest = new OffsetSet();
      var all = new OffsetSet();
      for (int offset = 0; offset < letters.size(); offset++) {
        switch (random.nextInt(6)) {
          case 0 -> canary.add(offset);
          case 1, 2, 3 -> rest.add(offset);
          default -> {
            continue;
          }
        }
        all.add(offset);
      }
      var shares = new ArrayList<Share>();
      freeze(id, 0, canary, shares);
      freeze(id, 1, rest, shares);
      if (shares.isEmpty()) {
        return;
      }
      selected.put(id, all);
      put(
          new Plan(
              id,
              "p",
              "ann",
              now,
              new JsonObject("{}"),
              List.of((long) letters.size()),
              action(),
              new PlanRecord.Pace(
                  1 + random.nextInt(8),
                  random.nextBoolean() ? null : 1 + random.nextDouble() * 20),
              new Canary(null, 10.0, Canary.Then.GO_ON, 0.5),
              shares,
              State.DRAFT,
              shares.getFirst().stage(),
              1,
              now,
              null));
    }

    private Action action() {
      return switch (random.nextInt(5)) {
        case 0 -> new Action.Discard("no");
        case 1 -> new Action.Purge("old");
        default -> new Action.Replay(3, null);
      };
    }

    private void freeze(PlanId id, int stage, OffsetSet offsets, List<Share> shares) {
      if (offsets.count() > 0) {
        List<String> parts = offsets.parts(7);
        shares.add(new Share(stage, 0, offsets.count(), parts.size()));
        for (int number = 0; number < parts.size(); number++) {
          write(new PlanRecord.Offsets(id, stage, 0, number, parts.get(number)));
        }
      }
    }

    private void write(PlanRecord record) {
      planLog.add(planRecord(record.key(), JsonCodec.PLANS.encode(record)));
    }

    private ConsumerRecord<byte[], byte[]> planRecord(String key, byte @Nullable [] value) {
      return new ConsumerRecord<>(
          "plans", 0, planLog.size(), key.getBytes(StandardCharsets.UTF_8), value);
    }

    private void put(Plan plan) {
      plans.put(plan.id(), plan);
      write(plan);
      if (plan.state() == State.ABORTING || plan.state() == State.UNDOING) {
        toStopAt.putIfAbsent(plan.id(), plan.version());
      }
      if (plan.state().isEnd()) {
        assertThat(open(plan.id()).size())
            .as("%s: %s has ended", what, plan)
            .isLessThanOrEqualTo((int) PlanLife.tally(progress(plan.id())).unknown());
        for (Share share : plan.shares()) {
          for (int number = 0; number < share.parts(); number++) {
            planLog.add(
                planRecord(
                    new PlanRecord.Offsets(plan.id(), share.stage(), 0, number, "").key(), null));
          }
        }
      }
    }

    /** What the plan has begun and has not ended. */
    private List<Generation> open(PlanId plan) {
      return unfinished.stream().filter(each -> plan.equals(begun.get(each))).toList();
    }

    private Map<Integer, Progress> progress(PlanId plan) {
      Progress last = progress.get(plan);
      return last == null ? Map.of() : Map.of(0, last);
    }

    private void command(Command command) {
      List<Plan> all = List.copyOf(plans.values());
      Plan plan = all.get(random.nextInt(all.size()));
      Tally tally = PlanLife.tally(progress(plan.id()));
      if (PlanLife.obey(plan, command, null, tally, now)
          instanceof PlanLife.Answer.Changed(Plan changed)) {
        put(changed);
      }
    }

    private void advance() {
      for (Plan plan : List.copyOf(plans.values())) {
        PlanLife.advance(plan, progress(plan.id()), now)
            .ifPresent(moved -> {
              put(moved.plan());
              if (moved.did().equals(Command.GO_ON.wireName())) {
                met(Met.CANARY_WENT_ON);
              }
            });
      }
    }

    // Workers

    /** A worker ends a job; some come back as new dead letters. */
    private void finishOne() {
      if (unfinished.isEmpty()) {
        return;
      }
      Generation generation = unfinished.remove(random.nextInt(unfinished.size()));
      boolean cancelled = cancels.contains(generation) && random.nextInt(3) > 0;
      boolean back = !cancelled && random.nextInt(4) == 0;
      events.add(
          new Ended(
              generation,
              cancelled ? JobState.CANCELLED : back ? JobState.DEAD_LETTERED : JobState.SUCCEEDED));
      if (back) {
        Letter.OfJob before =
            letters.stream()
                .filter(letter -> letter.deadLetter().job().id().equals(generation.job))
                .findFirst()
                .orElseThrow();
        add(Letters.deadLetter(before.deadLetter().job(), generation.number));
      }
    }

    // The ledger

    private void open() {
      processes.add(new Life(++epoch));
      if (processes.size() > 3) {
        processes.removeFirst();
      }
    }

    /** What a transaction does, and what it never may. */
    private void commit(Step.Write write) {
      for (Successor successor : write.successors()) {
        var generation =
            new Generation(successor.record().job().id(), successor.record().generation());
        assertThat(begun).as("%s: one generation, once", what).doesNotContainKey(generation);
        unfinished.add(generation);
      }
      for (LedgerRecord record : write.ledger()) {
        ledger.add(record);
        switch (record) {
          case Progress last -> {
            judge(last, progress.put(last.plan(), last));
            if (last.seen() >= toStopAt.getOrDefault(last.plan(), Integer.MAX_VALUE)) {
              stopped.add(last.plan());
            }
          }
          case Replayed each -> {
            decide(each.plan(), each.offset());
            assertThat(resolved.add(each.offset()))
                .as("%s: %s is the only one", what, each)
                .isTrue();
            var generation = new Generation(each.jobId(), each.newGeneration());
            assertThat(unfinished).as("%s: %s is begun", what, each).contains(generation);
            begun.put(generation, each.plan());
            successors.put(each.offset(), generation);
          }
          case LedgerRecord.Discarded each -> {
            decide(each.plan(), each.offset());
            assertThat(resolved.add(each.offset()))
                .as("%s: %s is the only one", what, each)
                .isTrue();
          }
          case LedgerRecord.Purged each -> {
            decide(each.plan(), each.offset());
            assertThat(purged.add(each.offset())).as("%s: %s is the only one", what, each).isTrue();
            Generation successor = successors.get(each.offset());
            if (successor != null) {
              met(Met.PURGED_AFTER_REPLAY);
              if (!forgetful) {
                assertThat(unfinished).as("%s: %s has ended", what, each).doesNotContain(successor);
              }
            }
            resolved.add(each.offset());
          }
          case LedgerRecord.Refused each -> {
            decide(each.plan(), each.offset());
            if (each.reason() == Refusal.STILL_OPEN) {
              met(Met.STILL_OPEN);
            } else if (each.reason() == Refusal.ALREADY_RESOLVED) {
              met(Met.ALREADY_RESOLVED);
              assertThat(resolved).as("%s: %s", what, each).contains(each.offset());
            }
          }
        }
      }
      assertThat(begun.keySet())
          .as("%s: nothing runs that the ledger has not", what)
          .containsAll(
              write.successors().stream()
                  .map(each -> new Generation(each.record().job().id(), each.record().generation()))
                  .toList());
      write.cancels().forEach(this::cancel);
      for (PlanId plan : undone) {
        assertThat(cancels).as("%s: all of %s is asked", what, plan).containsAll(open(plan));
      }
    }

    /** What is told never goes back, and what is said to be done is. */
    private void judge(Progress last, @Nullable Progress before) {
      if (before != null) {
        Tally told = before.tally();
        assertThat(last.seen()).as("%s: %s", what, last).isGreaterThanOrEqualTo(before.seen());
        assertThat(List.of(last.tally().succeeded(), last.tally().cancelled()))
            .as("%s: %s after %s", what, last, before)
            .satisfies(now -> {
              assertThat(now.getFirst()).isGreaterThanOrEqualTo(told.succeeded());
              assertThat(now.getLast()).isGreaterThanOrEqualTo(told.cancelled());
            });
      }
      Plan plan = Objects.requireNonNull(plans.get(last.plan()));
      if (plan.state() == State.UNDOING && last.seen() >= plan.version()) {
        undone.add(plan.id());
      }
    }

    private void decide(PlanId plan, long offset) {
      assertThat(stopped)
          .as("%s: nothing begins when the abort was obeyed", what)
          .doesNotContain(plan);
      assertThat(selected(plan).contains(offset)).as("%s: %d is selected", what, offset).isTrue();
      assertThat(decided.add(plan + "/" + offset))
          .as("%s: %s decides about %d once", what, plan, offset)
          .isTrue();
    }

    private OffsetSet selected(PlanId plan) {
      return Objects.requireNonNull(selected.get(plan));
    }

    private void cancel(Step.Cancel cancel) {
      var generation = new Generation(cancel.request().jobId(), cancel.request().generation());
      PlanId plan = Objects.requireNonNull(begun.get(generation), "it was never begun");
      assertThat(Objects.requireNonNull(plans.get(plan)).state())
          .as("%s: %s is cancelled", what, generation)
          .isEqualTo(State.UNDOING);
      assertThat(cancels.add(generation)).as("%s: %s is asked once", what, generation).isTrue();
      Ordering ordering =
          letters.stream()
              .filter(each -> each.deadLetter().job().id().equals(generation.job))
              .findFirst()
              .map(each -> each.deadLetter().job().ordering())
              .orElse(null);
      assertThat(cancel.orderingKey()).isEqualTo(ordering == null ? null : ordering.key());
    }

    /** To where the log can be cut; cuts it there. */
    private long cut(OffsetSet wanted) {
      long to = Math.max(logStart, wanted.nextAbsentFrom(logStart));
      for (long offset = logStart; offset < to; offset++) {
        assertThat(purged).as("%s: %d may go", what, offset).contains(offset);
      }
      logStart = to;
      met(Met.CUT);
      return to;
    }

    // At the end

    private void judge() {
      for (Plan plan : plans.values()) {
        PlanId id = plan.id();
        assertThat(isOver(plan)).as("%s: %s has ended", what, plan).isTrue();
        Tally tally = PlanLife.tally(progress(id));
        assertThat(tally.open()).as("%s: %s", what, plan).isZero();
        assertThat(withKnownOf(tally, truth(id)))
            .as("%s: what became of %s", what, plan)
            .isEqualTo(tally);
        if (plan.state() == State.DONE) {
          met(Met.DONE);
          assertThat(tally.decided()).as("%s: %s", what, plan).isEqualTo(selected(id).count());
        } else if (plan.state() == State.ABORTED && tally.decided() > 0) {
          if (tally.decided() < selected(id).count()) {
            met(Met.ABORTED_WITH_SOME_LEFT);
          }
        } else if (plan.state() == State.UNDONE) {
          if (tally.cancelled() > 0) {
            met(Met.UNDONE_WITH_SOME_CANCELLED);
          }
          if (tally.cancelled() < tally.cancelsAsked()) {
            met(Met.UNDONE_WITH_SOME_TOO_LATE);
          }
        }
      }
      assertThat(forgetful ? List.of() : unfinished).as(what).isEmpty();
      for (long offset = 0; offset < logStart; offset++) {
        assertThat(purged).as("%s: nothing is lost", what).contains(offset);
      }
    }

    /** The truth, with as much unknown of it as {@code tally} says. */
    private static Tally withKnownOf(Tally tally, Tally truth) {
      return tally.unknown() == 0
          ? truth
          : new Tally(
              truth.replayed(),
              truth.discarded(),
              truth.purged(),
              truth.refused(),
              Math.min(tally.succeeded(), truth.succeeded()),
              Math.min(tally.deadLettered(), truth.deadLettered()),
              Math.min(tally.cancelled(), truth.cancelled()),
              Math.min(tally.expired(), truth.expired()),
              tally.unknown(),
              truth.cancelsAsked());
    }

    /** What the logs say of a plan, counted anew. */
    private Tally truth(PlanId plan) {
      Tally tally = Tally.NONE;
      for (LedgerRecord record : ledger) {
        if (record.plan().equals(plan)) {
          tally =
              tally.plus(
                  switch (record) {
                    case Replayed _ -> Tally.ofReplayed(1);
                    case LedgerRecord.Discarded _ -> Tally.ofDiscarded(1);
                    case LedgerRecord.Purged _ -> Tally.ofPurged(1);
                    case LedgerRecord.Refused each -> Tally.ofRefused(each.reason(), 1);
                    case Progress _ -> Tally.NONE;
                  });
        }
      }
      for (Ended event : events) {
        if (plan.equals(begun.get(event.generation))) {
          tally = tally.with(event.end);
        }
      }
      long asked = cancels.stream().filter(each -> plan.equals(begun.get(each))).count();
      return tally.plus(Tally.ofCancelsAsked(asked));
    }

    /** One life of a replayer. */
    private final class Life {
      private final int openedAs;
      private final PlanBook book = new PlanBook(READER);
      private final Decider decider;
      private int read;
      private long version = -1;
      private int told;
      private boolean following;
      private boolean gone;

      Life(int openedAs) {
        this.openedAs = openedAs;
        follow(random.nextInt(planLog.size() + 1));
        decider =
            new Decider(
                plan -> book.plan(plan).map(known -> known.state().isEnd()).orElse(false),
                1 + random.nextInt(4));
        ledger.forEach(decider::recall);
        follow(planLog.size());
        for (Plan plan : plans.values()) {
          Progress last = progress.get(plan.id());
          if (plan.state() == State.UNDOING && last != null && last.cancelsTo() > 0) {
            met(Met.UNDO_TAKEN_OVER);
          }
        }
      }

      private void follow(int to) {
        for (; read < to; read++) {
          book.take(planLog.get(read));
        }
      }

      /** One step, in which it may be killed. */
      void step(boolean killed) {
        if (gone) {
          return;
        }
        follow(read + random.nextInt(planLog.size() - read + 1));
        if (book.version() != version) {
          version = book.version();
          decider.orders(book.orders(0));
        }
        if (following) {
          if (told < eventsStart) {
            decider.outcomesLost(eventsStart);
            told = eventsStart;
            decider.watching(told, events.size());
          }
          int to = told + random.nextInt(events.size() - told + 1);
          for (; told < to; told++) {
            Generation ended = events.get(told).generation;
            if (decider.awaits(ended.job, ended.number)) {
              decider.ended(ended.job, ended.number, events.get(told).end);
            }
          }
          decider.watchedTo(told);
        }
        Step step = decider.next(now);
        if (step instanceof Step.Read read) {
          step = decider.read(read(read), now);
        }
        switch (step) {
          case Step.Watch(Long from) -> {
            told = from == null ? events.size() : Math.toIntExact(from);
            if (told < eventsStart) {
              decider.outcomesLost(eventsStart);
              told = eventsStart;
            }
            following = true;
            decider.watching(told, events.size());
          }
          case Step.Write write -> write(write, killed);
          case Step.Cut(OffsetSet wanted) -> {
            if (random.nextInt(3) == 0) {
              decider.notCut(now);
            } else {
              // A zombie may do that, too: what is purged stays purged.
              decider.cut(cut(wanted));
            }
          }
          case Step.Recall _ -> {
            met(Met.RECALLED);
            gone = true;
            if (openedAs == epoch) {
              open();
            }
          }
          case Step.Wait _, Step.Idle _ -> {
            // The time passes by itself.
          }
          case Step.Read _ -> throw new IllegalStateException("answered above");
        }
        gone |= killed;
      }

      private Reading read(Step.Read read) {
        var found = new ArrayList<Letter>();
        int max = 1 + random.nextInt(read.max());
        long through = letters.size();
        for (Letter letter : letters) {
          if (letter.offset() >= Math.max(read.from(), logStart)
              && read.selected().contains(letter.offset())) {
            found.add(letter);
            if (found.size() == max) {
              through = letter.offset() + 1;
              break;
            }
          }
        }
        return new Reading(found, through);
      }

      private void write(Step.Write write, boolean killed) {
        if (openedAs != epoch) {
          // Fenced: nothing is written, and the process forgets everything.
          gone = true;
          return;
        }
        if (random.nextInt(8) == 0) {
          if (!killed) {
            decider.notWritten();
          }
          return;
        }
        commit(write);
        if (!killed) {
          decider.written();
        }
      }
    }
  }
}
