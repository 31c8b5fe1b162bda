package dev.penstock.worker.core;

import dev.penstock.provider.ProviderCall;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * What the core wants done. Each returns at once; what comes of it arrives as an event. Called on
 * the core's thread only.
 */
public interface CoreActions {
  /** Make the call on a thread of its own; ends in {@link CoreEvent.CallEnded}. */
  void call(Claim claim, ProviderCall call);

  /** Interrupt the claim's call. */
  void interrupt(Claim claim);

  /**
   * Write the batch in one transaction; ends in {@link CoreEvent.Committed} or {@link
   * CoreEvent.Refused}.
   */
  void commit(Batch batch);

  /** Records of exactly these owned partitions are not wanted at the moment. */
  void pause(Set<TopicPartition> partitions);

  /**
   * The claim's call does not end: it ran past its time and the grace although it was interrupted,
   * or past the worker's own bound. It keeps its slot.
   */
  void stuck(Claim claim);

  /** A call that was {@linkplain #stuck stuck} has ended; its slot is free again. */
  void back(Claim claim);

  /** Nothing of a drained worker is left to do. */
  void drained();

  /** The worker can't go on: a promise of the platform it stands on does not hold. */
  void fail(String reason);
}
