package dev.penstock.replayer.plan;

import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replayer.replay.Pauses;
import dev.penstock.replayer.select.Selecting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for what plans select, each on a thread of its own. Nothing follows from it but what {@link
 * #ended} tells. Used by one thread.
 */
final class Selections implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Selections.class);

  private static final String FAULT = "it can't be looked for: a fault of the service";

  /** How many run at once; each reads all dead letters. */
  static final int MAX_RUNNING = 2;

  /** How often it is tried to read the dead letters of one plan. */
  static final int MAX_ATTEMPTS = 5;

  private final Selecting selecting;
  private final Pauses pauses;
  private final Duration rest;
  private final Threads threads;
  private final Map<PlanId, Search> running = new HashMap<>();
  private final Queue<Told> told = new ConcurrentLinkedQueue<>();

  /** What a thread has come to. */
  private record Told(PlanId plan, Search search, Ended ended) {}

  /** A thread that looks. */
  private static final class Search {
    private Runnable interrupt = () -> {};
  }

  /**
   * What came of one.
   *
   * @param found what it selects; null where that can't be known
   * @param problem why not, for people; null where it is known
   */
  record Ended(Plan plan, @Nullable Frozen found, @Nullable String problem) {}

  /**
   * @param rest how long it rests when Kafka did not let it go on
   */
  Selections(Selecting selecting, Pauses pauses, Duration rest, Threads threads) {
    this.selecting = selecting;
    this.pauses = pauses;
    this.rest = rest;
    this.threads = threads;
  }

  /** Begins with this one if it has not begun, and not too many run. */
  void start(Plan plan) {
    if (running.size() < MAX_RUNNING && !running.containsKey(plan.id())) {
      var search = new Search();
      running.put(plan.id(), search);
      search.interrupt = threads.start("replayer-select-" + plan.id(), () -> run(plan, search));
    }
  }

  private void run(Plan plan, Search search) {
    @Nullable Ended ended = null;
    try {
      ended = select(plan);
    } catch (InterruptedException | InterruptException _) {
      // Nobody wants to know it any more.
      return;
    } finally {
      told.add(new Told(plan.id(), search, ended == null ? new Ended(plan, null, FAULT) : ended));
    }
  }

  private Ended select(Plan plan) throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        Selecting.Selected found = selecting.select(plan);
        return new Ended(
            plan, Frozen.of(plan.id(), found.canary(), found.rest(), found.preview()), null);
      } catch (InterruptException e) {
        throw e;
      } catch (KafkaException e) {
        log.warn("the dead letters can't be read for the plan {}: {}", plan.id(), e.getMessage());
        if (attempt == MAX_ATTEMPTS) {
          return new Ended(plan, null, "the dead letters can't be read: " + e.getMessage());
        }
      } catch (IllegalArgumentException e) {
        return new Ended(plan, null, "it can't be selected: " + e.getMessage());
      } catch (RuntimeException e) {
        log.error("what the plan {} selects can't be looked for", plan.id(), e);
        return new Ended(plan, null, FAULT);
      }
      pauses.pause(rest);
    }
  }

  /**
   * What came of those that have ended since it was asked last, but for those that were stopped.
   */
  List<Ended> ended() {
    var all = new ArrayList<Ended>();
    for (Told each = told.poll(); each != null; each = told.poll()) {
      if (running.remove(each.plan, each.search)) {
        all.add(each.ended);
      }
    }
    return all;
  }

  /** Nobody wants to know any more what this plan selects. */
  void stop(PlanId plan) {
    Optional.ofNullable(running.remove(plan)).ifPresent(search -> search.interrupt.run());
  }

  @Override
  public void close() {
    running.values().forEach(search -> search.interrupt.run());
    running.clear();
  }
}
