package dev.penstock.worker.core;

import dev.penstock.cache.Fingerprint;
import dev.penstock.codec.Decoded;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.limit.LimitReport;
import dev.penstock.limit.SpendReport;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.provider.Target;
import dev.penstock.worker.admit.Admission;
import dev.penstock.worker.answer.AnswerCache;
import dev.penstock.worker.answer.CacheRequest;
import dev.penstock.worker.answer.KeptAnswer;
import dev.penstock.worker.judge.Judge;
import dev.penstock.worker.judge.Settlement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The worker's decisions as a state machine: what to claim, call, settle and commit, and what
 * ownership, cancels, time and refusals mean for that. Events in, actions out; no I/O, no clock and
 * no thread of its own, so the same code runs in production and in simulation.
 *
 * <p>It keeps the invariant: a job's outcome or next record is handed to {@link CoreActions#commit}
 * only in a batch whose offsets finish the record it was claimed from, and only while that record's
 * partition is owned.
 *
 * <p>Not thread-safe: {@link #handle} and {@link #endTurn} are called on one thread.
 */
public final class WorkerCore {
  /** How long an interrupted call may take to return before its job is settled without it. */
  static final Duration INTERRUPT_GRACE = Duration.ofSeconds(5);

  /** Committed offsets of idle groups expire; see {@code offsets.retention.minutes}. */
  static final Duration RECOMMIT_AFTER = Duration.ofHours(1);

  /** Without a commit for so long, one is made, so that it is known whether commits work. */
  static final Duration HEARTBEAT = Duration.ofSeconds(15);

  /** How long a partition on which nothing happens waits before its gaps are committed. */
  static final Duration IDLE_PAUSE = Duration.ofMillis(500);

  /** A partition that has had nothing to run for this long has nothing that can kill a process. */
  static final Duration PROVEN_AFTER = Duration.ofSeconds(5);

  /** How long a suspect's last trial waits for the other jobs' calls to end. */
  static final Duration ISOLATION = Duration.ofSeconds(30);

  /** How often it is looked which calls have begun and go on. */
  static final Duration ANNOUNCE_PERIOD = Duration.ofMillis(10);

  /** About how much one transaction writes: it has to end well within its timeout. */
  static final long BATCH_BYTES = 16_000_000;

  /** How long a refused batch waits before it is tried again. */
  static final Duration REFUSED_PAUSE = Duration.ofMillis(100);

  /** How long a job is put into hold topics at most while nobody can be called for it. */
  static final Duration LONGEST_HOLD = Duration.ofMinutes(10);

  /** What a call came to that was interrupted for another reason than that it took too long. */
  private static final Failure NOT_WANTED =
      new Failure.CallCancelled("nobody wants the result of the call any more");

  private final Incarnation self;
  private final CoreLimits limits;
  private final Judge judge;
  private final Admission admission;
  private final AnswerCache cache;
  private final CoreActions actions;
  private final CoreMetrics metrics;

  private final Map<TopicPartition, PartitionState> partitions = new LinkedHashMap<>();
  private final Map<JobId, Claim> claimsById = new HashMap<>();
  private final Asked asked = new Asked();
  private final Lanes queued;
  private final Gates gates;

  /** Those that wait for their due time, the first that is due first. */
  private final TreeSet<Claim> waiting =
      new TreeSet<>(
          Comparator.comparing((Claim claim) -> dueAt(claim.record()))
              .thenComparing(claim -> claim.partition().topic())
              .thenComparingInt(claim -> claim.partition().partition())
              .thenComparingLong(Claim::offset));

  private final Set<Claim> running = new LinkedHashSet<>();
  private final Joined joined = new Joined();

  /** Those that have their slot and are about to call, if nobody else does. */
  private final Set<Claim> bidding = new LinkedHashSet<>();

  private final Perishables perishables = new Perishables();

  /** Calls that go on although nobody waits for them any more: they keep their slots. */
  private final Set<Claim> lingering = new LinkedHashSet<>();

  private final Deque<Claim> unannounced = new ArrayDeque<>();
  private final Deque<Claim> begun = new ArrayDeque<>();
  private final Deque<Claim> farewells = new ArrayDeque<>();
  private final Deque<Claim> settled = new ArrayDeque<>();
  private final Deque<SourceRecord> poison = new ArrayDeque<>();
  private final Map<Set<TopicPartition>, CompletableFuture<Void>> leavers = new LinkedHashMap<>();

  /** The time of the event or turn in hand. */
  private Instant present = Instant.EPOCH;

  private Instant lookAgainAt = Instant.EPOCH;
  private int busySlots;
  private int stuckCalls;

  /** When a commit was last done; before the first, when the last partition came. */
  private @Nullable Instant commitWorkedAt;

  /** Those of the busy slots that jobs of another than high priority have. */
  private int ordinarySlots;

  /** How much of one partition of each lane may be in memory. */
  private final Map<Priority, Long> bytesOfAPartition = new EnumMap<>(Priority.class);

  /** The one job of a suspicious partition that is run, or is about to be. */
  private @Nullable Claim suspect;

  private Instant suspectedAt = Instant.EPOCH;

  private @Nullable Batch inFlight;
  private @Nullable Batch refused;
  private Instant notBefore = Instant.EPOCH;
  private Instant lingerUntil = Instant.MAX;
  private @Nullable Instant drainUntil;
  private boolean drainedSaid;
  private Set<TopicPartition> paused = Set.of();

  /** A core whose jobs share no answers. */
  public WorkerCore(
      Incarnation self,
      CoreLimits limits,
      Judge judge,
      Admission admission,
      CoreActions actions,
      CoreMetrics metrics) {
    this(self, limits, judge, new Answering(admission, AnswerCache.NONE), actions, metrics);
  }

  public WorkerCore(
      Incarnation self,
      CoreLimits limits,
      Judge judge,
      Answering answering,
      CoreActions actions,
      CoreMetrics metrics) {
    this.self = self;
    this.limits = limits;
    this.judge = judge;
    this.admission = answering.admission();
    this.cache = answering.cache();
    this.actions = actions;
    this.metrics = metrics;
    this.queued = new Lanes(limits.lanes());
    this.gates = new Gates(admission, queued);
  }

  /**
   * How jobs get their answers.
   *
   * @param admission who is called for them, and whether now
   * @param cache what others have asked already
   */
  public record Answering(Admission admission, AnswerCache cache) {}

  /** Takes one event in. What follows from several is done together by {@link #endTurn}. */
  public void handle(CoreEvent event, Instant now) {
    present = now;
    switch (event) {
      case CoreEvent.Assigned assigned -> {
        partitions.put(assigned.partition(), new PartitionState(assigned, self.process(), now));
        shareBytes();
        commitWorkedAt = now;
      }
      case CoreEvent.Revoked revoked -> revoked(revoked);
      case CoreEvent.Lost lost -> lost(lost);
      case CoreEvent.Polled polled -> {
        PartitionState state = partitions.get(polled.partition());
        if (state != null) {
          state.polled(polled);
        }
      }
      case CoreEvent.CallEnded ended -> callEnded(ended, now);
      case CoreEvent.CancelRequested(JobId jobId, int generation) ->
          cancelRequested(jobId, generation, now);
      case CoreEvent.CancelForgotten(JobId jobId) -> asked.forgetCancel(jobId);
      case CoreEvent.RetryNowRequested(RetryNowRequest request) -> hurryRequested(request, now);
      case CoreEvent.RetryNowForgotten(JobId jobId) -> asked.forgetHurry(jobId);
      case CoreEvent.Committed(Batch batch) -> committed(batch, now);
      case CoreEvent.Refused(Batch batch) -> refused(batch, now);
      case CoreEvent.LimitReported(LimitReport report, Instant appendedAt) ->
          admission.heard(report, appendedAt, now);
      case CoreEvent.SpendReported(SpendReport report, Instant appendedAt) ->
          admission.heard(report, appendedAt, now);
      case CoreEvent.CacheRead(
              var records,
              boolean fromStart,
              boolean caughtUp,
              Runnable taken) -> {
        taken.run();
        cache.heard(records, fromStart, caughtUp, now);
      }
      case CoreEvent.Drain(Instant deadline) -> {
        drain(deadline);
        admission.drain(now);
        cache.drain(now);
      }
      case CoreEvent.Tick _ -> {
        tick(now);
        admission.tick(now);
        cache.tick(now);
        joined.due(now).forEach(claim -> lookAgain(claim, now));
        metrics.longestWait(gates.longestWait(now));
      }
    }
  }

  /** Claims, starts and commits what the events since the last turn allow. */
  public void endTurn(Instant now) {
    present = now;
    wakeDue(now);
    wakeJoined(now);
    commit(now);
    claim(now);
    startQueued(now);
    pauseFull();
    beginLinger(now);
    release();
    sayDrained();
    metrics.turn(
        busySlots,
        queued.size(),
        waiting.size() + gates.size() + joined.size(),
        claimsById.size(),
        stuckCalls);
  }

  /**
   * When {@link #endTurn} has something to do although no event came; at the latest at the next
   * {@link CoreEvent.Tick}.
   */
  public Instant nextWakeUp() {
    Instant next = Instant.MAX;
    if (inFlight == null) {
      // While a refused batch rests, nothing else is committed, however long it has lingered.
      next = refused == null ? lingerUntil : notBefore;
    }
    if (inFlight == null && !unannounced.isEmpty()) {
      next = earlier(next, lookAgainAt);
    }
    next = earlier(next, gates.nextOpening());
    return waiting.isEmpty() ? next : earlier(next, dueAt(waiting.getFirst().record()));
  }

  // Ownership

  private void revoked(CoreEvent.Revoked revoked) {
    for (TopicPartition partition : revoked.partitions()) {
      PartitionState state = partitions.get(partition);
      if (state != null) {
        state.leave();
        List.copyOf(state.claims()).stream()
            .filter(claim -> claim.phase != Claim.Phase.SETTLED)
            .peek(this::tellOfLostCall)
            .forEach(this::drop);
      }
    }
    leavers.put(revoked.partitions(), revoked.released());
  }

  /** A call that goes down with its partition's ownership is told in the commit that lets it go. */
  private void tellOfLostCall(Claim claim) {
    if (claim.phase == Claim.Phase.RUNNING && claim.begunAt() != null && !claim.announced) {
      farewells.add(claim);
    }
  }

  private void lost(CoreEvent.Lost lost) {
    giveUp(lost.partitions());
    leavers.put(lost.partitions(), lost.released());
  }

  private void giveUp(Set<TopicPartition> gone) {
    for (TopicPartition partition : gone) {
      PartitionState state = partitions.get(partition);
      if (state != null) {
        List.copyOf(state.claims()).forEach(this::drop);
      }
    }
    settled.removeIf(claim -> claim.phase == Claim.Phase.DROPPED);
    poison.removeIf(record -> gone.contains(record.partition()));
    farewells.removeIf(claim -> gone.contains(claim.partition()));
    gone.forEach(partitions::remove);
    shareBytes();
  }

  /** Lets partitions go once nothing of theirs is being committed or left to commit. */
  private void release() {
    if (inFlight != null) {
      return;
    }
    Iterator<Map.Entry<Set<TopicPartition>, CompletableFuture<Void>>> each =
        leavers.entrySet().iterator();
    while (each.hasNext()) {
      var leaver = each.next();
      boolean finished =
          leaver.getKey().stream()
              .map(partitions::get)
              .allMatch(state ->
                  state == null
                      || (!state.hasClaims()
                          && !hasMore(state.partition())
                          && !state.wantsCommit()));
      if (finished && !concerns(refused, leaver.getKey())) {
        leaver.getKey().forEach(partitions::remove);
        shareBytes();
        each.remove();
        leaver.getValue().complete(null);
      }
    }
  }

  private boolean hasMore(TopicPartition partition) {
    return poison.stream().anyMatch(record -> record.partition().equals(partition))
        || farewells.stream().anyMatch(claim -> claim.partition().equals(partition));
  }

  private static boolean concerns(@Nullable Batch batch, Set<TopicPartition> partitions) {
    return batch != null && batch.offsets().keySet().stream().anyMatch(partitions::contains);
  }

  /** Forgets a claim that others will run again. */
  private void drop(Claim claim) {
    if (claim.phase == Claim.Phase.RUNNING) {
      actions.interrupt(claim);
      running.remove(claim);
      lingering.add(claim);
      caution(claim).ifPresent(caution -> caution.dropped(claim));
    } else {
      takeOut(claim);
      uncommitted(claim);
    }
    claim.phase = Claim.Phase.DROPPED;
    claim.untold(present);
    perishables.remove(claim);
    forget(claim);
    PartitionState state = partitions.get(claim.partition());
    if (state != null) {
      state.claims().remove(claim);
    }
  }

  /** Takes a claim that does not run out of where it waits. */
  private void takeOut(Claim claim) {
    switch (claim.phase) {
      case QUEUED -> unqueue(claim);
      case WAITING -> {
        waiting.remove(claim);
        noLongerWaits(claim);
      }
      case GATED -> leaveGate(claim);
      case JOINED -> leaveJoined(claim);
      case BIDDING -> withdraw(claim);
      case RUNNING, SETTLED, DROPPED -> {
        // It does not wait.
      }
    }
  }

  private void forget(Claim claim) {
    claimsById.remove(claim.record().job().id(), claim);
    PartitionState state = partitions.get(claim.partition());
    if (state != null) {
      state.hold(-claim.payloadBytes());
    }
  }

  // Claiming

  private void claim(Instant now) {
    if (drainUntil != null) {
      return;
    }
    for (PartitionState state : partitions.values()) {
      long bytes = bytesOf(state);
      while (state.claimedBytes() < bytes) {
        SourceRecord record = state.nextClaimable(limits);
        if (record == null) {
          break;
        }
        claim(state, record, now);
      }
      state.closeGaps();
      state.vanished().ifPresent(offset -> vanished(state, offset));
    }
  }

  /**
   * Each partition has its share, so that one with large or long waiting jobs pauses itself alone,
   * and no lane takes the room of another. To be called when the partitions have changed.
   */
  private void shareBytes() {
    for (Priority lane : Priority.all()) {
      long owned = partitions.values().stream().filter(state -> state.lane() == lane).count();
      long bytes =
          lane == Priority.NORMAL
              ? limits.claimedBytes()
              : limits.claimedBytes() / CoreLimits.LaneRule.OTHER_LANES_BYTES;
      bytesOfAPartition.put(lane, Math.max(1, bytes / Math.max(1, owned)));
    }
  }

  private long bytesOf(PartitionState state) {
    return Objects.requireNonNull(bytesOfAPartition.get(state.lane()));
  }

  private void vanished(PartitionState state, long offset) {
    actions.fail(
        "the record at offset "
            + offset
            + " of "
            + state.partition()
            + " was not finished and is gone from the log; someone deleted it or the topic was"
            + " truncated");
  }

  private void claim(PartitionState state, SourceRecord source, Instant now) {
    switch (source.content()) {
      case Decoded.Refused<JobRecord> _ -> {
        metrics.poisoned();
        state.hold(source.payloadBytes());
        poison.add(source);
      }
      case Decoded.Value<JobRecord>(JobRecord record) -> {
        var claim = new Claim(source, record, state.lane());
        state.claimed(claim);
        claimsById.put(record.job().id(), claim);
        perishables.add(claim);
        claim.request = cache.request(record);
        state.hold(source.payloadBytes());
        begin(claim, now);
      }
    }
  }

  private void begin(Claim claim, Instant now) {
    JobRecord record = claim.record();
    boolean waits = dueAt(record).isAfter(now) && !hurry(claim, now);
    if (asked.isCancelled(record)) {
      settle(claim, Judge.withoutCall(record, new Outcome.Cancelled(), now));
    } else if (Judge.isExpired(record, now)) {
      settle(claim, Judge.withoutCall(record, new Outcome.Expired(), now));
    } else if (waits && dueAt(record).isAfter(now.plus(limits.waiting().horizon()))) {
      settle(claim, new Settlement.Hold(record, now));
    } else if (waits) {
      claim.phase = Claim.Phase.WAITING;
      waiting.add(claim);
      state(claim.partition()).await(1);
    } else if (consult(claim, now) != Consulted.SETTLED) {
      Gate gate = gates.before(claim);
      if (gate == null) {
        claim.phase = Claim.Phase.QUEUED;
        queued.add(claim, now);
      } else {
        waitAt(gate, claim, now);
      }
    }
  }

  /** Whether someone asked that it is run now, although it is not due. */
  private boolean hurry(Claim claim, Instant now) {
    RetryNowRequest request = asked.hurried(claim.record());
    if (request != null && !claim.isHurried()) {
      claim.hurry(earlier(request.requestedAt(), now));
    }
    return claim.isHurried();
  }

  // What others have asked already

  /** What came of looking whether somebody has asked the same. */
  private enum Consulted {
    /** The claim was served, or waits for another one's call. */
    SETTLED,
    /** Nobody has: its call may be for all. */
    FREE,
    /** Its call is its own. */
    OWN
  }

  private Consulted consult(Claim claim, Instant now) {
    CacheRequest request = claim.request;
    claim.bypass = null;
    // Who is suspected of killing its worker is not mixed up with others.
    if (request == null || state(claim.partition()).caution().isAlone()) {
      return Consulted.OWN;
    }
    switch (cache.look(request, now)) {
      case AnswerCache.Finding.Found(KeptAnswer answer) -> {
        cache.served(request);
        settle(claim, served(claim, answer, now));
        return Consulted.SETTLED;
      }
      case AnswerCache.Finding.Joins(Instant until) -> {
        if (claim.phase != Claim.Phase.JOINED) {
          cache.joined(request);
        }
        join(claim, until);
        return Consulted.SETTLED;
      }
      case AnswerCache.Finding.Free _ -> {
        return Consulted.FREE;
      }
      case AnswerCache.Finding.Bypassed(String reason) -> {
        claim.bypass = reason;
        return Consulted.OWN;
      }
    }
  }

  private Settlement served(Claim claim, KeptAnswer answer, Instant now) {
    return Judge.served(
        claim.record(),
        self.worker(),
        answer.provider(),
        answer.output(),
        answer.served(),
        claim.waitedUntil(now),
        now);
  }

  /** It waits without a slot and takes no room from those that run. */
  private void join(Claim claim, Instant until) {
    claim.phase = Claim.Phase.JOINED;
    claim.heldUp(present);
    joined.add(claim, until);
    state(claim.partition()).await(1);
  }

  private void leaveJoined(Claim claim) {
    joined.remove(claim);
    claim.goesOn(present);
    noLongerWaits(claim);
  }

  private void wakeJoined(Instant now) {
    Set<Fingerprint> news = cache.news();
    if (!news.isEmpty()) {
      joined.of(news).forEach(claim -> lookAgain(claim, now));
    }
  }

  private void lookAgain(Claim claim, Instant now) {
    switch (claim.phase) {
      case JOINED -> {
        leaveJoined(claim);
        begin(claim, now);
      }
      case BIDDING -> decide(claim, now);
      case QUEUED, WAITING, GATED, RUNNING, SETTLED, DROPPED -> {
        // It was woken by another one's news just now.
      }
    }
  }

  /** It may be called for, and is about to be, if no other worker was first. */
  private void bid(Claim claim, CacheRequest request, Admission.Permit permit, Instant now) {
    claim.permit = permit;
    claim.phase = Claim.Phase.BIDDING;
    claim.heldUp(now);
    takeSlot(claim);
    bidding.add(claim);
    state(claim.partition()).caution().started(claim);
    AnswerCache.Bid bid = cache.bid(request, now);
    claim.bid = bid;
    joined.add(claim, bid.until());
  }

  private void decide(Claim claim, Instant now) {
    AnswerCache.Bid bid = Objects.requireNonNull(claim.bid);
    switch (bid.standing(now)) {
      case OPEN -> {
        // Nothing is known yet.
      }
      case WON -> {
        CacheRequest request = Objects.requireNonNull(claim.request);
        if (cache.look(request, now) instanceof AnswerCache.Finding.Found(KeptAnswer answer)) {
          withdraw(claim);
          cache.served(request);
          settle(claim, served(claim, answer, now));
        } else {
          callAfterBid(claim, now);
        }
      }
      case LOST -> {
        withdraw(claim);
        begin(claim, now);
      }
      case VOID -> {
        claim.bypass = "out_of_reach";
        callAfterBid(claim, now);
      }
    }
  }

  private void callAfterBid(Claim claim, Instant now) {
    bidding.remove(claim);
    joined.remove(claim);
    call(claim, Objects.requireNonNull(claim.permit), now);
  }

  /** Gives the slot and the permit back: the call is not made. */
  private void withdraw(Claim claim) {
    bidding.remove(claim);
    joined.remove(claim);
    claim.goesOn(present);
    giveSlotBack(claim);
    Objects.requireNonNull(claim.permit).unused(present);
    claim.permit = null;
    caution(claim).ifPresent(caution -> caution.dropped(claim));
    tellCache(claim, false);
  }

  /** Nothing comes of the call that others can use. */
  private static void tellCache(Claim claim, boolean fruitless) {
    AnswerCache.Bid bid = claim.bid;
    if (bid != null) {
      claim.bid = null;
      bid.released(fruitless);
    }
  }

  /** A call has ended that others may wait for. */
  private static void tellCache(
      Claim claim, ProviderResult result, String provider, boolean made, Instant now) {
    AnswerCache.Bid bid = claim.bid;
    if (bid != null && made && result instanceof ProviderResult.Answered answered) {
      claim.bid = null;
      Target asked = claim.asked();
      bid.answered(
          answered, provider, asked == null || asked.model().isEmpty() ? null : asked.model(), now);
    } else {
      boolean failed =
          claim.phase == Claim.Phase.RUNNING
              && (claim.interruption == Claim.Interruption.NONE
                  || claim.interruption == Claim.Interruption.TIMEOUT);
      tellCache(claim, failed);
    }
  }

  private void wakeDue(Instant now) {
    while (!waiting.isEmpty() && !dueAt(waiting.getFirst().record()).isAfter(now)) {
      Claim claim = waiting.removeFirst();
      noLongerWaits(claim);
      begin(claim, now);
    }
  }

  // Waiting for a verdict

  /**
   * The claim waits behind those of its kind. It holds no slot and takes no room from those that
   * run. Where nobody can be called and many wait already, it waits in a hold topic instead, the
   * longer the longer it has lasted: the records behind it may be for others.
   */
  private void waitAt(Gate gate, Claim claim, Instant now) {
    PartitionState state = state(claim.partition());
    // One that is suspected of killing its worker stays: with its record goes what is known of it.
    if (gate.since != null
        && !gate.open
        && !state.caution().isAlone()
        && state.isCrowded(limits, bytesOf(state))) {
      settle(claim, held(claim.record(), gate.since, now));
      return;
    }
    gates.add(gate, claim, now);
    gated(claim, 1);
  }

  private Settlement held(JobRecord record, Instant since, Instant now) {
    // Long enough that it is not in time for the window of retries.
    Duration shortest = limits.waiting().horizon().multipliedBy(3).dividedBy(2);
    Duration lasted = Duration.between(since, now);
    Duration hold = lasted.compareTo(LONGEST_HOLD) < 0 ? lasted : LONGEST_HOLD;
    Instant dueAt = now.plus(hold.compareTo(shortest) > 0 ? hold : shortest);
    Instant expireAt = record.job().expireAt();
    Instant until = expireAt == null ? dueAt : earlier(dueAt, expireAt);
    return new Settlement.Hold(
        new JobRecord(record.job(), record.generation(), record.attempts(), until), now);
  }

  /** The claim was about to be started and has to wait. */
  private void mustWait(Claim claim, Admission.Verdict.Wait wait, Instant now) {
    Gate gate = gates.close(claim, wait);
    if (claim.gate == null) {
      waitAt(gate, claim, now);
      gates.forgetIfEmpty(gate);
    } else {
      gates.putBack(gate, claim);
      gated(claim, 1);
    }
    caution(claim).ifPresent(caution -> caution.suspended(claim));
  }

  /** One whose turn it is leaves its gate, to be started or to be put back. */
  private void passGate(Claim claim) {
    if (claim.phase == Claim.Phase.GATED) {
      gates.taken();
      gated(claim, -1);
      claim.phase = Claim.Phase.QUEUED;
    }
  }

  private void leaveGate(Claim claim) {
    gates.remove(claim);
    gated(claim, -1);
  }

  private void gated(Claim claim, int change) {
    if (change > 0) {
      claim.heldUp(present);
    } else {
      claim.goesOn(present);
    }
    PartitionState state = partitions.get(claim.partition());
    if (state != null) {
      state.awaitAdmission(change, claim.payloadBytes());
    }
    metrics.gated(claim, change);
  }

  private void noLongerWaits(Claim claim) {
    PartitionState state = partitions.get(claim.partition());
    if (state != null) {
      state.await(-1);
    }
  }

  private void pauseFull() {
    var full = new HashSet<TopicPartition>();
    for (PartitionState state : partitions.values()) {
      if (drainUntil != null || state.isFull(limits, bytesOf(state))) {
        full.add(state.partition());
      }
    }
    if (!full.equals(paused)) {
      paused = Set.copyOf(full);
      actions.pause(paused);
    }
  }

  // Calls

  private void startQueued(Instant now) {
    if (isLastTrial()) {
      tryLast(now);
      return;
    }
    for (Priority lane : Priority.all()) {
      for (PartitionState state : partitions.values()) {
        Caution caution = state.caution();
        while (state.lane() == lane
            && hasSlot(lane)
            && caution.hasHeldBack()
            && caution.mayStart()) {
          start(Objects.requireNonNull(caution.nextHeldBack()), now);
        }
      }
    }
    gates.open(now);
    for (Claim claim = nextQueued(now); claim != null; claim = nextQueued(now)) {
      passGate(claim);
      Caution caution = state(claim.partition()).caution();
      if (caution.mayStart()) {
        start(claim, now);
      } else {
        caution.holdBack(claim);
      }
      if (claim.gate != null) {
        gates.forgetIfEmpty(claim.gate);
      }
    }
    trySuspect(now);
  }

  /** Whether a job of this priority may take a slot: some are for those of high priority alone. */
  private boolean hasSlot(Priority lane) {
    return busySlots < limits.slots() && (lane == Priority.HIGH || hasOrdinarySlot());
  }

  private boolean hasOrdinarySlot() {
    return ordinarySlots < limits.slots() - limits.lanes().reservedForHigh();
  }

  /** The next claim that there is a slot for, taken out; null when there is none. */
  private @Nullable Claim nextQueued(Instant now) {
    if (busySlots >= limits.slots()) {
      return null;
    }
    return hasOrdinarySlot() ? queued.next(now) : queued.nextOf(Priority.HIGH);
  }

  /**
   * Of all partitions that lost too many owners one job is run at a time, and it is committed
   * beforehand which: if the process dies now, it is known by whom.
   */
  private void trySuspect(Instant now) {
    if (suspect != null
        && suspect.phase != Claim.Phase.QUEUED
        && suspect.phase != Claim.Phase.RUNNING) {
      suspect = null;
    }
    if (suspect == null) {
      suspect = nextSuspect(now);
      suspectedAt = now;
    }
    if (suspect != null
        && suspect.phase == Claim.Phase.QUEUED
        && hasSlot(suspect.lane())
        && state(suspect.partition()).caution().isOnTrial(suspect)) {
      start(suspect, now);
    }
  }

  /** Whether the next death convicts the suspect: then nothing else runs beside it. */
  private boolean isLastTrial() {
    return suspect != null
        && (suspect.phase == Claim.Phase.QUEUED || suspect.phase == Claim.Phase.RUNNING)
        && state(suspect.partition()).caution().deathsBy(suspect.offset())
            == Caution.SUSPECT_DEATHS - 1;
  }

  /** Waits for the calls of the other jobs to end, but not for ever. */
  private void tryLast(Instant now) {
    if ((running.isEmpty() && bidding.isEmpty()) || now.isAfter(suspectedAt.plus(ISOLATION))) {
      trySuspect(now);
    }
  }

  private @Nullable Claim nextSuspect(Instant now) {
    for (PartitionState state : partitions.values()) {
      Caution caution = state.caution();
      while (caution.isAlone() && caution.hasHeldBack() && !isSuspectGated(state)) {
        Claim claim = Objects.requireNonNull(caution.nextHeldBack());
        int deaths = caution.deathsBy(claim.offset());
        if (deaths < Caution.SUSPECT_DEATHS) {
          caution.tryAlone(claim);
          return claim;
        }
        var why =
            new Failure.CrashLoop(
                deaths
                    + " times a worker's process died while, of its partition, it ran this job"
                    + " alone; look at the workers' exit codes and at the job's input");
        settle(claim, Judge.withoutCall(claim.record(), new Outcome.DeadLettered(why), now));
        caution.convicted();
      }
    }
    return null;
  }

  /**
   * Whether the one that ran alone when an owner was lost waits until it is admitted. To try
   * another one meanwhile would be to forget how many were lost by it.
   */
  private static boolean isSuspectGated(PartitionState state) {
    Claim claim = state.caution().suspectOf(state);
    return claim != null && claim.phase == Claim.Phase.GATED;
  }

  /** Takes a job that is ready out of where it waits for its slot. */
  private void unqueue(Claim claim) {
    if (!queued.remove(claim)) {
      caution(claim).ifPresent(caution -> caution.removeHeldBack(claim));
    }
  }

  private Optional<Caution> caution(Claim claim) {
    return Optional.ofNullable(partitions.get(claim.partition())).map(PartitionState::caution);
  }

  private void start(Claim claim, Instant now) {
    JobRecord record = claim.record();
    if (Judge.isExpired(record, now)) {
      settle(claim, Judge.withoutCall(record, new Outcome.Expired(), now));
      return;
    }
    Consulted consulted = consult(claim, now);
    if (consulted == Consulted.SETTLED) {
      return;
    }
    switch (admission.ask(record, now)) {
      case Admission.Verdict.Call(Admission.Permit permit) -> {
        CacheRequest request = claim.request;
        if (consulted == Consulted.FREE && request != null) {
          bid(claim, request, permit, now);
        } else {
          takeSlot(claim);
          state(claim.partition()).caution().started(claim);
          call(claim, permit, now);
        }
      }
      case Admission.Verdict.Wait wait -> mustWait(claim, wait, now);
      case Admission.Verdict.Refuse(Failure failure) -> refused(claim, failure, now);
      case Admission.Verdict.Spent(Failure failure) ->
          settle(claim, Judge.withoutCall(record, new Outcome.DeadLettered(failure), now));
    }
  }

  private void call(Claim claim, Admission.Permit permit, Instant now) {
    JobRecord record = claim.record();
    Job job = record.job();
    claim.permit = permit;
    claim.target = permit.target();
    claim.insteadOf = permit.insteadOf();
    String reason = permit.reason();
    if (reason != null) {
      metrics.failedOver(claim, reason);
    }
    if (claim.bypass != null && claim.request != null) {
      cache.bypassed(claim.request, claim.bypass);
    }
    begun(claim, now);
    claim.phase = Claim.Phase.RUNNING;
    running.add(claim);
    unannounced.add(claim);
    actions.call(
        claim,
        new ProviderCall(
            job.id(),
            record.generation(),
            record.nextAttempt(),
            permit.target(),
            job.input(),
            job.attemptTimeout()));
  }

  private void takeSlot(Claim claim) {
    claim.holdsSlot = true;
    busySlots++;
    ordinarySlots += claim.lane() == Priority.HIGH ? 0 : 1;
  }

  private void giveSlotBack(Claim claim) {
    if (claim.holdsSlot) {
      claim.holdsSlot = false;
      busySlots--;
      ordinarySlots -= claim.lane() == Priority.HIGH ? 0 : 1;
    }
  }

  private void refused(Claim claim, Failure failure, Instant now) {
    claim.target = Target.of(claim.record().job().model());
    begun(claim, now);
    var call =
        new Judge.Call(claim.target().provider(), self.worker(), claim.startedAt, Duration.ZERO);
    ended(claim, call, new ProviderResult.Failed(failure), now);
  }

  private void begun(Claim claim, Instant now) {
    claim.startedAt = now;
    var _ = claim.waitedUntil(now);
    Instant dueAt = claim.dueAt();
    if (dueAt != null) {
      // A job can be accepted for a time that has passed.
      Instant acceptedAt = claim.record().job().acceptedAt();
      metrics.late(Duration.between(dueAt.isAfter(acceptedAt) ? dueAt : acceptedAt, now));
    }
  }

  private void callEnded(CoreEvent.CallEnded ended, Instant now) {
    Claim claim = ended.claim();
    lingering.remove(claim);
    if (claim.stuck) {
      claim.stuck = false;
      stuckCalls--;
      actions.back(claim);
    }
    giveSlotBack(claim);
    tellCache(claim, ended.result(), ended.call().provider(), ended.made(), now);
    if (ended.made() || claim.permit == null) {
      giveBack(claim, ended.result(), ended.call().latency(), now);
    } else {
      claim.permit.unused(now);
      claim.permit = null;
    }
    if (claim.phase == Claim.Phase.RUNNING) {
      claim.report = ended.made() ? ended.result().report() : null;
      ended(claim, ended.call(), ended.result(), now);
    } else if (claim.phase == Claim.Phase.DROPPED && ended.made()) {
      metrics.wasted(claim, CoreMetrics.Waste.LOST, ended.result().report());
    }
  }

  /** The call is over for who admitted it, once: what it is taken for is not the job's alone. */
  private static void giveBack(Claim claim, ProviderResult result, Duration latency, Instant now) {
    Admission.Permit permit = claim.permit;
    if (permit == null) {
      return;
    }
    claim.permit = null;
    boolean answered = result instanceof ProviderResult.Answered;
    if (answered
        || (claim.phase == Claim.Phase.RUNNING && claim.interruption == Claim.Interruption.NONE)) {
      permit.ended(result, latency, now);
    } else if (claim.interruption == Claim.Interruption.TIMEOUT) {
      permit.ended(failed(result, timedOut(claim)), latency, now);
    } else {
      permit.ended(failed(result, NOT_WANTED), latency, now);
    }
  }

  private void ended(Claim claim, Judge.Call made, ProviderResult result, Instant now) {
    Judge.Call call = made.after(claim.asked(), claim.insteadOf, claim.waits);
    running.remove(claim);
    state(claim.partition()).caution().ended(claim);
    JobRecord record = claim.record();
    boolean answered = result instanceof ProviderResult.Answered;
    Settlement settlement;
    if (answered || claim.interruption == Claim.Interruption.NONE) {
      settlement = judge.judge(record, call, result, admission, now);
    } else {
      var timedOut = timedOut(claim);
      settlement =
          switch (claim.interruption) {
            case NONE, TIMEOUT ->
                judge.judge(record, call, failed(result, timedOut), admission, now);
            case CANCEL ->
                Judge.cutShort(
                    record,
                    call,
                    failed(
                        result,
                        new Failure.CallCancelled("the job was cancelled while the call ran")),
                    new Outcome.Cancelled(),
                    now);
            case EXPIRY ->
                Judge.cutShort(record, call, failed(result, timedOut), new Outcome.Expired(), now);
          };
    }
    if (settlement instanceof Settlement.Retry && asked.isCancelled(record)) {
      settlement =
          Judge.cutShort(
              record, call, failed(result, failureOf(result)), new Outcome.Cancelled(), now);
    }
    metrics.called(claim, call, answered ? "succeeded" : codeOf(claim, result));
    if (!answered) {
      cutShort(claim, result.report());
    }
    settle(claim, settlement);
  }

  private void cutShort(Claim claim, CallReport report) {
    switch (claim.interruption) {
      case NONE -> {
        // It failed by itself: its attempt says what that cost.
      }
      case TIMEOUT -> metrics.wasted(claim, CoreMetrics.Waste.TIMEOUT, report);
      case CANCEL -> metrics.wasted(claim, CoreMetrics.Waste.CANCELLED, report);
      case EXPIRY -> metrics.wasted(claim, CoreMetrics.Waste.EXPIRED, report);
    }
  }

  /** The answer of a call was there and is not written: the job's next owner calls again. */
  private void uncommitted(Claim claim) {
    CallReport report = claim.report;
    if (report != null && claim.interruption == Claim.Interruption.NONE) {
      metrics.wasted(claim, CoreMetrics.Waste.UNCOMMITTED, report);
    }
    claim.report = null;
  }

  /** The failure that a result counts as, with what the provider told of the call. */
  private static ProviderResult.Failed failed(ProviderResult result, Failure failure) {
    return new ProviderResult.Failed(failure, result.report());
  }

  private static Failure failureOf(ProviderResult result) {
    return switch (result) {
      case ProviderResult.Failed(Failure failure, _) -> failure;
      case ProviderResult.Answered _ ->
          throw new IllegalStateException("an answer is never tried again");
    };
  }

  private static String codeOf(Claim claim, ProviderResult result) {
    return switch (claim.interruption) {
      case NONE -> failureOf(result).code();
      case TIMEOUT -> "timeout";
      case CANCEL -> "cancelled";
      case EXPIRY -> "expired";
    };
  }

  private static Failure timedOut(Claim claim) {
    return new Failure.TimedOut(
        "the call took longer than "
            + claim.record().job().attemptTimeout().toMillis()
            + " ms and was interrupted");
  }

  private void tick(Instant now) {
    for (Claim claim : List.copyOf(running)) {
      if (claim.interruption == Claim.Interruption.NONE) {
        Job job = claim.record().job();
        if (Judge.isExpired(claim.record(), now)) {
          interrupt(claim, Claim.Interruption.EXPIRY, now);
        } else if (now.isAfter(claim.startedAt.plus(job.attemptTimeout()))) {
          interrupt(claim, Claim.Interruption.TIMEOUT, now);
        }
      } else if (now.isAfter(claim.interruptedAt.plus(INTERRUPT_GRACE))) {
        // The provider ignores interrupts: its thread keeps the slot, the job goes on without it.
        var call =
            new Judge.Call(
                claim.target().provider(),
                self.worker(),
                claim.startedAt,
                Duration.between(claim.startedAt, now));
        var timedOut = new ProviderResult.Failed(timedOut(claim));
        lingering.add(claim);
        tellCache(claim, claim.interruption == Claim.Interruption.TIMEOUT);
        giveBack(claim, timedOut, call.latency(), now);
        ended(claim, call, timedOut, now);
      }
      if (!claim.stuck && now.isAfter(claim.startedAt.plus(limits.stuckAfter()))) {
        stuck(claim);
      }
    }
    for (Claim claim : lingering) {
      if (claim.interruptedAt.equals(Instant.EPOCH)) {
        claim.interruptedAt = now;
      }
      if (!claim.stuck && now.isAfter(claim.interruptedAt.plus(INTERRUPT_GRACE))) {
        tellCache(claim, false);
        stuck(claim);
      }
    }
    for (Claim claim : perishables.expired(now)) {
      if (claim.phase != Claim.Phase.RUNNING) {
        takeOut(claim);
        settle(claim, Judge.withoutCall(claim.record(), new Outcome.Expired(), now));
      }
    }
    if (drainUntil != null && now.isAfter(drainUntil)) {
      List.copyOf(running).forEach(this::drop);
    }
  }

  private void interrupt(Claim claim, Claim.Interruption why, Instant now) {
    claim.interruption = why;
    claim.interruptedAt = now;
    actions.interrupt(claim);
  }

  private void stuck(Claim claim) {
    claim.stuck = true;
    stuckCalls++;
    actions.stuck(claim);
  }

  // Cancels

  private void cancelRequested(JobId jobId, int generation, Instant now) {
    asked.cancel(jobId, generation);
    Claim claim = claimsById.get(jobId);
    if (claim == null || claim.record().generation() != generation) {
      return;
    }
    switch (claim.phase) {
      case QUEUED, WAITING, GATED, JOINED, BIDDING -> {
        takeOut(claim);
        settle(claim, Judge.withoutCall(claim.record(), new Outcome.Cancelled(), now));
      }
      case RUNNING -> {
        if (claim.interruption == Claim.Interruption.NONE) {
          interrupt(claim, Claim.Interruption.CANCEL, now);
        }
      }
      case SETTLED, DROPPED -> {
        // Another outcome won, or the next owner decides.
      }
    }
  }

  /** One that waits is due at once; what is due already waits for something else. */
  private void hurryRequested(RetryNowRequest request, Instant now) {
    asked.hurry(request);
    Claim claim = claimsById.get(request.jobId());
    if (claim != null
        && claim.phase == Claim.Phase.WAITING
        && asked.hurried(claim.record()) != null) {
      takeOut(claim);
      begin(claim, now);
    }
  }

  // Settling

  private void settle(Claim claim, Settlement settlement) {
    claim.phase = Claim.Phase.SETTLED;
    perishables.remove(claim);
    claim.settlement = settlement;
    state(claim.partition()).caution().settled(claim);
    settled.add(claim);
    metrics.settled(claim, settlement);
  }

  private void commit(Instant now) {
    if (inFlight != null) {
      return;
    }
    if (refused != null) {
      if (now.isBefore(notBefore)) {
        return;
      }
      Batch again = owned(refused);
      refused = null;
      if (!again.offsets().isEmpty()) {
        inFlight = again;
        actions.commit(again);
        return;
      }
    }
    beginLinger(now);
    boolean urgent = partitions.values().stream().anyMatch(PartitionState::wantsCommit);
    if (lingerUntil.equals(Instant.MAX) && !urgent) {
      recommitIdle(now);
      return;
    }
    boolean full = settled.size() >= limits.batchRecords();
    if (!full && !urgent && leavers.isEmpty() && drainUntil == null && now.isBefore(lingerUntil)) {
      return;
    }
    lingerUntil = Instant.MAX;
    inFlight = nextBatch();
    actions.commit(inFlight);
  }

  /**
   * The first that is ready to be committed waits this long for company; what came during a commit
   * has waited already.
   */
  private void beginLinger(Instant now) {
    lookForBegun(now);
    begun.removeIf(claim -> claim.phase != Claim.Phase.RUNNING);
    if (settled.isEmpty() && poison.isEmpty() && begun.isEmpty() && farewells.isEmpty()) {
      lingerUntil = Instant.MAX;
    } else if (lingerUntil.equals(Instant.MAX)) {
      lingerUntil = now.plus(limits.commitLinger());
    }
  }

  /**
   * Finds calls that go on and were not told yet. Those that ended meanwhile are told by what they
   * came to.
   */
  private void lookForBegun(Instant now) {
    if (unannounced.isEmpty() || now.isBefore(lookAgainAt)) {
      return;
    }
    lookAgainAt = now.plus(ANNOUNCE_PERIOD);
    unannounced.removeIf(claim -> {
      boolean running = claim.phase == Claim.Phase.RUNNING;
      boolean hasBegun = claim.begunAt() != null;
      if (running && hasBegun) {
        begun.add(claim);
      }
      return !running || hasBegun;
    });
  }

  private Batch nextBatch() {
    var touched = new LinkedHashSet<PartitionState>();
    var settledNow = new ArrayList<Batch.Settled>();
    var settledCancels = new HashSet<JobId>();
    var settledHurries = new HashSet<JobId>();
    long bytes = 0;
    while (!settled.isEmpty() && settledNow.size() < limits.batchRecords() && bytes < BATCH_BYTES) {
      Claim claim = settled.remove();
      Settlement settlement = Objects.requireNonNull(claim.settlement);
      bytes += claim.payloadBytes() + Batch.outputBytes(settlement);
      settledNow.add(new Batch.Settled(claim, settlement));
      if (asked.isCancelOver(claim, settlement)) {
        settledCancels.add(claim.record().job().id());
      }
      if (asked.isHurryOver(claim, settlement)) {
        settledHurries.add(claim.record().job().id());
      }
      touched.add(finish(claim.partition(), claim.offset()));
      forget(claim);
    }
    var poisonNow = new ArrayList<SourceRecord>();
    while (!poison.isEmpty() && poisonNow.size() < limits.batchRecords() && bytes < BATCH_BYTES) {
      SourceRecord record = poison.remove();
      bytes += record.payloadBytes();
      state(record.partition()).hold(-record.payloadBytes());
      poisonNow.add(record);
      touched.add(finish(record.partition(), record.offset()));
    }
    var startedNow = new ArrayList<Batch.Started>();
    while (!farewells.isEmpty()) {
      startedNow.add(started(farewells.remove(), touched));
    }
    while (!begun.isEmpty() && startedNow.size() < limits.batchRecords()) {
      startedNow.add(started(begun.remove(), touched));
    }
    partitions.values().stream().filter(PartitionState::wantsCommit).forEach(touched::add);
    var offsets = new HashMap<TopicPartition, OffsetAndMetadata>();
    touched.forEach(state -> offsets.put(state.partition(), state.offset()));
    return new Batch(settledNow, startedNow, poisonNow, settledCancels, settledHurries, offsets);
  }

  private Batch.Started started(Claim claim, Set<PartitionState> touched) {
    claim.announced = true;
    touched.add(state(claim.partition()));
    return new Batch.Started(claim, startedEvent(claim));
  }

  private JobEvent.AttemptStarted startedEvent(Claim claim) {
    JobRecord record = claim.record();
    return new JobEvent.AttemptStarted(
        record.job().id(),
        record.generation(),
        record.nextAttempt(),
        claim.target().provider(),
        self.worker(),
        Objects.requireNonNull(claim.begunAt()),
        claim.inputCostNanos());
  }

  private PartitionState finish(TopicPartition partition, long offset) {
    PartitionState state = state(partition);
    state.finish(offset);
    return state;
  }

  private PartitionState state(TopicPartition partition) {
    PartitionState state = partitions.get(partition);
    if (state == null) {
      throw new IllegalStateException("a claim of " + partition + " outlived its ownership");
    }
    return state;
  }

  /**
   * Keeps committed offsets of partitions alive that nothing happens on, and closes gaps at their
   * tails.
   */
  private void recommitIdle(Instant now) {
    var offsets = new HashMap<TopicPartition, OffsetAndMetadata>();
    for (PartitionState state : partitions.values()) {
      if (now.isAfter(state.committedAt().plus(PROVEN_AFTER))) {
        state.idle();
      }
      boolean idle =
          state.isDirty()
              && !state.hasClaims()
              && now.isAfter(state.committedAt().plus(IDLE_PAUSE));
      if (idle || now.isAfter(state.committedAt().plus(RECOMMIT_AFTER))) {
        offsets.put(state.partition(), state.offset());
      }
    }
    boolean heartbeat = drainUntil == null && isQuiet(now);
    if (offsets.isEmpty() && heartbeat) {
      // One that has no partitions commits too: it is to be ready when it gets some.
      partitions.values().stream()
          .findFirst()
          .ifPresent(state -> offsets.put(state.partition(), state.offset()));
    }
    if (!offsets.isEmpty() || heartbeat) {
      inFlight = new Batch(List.of(), List.of(), List.of(), Set.of(), offsets);
      actions.commit(inFlight);
    }
  }

  /** Whether no commit has shown for long that commits work. */
  private boolean isQuiet(Instant now) {
    if (commitWorkedAt == null) {
      commitWorkedAt = now;
    }
    return now.isAfter(commitWorkedAt.plus(HEARTBEAT));
  }

  private void committed(Batch batch, Instant now) {
    inFlight = null;
    commitWorkedAt = now;
    for (Batch.Settled each : batch.settled()) {
      // Meanwhile someone may have asked for what begins with this commit: the next wait, or the
      // next generation.
      JobId id = each.claim().record().job().id();
      if (batch.settledCancels().contains(id)
          && asked.isCancelOver(each.claim(), each.settlement())) {
        asked.forgetCancel(id);
      }
      if (batch.settledHurries().contains(id)
          && asked.isHurryOver(each.claim(), each.settlement())) {
        asked.forgetHurry(id);
      }
    }
    for (TopicPartition partition : batch.offsets().keySet()) {
      PartitionState state = partitions.get(partition);
      if (state != null) {
        state.committed(now);
      }
    }
  }

  /**
   * The window already counts the batch's jobs as finished, so no other batch may be committed
   * before this one: it is kept as it is and tried again for what is still owned.
   */
  private void refused(Batch batch, Instant now) {
    metrics.commitRefused();
    inFlight = null;
    refused = batch;
    notBefore = now.plus(REFUSED_PAUSE);
    // A partition that is about to leave does not wait for a second try: its next owner runs the
    // jobs again.
    leavers.keySet().forEach(this::giveUp);
    refused = owned(batch);
  }

  /** The part of a batch whose partitions are still owned. */
  private Batch owned(Batch batch) {
    Set<TopicPartition> owned = partitions.keySet();
    for (Batch.Settled each : batch.settled()) {
      if (!owned.contains(each.claim().partition())) {
        uncommitted(each.claim());
        each.claim().untold(present);
      }
    }
    var offsets = new HashMap<>(batch.offsets());
    offsets.keySet().retainAll(owned);
    List<Batch.Settled> settledStill =
        batch.settled().stream().filter(each -> owned.contains(each.claim().partition())).toList();
    // What is asked of a job whose partition went stays: its next owner has to know of it.
    var settledCancels = new HashSet<JobId>();
    var settledHurries = new HashSet<JobId>();
    for (Batch.Settled each : settledStill) {
      JobId id = each.claim().record().job().id();
      if (batch.settledCancels().contains(id)) {
        settledCancels.add(id);
      }
      if (batch.settledHurries().contains(id)) {
        settledHurries.add(id);
      }
    }
    return new Batch(
        settledStill,
        batch.started().stream().filter(each -> owned.contains(each.claim().partition())).toList(),
        batch.poison().stream().filter(each -> owned.contains(each.partition())).toList(),
        settledCancels,
        settledHurries,
        offsets);
  }

  // Draining

  private void drain(Instant deadline) {
    drainUntil = deadline;
    for (PartitionState state : partitions.values()) {
      List.copyOf(state.claims()).stream()
          .filter(claim ->
              switch (claim.phase) {
                case QUEUED, WAITING, GATED, JOINED, BIDDING -> true;
                case RUNNING, SETTLED, DROPPED -> false;
              })
          .forEach(this::drop);
    }
  }

  private void sayDrained() {
    if (drainUntil == null || drainedSaid || inFlight != null || refused != null) {
      return;
    }
    if (running.isEmpty() && settled.isEmpty() && poison.isEmpty()) {
      drainedSaid = true;
      actions.drained();
    }
  }

  private static Instant dueAt(JobRecord record) {
    Instant dueAt = record.dueAt();
    return dueAt == null ? Instant.MIN : dueAt;
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }
}
