package dev.penstock.chaos.simulated;

import dev.penstock.chaos.law.Allowance;
import dev.penstock.job.Priority;
import dev.penstock.provider.Target;
import dev.penstock.retry.RetryPolicies;
import dev.penstock.retry.RetryPolicy;
import dev.penstock.topic.Topics;
import dev.penstock.worker.Retries;
import dev.penstock.worker.admit.AdmissionConfig;
import dev.penstock.worker.admit.BreakerRule;
import dev.penstock.worker.core.CoreLimits;
import dev.penstock.worker.window.MovedOffsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What a seed stands for: how large the world is, and what goes wrong in it when.
 *
 * @param workers how many there are at the beginning
 * @param span over which jobs come and faults happen
 * @param skew how far a worker's clock is off at most
 * @param killers how many jobs kill the process that runs them
 * @param slowJobs how many jobs in a hundred take long
 * @param cancels how many jobs in a hundred someone asks the end of
 * @param badCalls how many calls in a hundred go wrong
 * @param faults in the order of their times
 * @param order jobs with ordering keys
 * @param targets whom jobs are sent to, and how well they are
 * @param haste jobs that someone wants to run now
 * @param replays plans to run dead letters again
 */
record Scenario(
    long seed,
    int workers,
    int jobs,
    int poison,
    int killers,
    Duration span,
    Duration skew,
    int slowJobs,
    int cancels,
    int badCalls,
    Topics topics,
    CoreLimits limits,
    Retries retry,
    Duration drainGrace,
    Duration transactionTimeout,
    List<Fault> faults,
    Order order,
    Targets targets,
    Haste haste,
    Replays replays) {
  /** Longer than any run: who is held for so long runs in time only if someone asks for it. */
  private static final Duration LONG_HOLD = Duration.ofMinutes(20);

  private static final int MANY_BAD_CALLS = 50;

  static final Duration SESSION = Duration.ofSeconds(3);
  static final Duration HEARTBEAT = Duration.ofMillis(500);
  static final Duration TIMEOUT_SCAN = Duration.ofSeconds(1);

  Scenario {
    faults = List.copyOf(faults);
  }

  /** How large a scenario may be: smaller ones are easier to understand. */
  record Size(int jobs, int faults) {
    static final Size FULL = new Size(40, 6);
  }

  /**
   * Jobs with ordering keys.
   *
   * @param percent how many jobs in a hundred have one; 0 where there is no sequencer
   * @param keys how many keys there are
   * @param kills when the sequencer's process is killed
   */
  record Order(int percent, int keys, List<Duration> kills) {
    Order {
      kills = List.copyOf(kills);
    }

    static Order draw(SplittableRandom random, boolean calm, Duration span) {
      if (random.nextInt(3) > 0) {
        return new Order(0, 0, List.of());
      }
      var kills = new ArrayList<Duration>();
      for (int i = random.nextInt(4); i > 0 && !calm; i--) {
        kills.add(Duration.ofMillis(100 + random.nextLong(span.toMillis())));
      }
      return new Order(10 + random.nextInt(40), 1 + random.nextInt(4), kills);
    }
  }

  /**
   * Jobs that someone wants to run now.
   *
   * @param percent of how many jobs in a hundred someone asks that, now and then
   * @param far how many jobs in a hundred are not to run in the time of the simulation, but someone
   *     asks for it, once
   * @param metadataChars how much can be told of held jobs that left before others
   */
  record Haste(int percent, int far, int metadataChars) {
    static Haste draw(SplittableRandom random) {
      return random.nextInt(3) > 0
          ? new Haste(0, 0, MovedOffsets.MAX_CHARS)
          : new Haste(
              10 + random.nextInt(70),
              random.nextInt(50),
              random.nextBoolean() ? MovedOffsets.MAX_CHARS : 27 + random.nextInt(12));
    }
  }

  /**
   * Plans to run dead letters again.
   *
   * @param replayers how many there are; 0 where nobody makes plans
   * @param plans how many are made at most
   * @param longer how long people go on with them when all jobs are there
   * @param troubles what the replayers go through, in the order of its times
   */
  record Replays(int replayers, int plans, Duration longer, List<Trouble> troubles) {
    Replays {
      troubles = List.copyOf(troubles);
    }

    /** What a replayer may come to. */
    sealed interface Trouble {
      Duration at();

      /** {@code kill -9}, and a start after {@code back}. */
      record Kill(Duration at, int replayer, Duration back) implements Trouble {}

      /** {@code kill -9} of whoever commits next, just when that is decided. */
      record KillAtCommit(Duration at, Duration back) implements Trouble {}

      /** SIGSTOP, and SIGCONT after {@code lasting}. */
      record Stop(Duration at, int replayer, Duration lasting) implements Trouble {}

      /** Nobody hears whether transactions were committed. */
      record Unheard(Duration at, Duration lasting) implements Trouble {}

      /** The group shares the partitions out in another way. */
      record Move(Duration at) implements Trouble {}
    }

    private static final Replays NONE = new Replays(0, 0, Duration.ZERO, List.of());

    static Replays draw(
        SplittableRandom random, Size size, boolean calm, boolean crowded, Duration span) {
      if (crowded || random.nextInt(3) > 0) {
        return NONE;
      }
      int replayers = 1 + random.nextInt(3);
      var longer = Duration.ofMillis(3_000 + random.nextInt(6_000));
      var troubles = new ArrayList<Trouble>();
      for (int i = random.nextInt(size.faults() + 1); i > 0 && !calm; i--) {
        var at = Duration.ofMillis(500 + random.nextLong(span.plus(longer).toMillis()));
        int replayer = random.nextInt(replayers);
        troubles.add(
            switch (random.nextInt(9)) {
              case 0 -> new Trouble.Kill(at, replayer, Duration.ofMillis(random.nextInt(5_000)));
              case 1, 2, 3 ->
                  new Trouble.KillAtCommit(at, Duration.ofMillis(random.nextInt(3_000)));
              case 4, 5 ->
                  new Trouble.Stop(at, replayer, Duration.ofMillis(100 + random.nextInt(7_000)));
              case 6 -> new Trouble.Unheard(at, Duration.ofMillis(1_000 + random.nextInt(4_000)));
              default -> new Trouble.Move(at);
            });
      }
      troubles.sort(Comparator.comparing(Trouble::at));
      return new Replays(replayers, 2 + random.nextInt(5), longer, troubles);
    }

    boolean isNone() {
      return replayers == 0;
    }
  }

  /**
   * Whom jobs are sent to.
   *
   * @param admission routes and breakers
   * @param routed how many jobs in a hundred ask for the route
   * @param illFrom when the first provider falls ill
   * @param illFor how long it is, and fails every call; zero when it does not
   */
  record Targets(AdmissionConfig admission, int routed, Duration illFrom, Duration illFor) {
    static final String ROUTE = "route";

    /** Where it matters when calls are made, everyone is well and nobody is left alone. */
    static Targets draw(SplittableRandom random, boolean plain, Duration span) {
      if (plain) {
        return new Targets(
            new AdmissionConfig(Map.of(), BreakerRule.OFF), 0, Duration.ZERO, Duration.ZERO);
      }
      boolean routes = random.nextInt(2) == 0;
      boolean ill = random.nextInt(2) == 0;
      int minimum = 2 + random.nextInt(3);
      var open = Duration.ofMillis(300 + random.nextInt(3_000));
      var rule =
          new BreakerRule(
              true,
              50,
              BreakerRule.DEFAULT.slow(),
              minimum,
              minimum + random.nextInt(3),
              open,
              open.multipliedBy(1 + random.nextInt(4)),
              1 + random.nextInt(2));
      return new Targets(
          new AdmissionConfig(
              routes
                  ? Map.of(
                      ROUTE,
                      List.of(
                          new Target(SimProvider.NAME, "x"),
                          new Target(SimProvider.NAME, "y"),
                          new Target(SimProvider.OTHER, "")))
                  : Map.of(),
              rule),
          routes ? 20 + random.nextInt(60) : 0,
          Duration.ofMillis(random.nextLong(span.toMillis())),
          ill ? Duration.ofMillis(1_000 + random.nextInt(9_000)) : Duration.ZERO);
    }

    /** Whether every call of the provider fails at that time of the run. */
    boolean isIll(String provider, long nanos) {
      return provider.equals(SimProvider.NAME)
          && nanos >= illFrom.toNanos()
          && nanos < illFrom.plus(illFor).toNanos();
    }
  }

  static Scenario of(long seed, Size size) {
    var random = new SplittableRandom(seed);
    boolean calm = random.nextInt(10) == 0;
    boolean crowded = !calm && random.nextInt(8) == 0;
    int partitions = 1 + random.nextInt(3);
    Haste haste = Haste.draw(new SplittableRandom(seed + Long.MIN_VALUE));
    // Where jobs leave their holds before their time, they are held for longer.
    var shortest =
        Duration.ofMillis(200 + random.nextInt(800)).multipliedBy(haste.percent() > 0 ? 2 : 1);
    var topics =
        new Topics(
            "p.",
            partitions,
            Duration.ofDays(30),
            Duration.ofHours(24),
            haste.percent() > 0
                ? List.of(shortest, shortest.multipliedBy(4), LONG_HOLD)
                : List.of(shortest, shortest.multipliedBy(4)));
    int workers = crowded ? 1 : 1 + random.nextInt(3);
    int jobs = crowded ? size.jobs() : 1 + random.nextInt(size.jobs());
    var span = Duration.ofMillis(crowded ? 1_000 : 3_000 + random.nextInt(15_000));
    var waiting =
        new CoreLimits.Waiting(calm ? 100 : 1 + random.nextInt(40), topics.waitingHorizon());
    int slots = 1 + random.nextInt(8);
    var limits =
        calm || crowded
            ? new CoreLimits(
                calm ? 100 : 1 + random.nextInt(2),
                200,
                100_000_000,
                100,
                Duration.ofMillis(3),
                new CoreLimits.Waiting(100, topics.waitingHorizon()),
                lanes(0))
            : new CoreLimits(
                slots,
                random.nextBoolean() ? 1 + random.nextInt(6) : 50,
                random.nextInt(4) == 0 ? 2_000 : 10_000_000,
                random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 50,
                Duration.ofMillis(random.nextInt(20)),
                waiting,
                lanes(random.nextInt(slots)));
    var retry =
        new RetryPolicy(
            Duration.ofMillis(10 + random.nextInt(1_000)),
            Duration.ofMillis(1_500 + random.nextInt(3_000)));
    var faults = new ArrayList<Fault>();
    int count = calm || crowded ? 0 : random.nextInt(size.faults() + 1);
    Duration previous = Duration.ZERO;
    for (int i = 0; i < count; i++) {
      // Most troubles come in company.
      Duration at =
          i > 0 && random.nextInt(3) > 0
              ? previous.plusMillis(random.nextInt(1_000))
              : Duration.ofMillis(100 + random.nextLong(span.toMillis()));
      faults.add(Fault.draw(random, workers, at));
      previous = at;
    }
    faults.sort(Comparator.comparing(Fault::at));
    Replays replays =
        Replays.draw(new SplittableRandom(Long.rotateLeft(seed, 32)), size, calm, crowded, span);
    return new Scenario(
        seed,
        workers,
        jobs,
        random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0,
        !calm && !crowded && random.nextInt(6) == 0 ? 1 + random.nextInt(2) : 0,
        span,
        Duration.ofMillis(random.nextInt(200)),
        random.nextInt(30),
        random.nextInt(50),
        failing(calm || crowded ? 10 : random.nextInt(60), replays),
        topics,
        limits,
        new Retries(RetryPolicies.all(retry), random.nextInt(100), 5 + random.nextInt(50)),
        Duration.ofMillis(random.nextInt(4_000)),
        Duration.ofSeconds(1 + random.nextInt(3)),
        faults,
        Order.draw(random, calm, span),
        Targets.draw(new SplittableRandom(~seed), calm || crowded, span),
        haste,
        replays);
  }

  /** Where people wait for dead letters, there are to be some. */
  private static int failing(int percent, Replays replays) {
    return replays.isNone() ? percent : Math.max(MANY_BAD_CALLS, percent);
  }

  private static CoreLimits.LaneRule lanes(int reserved) {
    return new CoreLimits.LaneRule(reserved, 4, 2, 1, Duration.ofSeconds(2));
  }

  /** Whether there are many jobs, few slots and no faults: then priorities decide. */
  private boolean isCrowded() {
    return workers == 1 && faults.isEmpty() && killers == 0 && limits.windowJobs() == 200;
  }

  /** How the priorities share the slots. */
  Allowance.Lanes lanes() {
    CoreLimits.LaneRule rule = limits.lanes();
    return new Allowance.Lanes(
        limits.slots() - rule.reservedForHigh(),
        isCrowded()
            ? Map.of(
                Priority.HIGH,
                rule.high(),
                Priority.NORMAL,
                rule.normal(),
                Priority.LOW,
                rule.low())
            : Map.of());
  }

  /** Whether no process is lost and Kafka is well. */
  boolean hasNoFaults() {
    return faults.isEmpty() && killers == 0 && replays.troubles().isEmpty();
  }

  /** Whether nothing goes wrong but calls: then everything is to be prompt. */
  boolean isCalm() {
    return faults.isEmpty() && limits.slots() >= 100;
  }
}
