package dev.penstock.worker.hold;

import dev.penstock.topic.Topics;
import dev.penstock.worker.claim.LeaderEpochs;
import dev.penstock.worker.claim.Ownership;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.window.MovedOffsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves held jobs on: from each hold topic, once its constant time has passed, to the next shorter
 * hold that fits or to the retry topic. The move of a record and the commit of its offset are one
 * transaction, so a job keeps exactly one live record.
 *
 * <p>Records that someone asks for, because their jobs are to end or to be run now, leave from the
 * middle of a partition: what has moved on beyond the committed offset stands in its metadata, in
 * the same transaction. Where that gets too long, the first records are moved on before their time.
 *
 * <p>One thread does all of it, so a rebalance callback never meets an open transaction. Only the
 * first few records of each partition are in memory (at most {@link #MEMORY_BYTES} or so, all
 * partitions together), however many wait: a partition pauses itself when it has its share. What is
 * found of those that someone asks for takes at most {@link #WANTED_BYTES} or so.
 */
public final class HoldLoop implements Runnable, ConsumerRebalanceListener {
  private static final Logger log = LoggerFactory.getLogger(HoldLoop.class);

  /** What all partitions together keep in memory, beside what the consumer itself has fetched. */
  static final long MEMORY_BYTES = 16_000_000;

  /** What all that was found by searching keeps in memory. */
  static final long WANTED_BYTES = 8_000_000;

  private static final long MIN_SHARE_BYTES = 64_000;
  private static final long MAX_SHARE_BYTES = 1_000_000;

  /** About how much one transaction moves: it has to end well within its timeout. */
  static final long HOP_BYTES = 4_000_000;

  static final int HOP_RECORDS = 5_000;

  /**
   * How long a record that is ready waits for company. Small beside the slack of the holds, and
   * large beside a transaction.
   */
  private static final Duration PERIOD = Duration.ofMillis(100);

  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration POLL_BUSY = Duration.ofMillis(5);
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(1);

  /** How long to wait before asking again for an offset that an open transaction holds back. */
  private static final Duration UNSTABLE_PAUSE = Duration.ofSeconds(1);

  private static final Duration REFUSED_PAUSE = Duration.ofMillis(100);

  /** Refusals in a row after which it begins anew. */
  private static final int MAX_REFUSALS = 50;

  private static final Duration TAIL_PERIOD = Duration.ofMillis(500);
  private static final Duration MEASURE_PERIOD = Duration.ofSeconds(5);

  /** Committed offsets of idle groups expire; see {@code offsets.retention.minutes}. */
  private static final Duration RECOMMIT_AFTER = Duration.ofHours(1);

  private final Consumer<byte[], byte[]> consumer;
  private final HopTransaction transaction;
  private final Passage passage;
  private final HoldSearch search;
  private final int metadataChars;
  private final Map<String, Duration> holds;
  private final Map<String, Uuid> topicIds;
  private final InstantSource clock;
  private final Breakdown breakdown;
  private final HoldMetrics metrics;

  private final Map<TopicPartition, HeldPartition> held = new LinkedHashMap<>();
  private final Set<TopicPartition> restoring = new HashSet<>();
  private final Set<TopicPartition> full = new HashSet<>();
  private final LeaderEpochs epochs = new LeaderEpochs();
  private @Nullable Ownership ownership;
  private Instant restoreAt = Instant.EPOCH;
  private Instant hopAt = Instant.EPOCH;
  private Instant tailsAt = Instant.EPOCH;
  private Instant measureAt = Instant.EPOCH;
  private int firstToMove;
  private int refusals;
  private volatile Instant turnedAt;
  private volatile boolean stopped;

  /**
   * What it reads and writes with.
   *
   * @param consumer of the holds' group
   * @param searchers makes a consumer of no group, which reads committed records
   * @param producer with {@code initTransactions} done
   * @param topicIds the ids that the hold topics have now
   * @param metadataChars how long the metadata of a committed offset may get
   */
  public record Kafka(
      Consumer<byte[], byte[]> consumer,
      Supplier<Consumer<byte[], byte[]>> searchers,
      Producer<byte[], byte[]> producer,
      Map<String, Uuid> topicIds,
      int metadataChars) {}

  /**
   * @param requests what people ask of jobs that wait
   * @param commitPatience how long a commit with an unknown result is repeated
   */
  public HoldLoop(
      Kafka kafka,
      Topics topics,
      Requests requests,
      InstantSource clock,
      Duration commitPatience,
      Breakdown breakdown,
      HoldMetrics metrics) {
    this.consumer = kafka.consumer();
    this.transaction = new HopTransaction(kafka.producer(), clock, commitPatience, breakdown);
    this.passage = new Passage(topics, requests);
    this.search = new HoldSearch(kafka.searchers(), requests, clock);
    this.metadataChars = kafka.metadataChars();
    this.holds = topics.holds().stream().collect(Collectors.toMap(topics::hold, hold -> hold));
    this.topicIds = Map.copyOf(kafka.topicIds());
    this.clock = clock;
    this.breakdown = breakdown;
    this.metrics = metrics;
    this.turnedAt = clock.instant();
  }

  /** When the loop last turned: several times a second when it is well. Any thread may ask. */
  public Instant turnedAt() {
    return turnedAt;
  }

  /** Ends the loop after the transaction that is under way; the consumer leaves its group. */
  public void stop() {
    stopped = true;
    consumer.wakeup();
  }

  @Override
  public void run() {
    try {
      consumer.subscribe(holds.keySet(), this);
      while (!stopped) {
        turn();
      }
    } catch (WakeupException e) {
      if (!stopped) {
        breakdown.restart("the consumer of the holds was woken up", e);
      }
    } catch (NoOffsetForPartitionException | OffsetOutOfRangeException e) {
      breakdown.die(
          "the offsets of the holds and the log do not fit together: "
              + e.getMessage()
              + ". Records were deleted or offsets have expired; nothing is moved until someone has"
              + " looked");
    } catch (AuthenticationException | AuthorizationException | UnsupportedVersionException e) {
      breakdown.die("Kafka refuses this worker: " + e.getMessage());
    } catch (InterruptException e) {
      breakdown.restart("the thread of the holds was interrupted", e);
    } catch (RuntimeException e) {
      breakdown.restart("the holds failed", e);
    } catch (Error e) {
      breakdown.halt("the holds met " + e);
    } finally {
      close();
    }
  }

  private void close() {
    search.close();
    try {
      consumer.close(CloseOptions.timeout(Duration.ofSeconds(10)));
    } catch (KafkaException e) {
      log.warn(
          "the consumer did not leave its group cleanly; its partitions move after the session"
              + " timeout",
          e);
    }
  }

  private void turn() {
    take(consumer.poll(patience()));
    publish();
    restore();
    tails();
    search();
    hop();
    applyPauses();
    measure();
    turnedAt = clock.instant();
  }

  /** How long nothing needs to be done. */
  private Duration patience() {
    if (!restoring.isEmpty()) {
      return POLL_BUSY;
    }
    Instant now = clock.instant();
    if (search.isUnderWay()) {
      return POLL_BUSY;
    }
    Instant next = now.plus(POLL);
    for (HeldPartition partition : held.values()) {
      Instant readyAt = partition.readyAt();
      if (readyAt != null || partition.wanted() > 0) {
        Instant movesAt = readyAt == null || partition.wanted() > 0 ? hopAt : later(readyAt, hopAt);
        next = movesAt.isBefore(next) ? movesAt : next;
      }
    }
    return next.isAfter(now) ? Duration.between(now, next) : Duration.ZERO;
  }

  private void take(ConsumerRecords<byte[], byte[]> records) {
    records.nextOffsets().forEach(epochs::pass);
    for (TopicPartition partition : records.partitions()) {
      HeldPartition state = held.get(partition);
      if (state == null) {
        throw new IllegalStateException("records of " + partition + ", whose offset is not known");
      }
      state.polled(records.records(partition));
    }
  }

  /** Looks for what people ask for, a little at a time, while there is room for what it finds. */
  private void search() {
    long found = held.values().stream().mapToLong(HeldPartition::wantedBytes).sum();
    if (found < WANTED_BYTES) {
      search.goOn(held);
    }
  }

  // Moving

  private void hop() {
    Instant now = clock.instant();
    if (now.isBefore(hopAt) && (refusals > 0 || !hasFullLoad(now))) {
      return;
    }
    Hop hop = nextHop(now);
    Ownership snapshot = ownership;
    if (hop.offsets().isEmpty()) {
      return;
    }
    if (snapshot == null || !snapshot.covers(hop.offsets().keySet())) {
      // The group is changing: the callback that says how comes with one of the next polls.
      hopAt = now.plus(REFUSED_PAUSE);
      return;
    }
    Instant begin = clock.instant();
    switch (transaction.write(hop, snapshot)) {
      case COMMITTED -> {
        metrics.transaction(Duration.between(begin, clock.instant()));
        moved(hop);
      }
      case REFUSED -> refused();
      case BROKEN -> stopped = true;
    }
  }

  /**
   * Whether waiting for more makes no sense: a partition that has its share moves as a whole, or so
   * much is asked for that it fills a transaction.
   */
  private boolean hasFullLoad(Instant now) {
    return full.stream().anyMatch(each -> of(each).isAllReady(now) || of(each).isInHaste())
        || held.values().stream().mapToInt(HeldPartition::wanted).sum() >= HOP_RECORDS;
  }

  private Hop nextHop(Instant now) {
    var load = new Departure.Load(HOP_RECORDS, HOP_BYTES);
    var moved = new LinkedHashMap<HeldPartition, Departure>();
    inTurn().forEach(partition -> moved.put(partition, new Departure(partition)));
    // What is due goes first: what is asked for gets the room that is left.
    moved.values().forEach(each -> each.takeReady(now, load));
    moved.values().forEach(each -> each.takeWanted(load));
    moved
        .entrySet()
        .removeIf(each ->
            each.getValue().records().isEmpty() && !isToBeCommittedAlone(each.getKey(), now));
    var records = new ArrayList<ProducerRecord<byte[], byte[]>>();
    var offsets = new HashMap<TopicPartition, OffsetAndMetadata>();
    moved.forEach((partition, departure) -> {
      departure.records().forEach(record -> records.add(passage.next(record, now)));
      offsets.put(
          partition.partition(),
          new OffsetAndMetadata(
              departure.watermark(), departure.beyond().write(topicId(partition.partition()))));
    });
    return new Hop(records, moved, offsets);
  }

  private static boolean isToBeCommittedAlone(HeldPartition partition, Instant now) {
    Instant idleSince = partition.committedAt();
    return (partition.hasGapAtTail() && now.isAfter(idleSince.plus(TAIL_PERIOD)))
        || now.isAfter(idleSince.plus(RECOMMIT_AFTER));
  }

  /** Another one is the first each time, so that none waits for others that are always ready. */
  private List<HeldPartition> inTurn() {
    var all = new ArrayList<>(held.values());
    if (!all.isEmpty()) {
      firstToMove = (firstToMove + 1) % all.size();
      Collections.rotate(all, firstToMove);
    }
    return all;
  }

  private void moved(Hop hop) {
    refusals = 0;
    Instant now = clock.instant();
    hopAt = now.plus(PERIOD);
    hop.moved()
        .forEach((partition, departure) -> {
          partition.moved(departure, now);
          metrics.moved(partition.hold(), departure.records().size());
        });
  }

  /** What was to move is still in memory and tried again, as far as it is still owned then. */
  private void refused() {
    refusals++;
    hopAt = clock.instant().plus(REFUSED_PAUSE);
    if (refusals >= MAX_REFUSALS) {
      breakdown.restart(
          refusals + " moves of held jobs in a row were refused",
          new IllegalStateException("see the log above"));
      stopped = true;
    }
  }

  /** Markers at the end of a partition show in the consumer's position only. */
  private void tails() {
    Instant now = clock.instant();
    if (now.isBefore(tailsAt)) {
      return;
    }
    tailsAt = now.plus(TAIL_PERIOD);
    for (HeldPartition partition : List.copyOf(held.values())) {
      try {
        partition.standsAt(consumer.position(partition.partition(), CALL_TIMEOUT));
      } catch (TimeoutException e) {
        // It is being compared with a new leader's log; a later look will do.
        log.debug("the position in {} is not known now", partition.partition(), e);
        return;
      }
    }
  }

  private void applyPauses() {
    long share =
        Math.clamp(MEMORY_BYTES / Math.max(1, held.size()), MIN_SHARE_BYTES, MAX_SHARE_BYTES);
    for (HeldPartition partition : held.values()) {
      if (partition.bytes() >= share) {
        full.add(partition.partition());
      } else if (partition.bytes() < share / 2) {
        full.remove(partition.partition());
      }
    }
    var wanted = new HashSet<>(full);
    wanted.addAll(restoring);
    // Partitions that are newly assigned arrive unpaused, so the whole set is laid down each time.
    consumer.pause(wanted);
    var resumed = new HashSet<>(consumer.paused());
    resumed.removeAll(wanted);
    if (!resumed.isEmpty()) {
      consumer.resume(resumed);
    }
  }

  private void measure() {
    Instant now = clock.instant();
    if (now.isBefore(measureAt)) {
      return;
    }
    measureAt = now.plus(MEASURE_PERIOD);
    var waiting = new HashMap<Duration, Long>();
    holds.values().forEach(hold -> waiting.put(hold, 0L));
    if (!held.isEmpty()) {
      try {
        consumer
            .endOffsets(Set.copyOf(held.keySet()), CALL_TIMEOUT)
            .forEach((partition, end) -> {
              HeldPartition state = held.get(partition);
              if (state != null) {
                waiting.merge(
                    state.hold(), end - state.committed() - state.moved().count(), Long::sum);
              }
            });
      } catch (TimeoutException e) {
        log.debug("the ends of the hold topics are not known now", e);
        return;
      }
    }
    waiting.forEach(metrics::waiting);
  }

  // Ownership

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    if (!partitions.isEmpty()) {
      log.debug("holds {}", partitions);
      consumer.pause(partitions);
      restoring.addAll(partitions);
    }
    publish();
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    letGo(partitions);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> partitions) {
    if (!partitions.isEmpty()) {
      log.warn("lost {}: this worker was out of touch with its group", partitions);
    }
    letGo(partitions);
  }

  /** What is in memory was not moved: the next owner reads it again. */
  private void letGo(Collection<TopicPartition> partitions) {
    held.keySet().removeAll(partitions);
    restoring.removeAll(partitions);
    full.removeAll(partitions);
    epochs.forget(partitions);
    Ownership before = ownership;
    if (before != null) {
      var rest = new HashSet<>(before.partitions());
      rest.removeAll(partitions);
      ownership = new Ownership(before.group(), rest, epochs);
    }
  }

  private void publish() {
    Ownership before = ownership;
    var group = consumer.groupMetadata();
    Set<TopicPartition> assigned = consumer.assignment();
    if (before == null || !before.partitions().equals(assigned) || !before.group().equals(group)) {
      ownership = new Ownership(group, assigned, epochs);
    }
  }

  /** Begins with partitions that are new where their former owners stopped. */
  private void restore() {
    if (restoring.isEmpty() || clock.instant().isBefore(restoreAt)) {
      return;
    }
    Map<TopicPartition, OffsetAndMetadata> committed;
    try {
      committed = consumer.committed(restoring, CALL_TIMEOUT);
    } catch (TimeoutException e) {
      // An open transaction of the former owner holds the offset back: the others go on meanwhile.
      restoreAt = clock.instant().plus(UNSTABLE_PAUSE);
      log.debug("the offsets of {} are not stable yet", restoring, e);
      return;
    }
    for (TopicPartition partition : List.copyOf(restoring)) {
      OffsetAndMetadata offset = committed.get(partition);
      if (offset == null) {
        breakdown.die(
            "the holds have no committed offset for "
                + partition
                + ": it has expired or was deleted, so no one knows which jobs have moved on");
        stopped = true;
        return;
      }
      MovedOffsets moved;
      switch (MovedOffsets.read(
          offset.offset(), topicId(partition), offset.metadata(), metadataChars)) {
        case MovedOffsets.Restored.Moved(MovedOffsets offsets) -> moved = offsets;
        case MovedOffsets.Restored.Unreadable(String reason) -> {
          breakdown.die(
              "the metadata of the holds' committed offset for "
                  + partition
                  + " can't be trusted, so no one knows which jobs have moved on: "
                  + reason);
          stopped = true;
          return;
        }
      }
      consumer.seek(partition, offset);
      epochs.begin(partition, offset);
      held.put(
          partition,
          new HeldPartition(
              partition,
              Objects.requireNonNull(holds.get(partition.topic())),
              passage::isWanted,
              offset.offset(),
              moved,
              clock.instant()));
      restoring.remove(partition);
    }
  }

  /** Guards against a topic that was deleted and made anew. */
  private Uuid topicId(TopicPartition partition) {
    return Objects.requireNonNull(topicIds.get(partition.topic()));
  }

  private HeldPartition of(TopicPartition partition) {
    return Objects.requireNonNull(held.get(partition));
  }

  private static Instant later(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }
}
