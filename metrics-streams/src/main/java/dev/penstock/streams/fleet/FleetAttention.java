package dev.penstock.streams.fleet;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.streams.report.Attention;
import dev.penstock.streams.report.Attention.Severity;
import dev.penstock.streams.report.AttentionSource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a person should look at, of workers, providers, budgets and topics. Answers at once, from
 * what is known. Thread-safe.
 */
final class FleetAttention implements AttentionSource {
  /** Later it is taken to have been taken away: it is still among the workers, but no news. */
  static final Duration SILENCE_MATTERS_FOR = Duration.ofHours(1);

  /** Topics are looked at this often; nobody has to be told of them within the second. */
  private static final Duration TOPICS_FRESH = Duration.ofSeconds(15);

  private static final int MAX_NAMED = 5;
  private static final String WORKERS = "/#/workers";
  private static final String PROVIDERS = "/#/providers";
  private static final String TOPICS = "/#/topics";

  private final FleetTail tail;
  private final TopicFigures topics;
  private final InstantSource clock;

  FleetAttention(FleetTail tail, TopicFigures topics, InstantSource clock) {
    this.tail = tail;
    this.topics = topics;
    this.clock = clock;
  }

  @Override
  public List<Attention> now() {
    var all = new ArrayList<Attention>();
    tail.workers().ifPresent(workers -> all.addAll(of(workers, clock.instant())));
    TopicFigures.Lately lately = topics.lately(TOPICS_FRESH);
    TopicsAnswer answer = lately.answer();
    if (lately.failure() != null) {
      all.add(
          new Attention(
              "kafka_unavailable",
              Severity.CRITICAL,
              "Kafka does not answer",
              lately.failure() + ". Look at the brokers; nothing is run until they are back.",
              TOPICS));
    } else if (answer != null) {
      all.addAll(of(answer));
    }
    return List.copyOf(all);
  }

  static List<Attention> of(List<FleetTail.Worker> workers, Instant now) {
    var all = new ArrayList<Attention>();
    silent(workers, now).ifPresent(all::add);
    stuck(workers).ifPresent(all::add);
    if (workers.stream().noneMatch(FleetAttention::works)) {
      all.add(
          new Attention(
              "no_worker",
              Severity.CRITICAL,
              "No worker runs jobs",
              workers.isEmpty()
                  ? "No worker was heard yet; start one with './penstock worker'."
                  : "All " + workers.size() + " that are known are drained, stopped or silent.",
              WORKERS));
    }
    ProvidersAnswer providers = ProvidersAnswer.of(workers);
    breakers(providers).ifPresent(all::add);
    spent(providers).ifPresent(all::add);
    currencies(workers).ifPresent(all::add);
    return List.copyOf(all);
  }

  private static boolean works(FleetTail.Worker worker) {
    return worker.isThere() && worker.report().state() == WorkerReport.State.RUNNING;
  }

  private static Optional<Attention> silent(List<FleetTail.Worker> workers, Instant now) {
    List<String> silent =
        workers.stream()
            .filter(FleetTail.Worker::isSilent)
            .filter(worker ->
                Duration.between(worker.heardAt(), now).compareTo(SILENCE_MATTERS_FOR) < 0)
            .map(worker -> worker.report().worker())
            .toList();
    return silent.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Attention(
                "worker_silent",
                Severity.CRITICAL,
                count(silent.size(), "worker is", "workers are") + " silent",
                named(silent)
                    + ": not heard for 10 s. Others run their jobs once the group misses them.",
                WORKERS));
  }

  private static Optional<Attention> stuck(List<FleetTail.Worker> workers) {
    List<FleetTail.Worker> with =
        workers.stream()
            .filter(worker -> worker.isThere() && worker.report().work().stuck() > 0)
            .toList();
    int calls = with.stream().mapToInt(worker -> worker.report().work().stuck()).sum();
    return calls == 0
        ? Optional.empty()
        : Optional.of(
            new Attention(
                "stuck_calls",
                Severity.WARNING,
                count(calls, "call does", "calls do") + " not end",
                "On "
                    + named(with.stream().map(worker -> worker.report().worker()).toList())
                    + ": each keeps its slot until it ends; only a restart ends it.",
                WORKERS));
  }

  private static Optional<Attention> breakers(ProvidersAnswer providers) {
    List<String> open =
        providers.providers().stream()
            .flatMap(provider -> provider.targets().stream())
            .filter(target -> target.breaker().equals("open"))
            .map(ProvidersAnswer.Of::target)
            .toList();
    return open.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Attention(
                "breaker_open",
                Severity.WARNING,
                count(open.size(), "target is", "targets are") + " left alone",
                named(open) + ": calls failed, so jobs wait or go to the next of their route.",
                PROVIDERS));
  }

  private static Optional<Attention> spent(ProvidersAnswer providers) {
    List<String> spent =
        providers.budgets().stream()
            .filter(WorkerReport.Budget::isSpent)
            .map(budget -> budget.kind() + " " + budget.name() + " (" + budget.period() + ")")
            .toList();
    return spent.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Attention(
                "budget_spent",
                Severity.WARNING,
                count(spent.size(), "budget is", "budgets are") + " spent",
                named(spent) + ": their jobs are dead-lettered, or go to a target without cost.",
                PROVIDERS));
  }

  /** Costs of several currencies can't be added up, and are. */
  private static Optional<Attention> currencies(List<FleetTail.Worker> workers) {
    List<String> all =
        ProvidersAnswer.currencies(workers.stream().filter(FleetTail.Worker::isThere).toList());
    return all.size() < 2
        ? Optional.empty()
        : Optional.of(
            new Attention(
                "currencies_differ",
                Severity.WARNING,
                "The workers' prices are in different currencies",
                named(all)
                    + ": spend and budgets add them up as if they were one. Give all workers the"
                    + " same worker.prices-file.",
                WORKERS));
  }

  static List<Attention> of(TopicsAnswer answer) {
    var all = new ArrayList<Attention>();
    var leaderless = new ArrayList<String>();
    var tooFew = new ArrayList<String>();
    for (TopicsAnswer.Topic topic : answer.topics()) {
      for (TopicsAnswer.Partition partition : topic.partitions()) {
        String name = topic.name() + "-" + partition.partition();
        if (partition.leader() == null) {
          leaderless.add(name);
        } else if (partition.isr().size() < topic.minInSyncReplicas()) {
          tooFew.add(name);
        }
      }
    }
    if (!leaderless.isEmpty()) {
      all.add(
          new Attention(
              "partition_without_leader",
              Severity.CRITICAL,
              count(leaderless.size(), "partition has", "partitions have") + " no leader",
              named(leaderless) + ": nothing is read or written there until a broker is back.",
              TOPICS));
    }
    if (!tooFew.isEmpty()) {
      all.add(
          new Attention(
              "partition_under_min_isr",
              Severity.CRITICAL,
              count(tooFew.size(), "partition has", "partitions have") + " too few replicas",
              named(tooFew) + ": below min.insync.replicas, so nothing is acknowledged there.",
              TOPICS));
    }
    return List.copyOf(all);
  }

  private static String count(int count, String one, String many) {
    return count + " " + (count == 1 ? one : many);
  }

  private static String named(List<String> names) {
    String first = names.stream().limit(MAX_NAMED).collect(Collectors.joining(", "));
    return names.size() <= MAX_NAMED
        ? first
        : first + " and " + (names.size() - MAX_NAMED) + " more";
  }
}
