package dev.penstock.api.schedule;

import dev.penstock.api.publish.Records;
import dev.penstock.codec.Decoded;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.OrderedRecord;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.LogUnavailableException;
import dev.penstock.runtime.ownership.PartitionLog;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.submission.problem.Violation;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fires the schedules of one partition, and changes them as it is asked to. One thread does both.
 * Its public methods are thread-safe.
 *
 * <p>Safety does not depend on who believes to own the partition: the log lets only the last one
 * that opened it commit, each one reads it to its end before it fires, and a firing is one
 * transaction of the job and of the schedule's progress. So no fire time fires twice, and none is
 * forgotten: what was due when the schedule is changed stays due, or is counted as a misfire.
 */
final class SchedulePartition implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SchedulePartition.class);

  /** The most commands that wait for their turn. */
  static final int MAX_WAITING = 1_000;

  /** The most jobs, and about the most bytes, of one transaction. */
  static final int MAX_FIRINGS = 100;

  /** Then it is looked whether anything else was asked for. */
  private static final int MAX_BATCHES = 20;

  private static final int MAX_BATCH_BYTES = 4 * 1024 * 1024;

  /** What the schedules of one partition take as records, at most. */
  private static final int MAX_BYTES = 64 * 1024 * 1024;

  /** The clock is looked at at least this often: it may be set. */
  private static final Duration LOOK = Duration.ofMillis(500);

  private static final Duration WAITING = Duration.ofMillis(20);
  private static final Duration IDLE = Duration.ofMinutes(1);

  /** How long it rests after Kafka did not let it go on; by then much has passed by itself. */
  static final Duration REST = Duration.ofSeconds(1);

  /** After being fenced it rests longer: the group is to say whether the partition is ours. */
  private static final int AFTER_FENCING = 3;

  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final Parts parts;
  private final int partition;
  private final Duration rest;
  private final BlockingQueue<Command> commands = new LinkedBlockingQueue<>(MAX_WAITING);
  private volatile boolean closed;
  private @Nullable Thread thread;

  // Of the firing thread only.
  private final NavigableMap<String, Standing> standing = new TreeMap<>();
  private final Set<String> unreadable = new HashSet<>();
  private @Nullable PartitionLog open;
  private boolean known;
  private long restUntilNanos = System.nanoTime();
  private int bytes;

  /** What was learned about former jobs, by schedule; written by the threads that asked. */
  private final Map<String, Asked> asked = new ConcurrentHashMap<>();

  /**
   * What it works with.
   *
   * @param logs makes the log of a partition; not open
   * @param reader reads what schedules say
   * @param maxSchedules how many there may be in one partition
   * @param newTrace the W3C trace context of a job that is fired
   */
  record Parts(
      Topics topics,
      String defaultModel,
      InstantSource clock,
      Supplier<PartitionLog> logs,
      ScheduleReader reader,
      FormerJobs formers,
      ScheduleMetrics metrics,
      int maxSchedules,
      Supplier<String> newTrace) {}

  /** A schedule, when it is due next, and how large its record is. */
  private record Standing(Schedule schedule, @Nullable Instant due, int bytes) {}

  /** A question about a former job; no answer yet where it is null. */
  private record Asked(JobId job, @Nullable FormerJob answer, long askedNanos) {}

  /** A schedule's step. */
  private record Step(
      Schedule before,
      Schedule after,
      ProducerRecord<byte[], byte[]> record,
      Plan.Settle settled) {}

  /**
   * @param rest how long it rests after Kafka did not let it go on
   */
  SchedulePartition(int partition, Parts parts, Duration rest) {
    this.partition = partition;
    this.parts = parts;
    this.rest = rest;
  }

  /** Begins to fire, on a thread of its own. */
  synchronized void start() {
    thread = Thread.ofVirtual().name("intake-schedules-" + partition).start(this::run);
  }

  /** Lines the command up. */
  void submit(Command command) {
    if (closed) {
      command.answer().complete(new Command.Moved());
    } else if (!commands.offer(command)) {
      refuse(command, notOpen());
    } else if (closed) {
      sendOn();
    }
  }

  private void run() {
    try {
      while (!closed) {
        Command first = commands.poll(pause().toMillis(), TimeUnit.MILLISECONDS);
        if (!closed) {
          step(first);
        } else if (first != null) {
          first.answer().complete(new Command.Moved());
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      closed = true;
      closeLog();
      parts.metrics().schedules(partition, 0);
      sendOn();
    }
  }

  /** How long there is nothing to do, if nothing comes in. */
  private Duration pause() {
    long left = restUntilNanos - System.nanoTime();
    if (left > 0) {
      return Duration.ofNanos(left).plusMillis(1);
    }
    if (!known) {
      return Duration.ZERO;
    }
    Instant now = parts.clock().instant();
    return standing.values().stream()
        .map(Standing::due)
        .filter(due -> due != null)
        .min(Instant::compareTo)
        .map(due -> Duration.between(now, due).plusMillis(1))
        .map(wait -> wait.isNegative() ? overdue() : wait.compareTo(LOOK) > 0 ? LOOK : wait)
        .orElse(IDLE);
  }

  /** It became due this moment, or is left from a long batch, or waits for its former job. */
  private Duration overdue() {
    return asked.isEmpty() ? Duration.ZERO : WAITING;
  }

  /** Fires what is due, and does what was asked for. */
  void step(@Nullable Command first) {
    try {
      // Where there was nothing to fire, others are shut out all the same: see the end.
      boolean atRest = known && open == null;
      if (!atRest && open()) {
        fire();
      }
      for (Command command = first; command != null; command = commands.poll()) {
        carryOut(command);
      }
      if (known && standing.isEmpty() && unreadable.isEmpty()) {
        // A producer is needed again with the first schedule.
        closeProducer();
      }
    } catch (RuntimeException e) {
      log.error("the schedules of partition {} can't be fired", partition, e);
      closeLog();
      rest(rest);
    }
  }

  /** Whether the log is open, and read. */
  private boolean open() {
    if (open != null) {
      return true;
    }
    if (restUntilNanos - System.nanoTime() > 0) {
      return false;
    }
    PartitionLog opening = parts.logs().get();
    forget();
    try {
      var last = new LinkedHashMap<String, ConsumerRecord<byte[], byte[]>>();
      opening.open(null, record -> collect(record, last));
      last.forEach(this::read);
      open = opening;
      known = true;
      parts.metrics().schedules(partition, standing.size());
      if (!standing.isEmpty()) {
        log.info("fires the {} schedules of partition {}", standing.size(), partition);
      }
      return true;
    } catch (LogUnavailableException e) {
      log.warn("can't fire the schedules of partition {}: {}", partition, e.getMessage());
      opening.close();
      forget();
      rest(rest);
      return false;
    } catch (RuntimeException e) {
      opening.close();
      throw e;
    }
  }

  private void forget() {
    standing.clear();
    unreadable.clear();
    asked.clear();
    bytes = 0;
    known = false;
  }

  /** Only the last record of a schedule counts, compacted or not. */
  private static void collect(
      ConsumerRecord<byte[], byte[]> record, Map<String, ConsumerRecord<byte[], byte[]>> last) {
    if (record.key() == null) {
      log.error("{} has a record at {} without a name", record.topic(), record.offset());
    } else {
      last.put(new String(record.key(), StandardCharsets.UTF_8), record);
    }
  }

  private void read(String name, ConsumerRecord<byte[], byte[]> record) {
    if (record.value() == null) {
      return;
    }
    switch (ScheduleRecord.CODEC.decode(record.value())) {
      case Decoded.Value<ScheduleRecord>(ScheduleRecord stored) -> {
        var violations = new ArrayList<Violation>();
        Optional<ScheduleRequest> request = parts.reader().read(stored.definition(), violations);
        if (request.isPresent()) {
          put(
              new Schedule(
                  name,
                  stored.uid(),
                  stored.revision(),
                  request.get(),
                  stored.createdAt(),
                  stored.updatedAt(),
                  stored.progress()),
              record.value().length);
        } else {
          unreadable(record, name, "it is not valid in this version: " + violations);
        }
      }
      case Decoded.Refused<ScheduleRecord>(String reason) -> unreadable(record, name, reason);
    }
  }

  private void unreadable(ConsumerRecord<byte[], byte[]> record, String name, String reason) {
    log.error(
        "the schedule {} at {}-{} offset {} can't be read: {}; it does not fire until it is put"
            + " anew",
        name,
        record.topic(),
        record.partition(),
        record.offset(),
        reason);
    unreadable.add(name);
  }

  private void put(Schedule schedule, int recordBytes) {
    remove(schedule.name());
    standing.put(schedule.name(), new Standing(schedule, schedule.due(), recordBytes));
    bytes += recordBytes;
  }

  private void remove(String name) {
    Standing former = standing.remove(name);
    bytes -= former == null ? 0 : former.bytes();
    unreadable.remove(name);
    asked.remove(name);
  }

  /** Fires until nothing is due any more, or it can't, or others have waited long enough. */
  private void fire() {
    for (int batch = 0; batch < MAX_BATCHES && open != null; batch++) {
      Instant now = now();
      List<Step> steps = due(now);
      if (steps.isEmpty()) {
        return;
      }
      var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
      for (Step step : steps) {
        addRecords(step, now, records);
      }
      if (!committed(records, steps.size() + " schedules")) {
        return;
      }
      for (Step step : steps) {
        put(step.after(), step.record().value().length);
        parts.metrics().settled(step.settled(), parts.clock().instant());
      }
    }
  }

  /** What the schedules that are due come to, within the bounds of one transaction. */
  private List<Step> due(Instant now) {
    var steps = new ArrayList<Step>();
    int firings = 0;
    int size = 0;
    for (Standing each : List.copyOf(standing.values())) {
      Instant due = each.due();
      if (due == null || due.isAfter(now) || firings >= MAX_FIRINGS || size >= MAX_BATCH_BYTES) {
        continue;
      }
      Schedule schedule = each.schedule();
      int left = Math.max(1, (MAX_BATCH_BYTES - size) / Math.max(1, each.bytes()));
      switch (plan(schedule, now, Math.min(MAX_FIRINGS - firings, left))) {
        case Plan.Nothing _ -> {}
        case Plan.Ask(JobId former) -> ask(schedule.name(), former);
        case Plan.Settle settled -> {
          Schedule after = schedule.with(progress(schedule, settled, now));
          ProducerRecord<byte[], byte[]> record = record(after.key(), after.value());
          steps.add(new Step(schedule, after, record, settled));
          firings += settled.fire().size();
          size += record.value().length + settled.fire().size() * each.bytes();
        }
      }
    }
    return steps;
  }

  /** What fails here fails for one schedule only. */
  private Plan plan(Schedule schedule, Instant now, int max) {
    try {
      return Plan.of(schedule, now, known(schedule), max);
    } catch (RuntimeException e) {
      log.error(
          "the schedule {} can't be fired; it rests until it is changed or this intake starts"
              + " again",
          schedule.name(),
          e);
      standing.computeIfPresent(
          schedule.name(), (_, each) -> new Standing(schedule, null, each.bytes()));
      return new Plan.Nothing();
    }
  }

  private static Progress progress(Schedule schedule, Plan.Settle settled, Instant now) {
    Progress before = schedule.progress();
    Progress.Firing last = before.last();
    if (!settled.fire().isEmpty()) {
      Instant time = settled.fire().getLast();
      last = new Progress.Firing(time, now, schedule.jobId(time));
    }
    return new Progress(
        settled.settledUntil(),
        before.fired() + settled.fire().size(),
        before.misfired() + settled.misfired(),
        before.overlapped() + settled.overlapped(),
        last);
  }

  private void addRecords(Step step, Instant now, List<ProducerRecord<byte[], byte[]>> records) {
    Schedule schedule = step.before();
    for (Instant time : step.settled().fire()) {
      Job job = schedule.request().job().toJob(schedule.jobId(time), now, parts.defaultModel());
      records.addAll(Records.job(parts.topics(), job, parts.newTrace().get()));
    }
    step.settled().cancel().ifPresent(cancel -> addRecords(cancel, records));
    records.add(step.record());
  }

  private void addRecords(Plan.Cancel cancel, List<ProducerRecord<byte[], byte[]>> records) {
    CancelRequest request = cancel.request();
    String traceparent = parts.newTrace().get();
    records.add(Records.cancel(parts.topics(), request, traceparent));
    if (cancel.orderingKey() != null) {
      // Workers don't have it while it waits for its turn; the sequencer hands it over to one.
      var leave = new OrderedRecord.Cancel(request.jobId(), request.generation());
      records.add(Records.ordered(parts.topics(), cancel.orderingKey(), leave, traceparent));
    }
  }

  private ProducerRecord<byte[], byte[]> record(byte[] key, byte @Nullable [] value) {
    return new ProducerRecord<>(parts.topics().schedules(), partition, key, value);
  }

  /** What was answered about the former job since the schedule became due. */
  private @Nullable FormerJob known(Schedule schedule) {
    Asked question = asked.get(schedule.name());
    Progress.Firing last = schedule.progress().last();
    return question == null || last == null || !question.job().equals(last.jobId())
        ? null
        : question.answer();
  }

  /** Asks once, and again a while after an answer that told nothing. */
  private void ask(String name, JobId job) {
    Asked former = asked.get(name);
    if (former != null
        && former.job().equals(job)
        && (former.answer() == null || System.nanoTime() - former.askedNanos() < rest.toNanos())) {
      return;
    }
    var question = new Asked(job, null, System.nanoTime());
    asked.put(name, question);
    Thread.ofVirtual()
        .name("intake-schedules-former")
        .start(() -> {
          FormerJob answer;
          try {
            answer = parts.formers().ask(job);
          } catch (RuntimeException e) {
            log.warn("it is not known whether job {} has ended", job, e);
            answer = new FormerJob.Unknown();
          }
          asked.replace(name, question, new Asked(job, answer, question.askedNanos()));
          // When there is no room the thread is awake anyway.
          commands.offer(new Command(new Command.Look()));
        });
  }

  /** Whether it was; otherwise nothing was written, or the log has to be read anew. */
  private boolean committed(List<ProducerRecord<byte[], byte[]>> records, String what) {
    return commit(records, what) instanceof Commit.Committed;
  }

  private Commit commit(List<ProducerRecord<byte[], byte[]>> records, String what) {
    PartitionLog ours = open;
    if (ours == null) {
      return new Commit.Aborted("the log is not open");
    }
    Commit commit = ours.commit(records);
    switch (commit) {
      case Commit.Committed _ -> {}
      case Commit.Aborted(String reason) -> {
        log.warn("{} of partition {} are tried again: {}", what, partition, reason);
        rest(rest);
      }
      case Commit.Fenced _ -> {
        log.info("another intake fires the schedules of partition {} now", partition);
        closeLog();
        rest(rest.multipliedBy(AFTER_FENCING));
      }
      case Commit.Unknown(String reason) -> {
        log.warn(
            "it is not known whether {} of partition {} were written ({}); the log is read again",
            what,
            partition,
            reason);
        closeLog();
      }
    }
    return commit;
  }

  private void rest(Duration time) {
    restUntilNanos = System.nanoTime() + time.toNanos();
  }

  private void closeLog() {
    closeProducer();
    forget();
  }

  private void closeProducer() {
    if (open != null) {
      open.close();
      open = null;
    }
  }

  private void carryOut(Command command) {
    try {
      if (open() && changes(command.work())) {
        // What came due meanwhile fires as the schedule still says, where that can be decided.
        fire();
      }
      command.answer().complete(open() ? answer(command.work()) : new Command.Refused(notOpen()));
    } catch (RuntimeException e) {
      log.error("a command about the schedules of partition {} failed", partition, e);
      closeLog();
      rest(rest);
      refuse(command, indeterminate());
    }
  }

  /** Whether this changes what a schedule that is due says. */
  private boolean changes(Command.Work work) {
    String name =
        switch (work) {
          case Command.Put put -> put.name();
          case Command.Pause pause -> pause.name();
          case Command.Delete _, Command.Look _, Command.Read _, Command.Page _ -> "";
        };
    Standing there = standing.get(name);
    return there != null && there.due() != null && !there.due().isAfter(now());
  }

  private Command.Answer answer(Command.Work work) {
    return switch (work) {
      case Command.Put put -> putAs(put);
      case Command.Look _ -> new Command.Looked();
      case Command.Pause(String name, boolean paused) -> pause(name, paused);
      case Command.Delete(String name, Precondition precondition) -> delete(name, precondition);
      case Command.Read(String name) -> found(name);
      case Command.Page(String after, int limit) -> page(after, limit);
    };
  }

  private Command.Answer putAs(Command.Put put) {
    Standing there = standing.get(put.name());
    Schedule former = there == null ? null : there.schedule();
    if (!put.precondition().holds(version(put.name(), former))) {
      return new Command.Refused(preconditionFailed(former));
    }
    if (former != null && former.request().json().equals(put.request().json())) {
      return new Command.Found(former, false);
    }
    if (former == null && standing.size() + unreadable.size() >= parts.maxSchedules()) {
      return new Command.Refused(tooMany());
    }
    Instant now = now();
    Schedule schedule =
        there == null
            ? new Schedule(
                put.name(), put.uid(), 1, put.request(), now, now, new Progress(now, 0, 0, 0, null))
            : there.schedule().saying(put.request(), there.due(), now);
    return write(schedule, there == null);
  }

  /** An unreadable schedule is one that is there, in a version that no one knows. */
  private @Nullable String version(String name, @Nullable Schedule schedule) {
    if (schedule != null) {
      return schedule.version();
    }
    return unreadable.contains(name) ? "unreadable" : null;
  }

  private Command.Answer pause(String name, boolean paused) {
    Standing there = standing.get(name);
    if (there == null) {
      return found(name);
    }
    Schedule schedule = there.schedule();
    ScheduleRequest changed = schedule.request().withPaused(paused);
    return schedule.request().paused() == paused
        ? new Command.Found(schedule, false)
        : write(schedule.saying(changed, there.due(), now()), false);
  }

  private Command.Answer write(Schedule schedule, boolean created) {
    byte[] value = schedule.value();
    Standing there = standing.get(schedule.name());
    if (bytes - (there == null ? 0 : there.bytes()) + value.length > MAX_BYTES) {
      return new Command.Refused(tooMany());
    }
    Commit commit = commit(List.of(record(schedule.key(), value)), "changes of schedules");
    if (commit instanceof Commit.Committed) {
      put(schedule, value.length);
      long before = there == null ? 0 : there.schedule().progress().misfired();
      parts.metrics().misfired(schedule.progress().misfired() - before);
      parts.metrics().schedules(partition, standing.size());
      return new Command.Found(schedule, created);
    }
    return notDone(commit);
  }

  private Command.Answer delete(String name, Precondition precondition) {
    Standing there = standing.get(name);
    Schedule schedule = there == null ? null : there.schedule();
    if (schedule == null && !unreadable.contains(name)) {
      return new Command.Refused(notFound(name));
    }
    if (!precondition.holds(version(name, schedule))) {
      return new Command.Refused(preconditionFailed(schedule));
    }
    Commit commit =
        commit(
            List.of(record(name.getBytes(StandardCharsets.US_ASCII), null)),
            "changes of schedules");
    if (commit instanceof Commit.Committed) {
      remove(name);
      parts.metrics().schedules(partition, standing.size());
      return new Command.Deleted(name);
    }
    return notDone(commit);
  }

  private static Command.Answer notDone(Commit commit) {
    return switch (commit) {
      case Commit.Fenced _ -> new Command.Moved();
      case Commit.Unknown _ -> new Command.Refused(indeterminate());
      case Commit.Aborted _, Commit.Committed _ -> new Command.Refused(notOpen());
    };
  }

  private static Problem notOpen() {
    return Problem.passing(
        ProblemType.KAFKA_UNAVAILABLE,
        "Kafka does not answer; nothing was changed; try again",
        RETRY_AFTER);
  }

  private Command.Answer found(String name) {
    Standing there = standing.get(name);
    if (there != null) {
      return new Command.Found(there.schedule(), false);
    }
    return unreadable.contains(name)
        ? new Command.Refused(
            Problem.of(
                ProblemType.INTERNAL_ERROR,
                "what is recorded about this schedule can't be read; it does not fire; put it"
                    + " anew, or delete it"))
        : new Command.Refused(notFound(name));
  }

  private Command.Answer page(String after, int limit) {
    return new Command.Listed(
        standing.tailMap(after, false).values().stream()
            .limit(limit)
            .map(each -> each.schedule().view(false, 1))
            .toList());
  }

  private static Problem notFound(String name) {
    return Problem.of(ProblemType.SCHEDULE_NOT_FOUND, "there is no schedule " + name);
  }

  private static Problem preconditionFailed(@Nullable Schedule schedule) {
    return Problem.of(
        ProblemType.PRECONDITION_FAILED,
        schedule == null
            ? "there is no schedule of this name in a version that you named"
            : "the schedule is there, in version \"" + schedule.version() + "\"");
  }

  private Problem tooMany() {
    return Problem.of(
        ProblemType.TOO_MANY_SCHEDULES,
        "no more schedules are possible in this name's partition (api.max-schedules is "
            + parts.maxSchedules()
            + ", and they may take "
            + MAX_BYTES / 1_048_576
            + " MB); delete some");
  }

  private static Problem indeterminate() {
    return Problem.passing(
        ProblemType.KAFKA_UNAVAILABLE,
        "Kafka did not acknowledge in time; the change may have been made; ask for the schedule",
        RETRY_AFTER);
  }

  private Instant now() {
    return parts.clock().instant().truncatedTo(ChronoUnit.MILLIS);
  }

  private static void refuse(Command command, Problem problem) {
    command.answer().complete(new Command.Refused(problem));
  }

  private void sendOn() {
    for (Command left = commands.poll(); left != null; left = commands.poll()) {
      left.answer().complete(new Command.Moved());
    }
  }

  /** The schedules as they stand; for the thread that steps. */
  Map<String, Schedule> schedules() {
    var all = new LinkedHashMap<String, Schedule>();
    standing.forEach((name, each) -> all.put(name, each.schedule()));
    return all;
  }

  /** Ends firing; who waits is told that the schedule has moved. */
  @Override
  public void close() {
    closed = true;
    Thread firing;
    synchronized (this) {
      firing = thread;
    }
    // Wakes the thread, if it waits for a command.
    commands.offer(new Command(new Command.Look()));
    if (firing == null) {
      closeLog();
      return;
    }
    try {
      if (!firing.join(CLOSE_TIMEOUT)) {
        // A commit that hangs: it is unknown, which the next owner finds out by reading.
        firing.interrupt();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
