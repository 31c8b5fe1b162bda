package dev.penstock.chaos.simulated;

import dev.penstock.chaos.simulated.kafka.Network;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/** Something that goes wrong at a time, or is done by an operator. */
sealed interface Fault {
  Duration at();

  /** {@code kill -9}, and a start after {@code back}. */
  record Kill(Duration at, int worker, Duration back) implements Fault {}

  /** SIGSTOP, and SIGCONT after {@code lasting}. */
  record Stop(Duration at, int worker, Duration lasting) implements Fault {}

  /** SIGTERM, and a start after {@code back}. */
  record Drain(Duration at, int worker, Duration back) implements Fault {}

  /** An operator drains the worker, and lets it go on after {@code lasting}. */
  record Rest(Duration at, int worker, Duration lasting) implements Fault {}

  /** One more worker. */
  record Join(Duration at) implements Fault {}

  /** Requests of one kind are slow. */
  record Slow(Duration at, Network.Api api, Duration lasting, Duration delay) implements Fault {}

  /** Requests of one kind, or their answers, get lost; one in {@code oneIn}. */
  record Lossy(Duration at, Network.Api api, Duration lasting, int oneIn, boolean answers)
      implements Fault {}

  /** Kafka answers nobody. */
  record Outage(Duration at, Duration lasting) implements Fault {}

  /** Transactions that are decided are marked late, so their readers wait. */
  record SlowMarkers(Duration at, Duration lasting, Duration delay) implements Fault {}

  /** Records of the control topic come late. */
  record ControlDelay(Duration at, Duration lasting) implements Fault {}

  /** What most can go wrong with. */
  List<Network.Api> OF_TRANSACTIONS =
      List.of(Network.Api.PRODUCE, Network.Api.COMMIT_OFFSETS, Network.Api.END_TRANSACTION);

  /** What the committed offsets of the workers may come to while all workers are away. */
  enum Damage {
    EXPIRED,
    GARBLED,
    OTHER_TOPIC
  }

  /**
   * All workers are killed and committed offsets damaged. Workers that start then must say so and
   * do nothing, until someone has restored them.
   */
  record Damaged(Duration at, Damage damage) implements Fault {}

  /** Any fault at that time. */
  static Fault draw(SplittableRandom random, int workers, Duration at) {
    int worker = random.nextInt(workers);
    List<Network.Api> apis = random.nextBoolean() ? List.of(Network.Api.values()) : OF_TRANSACTIONS;
    Network.Api api = apis.get(random.nextInt(apis.size()));
    return switch (random.nextInt(24)) {
      case 0, 1, 2, 3 -> new Kill(at, worker, millis(random, 0, 6_000));
      case 4, 5, 6, 7 -> new Stop(at, worker, millis(random, 100, 8_000));
      case 8 -> new Drain(at, worker, millis(random, 0, 4_000));
      case 9 -> new Rest(at, worker, millis(random, 0, 4_000));
      case 10, 11, 12 -> new Join(at);
      case 13, 14 -> new Slow(at, api, millis(random, 200, 5_000), millis(random, 50, 3_000));
      case 15 -> new Lossy(at, api, millis(random, 200, 6_000), 1 + random.nextInt(4), false);
      case 16 -> new Lossy(at, api, millis(random, 200, 6_000), 1 + random.nextInt(4), true);
      case 17 ->
          new Lossy(
              at,
              Network.Api.END_TRANSACTION,
              millis(random, 200, 9_000),
              1 + random.nextInt(3),
              true);
      case 18 -> new Outage(at, millis(random, 200, 6_000));
      case 19, 22 -> new ControlDelay(at, millis(random, 200, 6_000));
      case 20, 21 -> new SlowMarkers(at, millis(random, 200, 6_000), millis(random, 50, 2_500));
      default -> {
        Damage[] damages = Damage.values();
        yield new Damaged(at, damages[random.nextInt(damages.length)]);
      }
    };
  }

  private static Duration millis(SplittableRandom random, int from, int to) {
    return Duration.ofMillis(from + random.nextInt(to - from));
  }
}
