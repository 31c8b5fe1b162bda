package dev.penstock.worker.limit;

import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.limit.LimitReport;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import dev.penstock.worker.admit.TargetGate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Workers that share limits over a log, simulated: reports take their time to be written, and each
 * worker reads late in a way of its own.
 */
final class Workers {
  static final Instant T0 = Instant.parse("2026-11-21T08:00:00Z");
  static final Target TARGET = Target.of("p");
  static final long STEP_MILLIS = 10;

  /** What is planted. */
  enum Bug {
    NONE,
    /** Each worker sees its own reports before those of others: shares are raised at once. */
    OWN_REPORTS_FIRST,
    /** The clock of a stopped worker stands still, so it keeps its share. */
    STOPPED_CLOCK
  }

  final SplittableRandom random;
  final List<Instant> calls = new ArrayList<>();
  final List<Worker> all = new ArrayList<>();
  int mostAtOnce;
  private final LimitRules rules;
  private final long latencyMillis;
  private final Bug bug;
  private final List<Written> log = new ArrayList<>();
  private final JobRecord record;
  private Instant now = T0;
  private @Nullable Duration refusal;

  /** The worker that met a refusal last. */
  @Nullable Worker refused;

  Instant refusedAt = T0;

  private record Written(LimitReport report, Instant at, Instant earliest, Worker writer) {}

  Workers(LimitRules.Rule rule, long latencyMillis, long seed, Bug bug) {
    this.rules = new LimitRules(Map.of("p", rule), true, false);
    this.latencyMillis = latencyMillis;
    this.random = new SplittableRandom(seed);
    this.bug = bug;
    this.record =
        new JobRecord(
            new Job(
                JobId.of("01a1fde9-9009-7fbe-b20b-f706a42df8e7"),
                "p",
                new JobInput.Embed("text"),
                3,
                Duration.ofSeconds(30),
                T0,
                null,
                Map.of()),
            0,
            List.of(),
            null);
  }

  /** The provider refuses the next call that ends, and asks to wait. */
  void refuseNext(Duration wait) {
    refusal = wait;
  }

  Instant now() {
    return now;
  }

  Worker join(long backlog) {
    var worker = new Worker("w" + all.size());
    worker.backlog = backlog;
    all.add(worker);
    return worker;
  }

  /** Lets time pass. */
  void run(Duration time) {
    Instant end = now.plus(time);
    while (now.isBefore(end)) {
      now = now.plusMillis(STEP_MILLIS);
      for (Worker worker : all) {
        worker.write();
      }
      int atOnce = 0;
      for (Worker worker : all) {
        worker.step();
        atOnce += worker.running();
      }
      mostAtOnce = Math.max(mostAtOnce, atOnce);
    }
  }

  /** The most that a bucket with the limit's rate ever held of the calls that were made. */
  double worstBurst(double perMinute) {
    double level = 0;
    double worst = 0;
    Instant before = T0;
    for (Instant call : calls) {
      level =
          Math.max(0, level - Duration.between(before, call).toMillis() / 60_000.0 * perMinute) + 1;
      worst = Math.max(worst, level);
      before = call;
    }
    return worst;
  }

  long callsSince(Instant since) {
    return calls.stream().filter(call -> !call.isBefore(since)).count();
  }

  /** One worker. */
  final class Worker {
    final String name;
    long backlog;
    long made;
    private final GroupLimits limits;
    private final Deque<Written> unwritten = new ArrayDeque<>();
    private final Deque<Running> calling = new ArrayDeque<>();
    private final Duration lag = Duration.ofMillis(random.nextInt(5, 300));
    private int read;
    private int readOwn;
    private Instant tickAt = T0;
    private Instant stoppedUntil = T0;
    private Duration stoodStill = Duration.ZERO;
    private Instant slowUntil = T0;
    private boolean gone;

    private record Running(TargetGate.Pass pass, Instant until) {}

    Worker(String name) {
      this.name = name;
      this.limits =
          new GroupLimits(
              rules,
              name,
              name.hashCode(),
              report ->
                  unwritten.add(
                      new Written(report, now, now.plusMillis(random.nextInt(5, 60)), this)),
              LimitMetrics.NONE);
    }

    /** SIGKILL. */
    void kill() {
      gone = true;
      calling.clear();
      unwritten.clear();
    }

    /** SIGTERM. */
    void drain() {
      backlog = 0;
      limits.drain(clock());
    }

    /** SIGSTOP, and SIGCONT after a while. */
    void stop(Duration time) {
      stoppedUntil = now.plus(time);
      stoodStill = stoodStill.plus(time);
    }

    /** Its reports take long to be written, and what others wrote takes long to come. */
    void slow(Duration time) {
      slowUntil = now.plus(time);
    }

    boolean isGone() {
      return gone;
    }

    private boolean isStopped() {
      return now.isBefore(stoppedUntil);
    }

    private Instant clock() {
      return bug == Bug.STOPPED_CLOCK ? now.minus(stoodStill) : now;
    }

    int running() {
      return (int) calling.stream().filter(call -> call.until().isAfter(now)).count();
    }

    /** What is under way to the broker arrives also when its sender is stopped. */
    void write() {
      while (!unwritten.isEmpty()
          && !unwritten.getFirst().earliest().isAfter(now)
          && !now.isBefore(slowUntil)) {
        log.add(new Written(unwritten.removeFirst().report(), now, now, this));
      }
    }

    void step() {
      if (gone || isStopped()) {
        return;
      }
      read();
      for (Iterator<Running> each = calling.iterator(); each.hasNext(); ) {
        Running call = each.next();
        if (!call.until().isAfter(now)) {
          each.remove();
          call.pass()
              .ended(
                  new ProviderResult.Failed(failure(), CallReport.NONE),
                  Duration.ofMillis(latencyMillis),
                  clock());
        }
      }
      while (backlog > 0
          && limits.look(TARGET, record, clock()) instanceof TargetGate.Opening.Open) {
        TargetGate.Pass pass = limits.take(TARGET, record, clock());
        backlog--;
        made++;
        calls.add(now);
        calling.add(new Running(pass, now.plusMillis(1 + random.nextLong(2 * latencyMillis))));
      }
      if (!now.isBefore(tickAt)) {
        tickAt = now.plusMillis(100);
        limits.tick(clock());
      }
    }

    private Failure failure() {
      Duration wait = refusal;
      if (wait == null) {
        return new Failure.Retryable("it fails");
      }
      refusal = null;
      refused = this;
      refusedAt = now;
      return new Failure.Throttled("too many", wait);
    }

    private void read() {
      if (now.isBefore(slowUntil)) {
        return;
      }
      if (bug == Bug.OWN_REPORTS_FIRST) {
        for (; readOwn < log.size(); readOwn++) {
          if (log.get(readOwn).writer() == this) {
            hear(log.get(readOwn));
          }
        }
      }
      while (read < log.size() && !log.get(read).at().plus(lag).isAfter(now)) {
        Written next = log.get(read++);
        if (bug != Bug.OWN_REPORTS_FIRST || next.writer() != this) {
          hear(next);
        }
      }
    }

    private void hear(Written next) {
      limits.heard(next.report(), next.at(), clock());
    }
  }
}
