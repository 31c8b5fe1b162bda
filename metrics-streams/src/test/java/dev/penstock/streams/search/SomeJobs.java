package dev.penstock.streams.search;

import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.job.TenantId;
import dev.penstock.streams.Lives;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Jobs of all sorts, and what becomes of them. */
final class SomeJobs {
  static final List<String> WORDS =
      List.of("penstock", "turbine", "Wasser", "Größe", "river", "dam", "spillway", "gate");

  private SomeJobs() {}

  static Job random(RandomGenerator random, Instant at) {
    return job(
        random,
        at,
        new JobInput.Generate(
            word(random) + " " + word(random) + " " + random.nextInt(5), null, 100));
  }

  static Job job(RandomGenerator random, Instant at, JobInput input) {
    return new Job(
        JobId.random(at),
        random.nextBoolean() ? "local" : "fast",
        input,
        3,
        Duration.ofSeconds(30),
        at,
        null,
        Map.of("team", random.nextBoolean() ? "blue" : "red"),
        null,
        null,
        null,
        Priority.all().get(random.nextInt(3)),
        false,
        TenantId.of(random.nextBoolean() ? "default" : "acme"),
        null);
  }

  static String word(RandomGenerator random) {
    return WORDS.get(random.nextInt(WORDS.size()));
  }

  /** The records of the job's life, in the order of each topic. */
  static List<Object> life(Job job, RandomGenerator random) {
    return new ArrayList<>(Lives.random(job, random));
  }

  static boolean isEvent(Object record) {
    return record instanceof JobEvent
        || record instanceof CancelRequest
        || record instanceof RetryNowRequest;
  }
}
