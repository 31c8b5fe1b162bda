package dev.penstock.streams.search;

import dev.penstock.streams.topology.JobTopology;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.InputProgress;
import dev.penstock.streams.view.PartitionProgress;
import dev.penstock.streams.view.ViewProgress;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.streams.Topology;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The indexes of the partitions that this instance has. Thread-safe. */
final class JobIndexes implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(JobIndexes.class);

  /** What all partitions hold of changes that are not written yet. */
  private static final long PENDING_BYTES = 64L << 20;

  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

  /** How long the index of a partition that went elsewhere is kept, should it come back. */
  private static final Duration KEPT = Duration.ofMinutes(10);

  private static final String PROCESSOR = "search";

  private final PartitionIndexer.Setup setup;
  private final ViewProgress progress;
  private final Pending.Room room = new Pending.Room(PENDING_BYTES);
  private final Map<Integer, Running> running = new TreeMap<>();
  private final Map<Integer, Instant> left = new HashMap<>();
  private boolean closed;

  private record Running(PartitionIndexer indexer, Thread thread) {}

  JobIndexes(PartitionIndexer.Setup setup, ViewProgress progress) {
    this.setup = setup;
    this.progress = progress;
  }

  /** Has the indexes follow what the topology folds. */
  void follow(Topology topology) {
    topology.addProcessor(PROCESSOR, () -> new IndexFeed(this), JobTopology.FOLD);
    topology.connectProcessorAndStateStores(PROCESSOR, JobTopology.LIVES, JobTopology.RESULTS);
  }

  Pending newPending() {
    return new Pending(setup.texts(), room);
  }

  /** A stay of a partition begins. */
  synchronized PartitionIndexer begin(int partition, JobStates states, Pending pending) {
    PartitionProgress here =
        progress
            .of(partition)
            .orElseThrow(() -> new IllegalStateException("no stay of partition " + partition));
    var indexer = new PartitionIndexer(new Here(here, progress, states), pending, setup);
    Running former = running.get(partition);
    if (former != null) {
      former.indexer.stop();
    }
    Thread before = former == null ? null : former.thread;
    Thread thread =
        Thread.ofPlatform()
            .name("penstock-search-" + partition)
            .daemon()
            .unstarted(() -> {
              // One at a time has the files.
              if (before == null || isOver(before)) {
                indexer.run();
              }
            });
    running.put(partition, new Running(indexer, thread));
    left.remove(partition);
    if (!closed) {
      thread.start();
    }
    return indexer;
  }

  private static boolean isOver(Thread thread) {
    try {
      thread.join();
      return true;
    } catch (InterruptedException _) {
      return false;
    }
  }

  /** The stay is over. Returns at once. */
  synchronized void end(PartitionIndexer indexer) {
    indexer.stop();
    left.put(indexer.stay().partition(), setup.clock().instant());
  }

  /** Those of the partitions that are here now, by rising number. */
  synchronized List<PartitionIndexer> here() {
    return running.values().stream()
        .map(Running::indexer)
        .filter(indexer -> !((Here) indexer.stay()).progress.isOver())
        .toList();
  }

  /** Deletes the indexes of partitions that have been elsewhere for long. */
  synchronized void deleteLeft() throws IOException {
    if (!Files.isDirectory(setup.directory())) {
      return;
    }
    Instant now = setup.clock().instant();
    var unused = new ArrayList<Path>();
    try (DirectoryStream<Path> directories = Files.newDirectoryStream(setup.directory())) {
      for (Path directory : directories) {
        Optional<Integer> partition = partition(directory);
        if (partition.isPresent()) {
          Running user = running.get(partition.get());
          boolean used =
              user != null
                  && (user.thread.isAlive() || !((Here) user.indexer.stay()).progress.isOver());
          Instant since = left.computeIfAbsent(partition.get(), _ -> now);
          if (!used && since.plus(KEPT).isBefore(now)) {
            unused.add(directory);
          }
        }
      }
    }
    for (Path directory : unused) {
      PartitionIndex.delete(directory);
      log.info("the search index in {} is deleted: its partition is elsewhere", directory);
    }
  }

  private static Optional<Integer> partition(Path directory) {
    try {
      return Optional.of(Integer.valueOf(String.valueOf(directory.getFileName())));
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }

  /** Seconds since the oldest index was as far as the stores. */
  double ageSeconds() {
    Instant now = setup.clock().instant();
    return here().stream()
        .mapToDouble(each -> Duration.between(each.indexedAt(), now).toMillis() / 1e3)
        .max()
        .orElse(0);
  }

  /** Bytes on disk. */
  double bytes() {
    return here().stream().mapToLong(PartitionIndexer::bytes).sum();
  }

  /** Bytes of changes that are not written yet. */
  double pendingBytes() {
    return room.used();
  }

  @Override
  public void close() {
    List<Running> all;
    synchronized (this) {
      closed = true;
      all = List.copyOf(running.values());
    }
    all.forEach(each -> each.indexer.stop());
    long deadline = System.nanoTime() + STOP_TIMEOUT.toNanos();
    for (Running each : all) {
      try {
        Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
        if (each.thread.isAlive() && !each.thread.join(left)) {
          log.warn("{} did not stop; its index catches up at the next start", each.thread);
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** A partition of the view. */
  private record Here(PartitionProgress progress, ViewProgress view, JobStates states)
      implements Stay {
    @Override
    public int partition() {
      return progress.partition();
    }

    @Override
    public Optional<Offsets> positions() {
      for (Input input : Input.values()) {
        InputProgress each = progress.input(input);
        if (!each.isConsumerKnown() || each.position() < 0) {
          return Optional.empty();
        }
      }
      return Optional.of(Offsets.of(input -> progress.input(input).position()));
    }

    @Override
    public boolean holds() {
      return !progress.isOver() && view.contact().holds();
    }
  }
}
