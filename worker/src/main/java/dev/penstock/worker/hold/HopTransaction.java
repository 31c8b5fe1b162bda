package dev.penstock.worker.hold;

import dev.penstock.worker.claim.Ownership;
import dev.penstock.worker.core.Breakdown;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a hop as one transaction, open for milliseconds. A commit whose result is unknown is
 * repeated, never redone. For one thread.
 */
final class HopTransaction {
  private static final Logger log = LoggerFactory.getLogger(HopTransaction.class);

  private final Producer<byte[], byte[]> producer;
  private final InstantSource clock;
  private final Duration commitPatience;
  private final Breakdown breakdown;

  /** What became of it. */
  enum Result {
    COMMITTED,
    /** Nothing of it is visible; it may be tried again. */
    REFUSED,
    /** {@link Breakdown} was told. */
    BROKEN
  }

  /**
   * @param producer with {@code initTransactions} done
   * @param commitPatience how long a commit with an unknown result is repeated
   */
  HopTransaction(
      Producer<byte[], byte[]> producer,
      InstantSource clock,
      Duration commitPatience,
      Breakdown breakdown) {
    this.producer = producer;
    this.clock = clock;
    this.commitPatience = commitPatience;
    this.breakdown = breakdown;
  }

  /** Writes {@code hop} as the member that {@code ownership} tells; it covers all partitions. */
  Result write(Hop hop, Ownership ownership) {
    try {
      producer.beginTransaction();
      for (ProducerRecord<byte[], byte[]> record : hop.records()) {
        // A failed send fails the commit.
        var _ = producer.send(record);
      }
      producer.sendOffsetsToTransaction(ownership.stamped(hop.offsets()), ownership.group());
    } catch (KafkaException e) {
      return failed(e);
    }
    Instant deadline = clock.instant().plus(commitPatience);
    while (true) {
      try {
        producer.commitTransaction();
        return Result.COMMITTED;
      } catch (TimeoutException e) {
        if (clock.instant().isAfter(deadline)) {
          breakdown.restart("the result of a commit stayed unknown for " + commitPatience, e);
          return Result.BROKEN;
        }
        log.warn("the result of a commit is unknown; asks again", e);
      } catch (KafkaException e) {
        return failed(e);
      }
    }
  }

  private Result failed(KafkaException cause) {
    return switch (cause) {
      case InterruptException e -> throw e;
      case ProducerFencedException e -> fenced(e);
      case AuthenticationException e -> refusedByKafka(e);
      case AuthorizationException e -> refusedByKafka(e);
      case UnsupportedVersionException e -> refusedByKafka(e);
      case CommitFailedException e -> abort("its member of the group is out of date", e);
      default -> abort("the transaction failed", cause);
    };
  }

  private Result fenced(ProducerFencedException cause) {
    breakdown.restart(
        "the producer of the holds was fenced: a transaction timed out while this process stood"
            + " still, or two workers have the same worker.id; give each its own",
        cause);
    return Result.BROKEN;
  }

  private Result refusedByKafka(KafkaException cause) {
    breakdown.die("Kafka refuses this worker: " + cause.getMessage());
    return Result.BROKEN;
  }

  private Result abort(String why, KafkaException cause) {
    try {
      producer.abortTransaction();
    } catch (KafkaException e) {
      e.addSuppressed(cause);
      breakdown.restart("a transaction of the holds could not be aborted", e);
      return Result.BROKEN;
    }
    log.warn("held jobs were not moved ({}); nothing of it is visible", why, cause);
    return Result.REFUSED;
  }
}
