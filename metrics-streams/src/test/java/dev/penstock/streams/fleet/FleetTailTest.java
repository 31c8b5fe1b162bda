package dev.penstock.streams.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.JsonCodec;
import dev.penstock.fleet.WorkerCommand;
import dev.penstock.fleet.WorkerReport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is there, who is silent, with a clock and a log of the test. */
@Timeout(60)
final class FleetTailTest {
  private static final TopicPartition PLACE = new TopicPartition("workers", 0);
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

  private volatile Instant now = NOON;
  private final MockConsumer<byte[], byte[]> log = new MockConsumer<>("earliest");
  private final FleetTail tail = new FleetTail("workers", () -> log, () -> now);
  private long offset;

  FleetTailTest() {
    log.updateBeginningOffsets(Map.of(PLACE, 0L));
    log.updateEndOffsets(Map.of(PLACE, 0L));
  }

  @AfterEach
  void stop() {
    tail.close();
  }

  @Test
  void nothingIsToldBeforeAllWasRead() {
    assertThat(tail.workers()).isEmpty();
    tail.start();
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> tail.workers().isPresent());
    assertThat(tail.workers()).contains(List.of());
  }

  @Test
  void aWorkerIsSilentWhenItWasNotHeardForTenSeconds() {
    tail.start();
    hear(report("w1", WorkerReport.State.RUNNING));
    hear(report("w2", WorkerReport.State.DRAINED));
    hear(report("w3", WorkerReport.State.STOPPED));
    awaitStates(Map.of("w1", "running", "w2", "drained", "w3", "stopped"));
    pass(Duration.ofSeconds(9));
    hear(report("w2", WorkerReport.State.DRAINED));
    pass(Duration.ofSeconds(2));
    awaitStates(Map.of("w1", "silent", "w2", "drained", "w3", "stopped"));
    hear(report("w1", WorkerReport.State.RUNNING));
    awaitStates(Map.of("w1", "running", "w2", "drained", "w3", "stopped"));
  }

  @Test
  void whoHasStoppedIsShownForTenMinutesAndWhoIsSilentForADay() {
    tail.start();
    hear(report("w1", WorkerReport.State.RUNNING));
    hear(report("w3", WorkerReport.State.STOPPED));
    awaitStates(Map.of("w1", "running", "w3", "stopped"));
    pass(Duration.ofMinutes(11));
    pass(Duration.ofSeconds(6));
    pass(Duration.ofSeconds(6));
    awaitStates(Map.of("w1", "silent"));
  }

  @Test
  void nobodyIsSilentOnlyBecauseKafkaWasOutOfReach() {
    tail.start();
    hear(report("w1", WorkerReport.State.RUNNING));
    awaitStates(Map.of("w1", "running"));
    now = now.plusSeconds(60);
    // Kafka was not asked meanwhile; it is now, and the minute counts for nobody.
    awaitStates(Map.of("w1", "running"));
    pass(Duration.ofSeconds(6));
    pass(Duration.ofSeconds(6));
    awaitStates(Map.of("w1", "silent"));
  }

  @Test
  void commandsAndWhatCannotBeReadAreNoWorkers() {
    tail.start();
    var command = new WorkerCommand("w9", true, NOON);
    append(command.key(), JsonCodec.WORKER_COMMANDS.encode(command));
    append("w8", "nonsense".getBytes(StandardCharsets.UTF_8));
    hear(report("w1", WorkerReport.State.RUNNING));
    awaitStates(Map.of("w1", "running"));
  }

  @Test
  void aFailureOfKafkaIsTriedAgain() {
    tail.start();
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> tail.workers().isPresent());
    var second = new MockConsumer<byte[], byte[]>("earliest");
    second.updateBeginningOffsets(Map.of(PLACE, 0L));
    second.updateEndOffsets(Map.of(PLACE, 0L));
    try (var other =
        new FleetTail(
            "workers",
            new java.util.function.Supplier<>() {
              private boolean failed;

              @Override
              public MockConsumer<byte[], byte[]> get() {
                if (!failed) {
                  failed = true;
                  throw new KafkaException("no broker");
                }
                return second;
              }
            },
            () -> now)) {
      other.start();
      Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> other.workers().isPresent());
    }
  }

  /** Lets time pass while Kafka answers. */
  private void pass(Duration time) {
    Instant then = now.plus(time);
    now = then;
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> tail.wasInTouchAt(then));
  }

  private void awaitStates(Map<String, String> states) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() ->
            assertThat(
                    tail.workers().orElse(List.of()).stream()
                        .collect(
                            Collectors.toMap(
                                worker -> worker.report().worker(), FleetTail.Worker::state)))
                .isEqualTo(states));
  }

  private void hear(WorkerReport report) {
    append(report.worker(), JsonCodec.WORKER_REPORTS.encode(report));
  }

  private void append(String key, byte[] value) {
    long at = offset++;
    long time = now.toEpochMilli();
    log.schedulePollTask(() -> {
      log.addRecord(
          new ConsumerRecord<>(
              PLACE.topic(),
              PLACE.partition(),
              at,
              time,
              TimestampType.LOG_APPEND_TIME,
              key.length(),
              value.length,
              key.getBytes(StandardCharsets.UTF_8),
              value,
              new RecordHeaders(),
              Optional.empty()));
    });
  }

  static WorkerReport report(String worker, WorkerReport.State state) {
    return report(worker, state, WorkerReport.Surroundings.NONE);
  }

  static WorkerReport report(
      String worker, WorkerReport.State state, WorkerReport.Surroundings surroundings) {
    return new WorkerReport(
        worker,
        "1",
        "1.0",
        "host",
        NOON,
        null,
        state,
        null,
        false,
        new WorkerReport.Work(8, 2, 0, 5, List.of(), List.of()),
        surroundings);
  }
}
