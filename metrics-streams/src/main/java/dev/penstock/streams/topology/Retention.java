package dev.penstock.streams.topology;

import dev.penstock.job.JobId;
import dev.penstock.streams.view.JobLife;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Drops finished jobs some time after their end. Ids sort by the time of acceptance, and a job
 * can't have ended before it was accepted, so only the ids that are older than the retention are
 * looked at, a bounded number a turn; the next turn goes on where this one stopped. Jobs that have
 * not ended are never dropped. Owned by one stream thread.
 */
final class Retention {
  /** How often there is a turn. */
  static final Duration PERIOD = Duration.ofSeconds(1);

  /** How many jobs one turn looks at. */
  static final int JOBS_PER_TURN = 500;

  /** Below all ids of version 7. */
  private static final JobId FIRST = firstAt(0);

  private final Duration retention;
  private JobId next = FIRST;

  Retention(Duration retention) {
    this.retention = retention;
  }

  /** Looks at the next jobs and drops those that are due; says which. */
  List<KeyValue<JobId, JobLife>> turn(
      Instant now, KeyValueStore<JobId, JobLife> lives, KeyValueStore<JobId, byte[]> results) {
    Instant dueBefore = now.minus(retention);
    JobId end = firstAt(Math.max(0, dueBefore.toEpochMilli()));
    var due = new ArrayList<KeyValue<JobId, JobLife>>();
    @Nullable JobId last = null;
    int seen = 0;
    if (next.compareTo(end) < 0) {
      try (KeyValueIterator<JobId, JobLife> range = lives.range(next, end)) {
        while (seen < JOBS_PER_TURN && range.hasNext()) {
          KeyValue<JobId, JobLife> entry = range.next();
          last = entry.key;
          seen++;
          if (isDue(entry.key, entry.value, dueBefore)) {
            due.add(entry);
          }
        }
      }
    }
    next = seen == JOBS_PER_TURN && last != null ? last : FIRST;
    for (KeyValue<JobId, JobLife> dropped : due) {
      lives.delete(dropped.key);
      results.delete(dropped.key);
    }
    return due;
  }

  private static boolean isDue(JobId id, JobLife life, Instant dueBefore) {
    JobLife.End end = life.end();
    if (end != null) {
      return end.at().isBefore(dueBefore);
    }
    // Events of a job whose record never came: it expired, or no one could read it.
    return !life.isShown() && life.lastEventAt().orElse(id.time()).isBefore(dueBefore);
  }

  /** The lowest id of a millisecond. */
  private static JobId firstAt(long epochMilli) {
    return new JobId(new UUID((epochMilli << 16) | 0x7000L, 0x8000_0000_0000_0000L));
  }
}
