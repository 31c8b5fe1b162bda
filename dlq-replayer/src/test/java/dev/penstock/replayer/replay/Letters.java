package dev.penstock.replayer.replay;

import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.Ordering;
import dev.penstock.job.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Dead letters for tests. */
final class Letters {
  static final Instant NOW = Instant.parse("2026-11-22T03:00:00Z");

  private Letters() {}

  static JobId id(long number) {
    return new JobId(new UUID(0x0190_0000_0000_7000L, 0x8000_0000_0000_0000L | number));
  }

  static Job job(long number, @Nullable Ordering ordering, @Nullable Instant expireAt) {
    return new Job(
        id(number),
        "local",
        new JobInput.DetectLanguage("text " + number),
        3,
        Duration.ofSeconds(30),
        NOW.minusSeconds(3_600),
        expireAt,
        Map.of(),
        null,
        null,
        ordering,
        Priority.NORMAL);
  }

  static DeadLetter deadLetter(Job job, int generation) {
    return new DeadLetter(
        job,
        generation,
        List.of(),
        new Failure.Retryable("no"),
        new DeadLetter.Origin("p.jobs", 0, 7),
        NOW.minusSeconds(60));
  }

  /** A letter at {@code offset} whose job has that number. */
  static Letter.OfJob letter(long offset, int generation) {
    return new Letter.OfJob(offset, deadLetter(job(offset, null, null), generation), null);
  }
}
