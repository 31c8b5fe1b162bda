package dev.penstock.replayer.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.LedgerRecord.Replayed;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.change.Change;
import dev.penstock.replayer.select.OffsetSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The real decider against a log that takes a step as a whole or not at all, and only of who opened
 * it last. Deciders die at any point, also between a commit and its answer; old ones go on as
 * zombies; jobs end in between, and letters come back.
 */
final class DeciderCrashesTest {
  private static final int RUNS = 400;
  private static final long SEED = 20_261_122;

  @Test
  void everySelectedDeadLetterHasExactlyOneNextGeneration() {
    for (int i = 0; i < RUNS; i++) {
      new Run(SEED + i).live();
    }
  }

  /** One partition, and everyone who believes to decide about it. */
  private static final class Run {
    private final Random random;
    private final String what;
    private final List<Letter> letters = new ArrayList<>();
    private final List<LedgerRecord> ledger = new ArrayList<>();
    private final List<Successor> successors = new ArrayList<>();

    /** How generations ended, in the order of the log. */
    private final List<Ended> events = new ArrayList<>();

    private final List<Successor> unfinished = new ArrayList<>();
    private final List<Order> orders = new ArrayList<>();
    private final List<Life> processes = new ArrayList<>();
    private int epoch;
    private Instant now = Letters.NOW;

    private record Ended(JobId job, int generation, JobState end) {}

    Run(long seed) {
      this.random = new Random(seed);
      this.what = "seed " + seed;
    }

    void live() {
      int count = 5 + random.nextInt(60);
      for (int offset = 0; offset < count; offset++) {
        letters.add(Letters.letter(offset, random.nextInt(2)));
      }
      for (int plan = 0; plan < 1 + random.nextInt(2); plan++) {
        orders.add(order("plan-" + plan, count));
      }
      var _ = open();
      for (int step = 0; step < 400; step++) {
        now = now.plusMillis(random.nextInt(400));
        switch (random.nextInt(12)) {
          case 0 -> {
            var _ = open();
          }
          case 1 -> finishOne();
          default -> processes.get(random.nextInt(processes.size())).step(random.nextInt(6) == 0);
        }
      }
      // Quiet: the last one goes on alone.
      Life last = open();
      for (int step = 0; step < 2_000 && !isDone(); step++) {
        now = now.plusMillis(500);
        last.step(false);
        finishOne();
      }
      judge(count);
    }

    private Order order(String plan, int count) {
      var selected = new OffsetSet();
      for (int offset = 0; offset < count; offset++) {
        if (random.nextInt(3) > 0) {
          selected.add(offset);
        }
      }
      return new Order(
          new PlanId(plan),
          1,
          0,
          selected,
          new Action.Replay(9, null),
          Change.NONE,
          1 + random.nextInt(8),
          random.nextBoolean() ? null : 1 + random.nextDouble() * 20,
          Order.Want.GO_ON);
    }

    private Life open() {
      var process = new Life(++epoch);
      processes.add(process);
      if (processes.size() > 3) {
        processes.removeFirst();
      }
      return process;
    }

    /** A worker ends a job; some come back as new dead letters, which nobody has selected. */
    private void finishOne() {
      if (unfinished.isEmpty()) {
        return;
      }
      Successor job = unfinished.remove(random.nextInt(unfinished.size()));
      boolean back = random.nextInt(4) == 0;
      events.add(
          new Ended(
              job.record().job().id(),
              job.record().generation(),
              back ? JobState.DEAD_LETTERED : JobState.SUCCEEDED));
      if (back) {
        letters.add(
            new Letter.OfJob(
                letters.size(),
                Letters.deadLetter(job.record().job(), job.record().generation()),
                null));
      }
    }

    private boolean isDone() {
      return orders.stream()
          .allMatch(order -> {
            Progress last = progress(order.plan());
            return last.complete() && last.tally().open() == 0;
          });
    }

    private Progress progress(PlanId plan) {
      var last = new Progress(plan, 0, 0, false, Tally.NONE, 0, 0, 0, null, now);
      for (LedgerRecord record : ledger) {
        if (record instanceof Progress progress && progress.plan().equals(plan)) {
          last = progress;
        }
      }
      return last;
    }

    private void judge(int count) {
      assertThat(isDone()).as("%s: all plans are done", what).isTrue();
      Set<Long> replayed = new HashSet<>();
      Set<String> generations = new HashSet<>();
      Map<PlanId, Tally> tallies = new HashMap<>();
      for (LedgerRecord record : ledger) {
        if (record instanceof Replayed each) {
          assertThat(replayed.add(each.offset())).as("%s: %s is the only one", what, each).isTrue();
          tallies.merge(each.plan(), new Tally(1, 0, 0, Map.of(), 0, 0, 0, 0, 0, 0), Tally::plus);
        }
      }
      for (Successor each : successors) {
        assertThat(generations.add(each.record().job().id() + "/" + each.record().generation()))
            .as("%s: one generation, once", what)
            .isTrue();
      }
      assertThat(successors).as(what).hasSameSizeAs(replayed);
      for (int offset = 0; offset < count; offset++) {
        long at = offset;
        assertThat(replayed.contains(at))
            .as("%s: %d is replayed exactly if it is selected", what, offset)
            .isEqualTo(orders.stream().anyMatch(order -> order.selected().contains(at)));
      }
      for (Order order : orders) {
        Tally tally = progress(order.plan()).tally();
        assertThat(tally.decided()).as(what).isEqualTo(order.selected().count());
        assertThat(tally.replayed())
            .as(what)
            .isEqualTo(tallies.getOrDefault(order.plan(), Tally.NONE).replayed());
      }
    }

    /** One life of a replayer. */
    private final class Life {
      private final int openedAs;
      private final Decider decider = new Decider();
      private int told;
      private boolean following;
      private boolean gone;

      Life(int openedAs) {
        this.openedAs = openedAs;
        ledger.forEach(decider::recall);
        decider.orders(orders);
      }

      /** One step, in which it may be killed. */
      void step(boolean killed) {
        if (gone) {
          return;
        }
        if (following) {
          for (; told < events.size(); told++) {
            Ended event = events.get(told);
            if (decider.awaits(event.job, event.generation)) {
              decider.ended(event.job, event.generation, event.end);
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
            following = true;
            decider.watching(told, events.size());
          }
          case Step.Write write -> write(write, killed);
          case Step.Wait _, Step.Idle _, Step.Cut _, Step.Recall _ -> {
            // The time passes by itself.
          }
          case Step.Read _ -> throw new IllegalStateException("answered above");
        }
        gone |= killed;
      }

      private Reading read(Step.Read read) {
        var found = new ArrayList<Letter>();
        int max = 1 + random.nextInt(read.max());
        for (Letter letter : letters) {
          if (letter.offset() >= read.from()
              && read.selected().contains(letter.offset())
              && found.size() < max) {
            found.add(letter);
          }
        }
        return new Reading(found, found.isEmpty() ? read.from() : found.getLast().offset() + 1);
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
        ledger.addAll(write.ledger());
        successors.addAll(write.successors());
        unfinished.addAll(write.successors());
        Collections.shuffle(unfinished, random);
        if (!killed) {
          decider.written();
        }
      }
    }
  }
}
