package dev.penstock.topic;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * All topics of one Penstock installation. Declared here and nowhere else: start-up creates and
 * checks what this says, and the table in docs/topics.md is made from it.
 *
 * @param prefix put before every name, so that several installations can share a cluster
 * @param partitions of every topic; all topics are keyed by job id (or idempotency key), so equal
 *     counts keep a job's records in partitions of one number
 * @param eventRetention how long events are kept, hence how far back views can be recomputed
 * @param idempotencyWindow how long an idempotency key is remembered at least
 */
public record Topics(
    String prefix, int partitions, Duration eventRetention, Duration idempotencyWindow) {
  public static final int MAX_PARTITIONS = 1_000;

  /** The largest record of the jobs and retry topics, in bytes. */
  public static final int MAX_JOB_BYTES = 1_000_000;

  /** The largest job with the history of its attempts, in bytes; a larger record is no job's. */
  public static final int MAX_JOB_RECORD_BYTES = 1_200_000;

  /**
   * The largest record of any topic, in bytes: a dead letter holds a job and the history of all its
   * attempts.
   */
  public static final int MAX_RECORD_BYTES = 2_000_000;

  private static final Pattern PREFIX = Pattern.compile("[a-zA-Z0-9._-]{1,100}");
  private static final String NEVER = "-1";

  public Topics {
    if (!PREFIX.matcher(prefix).matches()) {
      throw new IllegalArgumentException(
          "a topic prefix is made of letters, digits, '.', '_' and '-', 1 to 100 of them");
    }
    if (partitions < 1 || partitions > MAX_PARTITIONS) {
      throw new IllegalArgumentException("partitions are 1 to " + MAX_PARTITIONS);
    }
  }

  /** {@code penstock.}, with 8 partitions, 30 days of events and 24 hours of idempotency keys. */
  public static Topics defaults() {
    return new Topics("penstock.", 8, Duration.ofDays(30), Duration.ofHours(24));
  }

  /** Jobs that are ready to run. */
  public String jobs() {
    return prefix + "jobs";
  }

  /** Jobs that wait for their next attempt. */
  public String retry() {
    return prefix + "retry";
  }

  /** What happened to jobs, outcomes included. */
  public String events() {
    return prefix + "events";
  }

  /** Jobs that failed for good, whole, and records that could not be read, byte for byte. */
  public String deadLetters() {
    return prefix + "dead-letters";
  }

  /** Requests to cancel. */
  public String control() {
    return prefix + "control";
  }

  /** Which job an idempotency key stands for, and which intake decides on a partition of keys. */
  public String idempotency() {
    return prefix + "idempotency";
  }

  /**
   * The consumer group of the workers; its committed offsets and their metadata are the workers'
   * memory.
   */
  public String workerGroup() {
    return prefix + "workers";
  }

  /** The consumer group by which the intakes share the partitions of idempotency keys. */
  public String intakeGroup() {
    return prefix + "intakes";
  }

  /**
   * The application id of the Streams app: its consumer group and the prefix of its internal
   * topics.
   */
  public String streamsApplication() {
    return prefix + "streams";
  }

  /** The topics that workers consume. */
  public List<String> claimed() {
    return List.of(jobs(), retry());
  }

  /** Every topic, in the order of a job's life. */
  public List<TopicSpec> all() {
    // LogAppendTime: holds and retention go by the broker's clock, never by a client's.
    var kept =
        Map.of(
            "cleanup.policy",
            "delete",
            "retention.ms",
            NEVER,
            "retention.bytes",
            NEVER,
            "message.timestamp.type",
            "LogAppendTime",
            "max.message.bytes",
            String.valueOf(MAX_RECORD_BYTES));
    return List.of(
        spec(jobs(), "job id", "JobRecord", kept),
        spec(retry(), "job id", "JobRecord", kept),
        spec(events(), "job id", "JobEvent", expiring("delete", eventRetention)),
        spec(deadLetters(), "job id", "DeadLetter, or the bytes of an unreadable record", kept),
        spec(control(), "job id", "CancelRequest", expiring("compact,delete", eventRetention)),
        spec(
            idempotency(),
            "SHA-256 of the idempotency key",
            "IdempotencyClaim",
            // Claims state their own time; the topic may only forget what is far outside the
            // window.
            expiring("compact,delete", idempotencyWindow.multipliedBy(2))));
  }

  private TopicSpec spec(String name, String key, String value, Map<String, String> configs) {
    return new TopicSpec(name, key, value, partitions, configs);
  }

  private static Map<String, String> expiring(String policy, Duration retention) {
    return Map.of(
        "cleanup.policy",
        policy,
        "retention.ms",
        String.valueOf(retention.toMillis()),
        "retention.bytes",
        NEVER,
        "message.timestamp.type",
        "LogAppendTime",
        "max.message.bytes",
        String.valueOf(MAX_RECORD_BYTES));
  }
}
