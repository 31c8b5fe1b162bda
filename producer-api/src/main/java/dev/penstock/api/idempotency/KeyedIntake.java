package dev.penstock.api.idempotency;

import dev.penstock.api.publish.Acceptance;
import dev.penstock.api.publish.PlainIntake;
import dev.penstock.api.publish.Records;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.TenantId;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.ownership.Neighbours;
import dev.penstock.runtime.ownership.PartitionOwnership;
import dev.penstock.submission.JobRequest;
import dev.penstock.submission.problem.Problem;
import dev.penstock.submission.problem.ProblemType;
import dev.penstock.topic.Topics;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes jobs that have an idempotency key: decides about those whose key this intake owns, and
 * sends the others to the owner. Thread-safe.
 */
public final class KeyedIntake implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KeyedIntake.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
  private static final Duration FULL_RETRY_AFTER = Duration.ofMinutes(1);

  /** How long to wait before the owner of a key is looked up again. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final Settings settings;
  private final InstantSource clock;
  private final PartitionOwnership ownership;
  private final OwnerClient owners;
  private final Map<Integer, ClaimPartition> partitions = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /**
   * What it goes by.
   *
   * @param defaultModel of jobs that name none
   * @param publishTimeout how long Kafka may take for one step
   * @param patience how long a submission may wait for an owner, or for another one with its key
   * @param maxKeysPerPartition how many keys are remembered in each partition
   */
  public record Settings(
      KafkaConfig kafka,
      String defaultModel,
      Duration publishTimeout,
      Duration patience,
      int maxKeysPerPartition) {}

  /**
   * @param ownership of the partitions of keys; not started yet, and ended before this is
   * @param neighbours how the owners of other partitions are reached
   */
  public KeyedIntake(
      Settings settings, InstantSource clock, PartitionOwnership ownership, Neighbours neighbours) {
    this.settings = settings;
    this.clock = clock;
    this.ownership = ownership;
    this.owners = new OwnerClient(neighbours);
    ownership.listen(
        new PartitionOwnership.Listener() {
          @Override
          public void gained(int partition) {
            // Opened with the first key.
          }

          @Override
          public void lost(int partition) {
            // The group's callback must be short; what is under way ends on a thread of its own.
            Thread.ofVirtual().start(() -> KeyedIntake.this.lost(partition));
          }
        });
  }

  /**
   * Decides about a submission.
   *
   * @param forwarded whether another intake sent it here as to the owner of its key
   * @return completes with the answer, never exceptionally
   */
  public CompletableFuture<Acceptance> submit(
      JobRequest request, String key, String traceparent, boolean forwarded) {
    var answer = new CompletableFuture<Acceptance>();
    Thread.ofVirtual()
        .name("intake-keyed")
        .start(() -> {
          try {
            answer.complete(decide(request, key, traceparent, forwarded));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            answer.complete(new Acceptance.Refused(noOwner()));
          } catch (RuntimeException e) {
            log.error("a submission with a key failed", e);
            answer.complete(
                new Acceptance.Refused(
                    Problem.of(
                        ProblemType.INTERNAL_ERROR, "this is a bug; the service's log says more")));
          }
        });
    return answer;
  }

  private Acceptance decide(JobRequest request, String key, String traceparent, boolean forwarded)
      throws InterruptedException {
    long deadline = System.nanoTime() + settings.patience().toNanos();
    byte[] canonical = request.canonicalJson();
    String scoped = scoped(key, request.tenant());
    Digest digest = Digest.ofText(scoped);
    int partition = digest.partition(topics().partitions());
    var submission =
        new ClaimPartition.Submission(
            digest,
            scoped,
            Digest.of(canonical),
            canonical.length,
            (id, claimedAt) ->
                Records.job(
                    topics(), request.toJob(id, claimedAt, settings.defaultModel()), traceparent));
    Optional<Problem> tooLarge = tooLarge(request, key);
    if (tooLarge.isPresent()) {
      return new Acceptance.Refused(tooLarge.get());
    }
    while (true) {
      Optional<Acceptance> answer = Optional.empty();
      if (ownership.owns(partition)) {
        answer = here(partition, submission, deadline);
      } else if (forwarded) {
        return new Acceptance.Refused(noOwner());
      } else {
        Optional<URI> owner = ownership.owner(partition);
        if (owner.isPresent()) {
          Duration left = Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
          answer = owners.submit(owner.get(), key, canonical, traceparent, left);
        }
      }
      if (answer.isPresent()) {
        return answer.get();
      }
      if (closed || System.nanoTime() > deadline) {
        return new Acceptance.Refused(noOwner());
      }
      Thread.sleep(LOOK_AGAIN);
    }
  }

  /**
   * The key as its tenant's own. Keys have no line feed, so no tenant's key can be another's; those
   * of the default tenant are as they were before there were tenants.
   */
  static String scoped(String key, TenantId tenant) {
    return tenant.equals(TenantId.DEFAULT) ? key : tenant.name() + "\n" + key;
  }

  /** The record of a job is as large under one id and time as under another. */
  private Optional<Problem> tooLarge(JobRequest request, String key) {
    var now = clock.instant();
    Job job = request.toJob(JobId.ofKey(now, key), now, settings.defaultModel());
    if (request.input().text().length() * 6L + 100_000 < Topics.MAX_JOB_BYTES) {
      return Optional.empty();
    }
    int bytes = Records.encode(job).length;
    return bytes > Topics.MAX_JOB_BYTES
        ? Optional.of(PlainIntake.tooLarge(bytes))
        : Optional.empty();
  }

  private Optional<Acceptance> here(
      int partition, ClaimPartition.Submission submission, long deadline)
      throws InterruptedException {
    ClaimPartition.Pending pending =
        partitions.computeIfAbsent(partition, this::partition).submit(submission);
    ClaimAnswer answer;
    try {
      long left = Math.max(1_000_000, deadline - System.nanoTime());
      answer = pending.answer().get(left, TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      boolean notTaken = pending.giveUp();
      if (pending.isDuplicate()) {
        return Optional.of(new Acceptance.Refused(inProgress()));
      }
      answer = new ClaimAnswer.Unavailable(!notTaken);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
    return switch (answer) {
      case ClaimAnswer.Taken taken ->
          Optional.of(new Acceptance.Accepted(taken.id(), taken.claimedAt(), taken.replayed()));
      case ClaimAnswer.Reused _ -> Optional.of(new Acceptance.Refused(reused()));
      case ClaimAnswer.Full _ -> Optional.of(new Acceptance.Refused(full()));
      case ClaimAnswer.Unreadable _ -> Optional.of(new Acceptance.Refused(unreadable()));
      case ClaimAnswer.Unavailable(boolean indeterminate) ->
          Optional.of(
              new Acceptance.Refused(
                  indeterminate ? PlainIntake.indeterminate() : PlainIntake.notAccepted()));
      case ClaimAnswer.Moved _ -> Optional.empty();
    };
  }

  private ClaimPartition partition(int number) {
    return new ClaimPartition(
        number,
        () -> new KafkaClaimLog(settings.kafka(), settings.publishTimeout(), number),
        clock,
        new ClaimPartition.Bounds(
            topics().idempotencyWindow(),
            settings.maxKeysPerPartition(),
            settings.publishTimeout()));
  }

  private void lost(int partition) {
    ClaimPartition left = partitions.remove(partition);
    if (left != null) {
      left.close();
    }
  }

  private Topics topics() {
    return settings.kafka().topics();
  }

  private static Problem noOwner() {
    return Problem.passing(
        ProblemType.IDEMPOTENCY_UNAVAILABLE,
        "the intake that decides about this key does not answer; the outcome is indeterminate;"
            + " sending it again under the same key is safe",
        RETRY_AFTER);
  }

  private static Problem inProgress() {
    return Problem.passing(
        ProblemType.IDEMPOTENCY_IN_PROGRESS,
        "another submission under this key is still under way; ask again",
        RETRY_AFTER);
  }

  private static Problem reused() {
    return Problem.of(
        ProblemType.IDEMPOTENCY_KEY_REUSED,
        "this key was used with another submission; a new submission needs a new key");
  }

  private static Problem full() {
    return Problem.passing(
        ProblemType.IDEMPOTENCY_FULL,
        "too many keys are remembered; try later, or send the job without a key",
        FULL_RETRY_AFTER);
  }

  private static Problem unreadable() {
    return Problem.passing(
        ProblemType.IDEMPOTENCY_UNAVAILABLE,
        "what is recorded under this key can't be read; nothing was accepted; the operator has to"
            + " look into it",
        FULL_RETRY_AFTER);
  }

  /** Hands the keys over to the other intakes. */
  @Override
  public void close() {
    closed = true;
    partitions.keySet().forEach(this::lost);
  }
}
