package dev.penstock.streams.view;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * One stay of a partition of the view on this instance, from the moment when its state is restored
 * and records are processed to the moment when it is given up. Whoever reads the state looks before
 * and after whether the stay {@link #isOver}, so it never mixes two of them. Thread-safe.
 */
public final class PartitionProgress {
  private final int partition;
  private final Map<Input, InputProgress> inputs = new EnumMap<>(Input.class);
  private volatile boolean over;
  private volatile boolean caughtUp;

  PartitionProgress(int partition) {
    this.partition = partition;
    for (Input input : Input.values()) {
      inputs.put(input, new InputProgress());
    }
  }

  public int partition() {
    return partition;
  }

  public InputProgress input(Input input) {
    return Objects.requireNonNull(inputs.get(input));
  }

  /** Whether the partition was given up; what is read from now on may be another stay's. */
  public boolean isOver() {
    return over;
  }

  /**
   * Whether the view reached the ends that its inputs had after the stay began. Before that it may
   * tell less than the partition's last owner did.
   */
  public boolean isCaughtUp() {
    return caughtUp;
  }

  /** The ends were reached. */
  public void setCaughtUp() {
    caughtUp = true;
  }

  void end() {
    over = true;
    inputs.values().forEach(InputProgress::wakeAll);
  }
}
