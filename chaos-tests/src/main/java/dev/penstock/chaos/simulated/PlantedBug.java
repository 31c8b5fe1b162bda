package dev.penstock.chaos.simulated;

import dev.penstock.chaos.simulated.kafka.SimConsumer;
import dev.penstock.chaos.simulated.kafka.SimKafka;
import dev.penstock.chaos.simulated.kafka.SimProducer;
import dev.penstock.chaos.simulated.strand.SimProcess;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Attempt;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.Ordering;
import dev.penstock.job.Outcome;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.replay.DecidedPartition;
import dev.penstock.replayer.replay.Order;
import dev.penstock.streams.order.Line;
import dev.penstock.worker.Retries;
import dev.penstock.worker.admit.AdmissionConfig;
import dev.penstock.worker.admit.BreakerRule;
import dev.penstock.worker.core.CoreLimits;
import dev.penstock.worker.window.Custody;
import dev.penstock.worker.window.WindowMetadata;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * A mistake that a worker or replayer could make, planted into the clients, limits or clock that
 * the real one is given. The laws must find each of them: what they would not find, they could not
 * prove to be absent.
 */
enum PlantedBug {
  /** The worker as it is. */
  NONE("-"),

  // Outcomes and offsets in one transaction

  OFFSETS_BEFORE_OUTCOMES("2") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new Halves(kafka, process, settings, true);
    }
  },
  OUTCOMES_BEFORE_OFFSETS("2") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new Halves(kafka, process, settings, false);
    }
  },
  /** What Kafka refused is taken for done. */
  FORGETS_REFUSED_BATCHES("2") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new SimProducer(kafka, process, settings) {
        private boolean refused;

        @Override
        public void sendOffsetsToTransaction(
            Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {
          try {
            super.sendOffsetsToTransaction(offsets, group);
          } catch (KafkaException _) {
            refused = true;
            super.abortTransaction();
          }
        }

        @Override
        public void commitTransaction() {
          if (!refused) {
            super.commitTransaction();
          }
          refused = false;
        }
      };
    }
  },

  // Rule 1: fencing

  /** Offsets are sent without the member, so the broker checks nothing. */
  COMMITS_FOR_ANYONE("1") {
    @Override
    @SuppressWarnings("removal") // that it can still be made is the point
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new SimProducer(kafka, process, settings) {
        @Override
        public void sendOffsetsToTransaction(
            Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {
          super.sendOffsetsToTransaction(offsets, new ConsumerGroupMetadata(group.groupId()));
        }
      };
    }
  },
  /** Partitions that went away stay in the windows, and are committed with the newest epoch. */
  FRESH_METADATA_WITH_STALE_WINDOWS("1") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new Hoarder(kafka, process, settings);
    }
  },

  // Rule 2: what is read back on assignment

  SEEKS_PAST_THE_COMMITTED_OFFSET("2") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new SimConsumer(kafka, process, settings) {
        @Override
        public void seek(TopicPartition partition, long offset) {
          super.seek(partition, offset == 0 ? 0 : offset + 1);
        }
      };
    }
  },
  /** The offsets of the former owner are read while its transaction may still change them. */
  READS_UNSTABLE_OFFSETS("2") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new SimConsumer(kafka, process, settings) {
        @Override
        public Map<TopicPartition, OffsetAndMetadata> committed(
            Set<TopicPartition> partitions, Duration timeout) {
          var all = new HashMap<TopicPartition, OffsetAndMetadata>();
          for (TopicPartition partition : partitions) {
            OffsetAndMetadata offset =
                kafka.committed(String.valueOf(settings.get("group.id")), partition);
            if (offset != null) {
              all.put(partition, offset);
            }
          }
          return all;
        }
      };
    }
  },
  /** What is finished beyond the committed offset is not written down. */
  FORGETS_WHAT_IS_FINISHED_BEYOND("2") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return describing(kafka, process, settings, _ -> "");
    }
  },

  // Rule 3: unknown results of commits

  REDOES_AFTER_UNKNOWN_COMMIT("3") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new SimProducer(kafka, process, settings) {
        private boolean begunAnew;

        @Override
        public void commitTransaction() {
          try {
            super.commitTransaction();
          } catch (TimeoutException e) {
            beginAnew();
            begunAnew = true;
            throw new KafkaException("it will not have worked", e);
          }
        }

        @Override
        public void abortTransaction() {
          if (!begunAnew) {
            super.abortTransaction();
          }
          begunAnew = false;
        }
      };
    }
  },
  TAKES_UNKNOWN_COMMIT_FOR_DONE("3") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new SimProducer(kafka, process, settings) {
        @Override
        public void commitTransaction() {
          try {
            super.commitTransaction();
          } catch (TimeoutException _) {
            beginAnew();
          }
        }
      };
    }
  },

  // Rule 4: gaps

  /** Markers at the end of a partition are waited for as if they were records. */
  WAITS_FOR_MARKERS("4") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new SimConsumer(kafka, process, settings) {
        private final Map<TopicPartition, Long> seen = new HashMap<>();

        @Override
        public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
          var records = super.poll(timeout);
          records.forEach(record ->
              seen.put(
                  new TopicPartition(record.topic(), record.partition()), record.offset() + 1));
          return records;
        }

        @Override
        public long position(TopicPartition partition, Duration timeout) {
          return Math.min(super.position(partition, timeout), seen.getOrDefault(partition, 0L));
        }
      };
    }
  },
  /** What was not handed over yet counts as a gap. */
  TAKES_WHAT_COMES_FOR_A_GAP("4") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new SimConsumer(kafka, process, settings) {
        @Override
        public long position(TopicPartition partition, Duration timeout) {
          return Math.max(super.position(partition, timeout), kafka.log(partition).lastStable());
        }
      };
    }
  },
  READS_ABORTED_RECORDS("4") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return kafka.consumer(process, with(settings, "isolation.level", "read_uncommitted"));
    }
  },

  // Rule 5: sizes

  /** Metadata that gets long is cut, instead of claiming less. */
  CUTS_LONG_METADATA("5") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return describing(
          kafka, process, settings, metadata -> metadata.length() > LONG_METADATA ? "" : metadata);
    }
  },
  /** Metadata is sent without looking whether the broker takes it. */
  SENDS_METADATA_OF_ANY_SIZE("5") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return describing(
          kafka,
          process,
          settings,
          metadata -> metadata.length() > LONG_METADATA ? metadata + "x".repeat(4096) : metadata);
    }
  },

  // Rule 6: nothing vanishes

  MISSING_OFFSET_IS_THE_BEGINNING("6") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new Trusting(kafka, process, with(settings, "auto.offset.reset", "earliest"));
    }
  },
  UNREADABLE_METADATA_IS_EMPTY("6") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new Trusting(kafka, process, settings);
    }
  },

  // Rule 7: jobs that kill their worker's process

  FORGETS_DEATHS("7") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return inCustody(kafka, process, settings, _ -> Custody.FREE);
    }
  },
  TAKES_EVERYONE_FOR_A_KILLER("7") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return inCustody(
          kafka,
          process,
          settings,
          custody -> new Custody(custody.process(), 10, custody.suspect(), custody.onTrial(), 10));
    }
  },

  // Rule 8 is the intake's; law 8: poison

  DROPS_POISON("8") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return rewriting(
          kafka, process, settings, record -> isPoisonLetter(record) ? List.of() : List.of(record));
    }
  },

  // Rule 9: cancel and expiry

  CLAIMS_BEFORE_CONTROL_IS_READ("9") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new SimConsumer(kafka, process, settings) {
        @Override
        public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
          var ends = new HashMap<TopicPartition, Long>();
          partitions.forEach(partition -> ends.put(partition, 0L));
          return ends;
        }
      };
    }
  },
  /** Every worker that hears of a cancellation decides it. */
  CANCEL_IS_DECIDED_BY_ANYONE("9") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new Decider(kafka, process, settings);
    }
  },
  /** Calls that run are not told of anything. */
  LETS_CANCELLED_CALLS_RUN("9") {
    @Override
    boolean interruptsCalls() {
      return false;
    }
  },
  /** Who asks after the worker has begun asks in vain. */
  IGNORES_LATER_CANCELS("9") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new WithoutCancels(kafka, process, settings);
    }
  },
  CALLS_AFTER_THE_DEADLINE("9") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return reading(
          kafka,
          process,
          settings,
          record -> withJob(record, withExpiry(record.job(), null), record.dueAt()));
    }
  },

  // Rule 10: order

  DROPS_THE_ORDERING_LOCK_ON_RETRY("10") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return rewriting(
          kafka,
          process,
          settings,
          record -> {
            ProducerRecord<byte[], byte[]> release = isWaiting(record) ? release(record) : null;
            return release == null ? List.of(record) : List.of(record, release);
          });
    }
  },
  OBEYS_A_RELEASE_THAT_NAMES_ANOTHER_JOB("10") {
    @Override
    OrderedRecord sequenced(OrderedRecord record, Line.@Nullable Head head) {
      return record instanceof OrderedRecord.Release && head != null
          ? new OrderedRecord.Release(head.job(), head.generation())
          : record;
    }
  },
  /** A dead letter lets the next one run although its job is to block its key. */
  NEVER_BLOCKS_A_KEY("10") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return reading(
          kafka,
          process,
          settings,
          record -> withJob(record, releasing(record.job()), record.dueAt()));
    }
  },
  /** Whoever left its line because it is to be cancelled is run like any other. */
  RUNS_WHAT_LEFT_ITS_LINE("10") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return reading(
          kafka,
          process,
          settings,
          record ->
              new JobRecord(record.job(), record.generation(), record.attempts(), record.dueAt()));
    }
  },
  /** Jobs are let through in one transaction, and the offsets committed in another. */
  SEQUENCES_BEFORE_ITS_OFFSETS("10") {
    @Override
    Producer<byte[], byte[]> sequencerProducer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new Halves(kafka, process, settings, false);
    }
  },

  // Rule 11 and law 4: time and attempts

  RETRIES_EARLY("11") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return reading(
          kafka,
          process,
          settings,
          record ->
              record.dueAt() == null
                  ? record
                  : withJob(record, record.job(), record.dueAt().minusMillis(700)));
    }
  },
  RETRIES_LATE("11") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return reading(
          kafka,
          process,
          settings,
          record -> {
            if (record.dueAt() == null || record.attempts().isEmpty()) {
              return record;
            }
            Attempt last = record.attempts().getLast();
            // The same wherever the record is read, so that it is late once and not for ever.
            Instant late = last.startedAt().plus(last.latency()).plusSeconds(5);
            return withJob(
                record, record.job(), late.isAfter(record.dueAt()) ? late : record.dueAt());
          });
    }
  },
  CLOCK_IS_OFF("11") {
    @Override
    Duration clockBound() {
      return Duration.ofDays(1);
    }

    @Override
    Duration clockOffset(String worker) {
      return worker.equals("w1") ? Duration.ofSeconds(-2) : Duration.ZERO;
    }
  },
  IGNORES_RETRY_AFTER("11") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return rewriting(kafka, process, settings, record -> List.of(dueAtOnce(record)));
    }
  },
  TRUSTS_ALL_CLOCKS("11") {
    @Override
    Duration clockMargin() {
      return Duration.ZERO;
    }
  },
  TRIES_WITHOUT_END("11") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return reading(
          kafka,
          process,
          settings,
          record -> withJob(record, withAttempts(record.job(), Job.MAX_ATTEMPTS), record.dueAt()));
    }
  },
  GIVES_UP_AT_ONCE("11") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return reading(
          kafka,
          process,
          settings,
          record -> withJob(record, withAttempts(record.job(), 1), record.dueAt()));
    }
  },

  RUNS_BEFORE_ITS_TIME("11") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return reading(
          kafka,
          process,
          settings,
          record -> record.attempts().isEmpty() ? withJob(record, record.job(), null) : record);
    }
  },
  LOSES_HELD_JOBS("6") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return isOfHolds(settings)
          ? rewriting(kafka, process, settings, _ -> List.of())
          : kafka.producer(process, settings);
    }
  },
  MOVES_HELD_JOBS_TWICE("2") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return isOfHolds(settings)
          ? rewriting(kafka, process, settings, record -> List.of(record, record))
          : kafka.producer(process, settings);
    }
  },
  /** A held job is moved in one transaction, and its offset committed in another. */
  MOVES_HELD_JOBS_BEFORE_THEIR_OFFSETS("2") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return isOfHolds(settings)
          ? new Halves(kafka, process, settings, false)
          : kafka.producer(process, settings);
    }
  },

  // What leaves the holds before its time

  /** What has moved from amid a hold is not written down. */
  FORGETS_WHAT_MOVED_BEYOND("2") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return describing(
          kafka, process, settings, metadata -> metadata.startsWith(MOVED) ? "" : metadata);
    }
  },
  /** What is said to have moved is believed, whatever topic it is said of. */
  BELIEVES_WHAT_MOVED_IN_ANOTHER_TOPIC("6") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new SimConsumer(kafka, process, settings) {
        @Override
        public Map<TopicPartition, OffsetAndMetadata> committed(
            Set<TopicPartition> partitions, Duration timeout) {
          var all = new HashMap<>(super.committed(partitions, timeout));
          all.replaceAll((partition, offset) ->
              offset != null && partition.topic().contains("hold-")
                  ? new OffsetAndMetadata(
                      offset.offset(), ofTopic(kafka.topicId(partition.topic()), offset.metadata()))
                  : offset);
          return all;
        }
      };
    }
  },
  /** Who is asked to run a job now runs its next attempts at once, too. */
  HURRIES_A_LATER_WAIT("11") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return hearing(
          kafka,
          process,
          settings,
          request ->
              new RetryNowRequest(
                  request.jobId(),
                  request.generation(),
                  request.attempts() + 1,
                  request.requestedAt()));
    }
  },
  /** Who is asked to run a job now does so when it is due. */
  HURRIES_NOBODY("11") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return hearing(
          kafka,
          process,
          settings,
          request ->
              new RetryNowRequest(
                  request.jobId(),
                  request.generation() + 1,
                  request.attempts(),
                  request.requestedAt()));
    }
  },
  /** Jobs that are asked for are found when their hold has passed, and not before. */
  NEVER_SEARCHES_THE_HOLDS("11") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return new SimConsumer(kafka, process, settings) {
        @Override
        public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
          var records = super.poll(timeout);
          return String.valueOf(settings.get("client.id")).endsWith("-hold-search")
              ? ConsumerRecords.empty()
              : records;
        }
      };
    }
  },

  // Rule 12: open transactions of workers that are gone

  LEAVES_TRANSACTIONS_OPEN("12") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      var careless =
          with(settings, "transactional.id", settings.get("transactional.id") + process.unique());
      careless.put("transaction.timeout.ms", Duration.ofMinutes(15).toMillis());
      return kafka.producer(process, careless);
    }
  },

  // The one invariant, and what is told

  /** Some: where all are, jobs that wait for a provider double until there is no memory left. */
  WRITES_RETRIES_TWICE("2") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      var left = new AtomicInteger(5);
      return rewriting(
          kafka,
          process,
          settings,
          record ->
              isWaiting(record) && left.getAndDecrement() > 0
                  ? List.of(record, record)
                  : List.of(record));
    }
  },
  LOSES_DEAD_LETTERS("8") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return rewriting(
          kafka,
          process,
          settings,
          record ->
              record.topic().endsWith("dead-letters") && !isPoisonLetter(record)
                  ? List.of()
                  : List.of(record));
    }
  },
  DEAD_LETTERS_NAME_ANOTHER_RECORD("8") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return rewriting(kafka, process, settings, record -> List.of(fromElsewhere(record)));
    }
  },
  HIDES_CALLS("2") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return rewriting(
          kafka,
          process,
          settings,
          record -> event(record) instanceof JobEvent.AttemptStarted ? List.of() : List.of(record));
    }
  },

  // Law 5

  SLOW_JOBS_BLOCK_OTHERS("5") {
    @Override
    CoreLimits limits(CoreLimits limits) {
      return new CoreLimits(
          1,
          limits.windowJobs(),
          limits.claimedBytes(),
          limits.batchRecords(),
          limits.commitLinger(),
          limits.waiting(),
          CoreLimits.LaneRule.DEFAULT);
    }
  },

  // Routes and breakers

  NEVER_SPARES_WHO_IS_ILL("admission") {
    @Override
    AdmissionConfig admission(AdmissionConfig right) {
      return new AdmissionConfig(right.routes(), BreakerRule.OFF);
    }
  },
  HALF_OPEN_LETS_ALL_THROUGH("admission") {
    @Override
    AdmissionConfig admission(AdmissionConfig right) {
      BreakerRule rule = right.breaker();
      return new AdmissionConfig(
          right.routes(),
          new BreakerRule(
              rule.enabled(),
              rule.failurePercent(),
              rule.slow(),
              rule.minimumCalls(),
              rule.window(),
              rule.open(),
              rule.longestOpen(),
              1_000));
    }
  },
  /** Waiting in a hold counts as an attempt. */
  HOLDS_BURN_ATTEMPTS("admission") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return isOfHolds(settings)
          ? kafka.producer(process, settings)
          : rewriting(kafka, process, settings, record -> List.of(withAttemptForTheHold(record)));
    }
  },
  FAILS_OVER_WITHOUT_END("admission") {
    @Override
    Consumer<byte[], byte[]> consumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return reading(
          kafka,
          process,
          settings,
          record ->
              record.job().model().equals(Scenario.Targets.ROUTE)
                  ? withJob(record, withAttempts(record.job(), Job.MAX_ATTEMPTS), record.dueAt())
                  : record);
    }
  },

  // Rule 16: priorities

  RETRIES_LOSE_THEIR_PRIORITY("16") {
    @Override
    Producer<byte[], byte[]> producer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return rewriting(kafka, process, settings, record -> List.of(inTheNormalLane(record)));
    }
  },
  STARVES_LOW_PRIORITY("16") {
    @Override
    CoreLimits limits(CoreLimits limits) {
      int most = CoreLimits.LaneRule.MAX_WEIGHT;
      return withLanes(
          limits,
          new CoreLimits.LaneRule(
              limits.lanes().reservedForHigh(), most, most, 1, Duration.ofDays(1)));
    }
  },
  GIVES_RESERVED_SLOTS_AWAY("16") {
    @Override
    CoreLimits limits(CoreLimits limits) {
      CoreLimits.LaneRule lanes = limits.lanes();
      return withLanes(
          limits,
          new CoreLimits.LaneRule(0, lanes.high(), lanes.normal(), lanes.low(), lanes.ageing()));
    }
  },

  // Rule 13: replays

  /** The new generation is committed first, and then what it follows from. */
  RESOLVES_AFTER_REPLAYING("13") {
    @Override
    Producer<byte[], byte[]> replayerProducer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return inTwoSteps(
          kafka, process, settings, DECIDER, record -> !record.topic().endsWith(LEDGER));
    }
  },
  /** How far a plan has come is committed before what it has decided: whoever follows skips it. */
  PROGRESS_BEFORE_DECISIONS("13") {
    @Override
    Producer<byte[], byte[]> replayerProducer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return inTwoSteps(
          kafka,
          process,
          settings,
          DECIDER,
          record -> record.topic().endsWith(LEDGER) && isProgress(record));
    }
  },
  LEDGER_IS_NOT_READ_TO_ITS_END("13") {
    @Override
    Consumer<byte[], byte[]> replayerConsumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return isClient(settings, "penstock-dlq-reader")
          ? new SimConsumer(kafka, process, settings) {
            @Override
            public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
              var ends = new HashMap<>(super.endOffsets(partitions));
              ends.replaceAll((_, end) -> end / 2);
              return ends;
            }
          }
          : kafka.consumer(process, settings);
    }
  },
  DECIDERS_ARE_NOT_FENCED("13") {
    @Override
    Producer<byte[], byte[]> replayerProducer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return kafka.producer(process, unfenced(process, settings, DECIDER));
    }
  },
  COORDINATORS_ARE_NOT_FENCED("13") {
    @Override
    Producer<byte[], byte[]> replayerProducer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return kafka.producer(process, unfenced(process, settings, COORDINATOR));
    }
  },
  REPLAYS_AGAIN_AFTER_UNKNOWN_COMMIT("13") {
    @Override
    Producer<byte[], byte[]> replayerProducer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return REDOES_AFTER_UNKNOWN_COMMIT.producer(kafka, process, settings);
    }
  },
  TAKES_UNKNOWN_REPLAYS_FOR_DONE("13") {
    @Override
    Producer<byte[], byte[]> replayerProducer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return TAKES_UNKNOWN_COMMIT_FOR_DONE.producer(kafka, process, settings);
    }
  },
  /** What an aborted plan has not come to is given up, so nobody can replay it any more. */
  LOSES_LETTERS_ON_ABORT("13") {
    @Override
    DecidedPartition.Orders orders(DecidedPartition.Orders right) {
      return new Stubborn(right, new Action.Discard("aborted"));
    }
  },
  GOES_ON_AFTER_ABORT("13") {
    @Override
    DecidedPartition.Orders orders(DecidedPartition.Orders right) {
      return new Stubborn(right, null);
    }
  },
  IGNORES_PAUSES("13") {
    @Override
    Consumer<byte[], byte[]> replayerConsumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return planning(
          kafka,
          process,
          settings,
          plan ->
              plan.state() == State.PAUSED
                  ? with(plan, plan.action(), State.RUNNING, plan.stage())
                  : plan);
    }
  },
  /** The rest is replayed at once. */
  IGNORES_THE_CANARY("13") {
    @Override
    Consumer<byte[], byte[]> replayerConsumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return planning(
          kafka,
          process,
          settings,
          plan ->
              plan.state() == State.RUNNING
                      && plan.shares().stream().anyMatch(share -> share.stage() > plan.stage())
                  ? with(plan, plan.action(), plan.state(), plan.stage() + 1)
                  : plan);
    }
  },
  /** Whatever comes of the canary, the rest follows by itself. */
  TRUSTS_EVERY_CANARY("13") {
    @Override
    Consumer<byte[], byte[]> replayerConsumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return isClient(settings, "penstock-replayer-progress")
          ? altering(kafka, process, settings, PlantedBug::allSucceeded)
          : kafka.consumer(process, settings);
    }
  },
  /** Jobs may come back as often as they like. */
  HAS_NO_LOOP_GUARD("13") {
    @Override
    Consumer<byte[], byte[]> replayerConsumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return planning(
          kafka,
          process,
          settings,
          plan ->
              plan.action() instanceof Action.Replay(int _, String patch)
                  ? with(plan, new Action.Replay(1_000, patch), plan.state(), plan.stage())
                  : plan);
    }
  },
  /** Whoever was asked to be cancelled counts as cancelled, whatever came of it. */
  COUNTS_AS_UNDONE_WHAT_HAD_STARTED("13") {
    @Override
    Consumer<byte[], byte[]> replayerConsumer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return isClient(settings, "penstock-replayer-outcomes-")
          ? altering(kafka, process, settings, record -> asCancelled(kafka, record))
          : kafka.consumer(process, settings);
    }
  },
  /** What nobody asked for is not told in the audit. */
  AUDITS_PEOPLE_ONLY("13") {
    @Override
    Producer<byte[], byte[]> replayerProducer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return rewriting(
          kafka,
          process,
          settings,
          record ->
              record.topic().endsWith(AUDIT)
                      && JsonCodec.AUDIT.decode(record.value())
                          instanceof Decoded.Value<AuditEntry>(AuditEntry entry)
                      && entry.who().equals("penstock")
                  ? List.of()
                  : List.of(record));
    }
  },
  /** A plan is changed in one transaction, and the audit told in another. */
  AUDITS_APART("13") {
    @Override
    Producer<byte[], byte[]> replayerProducer(
        SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      return inTwoSteps(
          kafka, process, settings, COORDINATOR, record -> !record.topic().endsWith(AUDIT));
    }
  };

  private final String rule;

  PlantedBug(String rule) {
    this.rule = rule;
  }

  /** The rule of the design that it breaks. */
  String rule() {
    return rule;
  }

  /** Whether it can show only where dead letters are replayed. */
  boolean isOfReplays() {
    return rule.equals("13");
  }

  CoreLimits limits(CoreLimits limits) {
    return limits;
  }

  /** Whether calls hear that they are to end. */
  boolean interruptsCalls() {
    return true;
  }

  /** Who is called for what, and when not. */
  AdmissionConfig admission(AdmissionConfig right) {
    return right;
  }

  /** How much further a worker's clock is off than it may be. */
  Duration clockOffset(String worker) {
    return Duration.ZERO;
  }

  /** How far a worker's clock may be off before it refuses to work. */
  Duration clockBound() {
    return CLOCK_BOUND;
  }

  /** How much later than asked a retry is due, because clocks differ. */
  Duration clockMargin() {
    return Retries.clockMargin(CLOCK_BOUND);
  }

  Producer<byte[], byte[]> producer(
      SimKafka kafka, SimProcess process, Map<String, Object> settings) {
    return kafka.producer(process, settings);
  }

  Consumer<byte[], byte[]> consumer(
      SimKafka kafka, SimProcess process, Map<String, Object> settings) {
    return kafka.consumer(process, settings);
  }

  Producer<byte[], byte[]> sequencerProducer(
      SimKafka kafka, SimProcess process, Map<String, Object> settings) {
    return kafka.producer(process, settings);
  }

  Producer<byte[], byte[]> replayerProducer(
      SimKafka kafka, SimProcess process, Map<String, Object> settings) {
    return kafka.producer(process, settings);
  }

  Consumer<byte[], byte[]> replayerConsumer(
      SimKafka kafka, SimProcess process, Map<String, Object> settings) {
    return kafka.consumer(process, settings);
  }

  /** What the deciders take for the orders of the plans. */
  DecidedPartition.Orders orders(DecidedPartition.Orders right) {
    return right;
  }

  /** What the sequencer takes a record for. */
  OrderedRecord sequenced(OrderedRecord record, Line.@Nullable Head head) {
    return record;
  }

  /** How metadata begins that tells of what has moved. */
  private static final String MOVED = "h1.";

  /** Metadata of a window in which something is finished beyond the watermark is longer. */
  private static final Duration CLOCK_BOUND = Duration.ofMillis(150);

  private static final int LONG_METADATA = 38;

  /** How the ids of those who write for replayers begin, behind the prefix of the topics. */
  private static final String DECIDER = "p.dlq-";

  private static final String COORDINATOR = "p.dlq-plans-";
  private static final String LEDGER = "dlq-ledger";
  private static final String AUDIT = "dlq-audit";

  // How they are planted

  /** Whether it is the one who writes as {@link #DECIDER} or as {@link #COORDINATOR}. */
  private static boolean writesAs(String who, Map<String, Object> settings) {
    String id = String.valueOf(settings.get("transactional.id"));
    return id.startsWith(who) && (who.equals(COORDINATOR) || !id.startsWith(COORDINATOR));
  }

  private static Map<String, Object> unfenced(
      SimProcess process, Map<String, Object> settings, String who) {
    return writesAs(who, settings)
        ? with(settings, "transactional.id", settings.get("transactional.id") + process.unique())
        : settings;
  }

  /** Commits what is {@code first} in a transaction of its own, and then the rest. */
  private static Producer<byte[], byte[]> inTwoSteps(
      SimKafka kafka,
      SimProcess process,
      Map<String, Object> settings,
      String who,
      Predicate<ProducerRecord<byte[], byte[]>> first) {
    return writesAs(who, settings)
        ? new TwoSteps(kafka, process, settings, first)
        : kafka.producer(process, settings);
  }

  private static boolean isClient(Map<String, Object> settings, String prefix) {
    return String.valueOf(settings.get("client.id")).startsWith(prefix);
  }

  private static boolean isProgress(ProducerRecord<byte[], byte[]> record) {
    return JsonCodec.LEDGER.decode(record.value())
            instanceof Decoded.Value<LedgerRecord>(LedgerRecord told)
        && told instanceof Progress;
  }

  /** A consumer of the one who follows plans, to whom they are others than they are. */
  private static Consumer<byte[], byte[]> planning(
      SimKafka kafka, SimProcess process, Map<String, Object> settings, UnaryOperator<Plan> plans) {
    return isClient(settings, "penstock-replayer-plans")
        ? altering(
            kafka,
            process,
            settings,
            record ->
                JsonCodec.PLANS.decode(record.value())
                        instanceof Decoded.Value<PlanRecord>(Plan plan)
                    ? JsonCodec.PLANS.encode(plans.apply(plan))
                    : record.value())
        : kafka.consumer(process, settings);
  }

  private static Plan with(Plan plan, Action action, State state, int stage) {
    return new Plan(
        plan.id(),
        plan.name(),
        plan.requestedBy(),
        plan.createdAt(),
        plan.selection(),
        plan.ends(),
        action,
        plan.pace(),
        plan.canary(),
        plan.shares(),
        state,
        stage,
        plan.version(),
        plan.changedAt(),
        plan.note());
  }

  private static byte[] allSucceeded(ConsumerRecord<byte[], byte[]> record) {
    if (!(JsonCodec.LEDGER.decode(record.value())
            instanceof Decoded.Value<LedgerRecord>(LedgerRecord told)
        && told instanceof Progress last)) {
      return record.value();
    }
    Tally tally = last.tally();
    return JsonCodec.LEDGER.encode(
        new Progress(
            last.plan(),
            last.stage(),
            last.nextOffset(),
            last.complete(),
            new Tally(
                tally.replayed(),
                tally.discarded(),
                tally.purged(),
                tally.refused(),
                tally.replayed() - tally.open(),
                0,
                0,
                0,
                0,
                tally.cancelsAsked()),
            last.eventsFrom(),
            last.seen(),
            last.cancelsTo(),
            last.cutTo(),
            last.at()));
  }

  private static byte[] asCancelled(SimKafka kafka, ConsumerRecord<byte[], byte[]> record) {
    boolean asked =
        kafka
            .log(
                new TopicPartition(record.topic().replace("events", "control"), record.partition()))
            .committed()
            .stream()
            .anyMatch(each ->
                each.value() != null
                    && JsonCodec.CANCEL_REQUESTS.decode(each.value())
                        instanceof Decoded.Value<CancelRequest>(CancelRequest request)
                    && JsonCodec.EVENTS.decode(record.value())
                        instanceof Decoded.Value<JobEvent>(JobEvent event)
                    && request.jobId().equals(event.jobId())
                    && request.generation() == event.generation());
    return asked
            && JsonCodec.EVENTS.decode(record.value())
                instanceof Decoded.Value<JobEvent>(JobEvent event)
            && event instanceof JobEvent.Finished finished
        ? JsonCodec.EVENTS.encode(
            new JobEvent.Finished(
                finished.jobId(),
                finished.generation(),
                finished.attempts(),
                new Outcome.Cancelled(),
                finished.at()))
        : record.value();
  }

  /** What is read in the place of a record's value. */
  private interface Altering {
    byte[] value(ConsumerRecord<byte[], byte[]> record);
  }

  /** A consumer that reads other values than stand on the topics. */
  private static Consumer<byte[], byte[]> altering(
      SimKafka kafka, SimProcess process, Map<String, Object> settings, Altering altering) {
    return new SimConsumer(kafka, process, settings) {
      @Override
      public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
        var records = super.poll(timeout);
        var changed = new LinkedHashMap<TopicPartition, List<ConsumerRecord<byte[], byte[]>>>();
        for (TopicPartition partition : records.partitions()) {
          changed.put(
              partition,
              records.records(partition).stream()
                  .map(each -> each.value() == null ? each : withValue(each, altering.value(each)))
                  .toList());
        }
        return new ConsumerRecords<>(changed, records.nextOffsets());
      }
    };
  }

  private static ConsumerRecord<byte[], byte[]> withValue(
      ConsumerRecord<byte[], byte[]> record, byte[] value) {
    return new ConsumerRecord<>(
        record.topic(),
        record.partition(),
        record.offset(),
        record.timestamp(),
        record.timestampType(),
        record.serializedKeySize(),
        value.length,
        record.key(),
        value,
        record.headers(),
        Optional.empty());
  }

  private static Map<String, Object> with(Map<String, Object> settings, String key, Object value) {
    var changed = new HashMap<>(settings);
    changed.put(key, value);
    return changed;
  }

  /** A producer whose offsets are described by other metadata. */
  private static Producer<byte[], byte[]> describing(
      SimKafka kafka,
      SimProcess process,
      Map<String, Object> settings,
      UnaryOperator<String> metadata) {
    return new SimProducer(kafka, process, settings) {
      @Override
      public void sendOffsetsToTransaction(
          Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {
        var changed = new LinkedHashMap<TopicPartition, OffsetAndMetadata>();
        offsets.forEach((partition, offset) ->
            changed.put(
                partition,
                new OffsetAndMetadata(offset.offset(), metadata.apply(offset.metadata()))));
        super.sendOffsetsToTransaction(changed, group);
      }
    };
  }

  /** The same metadata, as if it were of this topic. */
  private static String ofTopic(Uuid topic, String metadata) {
    if (!metadata.startsWith(MOVED)) {
      return topic.toString();
    }
    // But for the last character, which also begins what follows.
    int end = MOVED.length() + topic.toString().length() - 1;
    return MOVED + topic.toString().substring(0, end - MOVED.length()) + metadata.substring(end);
  }

  /** A consumer that hears other requests to run jobs now than there are. */
  private static Consumer<byte[], byte[]> hearing(
      SimKafka kafka,
      SimProcess process,
      Map<String, Object> settings,
      UnaryOperator<RetryNowRequest> mishearing) {
    return new SimConsumer(kafka, process, settings) {
      @Override
      public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
        var records = super.poll(timeout);
        var changed = new LinkedHashMap<TopicPartition, List<ConsumerRecord<byte[], byte[]>>>();
        for (TopicPartition partition : records.partitions()) {
          changed.put(
              partition,
              records.records(partition).stream().map(each -> misheard(each, mishearing)).toList());
        }
        return new ConsumerRecords<>(changed, records.nextOffsets());
      }
    };
  }

  private static ConsumerRecord<byte[], byte[]> misheard(
      ConsumerRecord<byte[], byte[]> record, UnaryOperator<RetryNowRequest> mishearing) {
    if (!record.topic().endsWith("control")
        || !(JsonCodec.RETRY_NOW_REQUESTS.decode(record.value())
            instanceof Decoded.Value<RetryNowRequest>(RetryNowRequest request))) {
      return record;
    }
    return new ConsumerRecord<>(
        record.topic(),
        record.partition(),
        record.offset(),
        record.timestamp(),
        record.timestampType(),
        record.serializedKeySize(),
        record.serializedValueSize(),
        record.key(),
        JsonCodec.RETRY_NOW_REQUESTS.encode(mishearing.apply(request)),
        record.headers(),
        Optional.empty());
  }

  private static boolean isOfHolds(Map<String, Object> settings) {
    return String.valueOf(settings.get("transactional.id")).contains("hold-");
  }

  /** A producer that writes down another custody of each partition. */
  private static Producer<byte[], byte[]> inCustody(
      SimKafka kafka,
      SimProcess process,
      Map<String, Object> settings,
      UnaryOperator<Custody> custody) {
    return new SimProducer(kafka, process, settings) {
      @Override
      public void sendOffsetsToTransaction(
          Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {
        var changed = new LinkedHashMap<>(offsets);
        changed.replaceAll((partition, offset) -> {
          var topic = kafka.topicId(partition.topic());
          return WindowMetadata.read(offset.offset(), topic, offset.metadata())
                  instanceof WindowMetadata.Restored.Window(var window, var right)
              ? new OffsetAndMetadata(
                  offset.offset(), WindowMetadata.write(topic, window, custody.apply(right)))
              : offset;
        });
        super.sendOffsetsToTransaction(changed, group);
      }
    };
  }

  /** What is sent in the place of a record. */
  private interface Rewriting {
    List<ProducerRecord<byte[], byte[]>> of(ProducerRecord<byte[], byte[]> record);
  }

  private static Producer<byte[], byte[]> rewriting(
      SimKafka kafka, SimProcess process, Map<String, Object> settings, Rewriting rewriting) {
    return new SimProducer(kafka, process, settings) {
      @Override
      public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
        Future<RecordMetadata> last = new CompletableFuture<>();
        for (ProducerRecord<byte[], byte[]> instead : rewriting.of(record)) {
          last = super.send(instead);
        }
        return last;
      }
    };
  }

  /** A consumer that reads other jobs than stand on the topics. */
  private static Consumer<byte[], byte[]> reading(
      SimKafka kafka,
      SimProcess process,
      Map<String, Object> settings,
      UnaryOperator<JobRecord> misreading) {
    return new SimConsumer(kafka, process, settings) {
      @Override
      public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
        var records = super.poll(timeout);
        var changed = new LinkedHashMap<TopicPartition, List<ConsumerRecord<byte[], byte[]>>>();
        for (TopicPartition partition : records.partitions()) {
          changed.put(
              partition,
              records.records(partition).stream().map(each -> misread(each, misreading)).toList());
        }
        return new ConsumerRecords<>(changed, records.nextOffsets());
      }
    };
  }

  private static ConsumerRecord<byte[], byte[]> misread(
      ConsumerRecord<byte[], byte[]> record, UnaryOperator<JobRecord> misreading) {
    if (record.topic().endsWith("control")
        || !(JsonCodec.JOB_RECORDS.decode(record.value())
            instanceof Decoded.Value<JobRecord>(JobRecord job))) {
      return record;
    }
    return new ConsumerRecord<>(
        record.topic(),
        record.partition(),
        record.offset(),
        record.timestamp(),
        record.timestampType(),
        record.serializedKeySize(),
        record.serializedValueSize(),
        record.key(),
        JsonCodec.JOB_RECORDS.encode(misreading.apply(job)),
        record.headers(),
        Optional.empty());
  }

  /** A job's dead letter says that it came from seven records further on. */
  private static ProducerRecord<byte[], byte[]> fromElsewhere(
      ProducerRecord<byte[], byte[]> record) {
    if (!record.topic().endsWith("dead-letters")
        || isPoisonLetter(record)
        || !(JsonCodec.DEAD_LETTERS.decode(record.value())
            instanceof Decoded.Value<DeadLetter>(DeadLetter letter))) {
      return record;
    }
    DeadLetter.Origin from = letter.origin();
    return withValue(
        record,
        JsonCodec.DEAD_LETTERS.encode(
            new DeadLetter(
                letter.job(),
                letter.generation(),
                letter.attempts(),
                letter.reason(),
                new DeadLetter.Origin(from.topic(), from.partition(), from.offset() + 7),
                letter.at())));
  }

  private static CoreLimits withLanes(CoreLimits limits, CoreLimits.LaneRule lanes) {
    return new CoreLimits(
        limits.slots(),
        limits.windowJobs(),
        limits.claimedBytes(),
        limits.batchRecords(),
        limits.commitLinger(),
        limits.waiting(),
        lanes);
  }

  private static ProducerRecord<byte[], byte[]> inTheNormalLane(
      ProducerRecord<byte[], byte[]> record) {
    return record.topic().contains(".retry.")
        ? new ProducerRecord<>(
            record.topic().substring(0, record.topic().lastIndexOf('.')),
            record.partition(),
            record.key(),
            record.value(),
            record.headers())
        : record;
  }

  private static ProducerRecord<byte[], byte[]> withAttemptForTheHold(
      ProducerRecord<byte[], byte[]> record) {
    if (!record.topic().contains("hold-")
        || !(JsonCodec.JOB_RECORDS.decode(record.value())
            instanceof Decoded.Value<JobRecord>(JobRecord held))) {
      return record;
    }
    var attempts = new ArrayList<>(held.attempts());
    attempts.add(
        new Attempt(held.nextAttempt(), "sim", "nobody", Instant.EPOCH, Duration.ZERO, null));
    return new ProducerRecord<>(
        record.topic(),
        record.partition(),
        record.key(),
        JsonCodec.JOB_RECORDS.encode(
            new JobRecord(held.job(), held.generation(), attempts, held.dueAt())),
        record.headers());
  }

  private static JobRecord withJob(JobRecord record, Job job, @Nullable Instant dueAt) {
    return new JobRecord(job, record.generation(), record.attempts(), dueAt, record.cancelled());
  }

  private static Job withExpiry(Job job, @Nullable Instant expireAt) {
    return new Job(
        job.id(),
        job.model(),
        job.input(),
        job.maxAttempts(),
        job.attemptTimeout(),
        job.acceptedAt(),
        expireAt,
        job.labels(),
        job.runAt(),
        job.retry(),
        job.ordering(),
        job.priority(),
        job.progress(),
        job.tenant(),
        job.cache());
  }

  private static Job withAttempts(Job job, int maxAttempts) {
    return new Job(
        job.id(),
        job.model(),
        job.input(),
        maxAttempts,
        job.attemptTimeout(),
        job.acceptedAt(),
        job.expireAt(),
        job.labels(),
        job.runAt(),
        job.retry(),
        job.ordering(),
        job.priority(),
        job.progress(),
        job.tenant(),
        job.cache());
  }

  private static Job releasing(Job job) {
    Ordering ordering = job.ordering();
    return ordering == null
        ? job
        : new Job(
            job.id(),
            job.model(),
            job.input(),
            job.maxAttempts(),
            job.attemptTimeout(),
            job.acceptedAt(),
            job.expireAt(),
            job.labels(),
            job.runAt(),
            job.retry(),
            new Ordering(ordering.key(), Ordering.OnDeadLetter.RELEASE),
            job.priority(),
            job.progress(),
            job.tenant(),
            job.cache());
  }

  /** The release of the ordering key of the job that waits in a record, if it has one. */
  private static @Nullable ProducerRecord<byte[], byte[]> release(
      ProducerRecord<byte[], byte[]> record) {
    if (!(JsonCodec.JOB_RECORDS.decode(record.value())
        instanceof Decoded.Value<JobRecord>(JobRecord job))) {
      return null;
    }
    Ordering ordering = job.job().ordering();
    return ordering == null
        ? null
        : new ProducerRecord<>(
            "p.ordered",
            ordering.key().getBytes(StandardCharsets.UTF_8),
            JsonCodec.ORDERED.encode(new OrderedRecord.Release(job.job().id(), job.generation())));
  }

  private static @Nullable JobEvent event(ProducerRecord<byte[], byte[]> record) {
    return record.topic().endsWith("events")
            && JsonCodec.EVENTS.decode(record.value()) instanceof Decoded.Value<JobEvent>(var event)
        ? event
        : null;
  }

  private static ProducerRecord<byte[], byte[]> dueAtOnce(ProducerRecord<byte[], byte[]> record) {
    if (event(record) instanceof JobEvent.RetryScheduled retry) {
      return withValue(
          record,
          JsonCodec.EVENTS.encode(
              new JobEvent.RetryScheduled(
                  retry.jobId(), retry.generation(), retry.failed(), retry.at(), retry.at())));
    }
    if (isWaiting(record)
        && JsonCodec.JOB_RECORDS.decode(record.value())
            instanceof Decoded.Value<JobRecord>(JobRecord job)) {
      return withValue(
          record, JsonCodec.JOB_RECORDS.encode(withJob(job, job.job(), Instant.EPOCH)));
    }
    return record;
  }

  private static ProducerRecord<byte[], byte[]> withValue(
      ProducerRecord<byte[], byte[]> record, byte[] value) {
    return new ProducerRecord<>(
        record.topic(), record.partition(), record.key(), value, record.headers());
  }

  private static boolean isWaiting(ProducerRecord<byte[], byte[]> record) {
    return record.topic().contains(".retry") || record.topic().contains("hold-");
  }

  private static boolean isPoisonLetter(ProducerRecord<byte[], byte[]> record) {
    Header header = record.headers().lastHeader(dev.penstock.topic.RecordHeaders.DEAD_LETTER);
    return header != null && new String(header.value(), StandardCharsets.UTF_8).equals("poison");
  }

  /** Writes records and offsets in a transaction each. */
  private static final class Halves extends SimProducer {
    private final boolean offsetsFirst;
    private final List<ProducerRecord<byte[], byte[]>> held = new ArrayList<>();
    private Map<TopicPartition, OffsetAndMetadata> offsets = Map.of();
    private @Nullable ConsumerGroupMetadata group;

    Halves(SimKafka kafka, SimProcess process, Map<String, Object> settings, boolean offsetsFirst) {
      super(kafka, process, settings);
      this.offsetsFirst = offsetsFirst;
    }

    @Override
    public void beginTransaction() {
      held.clear();
    }

    @Override
    public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
      held.add(record);
      return new CompletableFuture<>();
    }

    @Override
    public void sendOffsetsToTransaction(
        Map<TopicPartition, OffsetAndMetadata> wanted, ConsumerGroupMetadata member) {
      offsets = wanted;
      group = member;
    }

    @Override
    public void commitTransaction() {
      if (offsetsFirst) {
        commitOffsets();
        commitRecords();
      } else {
        commitRecords();
        commitOffsets();
      }
    }

    private void commitOffsets() {
      super.beginTransaction();
      super.sendOffsetsToTransaction(offsets, Objects.requireNonNull(group));
      super.commitTransaction();
    }

    private void commitRecords() {
      super.beginTransaction();
      for (ProducerRecord<byte[], byte[]> record : held) {
        var _ = super.send(record);
      }
      super.commitTransaction();
    }
  }

  /** Writes its records in two transactions. */
  private static final class TwoSteps extends SimProducer {
    private final Predicate<ProducerRecord<byte[], byte[]>> isFirst;
    private final List<ProducerRecord<byte[], byte[]>> held = new ArrayList<>();
    private boolean begun;
    private boolean halfDone;

    TwoSteps(
        SimKafka kafka,
        SimProcess process,
        Map<String, Object> settings,
        Predicate<ProducerRecord<byte[], byte[]>> isFirst) {
      super(kafka, process, settings);
      this.isFirst = isFirst;
    }

    @Override
    public void beginTransaction() {
      held.clear();
      begun = false;
      halfDone = false;
    }

    @Override
    public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
      held.add(record);
      return new CompletableFuture<>();
    }

    @Override
    public void commitTransaction() {
      if (!halfDone) {
        commit(isFirst);
        halfDone = true;
      }
      commit(isFirst.negate());
    }

    /** Asked again it asks again. */
    private void commit(Predicate<ProducerRecord<byte[], byte[]>> which) {
      if (!begun) {
        super.beginTransaction();
        begun = true;
        for (ProducerRecord<byte[], byte[]> record : held) {
          if (which.test(record)) {
            var _ = super.send(record);
          }
        }
      }
      super.commitTransaction();
      begun = false;
    }

    @Override
    public void abortTransaction() {
      if (begun) {
        super.abortTransaction();
      }
    }
  }

  /** For some time after a plan was to stop, it goes on, or does something else. */
  private static final class Stubborn implements DecidedPartition.Orders {
    /** About two seconds. */
    private static final int LOOKS = 40;

    private final DecidedPartition.Orders right;
    private final @Nullable Action instead;
    private final Map<PlanId, Order> last = new LinkedHashMap<>();
    private final Map<PlanId, Integer> stopped = new HashMap<>();
    private int looks;

    Stubborn(DecidedPartition.Orders right, @Nullable Action instead) {
      this.right = right;
      this.instead = instead;
    }

    @Override
    public boolean hasWork(int partition) {
      return right.hasWork(partition);
    }

    @Override
    public long version() {
      looks++;
      return right.version() * 1_000_000 + looks / (LOOKS / 4);
    }

    @Override
    public List<Order> orders(int partition) {
      var orders = new ArrayList<Order>();
      var known = new HashSet<PlanId>();
      for (Order order : right.orders(partition)) {
        known.add(order.plan());
        if (order.want() == Order.Want.STOP) {
          stopped.putIfAbsent(order.plan(), looks);
        }
        last.put(order.plan(), order);
        orders.add(isStubborn(order.plan()) ? goingOn(order) : order);
      }
      last.forEach((plan, order) -> {
        if (!known.contains(plan) && isStubborn(plan)) {
          orders.add(goingOn(order));
        }
      });
      return orders;
    }

    private boolean isStubborn(PlanId plan) {
      Integer since = stopped.get(plan);
      return since != null && looks - since < LOOKS;
    }

    private Order goingOn(Order order) {
      return new Order(
          order.plan(),
          order.version(),
          order.stage(),
          order.selected(),
          instead == null ? order.action() : instead,
          order.change(),
          order.inFlight(),
          order.perSecond(),
          Order.Want.GO_ON);
    }

    @Override
    public boolean hasEnded(PlanId plan) {
      return right.hasEnded(plan);
    }

    @Override
    public boolean catchUp(Duration patience) throws InterruptedException {
      return right.catchUp(patience);
    }
  }

  /** Never tells its listener what went away, and goes on as if it were there. */
  private static final class Hoarder extends SimConsumer {
    private final Set<TopicPartition> hoard = new LinkedHashSet<>();

    Hoarder(SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      super(kafka, process, settings);
    }

    @Override
    public void subscribe(Collection<String> names, ConsumerRebalanceListener callbacks) {
      super.subscribe(
          names,
          new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
              var fresh = new LinkedHashSet<>(partitions);
              fresh.removeAll(hoard);
              hoard.addAll(fresh);
              callbacks.onPartitionsAssigned(fresh);
            }

            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}

            @Override
            public void onPartitionsLost(Collection<TopicPartition> partitions) {}
          });
    }

    @Override
    public Set<TopicPartition> assignment() {
      Set<TopicPartition> all = super.assignment();
      all.addAll(hoard);
      return all;
    }

    @Override
    public void pause(Collection<TopicPartition> partitions) {
      super.pause(real(partitions));
    }

    @Override
    public void resume(Collection<TopicPartition> partitions) {
      super.resume(real(partitions));
    }

    @Override
    public void seek(TopicPartition partition, long offset) {
      if (super.assignment().contains(partition)) {
        super.seek(partition, offset);
      }
    }

    @Override
    public long position(TopicPartition partition, Duration timeout) {
      return super.assignment().contains(partition) ? super.position(partition, timeout) : -1;
    }

    private Set<TopicPartition> real(Collection<TopicPartition> partitions) {
      var known = new LinkedHashSet<>(partitions);
      known.retainAll(super.assignment());
      return known;
    }
  }

  /** Hands no cancel request over that came after the end of its topic was asked for. */
  private static final class WithoutCancels extends SimConsumer {
    private final Map<TopicPartition, Long> ends = new HashMap<>();

    WithoutCancels(SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      super(kafka, process, settings);
    }

    @Override
    public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
      Map<TopicPartition, Long> now = super.endOffsets(partitions);
      ends.putAll(now);
      return now;
    }

    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
      var records = super.poll(timeout);
      var known = new LinkedHashMap<TopicPartition, List<ConsumerRecord<byte[], byte[]>>>();
      for (TopicPartition partition : records.partitions()) {
        long end = ends.getOrDefault(partition, 0L);
        known.put(
            partition,
            records.records(partition).stream()
                .filter(each -> !each.topic().endsWith("control") || each.offset() < end)
                .toList());
      }
      return new ConsumerRecords<>(known, records.nextOffsets());
    }
  }

  /** Takes what it can't know for the beginning. */
  private static final class Trusting extends SimConsumer {
    private final SimKafka kafka;
    private final boolean missingToo;

    Trusting(SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      super(kafka, process, settings);
      this.kafka = kafka;
      this.missingToo = "earliest".equals(settings.get("auto.offset.reset"));
    }

    @Override
    public Map<TopicPartition, OffsetAndMetadata> committed(
        Set<TopicPartition> partitions, Duration timeout) {
      var all = new HashMap<TopicPartition, OffsetAndMetadata>();
      super.committed(partitions, timeout)
          .forEach((partition, offset) -> {
            @Nullable OffsetAndMetadata known = offset;
            if (known == null) {
              if (missingToo) {
                all.put(partition, new OffsetAndMetadata(0));
              }
            } else if (!missingToo
                && WindowMetadata.read(
                        known.offset(), kafka.topicId(partition.topic()), known.metadata())
                    instanceof WindowMetadata.Restored.Unreadable) {
              all.put(partition, new OffsetAndMetadata(known.offset()));
            } else {
              all.put(partition, known);
            }
          });
      return all;
    }
  }

  /** Writes the outcome of every cancel request that it reads. */
  private static final class Decider extends SimConsumer {
    private final SimKafka kafka;

    Decider(SimKafka kafka, SimProcess process, Map<String, Object> settings) {
      super(kafka, process, settings);
      this.kafka = kafka;
    }

    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
      var records = super.poll(timeout);
      for (ConsumerRecord<byte[], byte[]> record : records) {
        if (record.topic().endsWith("control")
            && JsonCodec.CANCEL_REQUESTS.decode(record.value())
                instanceof Decoded.Value<CancelRequest>(CancelRequest request)) {
          var event =
              new JobEvent.Finished(
                  request.jobId(),
                  request.generation(),
                  List.of(),
                  new Outcome.Cancelled(),
                  request.requestedAt());
          kafka.append(
              new TopicPartition(record.topic().replace("control", "events"), record.partition()),
              record.key(),
              JsonCodec.EVENTS.encode(event),
              new RecordHeaders());
        }
      }
      return records;
    }
  }
}
