package dev.penstock.api.idempotency;

import dev.penstock.api.idempotency.ClaimLog.Entry;
import dev.penstock.job.JobId;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.LogUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides about the keys of one partition. One thread does so, batch after batch: what comes in
 * while a batch is committed makes the next one, and a duplicate simply finds what the batch before
 * has claimed. Its methods are thread-safe.
 *
 * <p>Safety does not depend on who believes to own the partition: the log lets only the last one
 * that opened it commit, and each one reads it to its end before it decides.
 */
final class ClaimPartition implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ClaimPartition.class);
  private static final int MAX_BATCH = 1_000;
  private static final int MAX_BATCH_BYTES = 8 * 1024 * 1024;
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);

  /** The most submissions that wait for their turn. */
  static final int MAX_WAITING = 20_000;

  private final int partition;
  private final Supplier<ClaimLog> logs;
  private final InstantSource clock;
  private final Bounds bounds;

  /** By when they were claimed, so that the oldest are found first. Of the deciding thread only. */
  private final Map<Digest, Claim> claims = new LinkedHashMap<>();

  private @Nullable ClaimLog open;

  // Guarded by this.
  private final Deque<Pending> waiting = new ArrayDeque<>();
  private final Map<Digest, Integer> underWay = new HashMap<>();
  private @Nullable Thread thread;
  private boolean closed;

  /**
   * What is bounded.
   *
   * @param window how long a key is remembered
   * @param maxClaims how many keys are remembered at once
   * @param unknownFor how long an unknown commit is looked into before the submitter is told so
   */
  record Bounds(Duration window, int maxClaims, Duration unknownFor) {}

  /** A key's job; no fingerprint where the record can't be read. */
  private record Claim(@Nullable Digest fingerprint, @Nullable JobId id, Instant claimedAt) {}

  /**
   * A submission under a key.
   *
   * @param records makes the job's records, once it is known when the key was claimed
   */
  record Submission(
      Digest key,
      String keyText,
      Digest fingerprint,
      int bytes,
      BiFunction<JobId, Instant, List<ProducerRecord<byte[], byte[]>>> records) {}

  /** A submission that waits for its answer. Its state is guarded by the partition. */
  final class Pending {
    private final Submission submission;
    private final boolean duplicate;
    private final CompletableFuture<ClaimAnswer> answer = new CompletableFuture<>();
    private boolean begun;
    private boolean givenUp;
    private @Nullable JobId attempted;

    private Pending(Submission submission, boolean duplicate) {
      this.submission = submission;
      this.duplicate = duplicate;
    }

    CompletableFuture<ClaimAnswer> answer() {
      return answer;
    }

    /** Whether another submission with the same key was under way when this one came. */
    boolean isDuplicate() {
      return duplicate;
    }

    /** The submitter waits no longer. Returns whether it is certain that nothing is written. */
    boolean giveUp() {
      synchronized (ClaimPartition.this) {
        givenUp = true;
        return !begun;
      }
    }

    private void complete(ClaimAnswer with) {
      synchronized (ClaimPartition.this) {
        underWay.computeIfPresent(submission.key(), (_, count) -> count == 1 ? null : count - 1);
      }
      answer.complete(with);
    }
  }

  ClaimPartition(int partition, Supplier<ClaimLog> logs, InstantSource clock, Bounds bounds) {
    this.partition = partition;
    this.logs = logs;
    this.clock = clock;
    this.bounds = bounds;
  }

  /** Lines the submission up; its answer completes, never exceptionally. */
  synchronized Pending submit(Submission submission) {
    var pending = new Pending(submission, underWay.containsKey(submission.key()));
    underWay.merge(submission.key(), 1, Integer::sum);
    if (closed) {
      pending.complete(new ClaimAnswer.Moved());
    } else if (waiting.size() >= MAX_WAITING) {
      pending.complete(new ClaimAnswer.Unavailable(false));
    } else {
      waiting.add(pending);
      if (thread == null) {
        thread = Thread.ofVirtual().name("intake-keys-" + partition).start(this::run);
      }
      notifyAll();
    }
    return pending;
  }

  private void run() {
    try {
      while (true) {
        List<Pending> batch = next();
        if (batch.isEmpty()) {
          return;
        }
        try {
          decide(batch);
        } catch (RuntimeException e) {
          log.error("deciding about keys of partition {} failed", partition, e);
          closeLog();
          batch.forEach(pending -> pending.complete(new ClaimAnswer.Unavailable(true)));
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      closeLog();
      claims.clear();
    }
  }

  /** Waits for submissions; empty when the partition is closed. */
  private synchronized List<Pending> next() throws InterruptedException {
    while (waiting.isEmpty() && !closed) {
      wait();
    }
    var batch = new ArrayList<Pending>();
    if (closed) {
      return batch;
    }
    int bytes = 0;
    while (!waiting.isEmpty() && batch.size() < MAX_BATCH && bytes < MAX_BATCH_BYTES) {
      Pending pending = waiting.remove();
      if (pending.givenUp) {
        pending.complete(new ClaimAnswer.Unavailable(false));
        continue;
      }
      pending.begun = true;
      bytes += pending.submission.bytes();
      batch.add(pending);
    }
    return batch.isEmpty() ? next() : batch;
  }

  private void decide(List<Pending> batch) {
    long deadline = System.nanoTime() + bounds.unknownFor().toNanos();
    boolean unknown = false;
    while (true) {
      ClaimLog owned = owned();
      if (owned == null) {
        boolean indeterminate = unknown;
        unanswered(batch).forEach(p -> p.complete(new ClaimAnswer.Unavailable(indeterminate)));
        return;
      }
      // Whatever was unknown has been read by now.
      unknown = false;
      expire();
      Map<Digest, List<Pending>> fresh = answerKnown(batch);
      if (fresh.isEmpty()) {
        return;
      }
      Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
      List<Entry> entries = entries(fresh, now);
      switch (owned.commit(entries)) {
        case Commit.Committed _ -> {
          entries.forEach(
              e -> claims.put(e.key(), new Claim(e.fingerprint(), e.id(), e.claimedAt())));
          answerKnown(batch);
          return;
        }
        case Commit.Aborted(String reason) -> {
          log.warn("{} submissions with keys were not taken: {}", entries.size(), reason);
          unanswered(batch).forEach(p -> p.complete(new ClaimAnswer.Unavailable(false)));
          return;
        }
        case Commit.Fenced _ -> {
          closeLog();
          unanswered(batch).forEach(p -> p.complete(new ClaimAnswer.Moved()));
          return;
        }
        case Commit.Unknown(String reason) -> {
          log.warn(
              "it is not known whether {} submissions with keys were taken ({}); the log is read"
                  + " again",
              entries.size(),
              reason);
          closeLog();
          unknown = true;
          if (System.nanoTime() > deadline) {
            unanswered(batch).forEach(p -> p.complete(new ClaimAnswer.Unavailable(true)));
            return;
          }
        }
      }
    }
  }

  private static List<Pending> unanswered(List<Pending> batch) {
    return batch.stream().filter(pending -> !pending.answer.isDone()).toList();
  }

  /** The log, opened and read if it was not; null when it can't be. */
  private @Nullable ClaimLog owned() {
    if (open != null) {
      return open;
    }
    ClaimLog opening = logs.get();
    claims.clear();
    try {
      opening.open(
          clock.instant().minus(bounds.window()),
          new ClaimLog.Reader() {
            @Override
            public void claim(Digest key, Digest fingerprint, JobId id, Instant claimedAt) {
              put(key, new Claim(fingerprint, id, claimedAt));
            }

            @Override
            public void unreadable(Digest key) {
              put(key, new Claim(null, null, clock.instant()));
            }

            private void put(Digest key, Claim claim) {
              claims.remove(key);
              claims.put(key, claim);
            }
          });
      open = opening;
      log.info("decides about keys of partition {}, {} are remembered", partition, claims.size());
      return opening;
    } catch (LogUnavailableException e) {
      log.warn("can't decide about keys of partition {}: {}", partition, e.getMessage());
      opening.close();
      claims.clear();
      return null;
    }
  }

  private void closeLog() {
    if (open != null) {
      open.close();
      open = null;
    }
  }

  private void expire() {
    Instant oldest = clock.instant().minus(bounds.window());
    Iterator<Claim> claim = claims.values().iterator();
    while (claim.hasNext() && claim.next().claimedAt().isBefore(oldest)) {
      claim.remove();
    }
  }

  /** Answers those whose key is claimed; returns the others by key, in their order. */
  private Map<Digest, List<Pending>> answerKnown(List<Pending> batch) {
    var fresh = new LinkedHashMap<Digest, List<Pending>>();
    for (Pending pending : batch) {
      if (pending.answer.isDone()) {
        continue;
      }
      Digest key = pending.submission.key();
      Claim claim = claims.get(key);
      if (claim != null) {
        pending.complete(answer(pending, claim));
      } else if (fresh.containsKey(key) || claims.size() + fresh.size() < bounds.maxClaims()) {
        fresh.computeIfAbsent(key, _ -> new ArrayList<>()).add(pending);
      } else {
        pending.complete(new ClaimAnswer.Full());
      }
    }
    return fresh;
  }

  private static ClaimAnswer answer(Pending pending, Claim claim) {
    if (claim.fingerprint() == null || claim.id() == null) {
      return new ClaimAnswer.Unreadable();
    }
    return claim.fingerprint().equals(pending.submission.fingerprint())
        ? new ClaimAnswer.Taken(
            claim.id(), claim.claimedAt(), !claim.id().equals(pending.attempted))
        : new ClaimAnswer.Reused();
  }

  /** One entry a key: the first that came claims it. */
  private static List<Entry> entries(Map<Digest, List<Pending>> fresh, Instant now) {
    var entries = new ArrayList<Entry>();
    for (List<Pending> same : fresh.values()) {
      Pending first = same.getFirst();
      Submission submission = first.submission;
      JobId id = JobId.ofKey(now, submission.keyText());
      first.attempted = id;
      entries.add(
          new Entry(
              submission.key(),
              submission.fingerprint(),
              submission.records().apply(id, now),
              id,
              now));
    }
    return entries;
  }

  /** Ends deciding; who waits is told that the key has moved. */
  @Override
  public void close() {
    Thread deciding;
    List<Pending> left;
    synchronized (this) {
      closed = true;
      left = new ArrayList<>(waiting);
      waiting.clear();
      deciding = thread;
      notifyAll();
    }
    left.forEach(pending -> pending.complete(new ClaimAnswer.Moved()));
    if (deciding != null) {
      try {
        if (!deciding.join(CLOSE_TIMEOUT)) {
          // A commit that hangs: it is unknown, which the next owner finds out by reading.
          deciding.interrupt();
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
