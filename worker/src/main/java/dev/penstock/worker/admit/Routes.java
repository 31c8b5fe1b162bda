package dev.penstock.worker.admit;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Served;
import dev.penstock.limit.LimitReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
  private final Map<String, List<Target>> chains;
  private final Serving serving;
  private final List<TargetGate> gates;
  private final Duration clockMargin;

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
    if (path.able.isEmpty()) {
      return new Verdict.Refuse(noProvider(record.job()));
    }
    var closed = new TreeMap<Integer, String>();
    Instant until = Instant.MAX;
    @Nullable Instant since = Instant.MIN;
    for (int index : path.able) {
      Target target = path.chain.get(index);
      TargetGate.Opening.Closed asked = path.askedToWait(index, now);
      TargetGate.Opening.Closed shut = asked == null ? shut(target, record, now) : asked;
      if (shut == null) {
        return new Verdict.Call(permit(target, record, path.reasons(index, closed), now));
      }
      closed.put(index, shut.why());
      until = shut.until().isBefore(until) ? shut.until() : until;
      since = later(since, shut.since());
    }
    return new Verdict.Wait(until, path.why(closed), since);
  }

  @Override
  public Way after(JobRecord record, Instant now) {
    Failure failure = record.attempts().getLast().failure();
    if (failure == null || !failure.next().elsewhere()) {
      return NOBODY.after(record, now);
    }
    var path = new Path(record);
    for (int index : path.able) {
      if (index > path.last
          && path.askedToWait(index, now) == null
          && shut(path.chain.get(index), record, now) == null) {
        return Way.AT_ONCE;
      }
    }
    return path.able.isEmpty() ? NOBODY.after(record, now) : Way.LATER;
  }

  @Override
  public String gate(JobRecord record) {
    Job job = record.job();
    String gate = job.model() + " " + job.input().kind().wireName();
    if (record.attempts().isEmpty() || !chains.containsKey(job.model())) {
      return gate;
    }
    // One that has fewer targets left than others is not to make those wait.
    var path = new Path(record);
    return gate + path.forGood + path.asked.keySet();
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
  public void drain(Instant now) {
    gates.forEach(gate -> gate.drain(now));
  }

  /** What makes the target wait the longest; null when nothing does. */
  private TargetGate.Opening.@Nullable Closed shut(Target target, JobRecord record, Instant now) {
    TargetGate.Opening.Closed longest = null;
    for (TargetGate gate : gates) {
      if (gate.look(target, record, now) instanceof TargetGate.Opening.Closed closed
          && (longest == null || closed.until().isAfter(longest.until()))) {
        longest = closed;
      }
    }
    return longest;
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

  /** A job's chain, and what has become of it so far. */
  private final class Path {
    final List<Target> chain;

    /** Where in the chain the last attempt was, or -1. */
    final int last;

    /** The targets that are out of the question, by what they failed with. */
    final Map<Integer, String> forGood = new TreeMap<>();

    /** Those that may be called, in the order in which they are tried. */
    final List<Integer> able = new ArrayList<>();

    /** What each target that was called failed with in the end. */
    private final Map<Integer, String> failed = new HashMap<>();

    /** Until when each target asked this job to wait, by what it said. */
    private final Map<Integer, Instant> asked = new TreeMap<>();

    Path(JobRecord record) {
      Job job = record.job();
      List<Target> route = chains.get(job.model());
      this.chain = route == null ? List.of(Target.of(job.model())) : route;
      int at = -1;
      for (Attempt attempt : record.attempts()) {
        at = indexOf(attempt);
        Failure failure = attempt.failure();
        if (at >= 0 && failure != null) {
          failed.put(at, failure.code());
          if (failure.retryAfter().isPositive()) {
            asked.put(at, ended(attempt).plus(failure.retryAfter()).plus(clockMargin));
          }
          if (!failure.next().again()) {
            forGood.put(at, failure.code());
          }
        }
      }
      this.last = at;
      JobKind kind = job.input().kind();
      for (int i = 1; i <= chain.size(); i++) {
        int index = (at + i) % chain.size();
        if (!forGood.containsKey(index) && serving.serves(chain.get(index).provider(), kind)) {
          able.add(index);
        }
      }
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
      Instant until = asked.get(index);
      return until == null || !until.isAfter(now)
          ? null
          : new TargetGate.Opening.Closed(until, failed.getOrDefault(index, "throttled"));
    }

    private static int covers(Target target, String model) {
      return model.startsWith(target.model()) ? target.model().length() : -1;
    }

    /** Why the targets before {@code index} are not called; none for the first. */
    List<Reason> reasons(int index, Map<Integer, String> closed) {
      var reasons = new ArrayList<Reason>();
      for (int i = 0; i < index; i++) {
        reasons.add(new Reason(chain.get(i), reason(i, closed)));
      }
      return reasons;
    }

    private String reason(int index, Map<Integer, String> closed) {
      String shut = closed.get(index);
      if (shut != null) {
        return shut;
      }
      String before = failed.get(index);
      if (before != null) {
        return before;
      }
      return able.contains(index) ? "was closed before" : "not served here";
    }

    String why(Map<Integer, String> closed) {
      var reasons = new ArrayList<String>();
      closed.forEach((index, why) -> reasons.add(chain.get(index) + ": " + why));
      return String.join("; ", reasons);
    }
  }
}
