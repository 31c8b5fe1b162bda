package dev.penstock.worker.core;

import dev.penstock.cache.CacheRecord;
import dev.penstock.codec.Decoded;
import dev.penstock.job.Attempt;
import dev.penstock.job.CacheRule;
import dev.penstock.job.CacheTag;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.retry.RetryPolicies;
import dev.penstock.retry.RetryPolicy;
import dev.penstock.worker.admit.Routes;
import dev.penstock.worker.answer.AnswerCache;
import dev.penstock.worker.cache.CacheConfig;
import dev.penstock.worker.cache.CacheMetrics;
import dev.penstock.worker.cache.SharedCache;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.RetryBudget;
import dev.penstock.worker.judge.Settlement;
import dev.penstock.worker.window.Custody;
import dev.penstock.worker.window.PartitionWindow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * Workers that share answers over a log, simulated: real cores and real caches, whose records take
 * their time to be written and are read late by each in a way of its own. What is not as promised
 * is noted.
 */
final class SharedWorkers {
  static final Instant T0 = Instant.parse("2026-11-21T08:00:00Z");
  private static final Duration STEP = Duration.ofMillis(10);
  private static final int PROCESS = 7;
  private static final Custody MINE = Custody.FREE.takenOverBy(PROCESS);

  /** A worker that was disturbed so long before may have lost what it claimed. */
  private static final Duration FORGIVEN = Duration.ofSeconds(6);

  /** Of jobs that leave it to their route; no test waits so long. */
  private static final CacheRule BY_ROUTE = rule(Duration.ofHours(1));

  /** What is planted. */
  enum Bug {
    NONE,
    /** Each worker sees its own records before those of others. */
    OWN_RECORDS_FIRST,
    /** Invalidations are not heard. */
    DEAF_TO_INVALIDATIONS,
    /** Nothing tells that time passes but what others write, and what this worker asks for. */
    DEAF_TO_BEATS
  }

  final SplittableRandom random;
  final List<Call> calls = new ArrayList<>();
  final List<Worker> all = new ArrayList<>();
  final List<String> violations = new ArrayList<>();
  final Map<JobId, Settlement.Finish> finished = new LinkedHashMap<>();
  final Map<JobId, Job> jobs = new LinkedHashMap<>();
  int failPercent;

  /** Whether what workers write of answers is lost on its way. */
  boolean losesAnswers;

  Duration latency = Duration.ofMillis(500);
  private final Bug bug;
  private final CacheConfig config;
  private final List<Written> log = new ArrayList<>();
  private Instant now = T0;
  private int answers;

  private record Written(CacheRecord record, Instant at, Worker writer) {}

  /** A provider's call. */
  static final class Call {
    final Worker worker;
    final Claim claim;
    final Instant begunAt;
    final int begunAfter;
    final String answer;
    boolean running = true;

    Call(Worker worker, Claim claim, Instant begunAt, int begunAfter, String answer) {
      this.worker = worker;
      this.claim = claim;
      this.begunAt = begunAt;
      this.begunAfter = begunAfter;
      this.answer = answer;
    }

    Job job() {
      return claim.record().job();
    }
  }

  SharedWorkers(long seed, Bug bug, CacheConfig config) {
    this.random = new SplittableRandom(seed);
    this.bug = bug;
    this.config = config;
  }

  SharedWorkers(long seed, Bug bug) {
    this(seed, bug, CacheConfig.DEFAULT);
  }

  Instant now() {
    return now;
  }

  Worker join() {
    var worker = new Worker("w" + all.size());
    all.add(worker);
    return worker;
  }

  List<Worker> alive() {
    return all.stream().filter(worker -> !worker.gone).toList();
  }

  static Job job(String text, String tenant, @Nullable CacheRule rule) {
    return job(text, tenant, rule, Duration.ofSeconds(60));
  }

  static Job job(String text, String tenant, @Nullable CacheRule rule, Duration attemptTimeout) {
    return new Job(
        JobId.random(T0),
        "p",
        new JobInput.Generate(text, null, 100),
        5,
        attemptTimeout,
        T0,
        null,
        Map.of(),
        null,
        null,
        null,
        Priority.NORMAL,
        false,
        TenantId.of(tenant),
        rule);
  }

  static CacheRule rule(Duration ttl, String... tags) {
    return new CacheRule(true, ttl, List.of(tags).stream().map(CacheTag::new).toList());
  }

  /** Somebody else writes to the log. */
  void write(CacheRecord record) {
    log.add(new Written(record, now, all.getFirst()));
  }

  void run(Duration time) {
    Instant end = now.plus(time);
    while (now.isBefore(end)) {
      now = now.plus(STEP);
      alive().forEach(Worker::write);
      alive().forEach(Worker::step);
    }
  }

  /** Runs until all jobs have ended. */
  void finish(Duration longest) {
    Instant end = now.plus(longest);
    while (finished.size() < jobs.size() && now.isBefore(end)) {
      run(Duration.ofMillis(100));
    }
    if (finished.size() < jobs.size()) {
      violations.add((jobs.size() - finished.size()) + " jobs have no outcome");
    }
  }

  /** The jobs that were served with another one's answer. */
  long cached() {
    return finished.values().stream().filter(each -> cachedAt(each) != null).count();
  }

  private static @Nullable Instant cachedAt(Settlement.Finish finish) {
    Attempt last = finish.attempts().getLast();
    Served served = last.served();
    return served == null ? null : served.cachedAt();
  }

  /** One worker, with a partition of its own. */
  final class Worker implements CoreActions, CoreMetrics {
    final String name;
    final Map<String, Integer> bypassed = new HashMap<>();
    private final WorkerCore core;
    private final TopicPartition partition;
    private final Deque<Unwritten> unwritten = new ArrayDeque<>();
    private final Map<Claim, Running> running = new LinkedHashMap<>();
    private final List<Retry> retries = new ArrayList<>();
    private final Map<JobId, JobRecord> unfinished = new LinkedHashMap<>();
    private final Duration lag = Duration.ofMillis(random.nextInt(5, 200));
    private @Nullable Batch committing;
    private Instant committedAt = T0;
    private boolean following;
    private boolean begun;
    private int end;
    private boolean caughtUp;
    private int read;
    private int readOwn;
    private long offset;
    private Instant tickAt = T0;
    private Instant stoppedUntil = T0;
    private Instant slowUntil = T0;
    private Instant disturbedUntil = Instant.MIN;
    boolean gone;

    private record Unwritten(CacheRecord record, Instant earliest) {}

    private record Running(Call call, Instant until, ProviderResult result) {}

    private record Retry(JobRecord record, Instant due) {}

    Worker(String name) {
      this.name = name;
      this.partition = new TopicPartition("jobs", all.size());
      var cache =
          new SharedCache(
              config,
              new CacheRecord.Owner(name, name.hashCode()),
              Duration.ZERO,
              this::send,
              new CacheMetrics() {
                @Override
                public void counted(Event event, Job job) {}

                @Override
                public void bypassed(Job job, String reason) {
                  bypassed.merge(reason, 1, Integer::sum);
                }

                @Override
                public void evicted() {}

                @Override
                public void sizes(
                    java.util.function.LongSupplier entries,
                    java.util.function.LongSupplier bytes) {}
              });
      this.core =
          new WorkerCore(
              new Incarnation(name, PROCESS),
              new CoreLimits(
                  100,
                  1_000,
                  100_000_000,
                  1_000,
                  Duration.ofMillis(3),
                  new CoreLimits.Waiting(10_000, Duration.ofSeconds(20))),
              new Judge(
                  RetryPolicies.all(new RetryPolicy(Duration.ofMillis(100), Duration.ofSeconds(1))),
                  new RetryBudget(0.2, 1_000),
                  new Random(1)),
              new WorkerCore.Answering(new Routes(Map.of(), (_, _) -> true, List.of()), cache),
              this,
              this);
      core.handle(
          new CoreEvent.Assigned(partition, Uuid.randomUuid(), new PartitionWindow(0), MINE), now);
      core.endTurn(now);
    }

    private void send(CacheRecord record) {
      following = true;
      if (losesAnswers && record instanceof CacheRecord.Answer) {
        return;
      }
      unwritten.add(new Unwritten(record, now.plusMillis(random.nextInt(2, 40))));
    }

    void submit(Job... submitted) {
      var records = new ArrayList<JobRecord>();
      for (Job job : submitted) {
        jobs.put(job.id(), job);
        records.add(JobRecord.accepted(job));
      }
      poll(records);
    }

    private void poll(Collection<JobRecord> records) {
      var sources = new ArrayList<SourceRecord>();
      for (JobRecord record : records) {
        unfinished.put(record.job().id(), record);
        sources.add(
            new SourceRecord(partition, offset++, new Decoded.Value<>(record), null, 100, null));
      }
      core.handle(new CoreEvent.Polled(partition, sources, offset), now);
    }

    void cancel(Job job) {
      core.handle(new CoreEvent.CancelRequested(job.id(), 0), now);
    }

    /** SIGKILL; another one gets what was not committed. */
    void kill(Worker heir) {
      gone = true;
      running.values().forEach(each -> each.call().running = false);
      heir.poll(unfinished.values());
    }

    /** SIGTERM. */
    void drain() {
      core.handle(new CoreEvent.Drain(now.plusSeconds(20)), now);
    }

    /** Its partition goes to another one. */
    void lose(Worker heir) {
      var released = new CompletableFuture<Void>();
      core.handle(new CoreEvent.Lost(Set.of(partition), released), now);
      heir.poll(unfinished.values());
      unfinished.clear();
    }

    /** SIGSTOP, and SIGCONT after a while. */
    void stop(Duration time) {
      stoppedUntil = now.plus(time);
      disturbed(stoppedUntil);
    }

    /** What it writes takes long, and what others wrote comes late. */
    void slow(Duration time) {
      slowUntil = now.plus(time);
      disturbed(slowUntil);
    }

    private void disturbed(Instant until) {
      disturbedUntil = until.isAfter(disturbedUntil) ? until : disturbedUntil;
    }

    int waiting() {
      return (int) unfinished.keySet().stream().filter(id -> !finished.containsKey(id)).count();
    }

    void write() {
      while (!unwritten.isEmpty()
          && !unwritten.getFirst().earliest().isAfter(now)
          && !now.isBefore(slowUntil)) {
        log.add(new Written(unwritten.removeFirst().record(), now, this));
      }
    }

    void step() {
      if (now.isBefore(stoppedUntil)) {
        return;
      }
      follow();
      for (Running each : List.copyOf(running.values())) {
        if (!each.until().isAfter(now)) {
          end(each);
        }
      }
      retries.removeIf(retry -> {
        boolean due = !retry.due().isAfter(now);
        if (due) {
          poll(List.of(retry.record()));
        }
        return due;
      });
      Batch batch = committing;
      if (batch != null && !committedAt.isAfter(now)) {
        committing = null;
        batch.settled().forEach(this::settled);
        core.handle(new CoreEvent.Committed(batch), now);
      }
      if (!now.isBefore(tickAt)) {
        tickAt = now.plusMillis(100);
        core.handle(new CoreEvent.Tick(), now);
      }
      core.endTurn(now);
    }

    private void end(Running each) {
      running.remove(each.call().claim);
      each.call().running = false;
      core.handle(
          new CoreEvent.CallEnded(
              each.call().claim,
              each.result(),
              new Judge.Call(
                  "p", name, each.call().begunAt, Duration.between(each.call().begunAt, now))),
          now);
    }

    private void settled(Batch.Settled settled) {
      JobId id = settled.claim().record().job().id();
      switch (settled.settlement()) {
        case Settlement.Finish finish -> {
          unfinished.remove(id);
          if (finished.put(id, finish) != null) {
            violations.add("job " + id + " has two outcomes");
          }
        }
        case Settlement.Retry retry -> {
          unfinished.put(id, retry.next());
          retries.add(new Retry(retry.next(), retry.dueAt()));
        }
        case Settlement.Hold _ -> throw new IllegalStateException("nothing waits so long here");
      }
    }

    // The log

    private void follow() {
      if (!following || now.isBefore(slowUntil)) {
        return;
      }
      if (!begun) {
        begun = true;
        end = log.size();
        core.handle(new CoreEvent.CacheRead(List.of(), true, false, () -> {}), now);
      }
      var heard = new ArrayList<AnswerCache.Logged>();
      if (bug == Bug.OWN_RECORDS_FIRST) {
        for (; readOwn < log.size(); readOwn++) {
          if (log.get(readOwn).writer() == this) {
            heard.add(logged(readOwn));
          }
        }
      }
      while (read < log.size() && !log.get(read).at().plus(lag).isAfter(now)) {
        Written next = log.get(read);
        boolean known = bug == Bug.OWN_RECORDS_FIRST && next.writer() == this;
        boolean unheard =
            bug == Bug.DEAF_TO_INVALIDATIONS && next.record() instanceof CacheRecord.Invalidated;
        unheard |=
            bug == Bug.DEAF_TO_BEATS
                && next.record() instanceof CacheRecord.Beat
                && next.writer() != this;
        if (!known && !unheard) {
          heard.add(logged(read));
        }
        read++;
      }
      boolean reaches = !caughtUp && read >= end;
      caughtUp |= reaches;
      core.handle(new CoreEvent.CacheRead(heard, false, reaches, () -> {}), now);
    }

    private AnswerCache.Logged logged(int place) {
      Written written = log.get(place);
      return new AnswerCache.Logged(written.record(), place, written.at(), 200);
    }

    // What the core does

    @Override
    public void call(Claim claim, ProviderCall call) {
      claim.begun(now);
      JobInput input = call.input();
      var made = new Call(this, claim, now, log.size(), input.text() + " #" + answers++);
      for (Call other : calls) {
        if (other.running && isSame(other.claim, claim) && !isExcused(other, claim)) {
          violations.add(
              name + " calls for what " + other.worker.name + " calls for since " + other.begunAt);
        }
      }
      calls.add(made);
      ProviderResult result =
          random.nextInt(100) < failPercent
              ? new ProviderResult.Failed(new Failure.Retryable("it fails"))
              : new ProviderResult.Answered(new JobOutput.Text(made.answer));
      long millis = latency.toMillis() / 2 + random.nextLong(latency.toMillis());
      running.put(claim, new Running(made, now.plusMillis(millis), result));
    }

    private boolean isSame(Claim one, Claim other) {
      return one.request != null
          && other.request != null
          && one.request.fingerprint().equals(other.request.fingerprint());
    }

    /** Whether a second call may be made beside one that runs. */
    private boolean isExcused(Call running, Claim claim) {
      Worker owner = running.worker;
      boolean disturbed = owner.disturbedUntil.plus(FORGIVEN).isAfter(running.begunAt);
      // Its claim was written a little before.
      boolean invalidated =
          log.stream()
              .anyMatch(each ->
                  each.record() instanceof CacheRecord.Invalidated
                      && each.at().isAfter(running.begunAt.minusSeconds(1)));
      return disturbed
          || invalidated
          || claim.bypass != null
          || running.claim.bypass != null
          || running.claim.phase != Claim.Phase.RUNNING
          || running.claim.interruption != Claim.Interruption.NONE;
    }

    @Override
    public void interrupt(Claim claim) {
      Running call = running.get(claim);
      if (call != null) {
        running.put(
            claim,
            new Running(
                call.call(),
                now.plusMillis(20),
                new ProviderResult.Failed(new Failure.Retryable("interrupted"))));
      }
    }

    @Override
    public void commit(Batch batch) {
      committing = batch;
      committedAt = now.plusMillis(random.nextInt(5, 30));
    }

    /** The moment at which it is decided what a job came to. */
    @Override
    public void settled(Claim claim, Settlement settlement) {
      if (settlement instanceof Settlement.Finish finish
          && finish.outcome() instanceof Outcome.Succeeded(JobOutput.Text(String text))
          && cachedAt(finish) != null) {
        served(claim, text, Objects.requireNonNull(cachedAt(finish)));
      }
    }

    private void served(Claim claim, String text, Instant cachedAt) {
      Job job = claim.record().job();
      Call call = calls.stream().filter(each -> each.answer.equals(text)).findFirst().orElse(null);
      if (call == null) {
        return;
      }
      CacheRule asked = Objects.requireNonNullElse(job.cache(), BY_ROUTE);
      CacheRule kept = Objects.requireNonNullElse(call.job().cache(), BY_ROUTE);
      if (!call.job().tenant().equals(job.tenant()) || !call.job().input().equals(job.input())) {
        violations.add("job " + job.id() + " got the answer of another request: " + text);
      }
      Instant oldest = now.minus(Objects.requireNonNull(asked.ttl()));
      if (!cachedAt.isAfter(oldest)
          || !cachedAt.plus(Objects.requireNonNull(kept.ttl())).isAfter(now)) {
        violations.add("job " + job.id() + " got an answer that is too old");
      }
      for (int place = call.begunAfter; place < read; place++) {
        if (log.get(place).record()
                instanceof CacheRecord.Invalidated(TenantId tenant, CacheTag tag)
            && tenant.equals(job.tenant())
            && (isBelow(tag, asked.tags()) || isBelow(tag, kept.tags()))) {
          violations.add("job " + job.id() + " got an answer that was invalidated by " + tag);
        }
      }
    }

    private static boolean isBelow(CacheTag tag, List<CacheTag> tags) {
      return tags.stream()
          .anyMatch(each -> each.equals(tag) || each.text().startsWith(tag.text() + "/"));
    }

    @Override
    public void pause(Set<TopicPartition> partitions) {}

    @Override
    public void stuck(Claim claim) {}

    @Override
    public void back(Claim claim) {}

    @Override
    public void drained() {
      drained = true;
    }

    @Override
    public void fail(String reason) {
      violations.add(reason);
    }

    @Override
    public void called(Claim claim, Judge.Call call, String code) {}

    @Override
    public void late(Duration lateness) {}

    @Override
    public void gated(Claim claim, int change) {}

    @Override
    public void failedOver(Claim claim, String reason) {}

    @Override
    public void poisoned() {}

    @Override
    public void turn(int busySlots, int queued, int waiting, int claimed, int stuck) {
      busy = busySlots;
    }

    int busy;
    boolean drained;
  }
}
