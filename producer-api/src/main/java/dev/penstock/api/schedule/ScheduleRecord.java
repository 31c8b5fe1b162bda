package dev.penstock.api.schedule;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import java.time.Instant;
import tools.jackson.databind.JsonNode;

/**
 * A schedule as it is written to the schedules topic under its name; each firing writes it anew in
 * one transaction with the job.
 *
 * @param uid tells it from another schedule that had its name before
 * @param revision counts what was changed about it, from 1
 * @param definition as {@link ScheduleRequest#json} spells it
 */
record ScheduleRecord(
    String uid,
    int revision,
    JsonNode definition,
    Instant createdAt,
    Instant updatedAt,
    Progress progress) {
  static final JsonCodec<ScheduleRecord> CODEC = new JsonCodec<>(ScheduleRecord.class);

  /** The hash of schedule and fire time, as the id of the job; its time is the fire time. */
  static JobId jobId(String name, String uid, Instant fireTime) {
    return JobId.ofKey(fireTime, "schedule " + name + " " + uid + " " + fireTime);
  }
}
