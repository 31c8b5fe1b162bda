package dev.penstock.api.schedule;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A schedule as it stands. Immutable.
 *
 * @param uid tells it from another schedule that had its name before
 * @param revision counts what was changed about it, from 1
 */
record Schedule(
    String name,
    String uid,
    int revision,
    ScheduleRequest request,
    Instant createdAt,
    Instant updatedAt,
    Progress progress) {
  private static final int UID_SHOWN = 8;

  /** The id of the job of one fire time: whoever fires it arrives at the same one. */
  JobId jobId(Instant fireTime) {
    return ScheduleRecord.jobId(name, uid, fireTime);
  }

  /** When it fires next, whether that is past or to come; null when it does not. */
  @Nullable Instant due() {
    return request.paused() ? null : request.next(progress.settledUntil());
  }

  /** The version of what it says. */
  String version() {
    return revision + "-" + uid.substring(0, Math.min(UID_SHOWN, uid.length()));
  }

  Schedule with(Progress now) {
    return new Schedule(name, uid, revision, request, createdAt, updatedAt, now);
  }

  /**
   * This schedule, saying something else from {@code now} on. Times that are due and not decided
   * stay due if both name them; otherwise they are misfires.
   *
   * @param due the first time that is not decided, whether past or to come; null if there is none
   */
  Schedule saying(ScheduleRequest other, @Nullable Instant due, Instant now) {
    return new Schedule(name, uid, revision + 1, other, createdAt, now, left(other, due, now));
  }

  private Progress left(ScheduleRequest other, @Nullable Instant due, Instant now) {
    if (due == null || due.isAfter(now)) {
      return progress.settledTo(now);
    }
    return !other.paused() && request.hasTimesOf(other, progress.settledUntil(), now)
        ? progress
        : progress
            .misfired(
                request
                    .times()
                    .oldest(due.minusNanos(1), request.toEnd(now), Plan.MAX_COUNTED)
                    .size())
            .settledTo(now);
  }

  byte[] key() {
    return name.getBytes(StandardCharsets.US_ASCII);
  }

  byte[] value() {
    return ScheduleRecord.CODEC.encode(
        new ScheduleRecord(uid, revision, request.json(), createdAt, updatedAt, progress));
  }

  /**
   * The schedule for its reader.
   *
   * @param whole with its job
   * @param nextTimes how many of its next fire times
   */
  ObjectNode view(boolean whole, int nextTimes) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("name", name);
    json.put("version", version());
    ObjectNode definition = request.json();
    if (!whole) {
      definition.remove("job");
    }
    json.setAll(definition);
    json.put("createdAt", createdAt.toString());
    json.put("updatedAt", updatedAt.toString());
    json.put("fired", progress.fired());
    json.put("misfired", progress.misfired());
    json.put("overlapped", progress.overlapped());
    Progress.Firing last = progress.last();
    if (last != null) {
      json.putObject("last")
          .put("fireTime", last.fireTime().toString())
          .put("firedAt", last.firedAt().toString())
          .put("jobId", last.jobId().toString());
    }
    ArrayNode next = json.putArray("nextFireTimes");
    Instant time = due();
    while (time != null && next.size() < nextTimes) {
      next.add(time.toString());
      time = request.next(time);
    }
    return json;
  }
}
