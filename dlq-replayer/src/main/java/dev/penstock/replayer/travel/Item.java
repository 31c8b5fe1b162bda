package dev.penstock.replayer.travel;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;

/**
 * A job that an experiment runs again, under {@code ID/item/NUMBER}: written once, before the
 * experiment can be confirmed.
 *
 * @param number from 0
 * @param original the job that has ended
 * @param generation which of its generations
 * @param rerun the id of the job that runs it again
 * @param submission where the original's record stands
 * @param before how the original ended
 */
record Item(
    int number, JobId original, int generation, JobId rerun, Place submission, Ended before) {
  static final JsonCodec<Item> CODEC = new JsonCodec<>(Item.class);
}
