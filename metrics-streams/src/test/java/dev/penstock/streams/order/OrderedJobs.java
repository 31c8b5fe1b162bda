package dev.penstock.streams.order;

import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Jobs with ordering keys, for tests. */
final class OrderedJobs {
  private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");
  static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  private OrderedJobs() {}

  static OrderedRecord.Enter enter(String key) {
    var job =
        new Job(
            JobId.random(T0),
            "local",
            new JobInput.DetectLanguage("Guten Tag"),
            3,
            Duration.ofSeconds(30),
            T0,
            null,
            Map.of(),
            null,
            null,
            new Ordering(key, Ordering.OnDeadLetter.BLOCK),
            Priority.NORMAL);
    return new OrderedRecord.Enter(JobRecord.accepted(job), TRACE);
  }

  static OrderedRecord.Enter replayed(OrderedRecord.Enter job) {
    return new OrderedRecord.Enter(
        new JobRecord(job.record().job(), job.generation() + 1, List.of(), null), TRACE);
  }

  static OrderedRecord.Enter cancelled(OrderedRecord.Enter job) {
    return new OrderedRecord.Enter(job.record().asCancelled(), TRACE);
  }

  static OrderedRecord.Release release(OrderedRecord job) {
    return new OrderedRecord.Release(job.jobId(), job.generation());
  }

  static OrderedRecord.Cancel cancel(OrderedRecord job) {
    return new OrderedRecord.Cancel(job.jobId(), job.generation());
  }
}
