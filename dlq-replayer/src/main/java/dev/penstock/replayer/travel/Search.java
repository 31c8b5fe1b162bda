package dev.penstock.replayer.travel;

import dev.penstock.replayer.replay.Pauses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Looks for what one experiment selects, on a thread of its own, no further ahead than what is
 * taken from it.
 */
final class Search implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Search.class);
  private static final int MAX_ATTEMPTS = 5;
  private static final int AHEAD = 2;
  private static final Duration REST = Duration.ofSeconds(1);

  private final Finder finder;
  private final Experiment experiment;
  private final Pauses pauses;
  private final BlockingQueue<Found> found = new ArrayBlockingQueue<>(AHEAD);
  private final Thread thread;

  /** What was found. */
  sealed interface Found {
    record Items(List<Item> items) implements Found {}

    /** All of it; {@code preview} says what it is. */
    record All(ObjectNode preview) implements Found {}

    /** It can't be. */
    record Failed(String reason) implements Found {}
  }

  private Search(Finder finder, Experiment experiment, Pauses pauses) {
    this.finder = finder;
    this.experiment = experiment;
    this.pauses = pauses;
    this.thread =
        Thread.ofVirtual().name("replayer-experiment-" + experiment.id()).unstarted(this::run);
  }

  static Search start(Finder finder, Experiment experiment, Pauses pauses) {
    var search = new Search(finder, experiment, pauses);
    search.thread.start();
    return search;
  }

  boolean isOf(Experiment other) {
    return experiment.id().equals(other.id());
  }

  /** What was found next; null while nothing was. */
  @Nullable Found next() {
    return found.poll();
  }

  private void run() {
    try {
      found.put(look());
    } catch (InterruptedException | InterruptException _) {
      // Nobody wants to know it any more.
    }
  }

  private Found look() throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return new Found.All(
            finder.find(
                experiment,
                JobSelection.of(experiment.selection(), new ArrayList<>()),
                items -> found.put(new Found.Items(items))));
      } catch (InterruptException e) {
        throw e;
      } catch (Finder.TooManyException e) {
        return new Found.Failed(String.valueOf(e.getMessage()));
      } catch (KafkaException e) {
        log.warn("jobs can't be read for the experiment {}: {}", experiment.id(), e.getMessage());
        if (attempt == MAX_ATTEMPTS) {
          return new Found.Failed("the jobs can't be read: " + e.getMessage());
        }
      } catch (RuntimeException e) {
        log.error("what the experiment {} selects can't be looked for", experiment.id(), e);
        return new Found.Failed("it can't be looked for: a fault of the service");
      }
      pauses.pause(REST);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
