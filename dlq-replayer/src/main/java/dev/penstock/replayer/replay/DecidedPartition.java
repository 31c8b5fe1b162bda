package dev.penstock.replayer.replay;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanId;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.LogUnavailableException;
import dev.penstock.runtime.ownership.PartitionLog;
import dev.penstock.topic.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what the {@link Decider} of one partition wants, on the one thread that runs it. Kafka
 * stands behind it; nothing is decided here.
 *
 * <p>Safety does not depend on who believes to own the partition: the ledger lets only the last one
 * that opened it commit, and each one reads it to its end before it decides. After a commit of
 * which nobody knows whether it was done, everything in memory is forgotten and the ledger read
 * anew.
 */
public final class DecidedPartition implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(DecidedPartition.class);

  /** How soon a new plan is seen. */
  private static final Duration LOOK = Duration.ofMillis(100);

  /** How soon an outcome is seen, and a plan's change. */
  private static final Duration FOLLOW = Duration.ofMillis(50);

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final int partition;
  private final Parts parts;
  private final NextRecords records;
  private volatile boolean stopped;
  private volatile @Nullable String problem;

  /**
   * What it works with.
   *
   * @param log makes the partition's ledger; not open
   * @param cutter cuts the log of dead letters
   * @param consumers makes consumers of committed records, with {@code auto.offset.reset=none}, by
   *     what they are for
   * @param rest how long it rests when Kafka did not let it go on
   */
  public record Parts(
      Topics topics,
      Supplier<PartitionLog> log,
      LogCutter cutter,
      Function<String, Consumer<byte[], byte[]>> consumers,
      Orders orders,
      InstantSource clock,
      Pauses pauses,
      Duration rest,
      Witness witness) {}

  /** Is told what was done. */
  @FunctionalInterface
  public interface Witness {
    /** Looks away. */
    Witness NONE = _ -> {};

    /** All of it is committed. */
    void committed(Step.Write write);
  }

  /** What the plans want. */
  public interface Orders {
    /** Whether any plan wants anything of the partition. */
    boolean hasWork(int partition);

    /** Changes when what is wanted may have. */
    long version();

    /** All that is wanted of the partition. */
    List<Order> orders(int partition);

    /** Whether nothing will be wanted for the plan any more, unless it is undone. */
    boolean hasEnded(PlanId plan);

    /** Waits for all that is committed now; returns whether it has come. */
    boolean catchUp(Duration patience) throws InterruptedException;
  }

  public DecidedPartition(int partition, Parts parts) {
    this.partition = partition;
    this.parts = parts;
    this.records = new NextRecords(parts.topics(), partition);
  }

  @Override
  public void run() {
    try {
      while (!stopped) {
        if (parts.orders().hasWork(partition)) {
          decideWhileWanted();
        } else {
          parts.pauses().pause(LOOK);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void decideWhileWanted() throws InterruptedException {
    try {
      decide();
    } catch (InterruptException e) {
      throw new InterruptedException(e.getMessage());
    } catch (LogUnavailableException | KafkaException e) {
      log.warn(
          "can't decide about the dead letters of partition {}: {}", partition, e.getMessage());
      rest(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      log.error("can't decide about the dead letters of partition {}", partition, e);
      rest(String.valueOf(e.getMessage()));
    }
  }

  private void rest(String why) throws InterruptedException {
    problem = "dead letters of partition " + partition + ": " + why;
    parts.pauses().pause(parts.rest());
  }

  /** Until nothing is wanted any more, or another one decides. */
  private void decide() throws LogUnavailableException, InterruptedException {
    var decider = new Decider(parts.orders()::hasEnded);
    try (PartitionLog ledger = parts.log().get()) {
      ledger.open(null, record -> recall(decider, record));
      // What the ledger tells of may stand on plans that were not read yet.
      if (!parts.orders().catchUp(PATIENCE)) {
        throw new LogUnavailableException(
            "the plans were not read to their end in " + PATIENCE, new IllegalStateException());
      }
      try (var letters =
              new LetterReader(
                  parts.consumers().apply("letters-" + partition),
                  new TopicPartition(parts.topics().deadLetters(), partition));
          var outcomes =
              new OutcomeTail(
                  parts.consumers().apply("outcomes-" + partition),
                  new TopicPartition(parts.topics().events(), partition),
                  decider)) {
        decide(decider, ledger, letters, outcomes);
      }
    }
  }

  private void decide(
      Decider decider, PartitionLog ledger, LetterReader letters, OutcomeTail outcomes)
      throws InterruptedException {
    problem = null;
    long seen = Long.MIN_VALUE;
    while (!stopped) {
      long version = parts.orders().version();
      if (version != seen) {
        seen = version;
        decider.orders(parts.orders().orders(partition));
      }
      outcomes.follow(Duration.ZERO);
      switch (decider.next(now())) {
        case Step.Idle _, Step.Recall _ -> {
          return;
        }
        case Step.Cut(OffsetSet purged) -> cut(decider, letters, purged);
        case Step.Watch(Long from) -> outcomes.begin(from);
        case Step.Wait(Instant until) -> follow(outcomes, until);
        case Step.Write write -> {
          if (!write(decider, ledger, write)) {
            return;
          }
        }
        case Step.Read(var selected, long from, int max) -> {
          switch (decider.read(letters.read(selected, from, max), now())) {
            case Step.Write write -> {
              if (!write(decider, ledger, write)) {
                return;
              }
            }
            case Step.Wait(Instant until) -> follow(outcomes, until);
            case Step other -> throw new IllegalStateException("not after reading: " + other);
          }
        }
      }
    }
  }

  private void cut(Decider decider, LetterReader letters, OffsetSet purged) {
    try {
      long to = letters.firstToKeep(purged);
      parts.cutter().cut(new TopicPartition(parts.topics().deadLetters(), partition), to);
      decider.cut(to);
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      log.warn(
          "purged dead letters of partition {} can't be cut from the log now: {}",
          partition,
          e.getMessage());
      decider.notCut(now());
    }
  }

  private void follow(OutcomeTail outcomes, @Nullable Instant until) {
    Duration left = until == null ? FOLLOW : Duration.between(now(), until);
    if (left.isPositive()) {
      // Not before the millisecond of that moment is over: the decider's time is in milliseconds.
      outcomes.follow(left.compareTo(FOLLOW) < 0 ? left.plusMillis(1) : FOLLOW);
    }
  }

  /** Whether this is still the one that decides. */
  private boolean write(Decider decider, PartitionLog ledger, Step.Write write)
      throws InterruptedException {
    switch (ledger.commit(records.of(write))) {
      case Commit.Committed _ -> {
        decider.written();
        parts.witness().committed(write);
        return true;
      }
      case Commit.Aborted(String reason) -> {
        decider.notWritten();
        log.warn(
            "a step of the dead letters of partition {} was not taken and is tried again: {}",
            partition,
            reason);
        parts.pauses().pause(parts.rest());
        return true;
      }
      case Commit.Fenced _ -> {
        log.info("another replayer decides about the dead letters of partition {}", partition);
        // The group is to say whether the partition is ours.
        parts.pauses().pause(parts.rest().multipliedBy(3));
        return false;
      }
      case Commit.Unknown(String reason) -> {
        log.warn(
            "nobody knows whether a step of the dead letters of partition {} was taken; the ledger"
                + " tells: {}",
            partition,
            reason);
        parts.pauses().pause(parts.rest());
        return false;
      }
    }
  }

  private static void recall(Decider decider, ConsumerRecord<byte[], byte[]> record) {
    switch (JsonCodec.LEDGER.decode(record.value())) {
      case Decoded.Value<LedgerRecord>(LedgerRecord known) -> decider.recall(known);
      case Decoded.Refused<LedgerRecord>(String reason) ->
          throw new IllegalStateException(
              record.topic()
                  + "-"
                  + record.partition()
                  + " has a record at offset "
                  + record.offset()
                  + " that can't be read: "
                  + reason
                  + "; what is not known to be replayed would be replayed twice, so nothing is");
    }
  }

  private Instant now() {
    return parts.clock().instant().truncatedTo(ChronoUnit.MILLIS);
  }

  /** Why it can't decide; null while it can. */
  public @Nullable String problem() {
    return problem;
  }

  /** It decides nothing more after the step that it is about to take. */
  public void stop() {
    stopped = true;
  }
}
