package dev.penstock.streams.fleet;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.provider.Target;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /v1/providers}: what the workers that are there tell together.
 *
 * @param routes where jobs wait that name a route
 * @param budgets those that are nearly or wholly spent
 * @param currency of all costs; null where no worker tells of prices, or they differ
 */
record ProvidersAnswer(
    List<Provider> providers,
    List<Route> routes,
    List<WorkerReport.Budget> budgets,
    @Nullable String currency) {
  private static final List<String> WORST_FIRST = List.of("open", "half-open", "closed");

  record Provider(String name, List<Of> targets) {}

  /**
   * A target.
   *
   * @param breaker the worst that a worker tells
   * @param since when the first of those that are not closed was opened
   * @param workers how many workers have it in which state
   * @param waiting ready jobs that wait for it, where it is a provider that jobs name themselves
   */
  record Of(
      String target,
      String breaker,
      @Nullable Instant since,
      Map<String, Integer> workers,
      List<Limit> limits,
      int waiting) {}

  /**
   * A limit of all workers together.
   *
   * @param what {@code requests}, {@code tokens} or {@code concurrency}
   * @param perMillis the time that it is for; null for calls at once
   * @param waitedFor how many workers have jobs that wait for it
   */
  record Limit(
      String what, double limit, double used, @Nullable Integer perMillis, int waitedFor) {}

  record Route(String name, int waiting) {}

  static ProvidersAnswer of(List<FleetTail.Worker> workers) {
    List<WorkerReport.Surroundings> all =
        workers.stream()
            .filter(FleetTail.Worker::isThere)
            .map(worker -> worker.report().surroundings())
            .toList();
    var targets = new TreeMap<String, TreeSet<String>>();
    var waiting = new TreeMap<String, Integer>();
    for (WorkerReport.Surroundings each : all) {
      each.providers()
          .forEach(name -> targets.computeIfAbsent(name, _ -> new TreeSet<>()).add(name));
    }
    for (WorkerReport.Surroundings each : all) {
      each.breakers().forEach(breaker -> add(targets, breaker.of()));
      each.limits().forEach(limit -> add(targets, limit.scope()));
      each.gates().forEach(gate -> waiting.merge(gate.name(), gate.jobs(), Integer::sum));
    }
    var providers = new ArrayList<Provider>();
    targets.forEach((name, its) ->
        providers.add(
            new Provider(
                name,
                its.stream()
                    .map(target -> target(target, all, waiting.getOrDefault(target, 0)))
                    .toList())));
    List<Route> routes =
        waiting.entrySet().stream()
            .filter(each -> !targets.containsKey(each.getKey()))
            .map(each -> new Route(each.getKey(), each.getValue()))
            .toList();
    return new ProvidersAnswer(List.copyOf(providers), routes, budgets(all), currency(workers));
  }

  /** The one currency of the workers' prices; that of those that have stopped counts too. */
  static @Nullable String currency(List<FleetTail.Worker> workers) {
    List<String> all = currencies(workers);
    return all.size() == 1 ? all.getFirst() : null;
  }

  static List<String> currencies(List<FleetTail.Worker> workers) {
    return workers.stream()
        .map(worker -> worker.report().surroundings().currency())
        .filter(Objects::nonNull)
        .distinct()
        .sorted()
        .toList();
  }

  private static void add(Map<String, TreeSet<String>> targets, String target) {
    targets.computeIfAbsent(Target.of(target).provider(), _ -> new TreeSet<>()).add(target);
  }

  private static Of target(String target, List<WorkerReport.Surroundings> all, int waiting) {
    var states = new TreeMap<String, Integer>();
    Instant since = null;
    String provider = Target.of(target).provider();
    for (WorkerReport.Surroundings each : all) {
      if (!each.providers().contains(provider)) {
        continue;
      }
      WorkerReport.Breaker breaker =
          each.breakers().stream()
              .filter(one -> one.of().equals(target))
              .findFirst()
              .orElse(new WorkerReport.Breaker(target, "closed", null));
      states.merge(breaker.state(), 1, Integer::sum);
      Instant opened = breaker.since();
      if (opened != null && (since == null || opened.isBefore(since))) {
        since = opened;
      }
    }
    String worst = WORST_FIRST.stream().filter(states::containsKey).findFirst().orElse("closed");
    return new Of(target, worst, since, states, limits(target, all), waiting);
  }

  private static List<Limit> limits(String target, List<WorkerReport.Surroundings> all) {
    var byKind = new TreeMap<String, Limit>();
    for (WorkerReport.Surroundings each : all) {
      for (WorkerReport.Limit limit : each.limits()) {
        if (limit.scope().equals(target)) {
          byKind.merge(limit.kind(), limit(limit), ProvidersAnswer::together);
        }
      }
    }
    return List.copyOf(byKind.values());
  }

  private static Limit limit(WorkerReport.Limit limit) {
    String what =
        switch (limit.kind()) {
          case "requests-per-minute" -> "requests";
          case "tokens-per-minute" -> "tokens";
          default -> limit.kind();
        };
    return new Limit(
        what,
        limit.most(),
        limit.used(),
        limit.kind().endsWith("-per-minute") ? Integer.valueOf(60_000) : null,
        limit.waited() ? 1 : 0);
  }

  /** The least of what workers take the whole to be counts, as it does for them. */
  private static Limit together(Limit a, Limit b) {
    return new Limit(
        a.what(),
        Math.min(a.limit(), b.limit()),
        a.used() + b.used(),
        a.perMillis(),
        a.waitedFor() + b.waitedFor());
  }

  /** Each worker tells all of a budget as it has read it: the most counts. */
  private static List<WorkerReport.Budget> budgets(List<WorkerReport.Surroundings> all) {
    var most = new HashMap<String, WorkerReport.Budget>();
    for (WorkerReport.Surroundings each : all) {
      for (WorkerReport.Budget budget : each.budgets()) {
        most.merge(
            budget.kind() + "/" + budget.name() + "/" + budget.period(),
            budget,
            (a, b) -> a.spent() >= b.spent() ? a : b);
      }
    }
    return most.values().stream()
        .sorted(
            Comparator.comparing(WorkerReport.Budget::kind)
                .thenComparing(WorkerReport.Budget::name)
                .thenComparing(WorkerReport.Budget::period))
        .toList();
  }
}
