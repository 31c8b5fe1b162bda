package dev.penstock.streams.view;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;

/**
 * Whether the consumers of this instance are in touch with their group. An instance that is cut off
 * from Kafka does not learn that its partitions have gone to another one, whose view goes on; what
 * it would answer from then on could be older than what was answered elsewhere. So it stops
 * answering before the group can have given its partitions away. Thread-safe.
 */
public final class GroupContact {
  /**
   * The longest silence, in seconds. The age of a heartbeat counts from when it was sent, and one
   * that was sent in vain may have followed the last one that arrived by a heartbeat interval (1.5
   * s): together this must be less than the session after which a member is given up (6 s).
   */
  private static final double MAX_SILENCE_SECONDS = 4;

  private final Set<DoubleSupplier> silences = ConcurrentHashMap.newKeySet();

  /**
   * Counts a consumer in until {@link #forget}.
   *
   * @param secondsSinceHeartbeat since it last sent a heartbeat to its group or became its member;
   *     negative before that
   */
  public void watch(DoubleSupplier secondsSinceHeartbeat) {
    silences.add(secondsSinceHeartbeat);
  }

  /** Counts a consumer out that was closed. */
  public void forget(DoubleSupplier secondsSinceHeartbeat) {
    silences.remove(secondsSinceHeartbeat);
  }

  /** Whether no consumer was silent for so long that its group may have given it up. */
  public boolean holds() {
    for (DoubleSupplier silence : silences) {
      if (silence.getAsDouble() >= MAX_SILENCE_SECONDS) {
        return false;
      }
    }
    return true;
  }
}
