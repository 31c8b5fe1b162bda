package dev.penstock.worker.budget;

import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Priority;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import dev.penstock.limit.SpendReport;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import dev.penstock.worker.admit.TargetGate;
import dev.penstock.worker.cost.Prices;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Workers that spend one tenant's budget over a log, simulated: reports take their time to be
 * written, and each worker reads late in a way of its own. What the provider bills is what counts:
 * it bills each call that has begun, also those that died with their worker.
 */
final class Spenders {
  static final Instant T0 = Instant.parse("2026-11-21T08:58:00Z");
  static final Target TARGET = Target.of("paid:model");
  static final TenantId TENANT = new TenantId("acme");
  static final int SLOTS = 4;
  private static final long STEP_MILLIS = 20;

  /** What is planted. */
  enum Bug {
    NONE,
    /** Each worker sees its own reports before those of others: it is given what others have. */
    OWN_REPORTS_FIRST,
    /** What a lost worker had set aside counts no longer, as if its calls had not been made. */
    LOST_ARE_FORGOTTEN
  }

  final SplittableRandom random;
  final List<Spender> all = new ArrayList<>();

  /** The cost of all calls that have begun. */
  long billed;

  /** The highest that it ever was at the end of an hour, or is. */
  long mostBilled;

  private final BudgetRules rules;
  private final Prices prices;
  private final Bug bug;

  /** From how many to how many hundredths of its price a call costs. */
  private final int leastPercent;

  private final int mostPercent;
  private final List<Written> log = new ArrayList<>();
  private final JobRecord record;
  private Instant now = T0;

  private record Written(SpendReport report, Instant at, Instant earliest, Spender writer) {}

  Spenders(
      BudgetRules rules, Prices prices, int leastPercent, int mostPercent, long seed, Bug bug) {
    this.rules = rules;
    this.prices = prices;
    this.leastPercent = leastPercent;
    this.mostPercent = mostPercent;
    this.random = new SplittableRandom(seed);
    this.bug = bug;
    this.record = job(TENANT, TARGET.toString());
  }

  /** A job whose input has a thousand tokens and whose output none. */
  static JobRecord job(TenantId tenant, String model) {
    return new JobRecord(
        new Job(
            JobId.of("01a1fde9-9009-7fbe-b20b-f706a42df8e7"),
            model,
            new JobInput.Embed("x".repeat(4_000)),
            3,
            Duration.ofSeconds(30),
            T0,
            null,
            Map.of(),
            null,
            null,
            null,
            Priority.NORMAL,
            false,
            tenant,
            null),
        0,
        List.of(),
        null);
  }

  Instant now() {
    return now;
  }

  Spender join(long backlog) {
    var worker = new Spender("w" + all.size());
    worker.backlog = backlog;
    all.add(worker);
    return worker;
  }

  /** Lets time pass. */
  void run(Duration time) {
    Instant end = now.plus(time);
    while (now.isBefore(end)) {
      now = now.plusMillis(STEP_MILLIS);
      all.forEach(Spender::write);
      all.forEach(Spender::step);
      mostBilled = Math.max(mostBilled, billed);
    }
  }

  /** Goes on at the beginning of the next hour: what is billed is counted anew. */
  void nextHour() {
    run(Duration.between(now, Period.HOUR.at(now).end()).minusSeconds(5));
    all.forEach(each -> each.backlog = 0);
    run(Duration.ofSeconds(6));
    billed = 0;
    mostBilled = 0;
    all.forEach(each -> each.refusal = null);
  }

  /** What the calls that run will have cost. */
  long inFlight() {
    return all.stream().flatMap(each -> each.calling.stream()).mapToLong(Running::cost).sum();
  }

  /**
   * What the workers have named beyond what they told to be spent: what is lost if they die now.
   */
  long setAside() {
    var last = new HashMap<String, SpendReport>();
    log.forEach(written -> last.put(written.report().worker(), written.report()));
    return last.values().stream()
        .flatMap(report -> report.periods().stream())
        .mapToLong(period -> period.ceiling() - period.spent())
        .sum();
  }

  /** How many reports were written. */
  int reports() {
    return log.size();
  }

  private record Running(TargetGate.Pass pass, Instant until, long cost) {}

  /** One worker. */
  final class Spender {
    final String name;
    long backlog;
    long made;
    @Nullable String refusal;
    private final GroupBudgets budgets;
    private final Deque<Written> unwritten = new ArrayDeque<>();
    private final Deque<Running> calling = new ArrayDeque<>();
    private final Duration lag = Duration.ofMillis(random.nextInt(5, 300));
    private int read;
    private int readOwn;
    private Instant tickAt = T0;
    private Instant stoppedUntil = T0;
    private Instant slowUntil = T0;
    private boolean gone;
    private boolean killed;

    Spender(String name) {
      this.name = name;
      this.budgets =
          new GroupBudgets(
              rules,
              prices,
              name,
              name.hashCode(),
              report ->
                  unwritten.add(
                      new Written(report, now, now.plusMillis(random.nextInt(5, 60)), this)),
              BudgetMetrics.NONE);
    }

    /** SIGKILL: what it has called for is billed all the same. */
    void kill() {
      gone = true;
      killed = true;
      calling.clear();
      unwritten.clear();
    }

    /** SIGTERM. */
    void drain() {
      backlog = 0;
      budgets.drain(now);
    }

    /** SIGSTOP, and SIGCONT after a while. */
    void stop(Duration time) {
      stoppedUntil = now.plus(time);
    }

    /** Its reports take long to be written, and what others wrote takes long to come. */
    void slow(Duration time) {
      slowUntil = now.plus(time);
    }

    boolean isGone() {
      return gone;
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
      if (gone || now.isBefore(stoppedUntil)) {
        return;
      }
      read();
      for (Iterator<Running> each = calling.iterator(); each.hasNext(); ) {
        Running call = each.next();
        if (!call.until().isAfter(now)) {
          each.remove();
          call.pass().ended(came(call.cost()), Duration.ofMillis(200), now);
        }
      }
      while (backlog > 0 && calling.size() < SLOTS && begins()) {
        TargetGate.Pass pass = budgets.take(TARGET, record, now);
        backlog--;
        made++;
        long cost = TestPrices.COST / 100 * random.nextLong(leastPercent, mostPercent + 1L);
        billed += cost;
        calling.add(new Running(pass, now.plusMillis(1 + random.nextLong(400)), cost));
      }
      if (!now.isBefore(tickAt)) {
        tickAt = now.plusMillis(100);
        budgets.tick(now);
      }
    }

    private boolean begins() {
      TargetGate.Opening opening = budgets.look(TARGET, record, now);
      if (opening instanceof TargetGate.Opening.Spent(String message)) {
        refusal = message;
      }
      return opening instanceof TargetGate.Opening.Open;
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
        boolean told = bug == Bug.OWN_REPORTS_FIRST && next.writer() == this;
        boolean forgotten = bug == Bug.LOST_ARE_FORGOTTEN && next.writer().killed;
        if (!told && !forgotten) {
          hear(next);
        }
      }
    }

    private void hear(Written next) {
      budgets.heard(next.report(), next.at(), now);
    }
  }

  /** A call that cost so much. */
  private ProviderResult came(long cost) {
    return new ProviderResult.Failed(
        new Failure.Retryable("it fails"),
        new CallReport(null, null, new Usage(1, 0, 0), null, null, cost));
  }
}
