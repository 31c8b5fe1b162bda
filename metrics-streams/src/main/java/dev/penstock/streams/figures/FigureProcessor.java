package dev.penstock.streams.figures;

import dev.penstock.job.JobId;
import dev.penstock.streams.view.Change;
import dev.penstock.streams.view.Fact;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.JobLife.Profile;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the figures equal to the sum of what all lives add: whatever changes in a life, what it
 * added before is taken back and what it adds now is added. A life holds its highest generation
 * alone, so those that are over are kept here, and what is read of them late is folded into them.
 */
final class FigureProcessor implements Processor<JobId, Change, Void, Void> {
  /** How often some of the expired windows are deleted. */
  static final Duration SWEEP_PERIOD = Duration.ofSeconds(1);

  private final FigureBoard board;
  private final String lives;
  private @Nullable FigureStore store;
  private @Nullable ReadOnlyKeyValueStore<JobId, JobLife> known;
  private int partition;

  /**
   * @param lives the name of the store of lives
   */
  FigureProcessor(FigureBoard board, String lives) {
    this.board = board;
    this.lives = lives;
  }

  @Override
  public void init(ProcessorContext<Void, Void> context) {
    FigureStore opened = context.getStateStore(FigureTopology.FIGURES);
    opened.open();
    context.schedule(SWEEP_PERIOD, PunctuationType.WALL_CLOCK_TIME, _ -> opened.sweep());
    partition = context.taskId().partition();
    board.begin(partition, opened);
    known = context.<KeyValueStore<JobId, JobLife>>getStateStore(lives);
    store = opened;
  }

  @Override
  public void process(Record<JobId, Change> record) {
    FigureStore to = store;
    ReadOnlyKeyValueStore<JobId, JobLife> lives = known;
    if (to == null || lives == null) {
      throw new IllegalStateException("a record before init");
    }
    Change change = record.value();
    JobId id = record.key();
    if (!to.isBegun()) {
      begin(to, lives, id, change);
    }
    if (change.fact() instanceof Fact.Dropped) {
      drop(to, id, change.before());
    } else {
      to.advance(change.appendedAtMillis());
      count(to, id, change);
    }
    board.changed(id, change);
  }

  /**
   * Makes the figures of the lives that are there already, where an earlier version kept no
   * figures; else there are none.
   */
  private static void begin(
      FigureStore to, ReadOnlyKeyValueStore<JobId, JobLife> lives, JobId id, Change change) {
    to.advance(change.appendedAtMillis());
    try (KeyValueIterator<JobId, JobLife> all = lives.all()) {
      while (all.hasNext()) {
        KeyValue<JobId, JobLife> each = all.next();
        if (!each.key.equals(id)) {
          to.replace(List.of(), Contributions.ofPresent(each.key, each.value));
        }
      }
    }
    to.replace(List.of(), Contributions.ofPresent(id, change.before()));
  }

  @Override
  public void close() {
    if (store != null) {
      board.end(partition, store);
      store = null;
    }
  }

  private static void drop(FigureStore to, JobId id, JobLife dropped) {
    to.replace(Contributions.ofPresence(id, dropped), List.of());
    for (JobLife earlier : dropped.generation() == 0 ? List.<JobLife>of() : to.allEarlier(id)) {
      to.removeEarlier(id, earlier.generation());
    }
  }

  private static void count(FigureStore to, JobId id, Change change) {
    JobLife before = change.before();
    JobLife after = change.after();
    if (after.generation() == before.generation()) {
      to.replace(Contributions.ofPresent(id, before), Contributions.ofPresent(id, after));
    } else {
      // What the generation before added stays; it is where the job is that is taken back.
      to.replace(Contributions.ofPresence(id, before), Contributions.ofPresent(id, after));
      to.putEarlier(id, before);
    }
    int told = generation(change.fact(), after.generation());
    if (told < after.generation()) {
      JobLife earlier = to.earlier(id, told);
      JobLife folded = change.fact().foldedInto(earlier);
      to.replace(
          Contributions.ofEarlier(id, before.profile(), earlier),
          Contributions.ofEarlier(id, before.profile(), folded));
      to.putEarlier(id, folded);
    }
    if (after.generation() > 0 && !isSame(before.profile(), after.profile())) {
      for (JobLife earlier : to.allEarlier(id)) {
        to.replace(
            Contributions.ofEarlier(id, before.profile(), earlier),
            Contributions.ofEarlier(id, after.profile(), earlier));
      }
    }
  }

  /** The generation that a record tells of; a request adds nothing to any. */
  private static int generation(Fact fact, int present) {
    return switch (fact) {
      case Fact.Accepted accepted -> accepted.value().generation();
      case Fact.Happened happened -> happened.value().generation();
      case Fact.CancelRequested _, Fact.RetryNowRequested _, Fact.Dropped _ -> present;
    };
  }

  /** Whether both say the same of whose job it is. */
  private static boolean isSame(@Nullable Profile a, @Nullable Profile b) {
    if (a == null || b == null) {
      return a == null && b == null;
    }
    return a.model().equals(b.model())
        && a.kind().equals(b.kind())
        && Objects.equals(a.tenant(), b.tenant());
  }
}
