package dev.penstock.replayer.select;

import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanRecord.Plan;
import java.util.Map;

/** Finds what a plan selects. Thread-safe. */
public interface Selecting {
  /**
   * Reads the dead letters that were there when the plan was asked for, once; on the calling
   * thread, for as long as that takes.
   *
   * @throws IllegalArgumentException when the plan's selection is none; the message says why
   * @throws org.apache.kafka.common.KafkaException when they can't be read
   */
  Selected select(Plan plan) throws InterruptedException;

  /**
   * What a plan will do, by partition. What matches and would be refused is not in it.
   *
   * @param canary what is done first; empty where nothing is
   * @param rest what follows; has no offset that the canary has
   * @param preview what people are shown before they confirm
   */
  record Selected(
      Map<Integer, OffsetSet> canary, Map<Integer, OffsetSet> rest, JsonObject preview) {}
}
