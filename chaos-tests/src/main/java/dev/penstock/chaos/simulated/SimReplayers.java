package dev.penstock.chaos.simulated;

import dev.penstock.chaos.simulated.kafka.Network;
import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.replayer.plan.Coordinator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * All replayers, and what stands for their group: it shares the partitions out among those that
 * live, and they hear of it after a while, each at its own time. So two of them may believe to own
 * a partition at once, and one that was stopped believes so until it hears better.
 */
final class SimReplayers {
  private static final Duration AT_ONCE = Duration.ofMillis(2);
  private static final Duration HEARS_WITHIN = Duration.ofMillis(1_500);

  private final Scheduler scheduler;
  private final Weather weather;
  private final int partitions;
  private final List<SimReplayer> all = new ArrayList<>();

  /** By partition, who is to own it; -1 where nobody is. */
  private final int[] owners;

  private int turn;

  /** After what time whoever commits next is started again; null where that kills nobody. */
  private @Nullable Duration killAtCommit;

  SimReplayers(SimReplayer.World world, Weather weather, int count) {
    this.weather = weather;
    this.scheduler = world.scheduler();
    this.partitions = world.topics().partitions();
    this.owners = new int[partitions];
    for (int i = 0; i < count; i++) {
      all.add(new SimReplayer("r" + (i + 1), world));
    }
  }

  /** Starts those that do not run, and lets those go on that stand still. */
  void startAll() {
    killAtCommit = null;
    all.forEach(each -> {
      each.goOn();
      each.start();
    });
    share();
  }

  void happens(Scenario.Replays.Trouble trouble) {
    switch (trouble) {
      case Scenario.Replays.Trouble.Kill(_, int number, Duration back) ->
          kill(all.get(number), back);
      case Scenario.Replays.Trouble.KillAtCommit(_, Duration back) -> killAtCommit = back;
      case Scenario.Replays.Trouble.Unheard(Duration at, Duration lasting) ->
          weather.begin(
              new Fault.Lossy(at, Network.Api.END_TRANSACTION, lasting, 1, true), lasting);
      case Scenario.Replays.Trouble.Stop(_, int number, Duration lasting) -> {
        SimReplayer replayer = all.get(number);
        replayer.stop();
        scheduler.after(Scenario.SESSION.toNanos(), this::share);
        scheduler.after(
            lasting.toNanos(),
            () -> {
              replayer.goOn();
              share();
            });
      }
      case Scenario.Replays.Trouble.Move _ -> {
        turn++;
        share();
      }
    }
  }

  private void kill(SimReplayer replayer, Duration back) {
    replayer.kill();
    scheduler.after(scheduler.below(Scenario.SESSION.toNanos()), this::share);
    scheduler.after(
        back.toNanos(),
        () -> {
          replayer.start();
          share();
        });
  }

  /** The transaction of a partition's decider, or of the coordinator, was decided just now. */
  void committed(int partition) {
    Duration back = killAtCommit;
    if (back != null) {
      killAtCommit = null;
      all.stream()
          .filter(each -> each.isRunning() && each.owns(partition))
          .findFirst()
          .ifPresent(
              each -> scheduler.after(scheduler.below(AT_ONCE.toNanos()), () -> kill(each, back)));
    }
  }

  private void share() {
    var living = new ArrayList<Integer>();
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).isRunning() && !all.get(i).isStopped()) {
        living.add(i);
      }
    }
    for (int partition = 0; partition < partitions; partition++) {
      owners[partition] = living.isEmpty() ? -1 : living.get((partition + turn) % living.size());
    }
    for (int i = 0; i < all.size(); i++) {
      int number = i;
      all.get(i)
          .after(Duration.ofNanos(scheduler.below(HEARS_WITHIN.toNanos())), () -> hears(number));
    }
  }

  private void hears(int number) {
    SimReplayer replayer = all.get(number);
    for (int partition = 0; partition < partitions; partition++) {
      if (owners[partition] != number) {
        replayer.lost(partition);
      } else if (!replayer.owns(partition)) {
        replayer.gained(partition);
      }
    }
  }

  /** One of those that believe to coordinate, if there is one; it may have lost that. */
  Optional<Coordinator> coordinator() {
    List<Coordinator> found =
        all.stream().map(SimReplayer::coordinator).flatMap(Optional::stream).toList();
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(found.get((int) scheduler.below(found.size())));
  }
}
