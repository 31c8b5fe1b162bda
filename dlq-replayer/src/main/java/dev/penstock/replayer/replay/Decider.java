package dev.penstock.replayer.replay;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobState;
import dev.penstock.job.Ordering;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.LedgerRecord.Replayed;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.change.Change.Changed;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
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
 * <p>Not thread-safe.
 */
public final class Decider {
  /** The most dead letters that one transaction decides about. */
  static final int MAX_BATCH = 500;

  /** About the most bytes of the jobs of one transaction. */
  static final int MAX_BATCH_BYTES = 8 * 1024 * 1024;

  /** What is told of a refusal beside its reason, in UTF-16 code units. */
  static final int MAX_DETAIL_CHARS = 500;

  /** Outcomes alone are told at most this often. */
  static final Duration REPORT = Duration.ofSeconds(1);

  /** How soon it is looked again for dead letters that could not be read yet. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(200);

  private static final Step IDLE = new Step.Idle();

  private final OffsetSet resolved = new OffsetSet();

  /** Generations that a plan began, by plan, as the ledger tells them; until the plan is known. */
  private final Map<PlanId, Map<Open, Long>> recalled = new HashMap<>();

  private final Map<PlanId, Progress> progress = new HashMap<>();
  private final Map<PlanId, Task> tasks = new LinkedHashMap<>();

  /** Whose outcome is awaited. */
  private final Map<Open, Task> open = new HashMap<>();

  private boolean watched;
  private long eventsAt;
  private @Nullable Task asked;
  private @Nullable Batch pending;

  /** A generation of a job. */
  private record Open(JobId job, int generation) {}

  /** What a plan came to here, as far as it is committed, and what it wants. */
  private static final class Task {
    private Order order;
    private int stage;
    private long nextOffset;
    private boolean complete;
    private Tally tally = Tally.NONE;
    private long eventsFrom = -1;
    private int inFlight;
    private boolean untold;
    private Instant toldAt = Instant.MIN;
    private @Nullable TokenBucket bucket;
    private @Nullable Instant notBefore;

    Task(Order order) {
      this.order = order;
    }
  }

  /** What is being written, and what follows for a task when it is. */
  private record Batch(Task task, Step.Write step, Progress progress, Tally decided) {}

  // What the ledger says

  /** Takes in what the ledger says, in its order; before any order. */
  public void recall(LedgerRecord record) {
    switch (record) {
      case Replayed replayed -> {
        resolved.add(replayed.offset());
        recalled
            .computeIfAbsent(replayed.plan(), _ -> new HashMap<>())
            .put(new Open(replayed.jobId(), replayed.newGeneration()), replayed.offset());
      }
      case LedgerRecord.Discarded discarded -> resolved.add(discarded.offset());
      case LedgerRecord.Purged purged -> resolved.add(purged.offset());
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
        task.nextOffset = 0;
        task.complete = false;
      }
    }
    for (PlanId plan : missing) {
      Task ended = Objects.requireNonNull(tasks.remove(plan));
      open.values().removeIf(task -> task == ended);
    }
    // What ended plans have begun is of no interest to those that follow.
    recalled.clear();
    watched = watched && !tasks.isEmpty();
  }

  private Task begin(Order order) {
    var task = new Task(order);
    Progress last = progress.get(order.plan());
    if (last != null) {
      task.stage = last.stage();
      task.nextOffset = last.nextOffset();
      task.complete = last.complete();
      task.eventsFrom = last.eventsFrom();
      task.toldAt = last.at();
      // The events tell the outcomes once more, from where the first of them can stand.
      task.tally = last.tally().withoutOutcomes();
      Map<Open, Long> begun = recalled.getOrDefault(order.plan(), Map.of());
      begun.keySet().forEach(each -> open.put(each, task));
      task.inFlight = begun.size();
      watched = watched && begun.isEmpty();
    }
    return task;
  }

  // What happens

  /** The events are followed from {@code position} on: what comes later will be told. */
  public void watching(long position) {
    watched = true;
    eventsAt = position;
  }

  /** All events below {@code position} were told. */
  public void watchedTo(long position) {
    eventsAt = Math.max(eventsAt, position);
  }

  /**
   * The events that tell how earlier replays ended are not kept any more, so what is not known now
   * never will be.
   */
  public void outcomesLost() {
    for (Task task : tasks.values()) {
      Progress last = progress.get(task.order.plan());
      if (task.inFlight > 0 && last != null) {
        open.values().removeIf(each -> each == task);
        task.inFlight = 0;
        task.tally = last.tally().withoutOpen();
        task.untold = true;
      }
    }
  }

  /** Whether someone wants to know how a job ended. */
  public boolean awaits(JobId job, int generation) {
    return open.containsKey(new Open(job, generation));
  }

  /** A generation has ended. */
  public void ended(JobId job, int generation, JobState end) {
    Task task = open.remove(new Open(job, generation));
    if (task != null) {
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
    Order order = task.order;
    boolean behind = order.stage() < task.stage;
    if (order.running() && !behind && !task.complete) {
      OptionalLong first = order.selected().nextFrom(task.nextOffset);
      if (first.isEmpty()) {
        task.complete = true;
        return write(task, List.of(), List.of(), now);
      }
      int room = room(task, now);
      boolean early = task.notBefore != null && now.isBefore(task.notBefore);
      if (room > 0 && !early) {
        asked = task;
        return new Step.Read(order.selected(), first.getAsLong(), room);
      }
      return report(task, now, early ? task.notBefore : wake(task, now));
    }
    return report(task, now, null);
  }

  private Step report(Task task, Instant now, @Nullable Instant otherwise) {
    if (!task.untold) {
      return new Step.Wait(otherwise);
    }
    Instant due = task.toldAt.equals(Instant.MIN) ? now : task.toldAt.plus(REPORT);
    boolean allKnown = task.inFlight == 0;
    return allKnown || !now.isBefore(due)
        ? write(task, List.of(), List.of(), now)
        : new Step.Wait(earlier(otherwise, due));
  }

  /** How many more it may decide about now. */
  private static int room(Task task, Instant now) {
    if (!(task.order.action() instanceof Action.Replay)) {
      return MAX_BATCH;
    }
    int room = Math.min(MAX_BATCH, task.order.inFlight() - task.inFlight);
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
    if (tasks.get(order.plan()) != task || !order.running() || order.stage() < task.stage) {
      return new Step.Wait(now);
    }
    var ledger = new ArrayList<LedgerRecord>();
    var successors = new ArrayList<Successor>();
    long bytes = 0;
    long through = task.nextOffset;
    int room = room(task, now);
    var letters = reading.letters().iterator();
    Letter letter = letters.hasNext() ? letters.next() : null;
    OptionalLong next = order.selected().nextFrom(task.nextOffset);
    while (next.isPresent()
        && next.getAsLong() < reading.through()
        && ledger.size() < MAX_BATCH
        && successors.size() < room
        && bytes < MAX_BATCH_BYTES) {
      long offset = next.getAsLong();
      while (letter != null && letter.offset() < offset) {
        letter = letters.hasNext() ? letters.next() : null;
      }
      boolean there = letter != null && letter.offset() == offset;
      LedgerRecord decision =
          there
              ? decide(order, Objects.requireNonNull(letter), now, successors)
              : new LedgerRecord.Refused(offset, order.plan(), Refusal.GONE, null, now);
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
    task.nextOffset = through;
    task.complete = next.isEmpty();
    return write(task, ledger, successors, now);
  }

  private LedgerRecord decide(Order order, Letter letter, Instant now, List<Successor> successors) {
    long offset = letter.offset();
    if (resolved.contains(offset)) {
      return new LedgerRecord.Refused(offset, order.plan(), Refusal.ALREADY_RESOLVED, null, now);
    }
    return switch (order.action()) {
      case Action.Discard(String reason) ->
          letter instanceof Letter.OfJob(_, DeadLetter dead, _)
              ? new LedgerRecord.Discarded(
                  offset, dead.job().id(), dead.generation(), order.plan(), reason, now)
              : new LedgerRecord.Discarded(offset, null, null, order.plan(), reason, now);
      case Action.Purge(String reason) ->
          letter instanceof Letter.OfJob(_, DeadLetter dead, _)
              ? new LedgerRecord.Purged(
                  offset, dead.job().id(), dead.generation(), order.plan(), reason, now)
              : new LedgerRecord.Purged(offset, null, null, order.plan(), reason, now);
      case Action.Replay replay ->
          switch (letter) {
            case Letter.Poison(_, String reason) ->
                refused(order, offset, Refusal.POISON, reason, now);
            case Letter.Unreadable(_, String reason) ->
                refused(order, offset, Refusal.UNREADABLE, reason, now);
            case Letter.OfJob ofJob -> replay(order, replay, ofJob, now, successors);
          };
    };
  }

  private static LedgerRecord replay(
      Order order,
      Action.Replay replay,
      Letter.OfJob letter,
      Instant now,
      List<Successor> successors) {
    DeadLetter dead = letter.deadLetter();
    if (dead.generation() >= replay.maxGeneration()) {
      return new LedgerRecord.Refused(
          letter.offset(),
          order.plan(),
          Refusal.RETURNED_TOO_OFTEN,
          "it was replayed " + dead.generation() + " times",
          now);
    }
    return switch (order.change().apply(dead.job(), now)) {
      case Changed.Refused(Refusal reason, String detail) ->
          refused(order, letter.offset(), reason, detail, now);
      // It was accepted once, larger than now: the number of its generation may have grown.
      case Changed.Same(Job job) ->
          succeed(order, letter, job, null, Topics.MAX_JOB_RECORD_BYTES, now, successors);
      case Changed.Other(Job job) ->
          succeed(order, letter, job, job.runAt(), Topics.MAX_JOB_BYTES, now, successors);
    };
  }

  private static LedgerRecord succeed(
      Order order,
      Letter.OfJob letter,
      Job job,
      @Nullable Instant dueAt,
      int maxBytes,
      Instant now,
      List<Successor> successors) {
    int failed = letter.deadLetter().generation();
    var record = new JobRecord(job, failed + 1, List.of(), dueAt);
    byte[] value = JsonCodec.JOB_RECORDS.encode(record);
    if (value.length > maxBytes) {
      return new LedgerRecord.Refused(
          letter.offset(),
          order.plan(),
          Refusal.TOO_LARGE,
          "the job takes " + value.length + " bytes as a record; at most " + maxBytes,
          now);
    }
    successors.add(new Successor(record, value, letter.traceparent()));
    Ordering ordering = job.ordering();
    return new Replayed(
        letter.offset(),
        job.id(),
        failed,
        order.plan(),
        ordering == null ? null : ordering.key(),
        now);
  }

  private static LedgerRecord refused(
      Order order, long offset, Refusal reason, String detail, Instant now) {
    return new LedgerRecord.Refused(
        offset,
        order.plan(),
        reason,
        detail.length() <= MAX_DETAIL_CHARS ? detail : detail.substring(0, MAX_DETAIL_CHARS),
        now);
  }

  private Step write(
      Task task, List<LedgerRecord> decisions, List<Successor> successors, Instant now) {
    Tally decided = Tally.NONE;
    for (LedgerRecord decision : decisions) {
      decided = decided.plus(count(decision));
    }
    long eventsFrom = task.eventsFrom < 0 ? eventsAt : task.eventsFrom;
    var after =
        new Progress(
            task.order.plan(),
            task.stage,
            task.nextOffset,
            task.complete,
            task.tally.plus(decided),
            eventsFrom,
            0,
            0,
            null,
            now);
    var ledger = new ArrayList<LedgerRecord>(decisions);
    ledger.add(after);
    var step = new Step.Write(ledger, successors);
    pending = new Batch(task, step, after, decided);
    return step;
  }

  private static Tally count(LedgerRecord decision) {
    return switch (decision) {
      case Replayed _ -> Tally.ofReplayed(1);
      case LedgerRecord.Discarded _ -> Tally.ofDiscarded(1);
      case LedgerRecord.Purged _ -> Tally.ofPurged(1);
      case LedgerRecord.Refused refused -> Tally.ofRefused(refused.reason(), 1);
      case Progress _ -> throw new IllegalStateException("progress is no decision");
    };
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
          open.put(new Open(replayed.jobId(), replayed.newGeneration()), task);
          task.inFlight++;
        }
        case LedgerRecord.Discarded discarded -> resolved.add(discarded.offset());
        case LedgerRecord.Purged purged -> resolved.add(purged.offset());
        case LedgerRecord.Refused _, Progress _ -> {
          // Told; nothing follows from it here.
        }
      }
    }
    if (task.bucket != null) {
      task.bucket.take((int) batch.decided.replayed());
    }
    task.tally = task.tally.plus(batch.decided);
    task.eventsFrom = batch.progress.eventsFrom();
    task.toldAt = batch.progress.at();
    // Some may have ended while it was written.
    task.untold = !task.tally.equals(batch.progress.tally());
    progress.put(task.order.plan(), batch.progress);
  }

  /** Answers {@link Step.Write}: it is certain that nothing of it is committed. */
  public void notWritten() {
    Batch batch = Objects.requireNonNull(pending, "nothing was to be written");
    pending = null;
    Task task = batch.task;
    Progress last = progress.get(task.order.plan());
    if (last != null && last.stage() == task.stage) {
      task.nextOffset = last.nextOffset();
      task.complete = last.complete();
    } else {
      task.nextOffset = 0;
      task.complete = false;
    }
  }
}
