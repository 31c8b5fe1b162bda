package dev.penstock.topic;

import dev.penstock.job.CacheRule;
import dev.penstock.job.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * All topics of one Penstock installation. Declared here and nowhere else: start-up creates and
 * checks what this says, and the table in docs/topics.md is made from it.
 *
 * @param prefix put before every name, so that several installations can share a cluster
 * @param partitions of every topic but {@link #limits}, {@link #budgets}, {@link #cache}, {@link
 *     #workers}, {@link #dlqPlans}, {@link #dlqAudit} and {@link #experiments}; they are keyed by
 *     job id (or idempotency key, ordering key or schedule), so equal counts keep a job's records
 *     in partitions of one number
 * @param eventRetention how long events are kept, hence how far back views can be recomputed
 * @param idempotencyWindow how long an idempotency key is remembered at least
 * @param holds for how long each hold topic holds every record, shortest first; a list that once
 *     was in use may only grow, because jobs may wait in all of them
 */
public record Topics(
    String prefix,
    int partitions,
    Duration eventRetention,
    Duration idempotencyWindow,
    List<Duration> holds) {
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

  /**
   * 16 s to 68 min in powers of four. The shortest bounds what waits in the workers' memory; the
   * longest is how long a record stands in one place at most. See ADR 10.
   */
  public static final List<Duration> DEFAULT_HOLDS =
      List.of(
          Duration.ofSeconds(16),
          Duration.ofSeconds(64),
          Duration.ofSeconds(256),
          Duration.ofSeconds(1_024),
          Duration.ofSeconds(4_096));

  public static final int MAX_HOLDS = 24;
  public static final Duration MIN_HOLD = Duration.ofMillis(100);
  public static final Duration MAX_HOLD = Duration.ofDays(30);

  /** What a hold topic keeps on disk of what has left it is at most this much a partition. */
  private static final int HOLD_SEGMENT_BYTES = 32 * 1024 * 1024;

  private static final Duration LIMITS_RETENTION = Duration.ofHours(1);
  private static final Duration WORKERS_RETENTION = Duration.ofDays(1);
  private static final int REPORTS_SEGMENT_BYTES = 4 * 1024 * 1024;
  private static final Duration REPORTS_SEGMENT_AGE = Duration.ofMinutes(30);
  private static final Duration PROGRESS_RETENTION = Duration.ofMinutes(10);

  /** The longest period of a budget is a month. */
  private static final Duration SPENDING_RETENTION = Duration.ofDays(35);

  private static final Duration EVERY_RECORD_FOR = Duration.ofHours(1);
  private static final Duration CACHE_RETENTION = CacheRule.MAX_TTL.plusDays(1);
  private static final long CACHE_BYTES = 512L * 1024 * 1024;
  private static final Duration CACHE_COMPACTION_LAG = Duration.ofHours(1);

  private static final int COMPACTED_SEGMENT_BYTES = 16 * 1024 * 1024;

  private static final Pattern PREFIX = Pattern.compile("[a-zA-Z0-9._-]{1,100}");
  private static final String NEVER = "-1";
  private static final String HIGH_LANE = ".high";
  private static final String LOW_LANE = ".low";

  public Topics {
    if (!PREFIX.matcher(prefix).matches()) {
      throw new IllegalArgumentException(
          "a topic prefix is made of letters, digits, '.', '_' and '-', 1 to 100 of them");
    }
    if (partitions < 1 || partitions > MAX_PARTITIONS) {
      throw new IllegalArgumentException("partitions are 1 to " + MAX_PARTITIONS);
    }
    holds = List.copyOf(holds);
    checkHolds(holds);
  }

  /** Topics with the {@linkplain #DEFAULT_HOLDS usual} holds. */
  public Topics(
      String prefix, int partitions, Duration eventRetention, Duration idempotencyWindow) {
    this(prefix, partitions, eventRetention, idempotencyWindow, DEFAULT_HOLDS);
  }

  private static void checkHolds(List<Duration> holds) {
    if (holds.isEmpty() || holds.size() > MAX_HOLDS) {
      throw new IllegalArgumentException("there are 1 to " + MAX_HOLDS + " holds");
    }
    for (int i = 0; i < holds.size(); i++) {
      Duration hold = holds.get(i);
      if (hold.compareTo(MIN_HOLD) < 0
          || hold.compareTo(MAX_HOLD) > 0
          || hold.toNanos() % 1_000_000 != 0) {
        throw new IllegalArgumentException(
            "a hold is " + MIN_HOLD + " to " + MAX_HOLD + " in whole milliseconds, not " + hold);
      }
      if (i > 0 && hold.compareTo(holds.get(i - 1)) <= 0) {
        throw new IllegalArgumentException("holds stand in rising order, but are " + holds);
      }
    }
  }

  /** {@code penstock.}, with 8 partitions, 30 days of events and 24 hours of idempotency keys. */
  public static Topics defaults() {
    return new Topics("penstock.", 8, Duration.ofDays(30), Duration.ofHours(24));
  }

  /** Jobs of normal priority that are ready to run. */
  public String jobs() {
    return jobs(Priority.NORMAL);
  }

  /** Jobs that are ready to run, in the lane of their priority. */
  public String jobs(Priority priority) {
    return prefix + "jobs" + lane(priority);
  }

  /** Jobs of normal priority that wait for their next attempt. */
  public String retry() {
    return retry(Priority.NORMAL);
  }

  /** Jobs that wait for their next attempt, in the lane of their priority. */
  public String retry(Priority priority) {
    return prefix + "retry" + lane(priority);
  }

  /** The topics of jobs that are ready to run, highest priority first. */
  public List<String> jobsTopics() {
    return Priority.all().stream().map(this::jobs).toList();
  }

  /** The topics of jobs that wait for their next attempt, highest priority first. */
  public List<String> retryTopics() {
    return Priority.all().stream().map(this::retry).toList();
  }

  private static String lane(Priority priority) {
    return switch (priority) {
      case HIGH -> HIGH_LANE;
      case NORMAL -> "";
      case LOW -> LOW_LANE;
    };
  }

  /** The priority of the jobs that stand on {@code topic}, one of {@link #claimed}. */
  public static Priority laneOf(String topic) {
    if (topic.endsWith(HIGH_LANE)) {
      return Priority.HIGH;
    }
    return topic.endsWith(LOW_LANE) ? Priority.LOW : Priority.NORMAL;
  }

  /** The topic that holds every record for {@code hold}. */
  public String hold(Duration hold) {
    return holdPrefix() + holdName(hold);
  }

  /** What the names of all hold topics begin with. */
  public String holdPrefix() {
    return prefix + "hold-";
  }

  /** {@code hold} as it stands in names and labels: {@code 16s}, {@code 250ms}. */
  public static String holdName(Duration hold) {
    return hold.toMillis() % 1_000 == 0 ? hold.toSeconds() + "s" : hold.toMillis() + "ms";
  }

  /** The hold topics, shortest first. */
  public List<String> holdTopics() {
    return holds.stream().map(this::hold).toList();
  }

  /**
   * Where a job waits that is due after {@code remaining}: in the longest hold that ends before it
   * is due, with time to spare for its next move; in the retry topic of its lane when none does.
   */
  public String waiting(Duration remaining, Priority priority) {
    for (int i = holds.size() - 1; i >= 0; i--) {
      if (remaining.compareTo(holds.get(i).plus(holdSlack())) >= 0) {
        return hold(holds.get(i));
      }
    }
    return retry(priority);
  }

  /** What is due later than this is not waited for in a worker's memory but in a hold topic. */
  public Duration waitingHorizon() {
    return holds.getFirst().plus(holdSlack());
  }

  /**
   * How much earlier than due a job leaves its last hold at least: moves take time, clocks differ.
   */
  private Duration holdSlack() {
    return holds.getFirst().dividedBy(4);
  }

  /**
   * Jobs with an ordering key, under that key, in the order in which they are to be run, and what
   * the sequencer is told of them.
   */
  public String ordered() {
    return prefix + "ordered";
  }

  /**
   * Jobs with an ordering key as they were accepted, under their ids: the views show them while
   * they wait for their turn.
   */
  public String accepted() {
    return prefix + "accepted";
  }

  /** What happened to jobs, outcomes included. */
  public String events() {
    return prefix + "events";
  }

  /** Jobs that failed for good, whole, and records that could not be read, byte for byte. */
  public String deadLetters() {
    return prefix + "dead-letters";
  }

  /**
   * What became of each dead letter, and how far each plan has come, in the partition that has the
   * number of the dead letters' one.
   */
  public String dlqLedger() {
    return prefix + "dlq-ledger";
  }

  /** Plans of what is to become of dead letters, in one partition. */
  public String dlqPlans() {
    return prefix + "dlq-plans";
  }

  /** Who did what with dead letters, in one partition, each entry chained to the one before. */
  public String dlqAudit() {
    return prefix + "dlq-audit";
  }

  /** Jobs that have ended and are run again in another way, in one partition. */
  public String experiments() {
    return prefix + "experiments";
  }

  /** Requests to cancel, and to run a next attempt now. */
  public String control() {
    return prefix + "control";
  }

  /** Which job an idempotency key stands for, and which intake decides on a partition of keys. */
  public String idempotency() {
    return prefix + "idempotency";
  }

  /** Recurring schedules, each with how far it has fired. */
  public String schedules() {
    return prefix + "schedules";
  }

  /**
   * What the workers tell each other of the limits that they share, in one partition: all of them
   * read it in one order.
   */
  public String limits() {
    return prefix + "limits";
  }

  /** Pieces of answers that are being written, of jobs that asked for them. */
  public String progress() {
    return prefix + "progress";
  }

  /**
   * What each life of a worker has spent of each budget, in one partition: all workers read it in
   * one order.
   */
  public String budgets() {
    return prefix + "budgets";
  }

  /**
   * Answers of providers that identical jobs share, and who is about to make such a call, in one
   * partition: all workers read it in one order.
   */
  public String cache() {
    return prefix + "cache";
  }

  /**
   * How each worker is, and what operators want of it, in one partition. The last record of each
   * counts.
   */
  public String workers() {
    return prefix + "workers";
  }

  /**
   * The consumer group of the workers; its committed offsets and their metadata are the workers'
   * memory.
   */
  public String workerGroup() {
    return prefix + "workers";
  }

  /** The consumer group by which the workers share the hold topics. */
  public String holdGroup() {
    return prefix + "holds";
  }

  /**
   * The consumer group by which the intakes share the partitions of idempotency keys, and with each
   * the partition of schedules that has its number.
   */
  public String intakeGroup() {
    return prefix + "intakes";
  }

  /** The consumer group by which the replayers share the partitions of dead letters. */
  public String replayerGroup() {
    return prefix + "replayers";
  }

  /**
   * The application id of the Streams app: its consumer group and the prefix of its internal
   * topics.
   */
  public String streamsApplication() {
    return prefix + "streams";
  }

  /**
   * The application id of the sequencer of ordered jobs: its consumer group and the prefix of its
   * internal topics.
   */
  public String orderApplication() {
    return prefix + "order";
  }

  /** The topics that workers consume. */
  public List<String> claimed() {
    return Stream.concat(jobsTopics().stream(), retryTopics().stream()).toList();
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
    var held = new HashMap<>(kept);
    // What was passed on is deleted in whole segments.
    held.put("segment.bytes", String.valueOf(HOLD_SEGMENT_BYTES));
    var all = new ArrayList<TopicSpec>();
    all.add(spec(ordered(), "ordering key", "OrderedRecord", kept));
    all.add(spec(accepted(), "job id", "JobRecord", expiring("delete", eventRetention)));
    claimed().forEach(topic -> all.add(spec(topic, "job id", "JobRecord", kept)));
    holdTopics().forEach(hold -> all.add(spec(hold, "job id", "JobRecord", held)));
    all.addAll(
        List.of(
            spec(events(), "job id", "JobEvent", expiring("delete", eventRetention)),
            spec(deadLetters(), "job id", "DeadLetter, or the bytes of an unreadable record", kept),
            spec(
                control(),
                "job id, or job id and /retry-now",
                "CancelRequest, or RetryNowRequest; nothing when taken back, and for a worker's"
                    + " heartbeat",
                expiring("compact,delete", eventRetention)),
            spec(
                idempotency(),
                "SHA-256 of the idempotency key",
                "IdempotencyClaim",
                // Claims state their own time; the topic may only forget what is far outside the
                // window.
                expiring("compact,delete", idempotencyWindow.multipliedBy(2)))));
    all.add(spec(schedules(), "name of the schedule", "ScheduleRecord", compacted()));
    all.add(
        spec(
            dlqLedger(),
            "offset of the dead letter, behind purged/ where it was purged; plan/ and plan, with /"
                + " and offset where it was refused",
            "LedgerRecord",
            compacted()));
    all.add(
        new TopicSpec(
            dlqPlans(),
            "plan, with /preview where it is that; with its stage, partition and part where it is"
                + " of offsets",
            "PlanRecord",
            1,
            compacted()));
    all.add(new TopicSpec(dlqAudit(), "none", "AuditEntry", 1, kept));
    all.add(
        new TopicSpec(
            experiments(),
            "experiment, with /preview where it is that; with /item/ or /rerun/ and a number where"
                + " it is one of its jobs",
            "Experiment, its preview, Item, or Rerun",
            1,
            compacted()));
    all.add(new TopicSpec(limits(), "none", "LimitReport", 1, ephemeral(LIMITS_RETENTION)));
    all.add(spec(progress(), "job id", "PartialAnswer", ephemeral(PROGRESS_RETENTION)));
    all.add(new TopicSpec(budgets(), "scope, worker and its life", "SpendReport", 1, spending()));
    all.add(
        new TopicSpec(
            cache(), "SHA-256 of the request, tag or worker", "CacheRecord", 1, cached()));
    all.add(
        new TopicSpec(
            workers(),
            "worker, or command/ and worker",
            "WorkerReport, or WorkerCommand",
            1,
            reported()));
    return List.copyOf(all);
  }

  private TopicSpec spec(String name, String key, String value, Map<String, String> configs) {
    return new TopicSpec(name, key, value, partitions, configs);
  }

  /** The last record of each key, for ever. */
  private static Map<String, String> compacted() {
    return Map.of(
        "cleanup.policy",
        "compact",
        "message.timestamp.type",
        "LogAppendTime",
        "max.message.bytes",
        String.valueOf(MAX_RECORD_BYTES),
        // The newest segment is not compacted: it is what a new owner reads at most of old records.
        "segment.bytes",
        String.valueOf(COMPACTED_SEGMENT_BYTES));
  }

  /** The last record of each key, for a little longer than a month. */
  private static Map<String, String> spending() {
    var configs = new HashMap<>(expiring("compact,delete", SPENDING_RETENTION));
    // Who reads within this time reads every record, as those who share a budget have to.
    configs.put("min.compaction.lag.ms", String.valueOf(EVERY_RECORD_FOR.toMillis()));
    configs.put("segment.bytes", String.valueOf(COMPACTED_SEGMENT_BYTES));
    return Map.copyOf(configs);
  }

  /** What nobody wants to know any more after some seconds. */
  private static Map<String, String> ephemeral(Duration retention) {
    return Map.of(
        "cleanup.policy",
        "delete",
        "retention.ms",
        String.valueOf(retention.toMillis()),
        "message.timestamp.type",
        "LogAppendTime",
        "max.message.bytes",
        String.valueOf(MAX_RECORD_BYTES),
        // Only whole segments expire, and never the newest.
        "segment.bytes",
        String.valueOf(COMPACTED_SEGMENT_BYTES));
  }

  /**
   * Answers live at most 30 days. What is younger than an hour is kept as it was written, because
   * who makes a call follows from it; whoever starts reads all of it, so it is bounded.
   */
  private static Map<String, String> cached() {
    var cached = new HashMap<>(expiring("compact,delete", CACHE_RETENTION));
    cached.put("retention.bytes", String.valueOf(CACHE_BYTES));
    cached.put("min.compaction.lag.ms", String.valueOf(CACHE_COMPACTION_LAG.toMillis()));
    cached.put("segment.bytes", String.valueOf(COMPACTED_SEGMENT_BYTES));
    return Map.copyOf(cached);
  }

  /** Whoever starts reads all of it, so it is compacted often. */
  private static Map<String, String> reported() {
    var reported = new HashMap<>(expiring("compact,delete", WORKERS_RETENTION));
    reported.put("segment.bytes", String.valueOf(REPORTS_SEGMENT_BYTES));
    reported.put("segment.ms", String.valueOf(REPORTS_SEGMENT_AGE.toMillis()));
    reported.put("min.cleanable.dirty.ratio", "0.2");
    return Map.copyOf(reported);
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
