package dev.penstock.streams.view;

import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Which partitions of the view this instance has at the moment, and how far each is. Thread-safe.
 */
public final class ViewProgress {
  private final ConcurrentHashMap<Integer, PartitionProgress> partitions =
      new ConcurrentHashMap<>();
  private final AtomicInteger stays = new AtomicInteger();
  private final ChangeHub hub;
  private final GroupContact contact = new GroupContact();

  /**
   * @param hub told when a partition is given up
   */
  public ViewProgress(ChangeHub hub) {
    this.hub = hub;
  }

  /** The partition is restored and its records are processed from now on. */
  public PartitionProgress begin(int partition) {
    var progress = new PartitionProgress(partition);
    PartitionProgress previous = partitions.put(partition, progress);
    stays.incrementAndGet();
    if (previous != null) {
      previous.end();
      hub.wakeAll();
    }
    return progress;
  }

  /** The partition is given up. */
  public void end(PartitionProgress progress) {
    partitions.remove(progress.partition(), progress);
    progress.end();
    hub.wakeAll();
  }

  /** The present stay of {@code partition}, or nothing when it is not here. */
  public Optional<PartitionProgress> of(int partition) {
    return Optional.ofNullable(partitions.get(partition));
  }

  /** How many stays have begun so far: changes whenever there may be a new one. */
  public int stays() {
    return stays.get();
  }

  /** Whether what is here is still ours. */
  public GroupContact contact() {
    return contact;
  }

  /** How many partitions are here. */
  public int size() {
    return partitions.size();
  }
}
