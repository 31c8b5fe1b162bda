package dev.penstock.worker.admit;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Served;
import dev.penstock.limit.LimitReport;
import dev.penstock.limit.SpendReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Calls the first target of a job's chain whose gates are all open. A job whose model is no route
 * has a chain of one.
 *
 * <p>What happened to a job is read from its attempts alone, so that each worker goes on where
 * another left off: a target that failed the job for good is not asked again, and after a failure
 * the targets behind the one that failed come first.
 */
public final class Routes implements Admission {
  private static final int MAX_SINGLE = 1_000;

  private final Map<String, List<Target>> chains;
  private final Serving serving;
  private final List<TargetGate> gates;
  private final Duration clockMargin;

  /** Of models that are no route, at most {@link #MAX_SINGLE}. */
  private final Map<String, List<Target>> single = new HashMap<>();

  /** Which providers there are. */
  @FunctionalInterface
  public interface Serving {
    /** Whether the provider of that name serves jobs of that kind here. */
    boolean serves(String provider, JobKind kind);
  }

  /**
   * @param chains the targets of each route, by its name, in the order in which they are tried
   * @param gates what all targets go through
   * @param clockMargin how much the clock of who was asked to wait may be ahead of this one
   */
  public Routes(
      Map<String, List<Target>> chains,
      Serving serving,
      List<TargetGate> gates,
      Duration clockMargin) {
    this.clockMargin = clockMargin;
    this.chains = Map.copyOf(chains);
    this.serving = serving;
    this.gates = List.copyOf(gates);
  }

  /** Of a worker that is alone. */
  public Routes(Map<String, List<Target>> chains, Serving serving, List<TargetGate> gates) {
    this(chains, serving, gates, Duration.ZERO);
  }

  @Override
  public Verdict ask(JobRecord record, Instant now) {
    var path = new Path(record);
    // Most jobs are called for at once: nothing is gathered until something is shut.
    List<Shut> closed = List.of();
    Instant until = Instant.MAX;
    @Nullable Instant since = Instant.MIN;
    String spent = null;
    boolean isAllSpent = true;
    for (int turn = 1; turn <= path.chain.size(); turn++) {
      int index = path.at(turn);
      if (!path.isAble(index)) {
        continue;
      }
      Target target = path.chain.get(index);
      TargetGate.Opening.Closed asked = path.askedToWait(index, now);
      TargetGate.Opening opening = look(target, record, now);
      if (asked != null && !(opening instanceof TargetGate.Opening.Spent)) {
        opening = asked;
      }
      switch (opening) {
        case TargetGate.Opening.Open _ -> {
          return new Verdict.Call(permit(target, record, path.reasons(index, closed), now));
        }
        case TargetGate.Opening.Closed shut -> {
          isAllSpent = false;
          closed = with(closed, index, shut.why());
          until = shut.until().isBefore(until) ? shut.until() : until;
          since = later(since, shut.since());
        }
        case TargetGate.Opening.Spent(String message) -> {
          closed = with(closed, index, "budget spent");
          spent = spent == null ? message : spent;
        }
      }
    }
    if (closed.isEmpty()) {
      return new Verdict.Refuse(noProvider(record.job()));
    }
    return isAllSpent && spent != null
        ? new Verdict.Spent(new Failure.BudgetSpent(spent))
        : new Verdict.Wait(until, path.why(closed), since);
  }

  /** A target of the chain that may not be called now. */
  private record Shut(int index, String why) {}

  private static List<Shut> with(List<Shut> closed, int index, String why) {
    List<Shut> longer = closed.isEmpty() ? new ArrayList<>() : closed;
    longer.add(new Shut(index, why));
    return longer;
  }

  @Override
  public Way after(JobRecord record, Instant now) {
    Failure failure = record.attempts().getLast().failure();
    if (failure == null || !failure.next().elsewhere()) {
      return NOBODY.after(record, now);
    }
    var path = new Path(record);
    boolean able = false;
    for (int index = 0; index < path.chain.size(); index++) {
      if (path.isAble(index)) {
        able = true;
        if (index > path.last
            && path.askedToWait(index, now) == null
            && look(path.chain.get(index), record, now) instanceof TargetGate.Opening.Open) {
          return Way.AT_ONCE;
        }
      }
    }
    return able ? Way.LATER : NOBODY.after(record, now);
  }

  @Override
  public String gate(JobRecord record) {
    Job job = record.job();
    var name = new StringBuilder(job.model()).append(' ').append(job.input().kind().wireName());
    gates.forEach(each -> name.append(each.group(record)));
    String gate = name.toString();
    if (record.attempts().isEmpty() || !chains.containsKey(job.model())) {
      return gate;
    }
    // One that has fewer targets left than others is not to make those wait.
    return gate + new Path(record).past();
  }

  @Override
  public long version() {
    long version = 0;
    for (TargetGate gate : gates) {
      version += gate.version();
    }
    return version;
  }

  @Override
  public void tick(Instant now) {
    gates.forEach(gate -> gate.tick(now));
  }

  @Override
  public void heard(LimitReport report, Instant appendedAt, Instant now) {
    gates.forEach(gate -> gate.heard(report, appendedAt, now));
  }

  @Override
  public void heard(SpendReport report, Instant appendedAt, Instant now) {
    gates.forEach(gate -> gate.heard(report, appendedAt, now));
  }

  @Override
  public void drain(Instant now) {
    gates.forEach(gate -> gate.drain(now));
  }

  /** What stands against the target for good, or else what makes it wait the longest. */
  private TargetGate.Opening look(Target target, JobRecord record, Instant now) {
    TargetGate.Opening.Closed longest = null;
    for (TargetGate gate : gates) {
      switch (gate.look(target, record, now)) {
        case TargetGate.Opening.Open _ -> {
          // It has nothing against it.
        }
        case TargetGate.Opening.Closed closed ->
            longest = longest == null || closed.until().isAfter(longest.until()) ? closed : longest;
        case TargetGate.Opening.Spent spent -> {
          return spent;
        }
      }
    }
    return longest == null ? TargetGate.Opening.OPEN : longest;
  }

  /** Null stands for now. */
  private static @Nullable Instant later(@Nullable Instant a, @Nullable Instant b) {
    if (a == null || b == null) {
      return null;
    }
    return a.isAfter(b) ? a : b;
  }

  private Permit permit(Target target, JobRecord record, List<Reason> reasons, Instant now) {
    var passes = new ArrayList<TargetGate.Pass>(gates.size());
    for (TargetGate gate : gates) {
      passes.add(gate.take(target, record, now));
    }
    return new Passes(target, reasons, passes);
  }

  /** Why a target was not called. */
  private record Reason(Target target, String word) {
    @Override
    public String toString() {
      return target + ": " + word;
    }
  }

  private record Passes(Target target, List<Reason> reasons, List<TargetGate.Pass> passes)
      implements Permit {
    @Override
    public @Nullable String insteadOf() {
      return reasons.isEmpty()
          ? null
          : reasons.stream().map(Reason::toString).collect(Collectors.joining("; "));
    }

    @Override
    public @Nullable String reason() {
      return reasons.isEmpty() ? null : reasons.getFirst().word();
    }

    @Override
    public void ended(ProviderResult result, Duration latency, Instant now) {
      passes.forEach(pass -> pass.ended(result, latency, now));
    }

    @Override
    public void unused(Instant now) {
      passes.forEach(pass -> pass.unused(now));
    }
  }

  private static Failure noProvider(Job job) {
    return new Failure.NoProvider(
        "no provider of this worker serves "
            + job.input().kind().wireName()
            + " for the model '"
            + job.model()
            + "'; name another model, or add the provider's jar to the workers");
  }

  /** The targets of a model; where it is no route, itself. */
  private List<Target> chain(String model) {
    List<Target> route = chains.get(model);
    if (route != null) {
      return route;
    }
    List<Target> known = single.get(model);
    if (known != null) {
      return known;
    }
    List<Target> alone = List.of(Target.of(model));
    // Whoever submits jobs can make up models.
    if (single.size() < MAX_SINGLE) {
      single.put(model, alone);
    }
    return alone;
  }

  /** What became of a target that was called. */
  private static final class Past {
    private final int index;

    /** What it failed with in the end. */
    private String code;

    /** It is out of the question. */
    private boolean forGood;

    /** Until when it asked this job to wait, by what it said. */
    private @Nullable Instant askedUntil;

    Past(int index, String code) {
      this.index = index;
      this.code = code;
    }
  }

  /** A job's chain, and what has become of it so far. */
  private final class Path {
    final List<Target> chain;

    /** Where in the chain the last attempt was, or -1. */
    final int last;

    private final JobKind kind;

    /** The targets that were called and failed. */
    private final List<Past> pasts;

    Path(JobRecord record) {
      Job job = record.job();
      this.chain = chain(job.model());
      this.kind = job.input().kind();
      List<Attempt> attempts = record.attempts();
      this.pasts = attempts.isEmpty() ? List.of() : new ArrayList<>(chain.size());
      int at = -1;
      for (Attempt attempt : attempts) {
        at = indexOf(attempt);
        Failure failure = attempt.failure();
        if (at >= 0 && failure != null) {
          failed(at, attempt, failure);
        }
      }
      this.last = at;
    }

    private void failed(int index, Attempt attempt, Failure failure) {
      Past past = pastOf(index);
      if (past == null) {
        past = new Past(index, failure.code());
        pasts.add(past);
      }
      past.code = failure.code();
      past.forGood |= !failure.next().again();
      if (failure.retryAfter().isPositive()) {
        past.askedUntil = ended(attempt).plus(failure.retryAfter()).plus(clockMargin);
      }
    }

    private @Nullable Past pastOf(int index) {
      for (Past past : pasts) {
        if (past.index == index) {
          return past;
        }
      }
      return null;
    }

    /** The index of the target that is tried in that turn, from 1. */
    int at(int turn) {
      return (last + turn) % chain.size();
    }

    /** Whether the target may be called at all. */
    boolean isAble(int index) {
      Past past = pastOf(index);
      return (past == null || !past.forGood) && serving.serves(chain.get(index).provider(), kind);
    }

    /** What keeps the job from its targets, the same for all whom the same keeps. */
    String past() {
      var text = new StringBuilder();
      for (int index = 0; index < chain.size(); index++) {
        Past past = pastOf(index);
        if (past != null && past.forGood) {
          text.append(' ').append(index).append(past.code);
        }
        if (past != null && past.askedUntil != null) {
          text.append(' ').append(index);
        }
      }
      return text.toString();
    }

    /**
     * Which target an attempt called, by what stands on it; on one of an older worker, the one of
     * its provider whose model's name is most of the name that the provider gave.
     */
    private int indexOf(Attempt attempt) {
      Served served = attempt.served();
      if (served != null && served.target() != null) {
        return chain.indexOf(Target.of(served.target()));
      }
      String model = served == null || served.providerModel() == null ? "" : served.providerModel();
      int best = -1;
      for (int i = 0; i < chain.size(); i++) {
        Target target = chain.get(i);
        if (target.provider().equals(attempt.provider())
            && (best < 0 || covers(target, model) > covers(chain.get(best), model))) {
          best = i;
        }
      }
      return best;
    }

    private static Instant ended(Attempt attempt) {
      return attempt.startedAt().plus(attempt.latency());
    }

    /** Whoever runs the job now may not have heard what the target said to another worker. */
    TargetGate.Opening.@Nullable Closed askedToWait(int index, Instant now) {
      Past past = pastOf(index);
      Instant until = past == null ? null : past.askedUntil;
      return past == null || until == null || !until.isAfter(now)
          ? null
          : new TargetGate.Opening.Closed(until, past.code);
    }

    private static int covers(Target target, String model) {
      return model.startsWith(target.model()) ? target.model().length() : -1;
    }

    /** Why the targets before {@code index} are not called; none for the first. */
    List<Reason> reasons(int index, List<Shut> closed) {
      if (index == 0) {
        return List.of();
      }
      var reasons = new ArrayList<Reason>(index);
      for (int i = 0; i < index; i++) {
        reasons.add(new Reason(chain.get(i), reason(i, closed)));
      }
      return reasons;
    }

    private String reason(int index, List<Shut> closed) {
      for (Shut each : closed) {
        if (each.index() == index) {
          return each.why();
        }
      }
      Past past = pastOf(index);
      if (past != null) {
        return past.code;
      }
      return isAble(index) ? "was closed before" : "not served here";
    }

    /** In the order of the chain. */
    String why(List<Shut> closed) {
      return closed.stream()
          .sorted(Comparator.comparingInt(Shut::index))
          .map(each -> chain.get(each.index()) + ": " + each.why())
          .collect(Collectors.joining("; "));
    }
  }
}
