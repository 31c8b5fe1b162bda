package dev.penstock.replayer.replay;

import dev.penstock.job.CancelRequest;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.LedgerRecord.Replayed;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.replay.Order.Want;
import dev.penstock.replayer.select.OffsetSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides about the dead letters of one partition, as a state machine: events in, steps out; no
 * I/O, no clock and no thread of its own, so the same code runs in production and in simulation.
 *
 * <p>It keeps the invariant of one live record: between two generations of a job its dead letter is
 * that record, and only this decider writes its successor. What it knows is what the ledger says,
 * read to its end after every earlier decider was shut out, and what it has written since. The next
 * generation, the resolution that it follows from, and how far the plan has come are one {@link
 * Step.Write}, which is written as a whole or not at all. So a dead letter has at most one
 * successor, whatever dies when.
 *
 * <p>Nothing of a plan changes here before it is written. So what {@link Progress#seen} says is a
 * promise of every later decider too: whoever follows has read it, and the plans after it.
 *
 * <p>Not thread-safe.
 */
public final class Decider {
  /** The most dead letters that one transaction decides about, and the most cancels of one. */
  static final int MAX_BATCH = 500;

  /** About the most bytes of the jobs of one transaction. */
  static final int MAX_BATCH_BYTES = 8 * 1024 * 1024;

  /** Outcomes alone are told at most this often. */
  static final Duration REPORT = Duration.ofSeconds(1);

  /** How soon it is looked again for dead letters that could not be read yet. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(200);

  /** How soon it is tried again to cut the log. */
  private static final Duration CUT_AGAIN = Duration.ofSeconds(5);

  private static final Step IDLE = new Step.Idle();

  private final OffsetSet resolved = new OffsetSet();
  private final OffsetSet purged = new OffsetSet();

  /** What plans began, as the ledger tells it; until the plans that are at work are known. */
  private final Map<PlanId, List<Replayed>> recalled = new HashMap<>();

  /** Plans of which that was not kept. */
  private final Set<PlanId> forgotten = new HashSet<>();

  private final Predicate<PlanId> isOver;
  private final int maxBatch;
  private boolean recalledAll = true;
  private boolean recallNeeded;
  private final Map<PlanId, Progress> progress = new HashMap<>();
  private final Map<PlanId, Task> tasks = new LinkedHashMap<>();

  /** Whose outcome is awaited. */
  private final Map<Generation, Begun> open = new HashMap<>();

  private boolean watched;
  private long eventsAt;
  private long eventsThere;
  private @Nullable Task asked;
  private @Nullable Batch pending;

  private record Generation(JobId job, int number) {}

  /** A generation that a plan began. */
  private record Begun(
      Task task, Generation generation, long offset, @Nullable String orderingKey) {}

  /** What a plan came to here, as far as it is committed, and what it wants. */
  private static final class Task {
    private Order order;
    private int stage;
    private Place place = Place.START;
    private Tally tally = Tally.NONE;
    private long eventsFrom = -1;

    /** What it has replayed and whose outcome is not known, by the offset of its dead letter. */
    private final NavigableMap<Long, Begun> begun = new TreeMap<>();

    private int inFlight;
    private boolean untold;
    private Instant toldAt = Instant.MIN;
    private @Nullable TokenBucket bucket;
    private @Nullable Instant notBefore;

    /** To where the log was cut when all of the stage was decided; null before. */
    private @Nullable Long cut;

    Task(Order order) {
      this.order = order;
    }

    boolean isPurge() {
      return order.action() instanceof Action.Purge;
    }
  }

  /**
   * How far a task has come; what it says is what its {@link Progress} says.
   *
   * @param seen the version of the plan that is obeyed
   * @param cancelsTo below it, all that had not ended was asked to be cancelled
   */
  private record Place(
      long nextOffset, boolean complete, int seen, long cancelsTo, @Nullable Long cutTo) {
    static final Place START = new Place(0, false, 0, 0, null);

    static Place of(Progress last) {
      return new Place(
          last.nextOffset(), last.complete(), last.seen(), last.cancelsTo(), last.cutTo());
    }

    Place at(long offset, boolean nowComplete) {
      return new Place(offset, nowComplete, seen, cancelsTo, cutTo);
    }

    Place obeying(int version) {
      return new Place(nextOffset, complete, Math.max(seen, version), cancelsTo, cutTo);
    }

    Place cancelled(long through) {
      return new Place(nextOffset, complete, seen, through, cutTo);
    }

    Place cut(@Nullable Long to) {
      return new Place(nextOffset, complete, seen, cancelsTo, to);
    }
  }

  /** What is being written, and what follows for a task when it is. */
  private record Batch(Task task, Step.Write step, Place place, Progress progress, Tally decided) {}

  /** One that keeps what any plan began, until it knows which ones are at work. */
  public Decider() {
    this(_ -> false);
  }

  /**
   * @param isOver whether nothing is wanted for a plan any more, as far as is known
   */
  public Decider(Predicate<PlanId> isOver) {
    this(isOver, MAX_BATCH);
  }

  /**
   * @param maxBatch the most dead letters that one transaction decides about, and the most cancels
   */
  Decider(Predicate<PlanId> isOver, int maxBatch) {
    this.isOver = isOver;
    this.maxBatch = maxBatch;
  }

  // What the ledger says

  /** Takes in what the ledger says, in its order; before any order. */
  public void recall(LedgerRecord record) {
    switch (record) {
      case Replayed replayed -> {
        resolved.add(replayed.offset());
        if (isOver.test(replayed.plan())) {
          forgotten.add(replayed.plan());
        } else {
          recalled.computeIfAbsent(replayed.plan(), _ -> new ArrayList<>()).add(replayed);
        }
      }
      case LedgerRecord.Discarded discarded -> resolved.add(discarded.offset());
      case LedgerRecord.Purged gone -> {
        resolved.add(gone.offset());
        purged.add(gone.offset());
      }
      case Progress last -> progress.put(last.plan(), last);
      case LedgerRecord.Refused _ -> {
        // It says what a plan did not do; another plan may.
      }
    }
  }

  // What is wanted

  /** What the plans want of this partition now; those that are missing want nothing any more. */
  public void orders(Collection<Order> wanted) {
    var missing = new ArrayList<>(tasks.keySet());
    for (Order order : wanted) {
      missing.remove(order.plan());
      Task task = tasks.get(order.plan());
      if (task == null) {
        task = begin(order);
        tasks.put(order.plan(), task);
      }
      task.order = order;
      if (order.stage() > task.stage) {
        task.stage = order.stage();
        task.place = task.place.at(0, false);
        task.cut = null;
      }
    }
    for (PlanId plan : missing) {
      Task ended = Objects.requireNonNull(tasks.remove(plan));
      open.values().removeIf(begun -> begun.task == ended);
    }
    // What ended plans have begun is of no interest to those that follow. One that is to be undone
    // after its end is: the ledger is read once more then.
    recalled.clear();
    recalledAll = false;
    watched = watched && !tasks.isEmpty();
  }

  private Task begin(Order order) {
    var task = new Task(order);
    Progress last = progress.get(order.plan());
    if (last != null) {
      recallNeeded |=
          forgotten.contains(order.plan()) || (!recalledAll && last.tally().replayed() > 0);
      task.stage = last.stage();
      task.place = Place.of(last);
      task.eventsFrom = last.eventsFrom();
      task.toldAt = last.at();
      // The events tell the outcomes once more, from where the first of them can stand.
      task.tally = last.tally().withoutOutcomes();
      List<Replayed> begun = recalled.getOrDefault(order.plan(), List.of());
      begun.forEach(each -> begin(task, each));
      watched = watched && begun.isEmpty();
    }
    return task;
  }

  private void begin(Task task, Replayed replayed) {
    var generation = new Generation(replayed.jobId(), replayed.newGeneration());
    var begun = new Begun(task, generation, replayed.offset(), replayed.orderingKey());
    open.put(generation, begun);
    task.begun.put(replayed.offset(), begun);
    task.inFlight++;
  }

  // What happens

  /**
   * The events are followed from {@code position} on: what comes later will be told.
   *
   * @param end up to where there are events already; before they were told, what has ended may not
   *     be known to have
   */
  public void watching(long position, long end) {
    watched = true;
    eventsAt = position;
    eventsThere = end;
  }

  /** All events below {@code position} were told. */
  public void watchedTo(long position) {
    eventsAt = Math.max(eventsAt, position);
  }

  private boolean hasHeardWhatIsThere() {
    return eventsAt >= eventsThere;
  }

  /**
   * The events below {@code start} are not kept any more, so of what was replayed before, what is
   * not known now never will be.
   */
  public void outcomesLost(long start) {
    for (Task task : tasks.values()) {
      Progress last = progress.get(task.order.plan());
      if (task.inFlight > 0 && last != null && task.eventsFrom < start) {
        open.values().removeIf(each -> each.task == task);
        task.inFlight = 0;
        task.tally = last.tally().withoutOpen();
        task.untold = true;
      }
    }
  }

  /** Whether someone wants to know how a job ended. */
  public boolean awaits(JobId job, int generation) {
    return open.containsKey(new Generation(job, generation));
  }

  /** A generation has ended. */
  public void ended(JobId job, int generation, JobState end) {
    Begun begun = open.remove(new Generation(job, generation));
    if (begun != null) {
      Task task = begun.task;
      task.begun.remove(begun.offset);
      task.tally = task.tally.with(end);
      task.inFlight--;
      task.untold = true;
    }
  }

  // What is to be done

  /** What is to be done now. Not before the step before was answered. */
  public Step next(Instant now) {
    if (pending != null || asked != null) {
      throw new IllegalStateException("the step before is not answered");
    }
    if (recallNeeded) {
      return new Step.Recall();
    }
    if (tasks.isEmpty()) {
      return IDLE;
    }
    if (!watched) {
      return new Step.Watch(firstEvent());
    }
    Instant wake = null;
    for (Task task : List.copyOf(tasks.values())) {
      Step step = step(task, now);
      if (step instanceof Step.Wait(Instant until)) {
        wake = earlier(wake, until);
      } else {
        // Whoever had a turn stands behind those that wait for one.
        tasks.remove(task.order.plan());
        tasks.put(task.order.plan(), task);
        return step;
      }
    }
    return new Step.Wait(wake);
  }

  /** From where the events tell of everything that is awaited; null where nothing is. */
  private @Nullable Long firstEvent() {
    return tasks.values().stream()
        .filter(task -> task.inFlight > 0)
        .map(task -> task.eventsFrom)
        .min(Long::compare)
        .orElse(null);
  }

  private Step step(Task task, Instant now) {
    return switch (task.order.want()) {
      case GO_ON -> goOn(task, now);
      case HOLD, STOP -> obeyed(task, now);
      case UNDO -> undo(task, now);
    };
  }

  private static boolean mayGoOn(Task task) {
    Order order = task.order;
    return order.want() == Want.GO_ON
        && order.stage() == task.stage
        && order.version() >= task.place.seen;
  }

  private Step goOn(Task task, Instant now) {
    if (!mayGoOn(task) || task.place.complete) {
      return report(task, now, null);
    }
    boolean early = task.notBefore != null && now.isBefore(task.notBefore);
    OptionalLong first = task.order.selected().nextFrom(task.place.nextOffset);
    if (first.isEmpty()) {
      if (task.isPurge() && task.cut == null) {
        if (early) {
          return report(task, now, task.notBefore);
        }
        asked = task;
        return new Step.Cut(purged);
      }
      Place complete = task.place.at(task.place.nextOffset, true);
      return tell(task, task.cut == null ? complete : complete.cut(task.cut), now);
    }
    // What has ended may be purged, and what has not may not.
    if (task.isPurge() && !hasHeardWhatIsThere()) {
      return report(task, now, null);
    }
    int room = room(task, now);
    if (room > 0 && !early) {
      asked = task;
      return new Step.Read(task.order.selected(), first.getAsLong(), room);
    }
    return report(task, now, early ? task.notBefore : wake(task, now));
  }

  /** Nothing begins, and whoever asked for that is told. */
  private Step obeyed(Task task, Instant now) {
    return task.place.seen < task.order.version()
        ? tell(task, task.place, now)
        : report(task, now, null);
  }

  /**
   * Nothing begins, and what has not ended is asked to be cancelled, in the order of the dead
   * letters. Told as obeyed only when all of it was asked.
   */
  private Step undo(Task task, Instant now) {
    if (task.place.seen >= task.order.version() || !hasHeardWhatIsThere()) {
      return report(task, now, null);
    }
    var cancels = new ArrayList<Step.Cancel>();
    long through = task.place.cancelsTo;
    for (Begun each : task.begun.tailMap(task.place.cancelsTo, true).values()) {
      if (cancels.size() == maxBatch) {
        break;
      }
      through = each.offset + 1;
      cancels.add(
          new Step.Cancel(
              new CancelRequest(each.generation.job(), each.generation.number(), now),
              each.orderingKey));
    }
    Place after = task.place.cancelled(through);
    return task.begun.tailMap(through, true).isEmpty()
        ? write(task, after.obeying(task.order.version()), List.of(), List.of(), cancels, now)
        : write(task, after, List.of(), List.of(), cancels, now);
  }

  private Step report(Task task, Instant now, @Nullable Instant otherwise) {
    if (!task.untold || !hasHeardWhatIsThere()) {
      return new Step.Wait(otherwise);
    }
    Instant due = task.toldAt.equals(Instant.MIN) ? now : task.toldAt.plus(REPORT);
    boolean allKnown = task.inFlight == 0;
    return allKnown || !now.isBefore(due)
        ? write(task, task.place, List.of(), List.of(), List.of(), now)
        : new Step.Wait(earlier(otherwise, due));
  }

  /** How many more it may decide about now. */
  private int room(Task task, Instant now) {
    if (!(task.order.action() instanceof Action.Replay)) {
      return maxBatch;
    }
    int room = Math.min(maxBatch, task.order.inFlight() - task.inFlight);
    TokenBucket bucket = bucket(task, now);
    return bucket == null ? room : Math.min(room, bucket.available(now));
  }

  private static @Nullable Instant wake(Task task, Instant now) {
    TokenBucket bucket = bucket(task, now);
    return bucket == null ? null : bucket.next(now);
  }

  private static @Nullable TokenBucket bucket(Task task, Instant now) {
    Double perSecond = task.order.perSecond();
    if (perSecond == null) {
      task.bucket = null;
    } else if (task.bucket == null || task.bucket.perSecond() != perSecond) {
      task.bucket = new TokenBucket(perSecond, now);
    }
    return task.bucket;
  }

  private static @Nullable Instant earlier(@Nullable Instant one, @Nullable Instant other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return one.isBefore(other) ? one : other;
  }

  /** Answers {@link Step.Read}: what was read, and what follows from it. */
  public Step read(Reading reading, Instant now) {
    Task task = Objects.requireNonNull(asked, "nothing was to be read");
    asked = null;
    Order order = task.order;
    if (tasks.get(order.plan()) != task || !mayGoOn(task)) {
      return new Step.Wait(now);
    }
    var ledger = new ArrayList<LedgerRecord>();
    var successors = new ArrayList<Successor>();
    long bytes = 0;
    long through = task.place.nextOffset;
    int room = room(task, now);
    var letters = reading.letters().iterator();
    Letter letter = letters.hasNext() ? letters.next() : null;
    OptionalLong next = order.selected().nextFrom(through);
    while (next.isPresent()
        && next.getAsLong() < reading.through()
        && ledger.size() < maxBatch
        && successors.size() < room
        && bytes < MAX_BATCH_BYTES) {
      long offset = next.getAsLong();
      while (letter != null && letter.offset() < offset) {
        letter = letters.hasNext() ? letters.next() : null;
      }
      boolean there = letter != null && letter.offset() == offset;
      Refusal refusal = refusal(task, offset, there ? letter : null);
      LedgerRecord decision =
          refusal == null
              ? Decisions.of(order, Objects.requireNonNull(letter), now, successors)
              : Decisions.refused(order, offset, refusal, null, now);
      ledger.add(decision);
      if (decision instanceof Replayed) {
        bytes += successors.getLast().value().length;
      }
      through = offset + 1;
      next = order.selected().nextFrom(through);
    }
    if (ledger.isEmpty()) {
      task.notBefore = now.plus(LOOK_AGAIN);
      return new Step.Wait(task.notBefore);
    }
    task.notBefore = null;
    // A purge is complete when the log was cut.
    Place place = task.place.at(through, next.isEmpty() && !task.isPurge());
    return write(task, place.obeying(order.version()), ledger, successors, List.of(), now);
  }

  /** Why nothing can be done with the dead letter at {@code offset}; null where something can. */
  private @Nullable Refusal refusal(Task task, long offset, @Nullable Letter letter) {
    if (task.isPurge() ? purged.contains(offset) : resolved.contains(offset)) {
      return Refusal.ALREADY_RESOLVED;
    }
    if (letter == null) {
      return Refusal.GONE;
    }
    return task.isPurge()
            && letter instanceof Letter.OfJob ofJob
            && awaits(ofJob.deadLetter().job().id(), ofJob.deadLetter().generation() + 1)
        ? Refusal.STILL_OPEN
        : null;
  }

  /** Answers {@link Step.Cut}: all below {@code to} has gone. */
  public void cut(long to) {
    Task task = Objects.requireNonNull(asked, "nothing was to be cut");
    asked = null;
    task.cut = to;
  }

  /** Answers {@link Step.Cut}: it did not work now. */
  public void notCut(Instant now) {
    Task task = Objects.requireNonNull(asked, "nothing was to be cut");
    asked = null;
    task.notBefore = now.plus(CUT_AGAIN);
  }

  private Step tell(Task task, Place place, Instant now) {
    return write(task, place.obeying(task.order.version()), List.of(), List.of(), List.of(), now);
  }

  private Step write(
      Task task,
      Place place,
      List<LedgerRecord> decisions,
      List<Successor> successors,
      List<Step.Cancel> cancels,
      Instant now) {
    Tally decided = Decisions.tally(decisions).plus(Tally.ofCancelsAsked(cancels.size()));
    long eventsFrom = task.eventsFrom < 0 ? eventsAt : task.eventsFrom;
    var after =
        new Progress(
            task.order.plan(),
            task.stage,
            place.nextOffset,
            place.complete,
            counted(task).plus(decided),
            eventsFrom,
            place.seen,
            place.cancelsTo,
            place.cutTo,
            now);
    var ledger = new ArrayList<LedgerRecord>(decisions);
    ledger.add(after);
    var step = new Step.Write(ledger, successors, cancels);
    pending = new Batch(task, step, place, after, decided);
    return step;
  }

  /**
   * What can be told of a task. Before it was heard once more how its replays have ended, that is
   * what was told last: whoever was told more does not see it taken back.
   */
  private Tally counted(Task task) {
    Progress last = progress.get(task.order.plan());
    return last == null || hasHeardWhatIsThere() ? task.tally : last.tally();
  }

  /** Answers {@link Step.Write}: all of it is committed. */
  public void written() {
    Batch batch = Objects.requireNonNull(pending, "nothing was to be written");
    pending = null;
    Task task = batch.task;
    for (LedgerRecord record : batch.step.ledger()) {
      switch (record) {
        case Replayed replayed -> {
          resolved.add(replayed.offset());
          begin(task, replayed);
        }
        case LedgerRecord.Discarded discarded -> resolved.add(discarded.offset());
        case LedgerRecord.Purged gone -> {
          resolved.add(gone.offset());
          purged.add(gone.offset());
        }
        case LedgerRecord.Refused _, Progress _ -> {
          // Told; nothing follows from it here.
        }
      }
    }
    if (task.bucket != null) {
      task.bucket.take((int) batch.decided.replayed());
    }
    task.place = batch.place;
    task.tally = task.tally.plus(batch.decided);
    task.eventsFrom = batch.progress.eventsFrom();
    task.toldAt = batch.progress.at();
    // Some may have ended while it was written.
    task.untold = !task.tally.equals(batch.progress.tally());
    progress.put(task.order.plan(), batch.progress);
  }

  /** Answers {@link Step.Write}: it is certain that nothing of it is committed. */
  public void notWritten() {
    Objects.requireNonNull(pending, "nothing was to be written");
    pending = null;
  }
}
