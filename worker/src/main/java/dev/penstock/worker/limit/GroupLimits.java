package dev.penstock.worker.limit;

import dev.penstock.job.Failure;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.limit.LimitReport;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Quota;
import dev.penstock.provider.Target;
import dev.penstock.worker.admit.TargetGate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps this worker within its shares of the providers' limits: calls a minute, tokens a minute,
 * calls at once. A call takes an estimate of its tokens out beforehand, and is settled with what it
 * used.
 *
 * <p>Until a job asks for a target with a limit, nothing is reported, read or reckoned.
 */
public final class GroupLimits implements TargetGate {
  /** A job that waits asks again after this at the latest, so that it is known that it waits. */
  private static final Duration ASK_AGAIN = Duration.ofSeconds(1);

  /** The longest that one refusal closes a limit. */
  private static final Duration LONGEST_CLOSED = Duration.ofMinutes(5);

  /** How far the log's clock and this worker's may be apart, and more. */
  private static final Duration LOG_SLACK = Duration.ofSeconds(1);

  /** Headers that speak of a longer period than about a minute are not about a minute. */
  private static final Duration LONGEST_RESET = Duration.ofMinutes(2);

  /** The most limits that are learned; they are by model, and jobs name models. */
  private static final int MAX_LEARNED = 60;

  private static final Duration SHOW = Duration.ofSeconds(1);

  private final LimitRules rules;
  private final Shares shares;
  private final Consumer<LimitReport> out;
  private final LimitMetrics metrics;
  private final Estimates estimates = new Estimates();

  /** By scope, provider or provider and model, in the order in which they came up. */
  private final Map<String, Map<LimitRules.Kind, Limit>> scopes = new LinkedHashMap<>();

  private final Map<Target, List<Limit>> byTarget = new HashMap<>();

  /** Until when others say that limits are closed, by name; those that this worker meets later. */
  private final Map<String, Instant> closedElsewhere = new HashMap<>();

  private int learned;
  private long version;
  private boolean draining;
  private Instant shownAt = Instant.MIN;

  /**
   * @param incarnation tells this life of the worker from all others
   * @param out writes reports to the log; returns at once
   */
  public GroupLimits(
      LimitRules rules,
      String worker,
      int incarnation,
      Consumer<LimitReport> out,
      LimitMetrics metrics) {
    this.rules = rules;
    this.shares = new Shares(worker, incarnation);
    this.out = out;
    this.metrics = metrics;
  }

  @Override
  public Opening look(Target target, JobRecord record, Instant now) {
    Opening.@Nullable Closed closed = null;
    for (Limit limit : limits(target, now)) {
      if (!limit.isKnown(now)) {
        continue;
      }
      Instant free =
          shares.isTrusted(now)
              ? limit.freeAt(cost(limit, target, record.job().input()), now)
              : Instant.MAX;
      if (free.isAfter(now)) {
        limit.hungry(now);
        Instant again = now.plus(ASK_AGAIN);
        Instant until = free.isBefore(again) ? free : again;
        if (closed == null || until.isAfter(closed.until())) {
          closed = new Opening.Closed(until, "limit of " + limit.kind().setting());
        }
      }
    }
    return closed == null ? Opening.OPEN : closed;
  }

  @Override
  public Pass take(Target target, JobRecord record, Instant now) {
    JobInput input = record.job().input();
    var taken = new ArrayList<Taken>(2);
    for (Limit limit : limits(target, now)) {
      double cost = cost(limit, target, input);
      limit.take(cost, now);
      taken.add(new Taken(limit, cost));
    }
    return new Reservation(target, input, taken);
  }

  private double cost(Limit limit, Target target, JobInput input) {
    return limit.kind() == LimitRules.Kind.TOKENS ? estimates.expected(target, input) : 1;
  }

  @Override
  public long version() {
    return version;
  }

  @Override
  public void tick(Instant now) {
    plan(now);
    if (!scopes.isEmpty() && (shownAt.equals(Instant.MIN) || !now.isBefore(shownAt.plus(SHOW)))) {
      shownAt = now;
      metrics.limits(shown(now));
    }
  }

  @Override
  public void heard(LimitReport report, Instant appendedAt, Instant now) {
    shares.read(report, appendedAt);
    if (!shares.isOwn(report)) {
      close(report, appendedAt, now);
    }
    plan(now);
  }

  @Override
  public void drain(Instant now) {
    draining = true;
    plan(now);
  }

  /** Whether a limit of this kind is known for the target: settings or headers told it. */
  boolean knows(Target target, boolean rate, Instant now) {
    for (Limit limit : limits(target, now)) {
      if ((limit.kind() != LimitRules.Kind.CONCURRENCY) == rate && limit.isKnown(now)) {
        return true;
      }
    }
    return false;
  }

  private void plan(Instant now) {
    if (scopes.isEmpty()) {
      return;
    }
    var needs = new ArrayList<Shares.Need>();
    var each = all();
    for (Limit limit : each) {
      boolean takesPart = draining ? limit.calls() > 0 : limit.isActive(now);
      if (takesPart && limit.isKnown(now)) {
        needs.add(limit.need(draining, now));
      }
    }
    LimitReport report = shares.plan(needs, now);
    if (report != null) {
      out.accept(report);
    }
    for (Limit limit : each) {
      double before = limit.allowed();
      limit.allow(shares.mayUse(limit.name(), now), now);
      if (limit.allowed() != before) {
        version++;
      }
    }
  }

  private List<Limit> all() {
    var all = new ArrayList<Limit>();
    scopes.values().forEach(scope -> all.addAll(scope.values()));
    return all;
  }

  // Which limits there are

  private List<Limit> limits(Target target, Instant now) {
    List<Limit> known = byTarget.get(target);
    if (known != null) {
      return known;
    }
    for (LimitRules.Kind kind : LimitRules.Kind.values()) {
      configure(target.toString(), kind, rules.ofModel(target).of(kind), now);
      configure(target.provider(), kind, rules.ofProvider(target).of(kind), now);
    }
    var found = new ArrayList<Limit>();
    found.addAll(scopes.getOrDefault(target.provider(), Map.of()).values());
    if (!target.model().isEmpty()) {
      found.addAll(scopes.getOrDefault(target.toString(), Map.of()).values());
    }
    found.forEach(this::closeAsTold);
    if (byTarget.size() < 10_000) {
      byTarget.put(target, List.copyOf(found));
    }
    return found;
  }

  private void configure(String scope, LimitRules.Kind kind, @Nullable Long most, Instant now) {
    if (most != null) {
      scopes
          .computeIfAbsent(scope, _ -> new LinkedHashMap<>())
          .computeIfAbsent(kind, _ -> new Limit(scope, kind, most, now));
    }
  }

  // What comes back

  private record Taken(Limit limit, double cost) {}

  private final class Reservation implements Pass {
    private final Target target;
    private final JobInput input;
    private final List<Taken> taken;

    Reservation(Target target, JobInput input, List<Taken> taken) {
      this.target = target;
      this.input = input;
      this.taken = taken;
    }

    @Override
    public void ended(ProviderResult result, Duration latency, Instant now) {
      boolean refused =
          result instanceof ProviderResult.Failed(Failure failure, _)
              && failure instanceof Failure.Throttled;
      CallReport told = result.report();
      double used = told.usage().totalTokens();
      if (used > 0) {
        estimates.used(target, input, used);
      }
      for (Taken each : taken) {
        boolean tokens = each.limit().kind() == LimitRules.Kind.TOKENS;
        double tooMuch = 0;
        if (tokens && used > 0) {
          tooMuch = each.cost() - used;
        } else if (tokens && refused) {
          tooMuch = each.cost();
        }
        each.limit().ended(tooMuch, now);
      }
      if (rules.learns()) {
        learn(target, LimitRules.Kind.REQUESTS, told.requests(), now);
        learn(target, LimitRules.Kind.TOKENS, told.tokens(), now);
      }
      if (result instanceof ProviderResult.Failed(Failure.Throttled(_, Duration after), _)) {
        refused(target, after, now);
      }
      version += taken.isEmpty() ? 0 : 1;
    }

    @Override
    public void unused(Instant now) {
      taken.forEach(each -> each.limit().ended(each.cost(), now));
      version += taken.isEmpty() ? 0 : 1;
    }
  }

  private void refused(Target target, Duration after, Instant now) {
    metrics.refused(target.provider());
    Instant until = now.plus(after.compareTo(LONGEST_CLOSED) < 0 ? after : LONGEST_CLOSED);
    for (Limit limit : limits(target, now)) {
      if (limit.kind() != LimitRules.Kind.CONCURRENCY) {
        limit.refusedUntil(until);
      }
    }
  }

  /**
   * Another worker was refused: all wait. Read at once it counts from now on, which is late by the
   * time that reading took; read long after, as when a worker starts, it counts by the log's time.
   */
  private void close(LimitReport report, Instant appendedAt, Instant now) {
    for (LimitReport.Entry entry : report.entries()) {
      if (entry.closedMillis() > 0) {
        Duration closed = Duration.ofMillis(entry.closedMillis());
        Duration bounded = closed.compareTo(LONGEST_CLOSED) < 0 ? closed : LONGEST_CLOSED;
        Instant byLog = appendedAt.plus(bounded).plus(LOG_SLACK);
        Instant byUs = now.plus(bounded);
        Instant until = byUs.isBefore(byLog) ? byUs : byLog;
        if (until.isAfter(now)) {
          closedElsewhere.values().removeIf(each -> !each.isAfter(now));
          closedElsewhere.merge(entry.limit(), until, (a, b) -> a.isAfter(b) ? a : b);
          all().forEach(this::closeAsTold);
        }
      }
    }
  }

  private void closeAsTold(Limit limit) {
    Instant until = closedElsewhere.get(limit.name());
    if (until != null) {
      limit.closeUntil(until);
    }
  }

  private void learn(Target target, LimitRules.Kind kind, @Nullable Quota quota, Instant now) {
    if (quota == null
        || (quota.resetAfter() != null && quota.resetAfter().compareTo(LONGEST_RESET) > 0)) {
      return;
    }
    Limit limit = told(target, kind, now);
    Long most = quota.limit();
    if (most != null && most > 0) {
      if (limit == null && learned < MAX_LEARNED) {
        learned++;
        limit = new Limit(target.toString(), kind, null, now);
        scopes.computeIfAbsent(target.toString(), _ -> new LinkedHashMap<>()).put(kind, limit);
        byTarget.clear();
      }
      if (limit != null) {
        limit.learn(Math.min(most, LimitReport.MAX_AMOUNT / LimitReport.UNIT / 1_000), now);
      }
    }
    Long remaining = quota.remaining();
    if (limit != null && remaining != null && limit.isKnown(now)) {
      double part = limit.allowed() / Math.max(1, limit.most(now));
      limit.left(Math.max(0, remaining), part, 1, now);
    }
  }

  /** Which limit a provider's headers are about: its model's, where that has one. */
  private @Nullable Limit told(Target target, LimitRules.Kind kind, Instant now) {
    Limit found = null;
    for (Limit limit : limits(target, now)) {
      // Those of the model stand behind those of the provider.
      found = limit.kind() == kind ? limit : found;
    }
    return found;
  }

  private List<LimitMetrics.Shown> shown(Instant now) {
    var shown = new ArrayList<LimitMetrics.Shown>();
    scopes.forEach((scope, kinds) ->
        kinds.forEach((kind, limit) -> {
          if (limit.isKnown(now)) {
            shown.add(
                new LimitMetrics.Shown(
                    scope,
                    kind.setting(),
                    limit.most(now),
                    limit.isLearnedOnly(),
                    limit.allowed(),
                    limit.used(now),
                    shares.members(limit.name()),
                    limit.isHungry(now)));
          }
        }));
    return shown;
  }
}
