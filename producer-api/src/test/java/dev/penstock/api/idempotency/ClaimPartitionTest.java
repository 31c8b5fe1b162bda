package dev.penstock.api.idempotency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.JobId;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.LogUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The decisions, over a log in memory that fails as it is told. */
final class ClaimPartitionTest {
  private final FakeLog log = new FakeLog();
  private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final InstantSource clock = () -> now;
  private final ClaimPartition partition = partition(3);

  @AfterEach
  void close() {
    partition.close();
  }

  @Test
  void theSameSubmissionUnderTheSameKeyIsTheSameJob() {
    ClaimAnswer.Taken first = taken(submit("k", "payload"));
    ClaimAnswer.Taken second = taken(submit("k", "payload"));
    assertThat(first.replayed()).isFalse();
    assertThat(second.replayed()).isTrue();
    assertThat(second.id()).isEqualTo(first.id());
    assertThat(second.claimedAt()).isEqualTo(first.claimedAt());
    assertThat(log.jobs).hasSize(1);
  }

  @Test
  void anotherSubmissionUnderTheSameKeyIsRefused() {
    taken(submit("k", "payload"));
    assertThat(submit("k", "other")).isEqualTo(new ClaimAnswer.Reused());
    assertThat(log.jobs).hasSize(1);
  }

  @Test
  void duplicatesThatComeWhileTheFirstIsWrittenJoinIt() throws Exception {
    log.hold = new CountDownLatch(1);
    var first = pending("k", "payload");
    assertThat(log.committing.await(30, TimeUnit.SECONDS)).isTrue();
    var second = pending("k", "payload");
    var other = pending("k", "other");
    assertThat(first.isDuplicate()).isFalse();
    assertThat(second.isDuplicate()).isTrue();
    assertThat(second.answer()).isNotDone();
    log.hold.countDown();
    assertThat(taken(second.answer().get(30, TimeUnit.SECONDS)).id())
        .isEqualTo(taken(first.answer().get(30, TimeUnit.SECONDS)).id());
    assertThat(other.answer().get(30, TimeUnit.SECONDS)).isEqualTo(new ClaimAnswer.Reused());
    assertThat(log.jobs).hasSize(1);
  }

  @Test
  void manyDuplicatesInOneBatchAreOneJob() throws Exception {
    log.hold = new CountDownLatch(1);
    pending("blocker", "payload");
    assertThat(log.committing.await(30, TimeUnit.SECONDS)).isTrue();
    List<ClaimPartition.Pending> all = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      all.add(pending("k", "payload"));
    }
    log.hold.countDown();
    var ids = new ArrayList<JobId>();
    int replayed = 0;
    for (var pending : all) {
      ClaimAnswer.Taken answer = taken(pending.answer().get(30, TimeUnit.SECONDS));
      ids.add(answer.id());
      replayed += answer.replayed() ? 1 : 0;
    }
    assertThat(ids.stream().distinct()).hasSize(1);
    assertThat(replayed).isEqualTo(49);
    assertThat(log.jobs).hasSize(2);
  }

  @Test
  void aCommitThatHappenedUnseenIsNotRepeated() {
    log.outcomes.add(Outcome.UNKNOWN_BUT_WRITTEN);
    ClaimAnswer.Taken answer = taken(submit("k", "payload"));
    assertThat(answer.replayed()).isFalse();
    assertThat(log.opened).isEqualTo(2);
    assertThat(log.jobs).containsExactly(answer.id());
  }

  @Test
  void aCommitThatDidNotHappenIsRedone() {
    log.outcomes.add(Outcome.UNKNOWN_AND_NOT_WRITTEN);
    ClaimAnswer.Taken answer = taken(submit("k", "payload"));
    assertThat(log.opened).isEqualTo(2);
    assertThat(log.jobs).containsExactly(answer.id());
  }

  @Test
  void anUnknownCommitThatCanNotBeLookedIntoIsIndeterminate() {
    log.outcomes.add(Outcome.UNKNOWN_BUT_WRITTEN);
    log.openable = 1;
    assertThat(submit("k", "payload")).isEqualTo(new ClaimAnswer.Unavailable(true));
    log.openable = Integer.MAX_VALUE;
    assertThat(taken(submit("k", "payload")).replayed()).isTrue();
    assertThat(log.jobs).hasSize(1);
  }

  @Test
  void anAbortedCommitIsCertainlyNotTaken() {
    log.outcomes.add(Outcome.ABORTED);
    assertThat(submit("k", "payload")).isEqualTo(new ClaimAnswer.Unavailable(false));
    assertThat(taken(submit("k", "payload")).replayed()).isFalse();
    assertThat(log.jobs).hasSize(1);
  }

  @Test
  void aFencedOwnerSendsItsSubmittersOnAndReadsAgainBeforeItDecides() {
    taken(submit("mine", "payload"));
    log.outcomes.add(Outcome.FENCED);
    assertThat(submit("k", "payload")).isEqualTo(new ClaimAnswer.Moved());
    // Meanwhile the other owner has claimed it.
    JobId theirs = JobId.ofKey(now, "k");
    log.claims.add(new FakeLog.Stored(Digest.ofText("k"), Digest.ofText("payload"), theirs, now));
    assertThat(taken(submit("k", "payload")).id()).isEqualTo(theirs);
    assertThat(log.opened).isEqualTo(2);
  }

  @Test
  void aKeyIsForgottenAfterTheWindow() {
    ClaimAnswer.Taken first = taken(submit("k", "payload"));
    now = now.plus(Duration.ofHours(24));
    assertThat(taken(submit("k", "payload")).id()).isEqualTo(first.id());
    now = now.plus(Duration.ofMillis(1));
    ClaimAnswer.Taken again = taken(submit("k", "other"));
    assertThat(again.id()).isNotEqualTo(first.id());
    assertThat(again.replayed()).isFalse();
  }

  @Test
  void noMoreKeysAreRememberedThanAllowed() {
    taken(submit("a", "p"));
    taken(submit("b", "p"));
    taken(submit("c", "p"));
    assertThat(submit("d", "p")).isEqualTo(new ClaimAnswer.Full());
    assertThat(taken(submit("a", "p")).replayed()).isTrue();
    now = now.plus(Duration.ofHours(25));
    taken(submit("d", "p"));
  }

  @Test
  void aClaimThatCanNotBeReadIsNeverTakenForNone() {
    log.unreadable.add(Digest.ofText("k"));
    assertThat(submit("k", "payload")).isEqualTo(new ClaimAnswer.Unreadable());
    assertThat(log.jobs).isEmpty();
  }

  @Test
  void whoGivesUpBeforeItsTurnIsNotWritten() throws Exception {
    log.hold = new CountDownLatch(1);
    var first = pending("first", "payload");
    assertThat(log.committing.await(30, TimeUnit.SECONDS)).isTrue();
    var second = pending("second", "payload");
    assertThat(first.giveUp()).isFalse();
    assertThat(second.giveUp()).isTrue();
    log.hold.countDown();
    assertThat(second.answer().get(30, TimeUnit.SECONDS))
        .isEqualTo(new ClaimAnswer.Unavailable(false));
    taken(submit("third", "payload"));
    assertThat(log.jobs).hasSize(2);
  }

  @Test
  void aClosedPartitionSendsItsSubmittersOn() {
    partition.close();
    assertThat(submit("k", "payload")).isEqualTo(new ClaimAnswer.Moved());
  }

  private ClaimPartition partition(int maxClaims) {
    return new ClaimPartition(
        0,
        () -> log,
        clock,
        new ClaimPartition.Bounds(Duration.ofHours(24), maxClaims, Duration.ofSeconds(30)));
  }

  private ClaimPartition.Pending pending(String key, String payload) {
    return partition.submit(
        new ClaimPartition.Submission(
            Digest.ofText(key),
            key,
            Digest.ofText(payload),
            payload.length(),
            (id, _) ->
                List.of(
                    new ProducerRecord<>(
                        "jobs",
                        id.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8),
                        new byte[0]))));
  }

  private ClaimAnswer submit(String key, String payload) {
    return CompletableFuture.supplyAsync(() -> pending(key, payload).answer().join())
        .orTimeout(30, TimeUnit.SECONDS)
        .join();
  }

  private static ClaimAnswer.Taken taken(ClaimAnswer answer) {
    assertThat(answer).isInstanceOf(ClaimAnswer.Taken.class);
    return (ClaimAnswer.Taken) answer;
  }

  private enum Outcome {
    COMMITTED,
    ABORTED,
    FENCED,
    UNKNOWN_BUT_WRITTEN,
    UNKNOWN_AND_NOT_WRITTEN
  }

  /** Keeps what was committed; fails as its queue of outcomes says. */
  private static final class FakeLog implements ClaimLog {
    final List<Stored> claims = java.util.Collections.synchronizedList(new ArrayList<>());
    final List<Digest> unreadable = new ArrayList<>();
    final List<JobId> jobs = java.util.Collections.synchronizedList(new ArrayList<>());
    final java.util.Queue<Outcome> outcomes = new java.util.concurrent.ConcurrentLinkedQueue<>();
    final CountDownLatch committing = new CountDownLatch(1);
    volatile CountDownLatch hold = new CountDownLatch(0);
    volatile int opened;
    volatile int openable = Integer.MAX_VALUE;

    record Stored(Digest key, Digest fingerprint, JobId id, Instant at) {}

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread opens
    public void open(Instant since, Reader reader) throws LogUnavailableException {
      if (opened >= openable) {
        throw new LogUnavailableException("told to fail", new IllegalStateException());
      }
      opened++;
      for (Stored claim : claims) {
        if (!claim.at().isBefore(since)) {
          reader.claim(claim.key(), claim.fingerprint(), claim.id(), claim.at());
        }
      }
      unreadable.forEach(reader::unreadable);
    }

    @Override
    public Commit commit(List<Entry> entries) {
      committing.countDown();
      try {
        hold.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      Outcome outcome = outcomes.isEmpty() ? Outcome.COMMITTED : outcomes.remove();
      if (outcome == Outcome.COMMITTED || outcome == Outcome.UNKNOWN_BUT_WRITTEN) {
        for (Entry entry : entries) {
          claims.add(new Stored(entry.key(), entry.fingerprint(), entry.id(), entry.claimedAt()));
          jobs.add(entry.id());
        }
      }
      return switch (outcome) {
        case COMMITTED -> new Commit.Committed();
        case ABORTED -> new Commit.Aborted("told to");
        case FENCED -> new Commit.Fenced();
        case UNKNOWN_BUT_WRITTEN, UNKNOWN_AND_NOT_WRITTEN -> new Commit.Unknown("told to");
      };
    }

    @Override
    public void close() {}
  }
}
