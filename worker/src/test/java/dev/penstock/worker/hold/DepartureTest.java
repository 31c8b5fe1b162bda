package dev.penstock.worker.hold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.worker.window.MovedOffsets;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

/** What leaves a hold, hop by hop, with aborted hops and new owners in between. */
final class DepartureTest {
  private static final TopicPartition PARTITION = new TopicPartition("hold", 0);
  private static final Uuid TOPIC = new Uuid(3, 4);
  private static final Instant NOW = Instant.parse("2026-11-22T03:00:00Z");
  private static final Duration HOLD = Duration.ofMinutes(10);
  private static final int SEEDS = 400;

  @Test
  void whatIsAskedForLeavesOnceAndWhatIsNotStaysThroughAbortsAndNewOwners() {
    boolean inHasteOnce = false;
    for (int seed = 0; seed < SEEDS; seed++) {
      var life = new PartitionLife(seed);
      life.run();
      inHasteOnce |= life.inHaste;
    }
    assertThat(inHasteOnce).as("there was too little room once").isTrue();
  }

  @Test
  void firstRecordsLeaveEarlyOnlyWhileThereIsNoRoomToTellOfOthers() {
    List<ConsumerRecord<byte[], byte[]>> log = log(200);
    HeldPartition partition =
        partition(Set.of(51L, 53L, 55L, 57L, 59L), new MovedOffsets(0, 31), log);
    Departure first = hop(partition);
    assertThat(offsets(first)).containsExactly(51L, 53L);
    assertThat(partition.isInHaste()).isTrue();
    Departure second = hop(partition);
    assertThat(offsets(second)).as("as many as one move takes").startsWith(0L, 1L, 2L);
    for (int i = 0; i < 20 && partition.wanted() > 0; i++) {
      hop(partition);
    }
    assertThat(partition.wanted()).isZero();
    Departure last = hop(partition);
    assertThat(offsets(last)).isEmpty();
    assertThat(partition.isInHaste()).isFalse();
  }

  @Test
  void whatIsDueGoesBeforeWhatIsAskedFor() {
    List<ConsumerRecord<byte[], byte[]>> log = log(20);
    HeldPartition partition = partition(Set.of(15L), new MovedOffsets(0, 4096), log);
    var departure = new Departure(partition);
    var load = new Departure.Load(10, Long.MAX_VALUE);
    departure.takeReady(NOW.plus(HOLD).plusSeconds(1), load);
    departure.takeWanted(load);
    assertThat(offsets(departure)).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
    assertThat(departure.watermark()).isEqualTo(10);
    assertThat(partition.isInHaste()).isFalse();
  }

  @Test
  void whatNobodyAsksForAnyMoreStays() {
    var wanted = new HashSet<>(Set.of(3L, 5L));
    HeldPartition partition = partition(wanted, new MovedOffsets(0, 4096), log(10));
    wanted.remove(3L);
    assertThat(offsets(hop(partition))).containsExactly(5L);
    assertThat(partition.wanted()).isZero();
  }

  private static Departure hop(HeldPartition partition) {
    var departure = new Departure(partition);
    var load = new Departure.Load(20, Long.MAX_VALUE);
    departure.takeReady(NOW, load);
    departure.takeWanted(load);
    assertThat(departure.beyond().write(TOPIC)).isNotEmpty();
    partition.moved(departure, NOW);
    return departure;
  }

  private static List<Long> offsets(Departure departure) {
    return departure.records().stream().map(ConsumerRecord::offset).toList();
  }

  private static HeldPartition partition(
      Set<Long> wanted, MovedOffsets moved, List<ConsumerRecord<byte[], byte[]>> log) {
    var partition =
        new HeldPartition(
            PARTITION, HOLD, record -> wanted.contains(record.offset()), 0, moved, NOW);
    partition.polled(log);
    log.forEach(partition::found);
    return partition;
  }

  private static List<ConsumerRecord<byte[], byte[]>> log(int count) {
    var log = new ArrayList<ConsumerRecord<byte[], byte[]>>();
    for (int offset = 0; offset < count; offset++) {
      log.add(record(offset, NOW));
    }
    return log;
  }

  private static ConsumerRecord<byte[], byte[]> record(long offset, Instant appendedAt) {
    byte[] key = String.valueOf(offset).getBytes(StandardCharsets.UTF_8);
    return new ConsumerRecord<>(
        "hold",
        0,
        offset,
        appendedAt.toEpochMilli(),
        TimestampType.LOG_APPEND_TIME,
        key.length,
        0,
        key,
        new byte[0],
        new RecordHeaders(),
        Optional.empty());
  }

  /** A partition under owners that come and go, from a seed. */
  private static final class PartitionLife {
    private final int seed;
    private final SplittableRandom random;
    private final List<ConsumerRecord<byte[], byte[]>> log = new ArrayList<>();
    private final Set<Long> wanted = new HashSet<>();
    private final Map<Long, Integer> left = new HashMap<>();
    private final Set<Long> leftEarly = new HashSet<>();
    private final int maxChars;
    private long end;
    private long committed;
    private String metadata = TOPIC.toString();
    private Instant now = NOW;
    private HeldPartition owner;
    private int polled;
    private boolean inHaste;

    PartitionLife(int seed) {
      this.seed = seed;
      this.random = new SplittableRandom(seed);
      this.maxChars = random.nextBoolean() ? MovedOffsets.MAX_CHARS : 27 + random.nextInt(30);
      int count = 1 + random.nextInt(300);
      int percent = random.nextInt(100);
      for (int i = 0; i < count; i++) {
        // Markers and aborted records lie between them.
        end += random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0;
        log.add(record(end, NOW.plusMillis(i)));
        if (random.nextInt(100) < percent) {
          wanted.add(end);
        }
        end++;
      }
      end += random.nextInt(3);
      this.owner = newOwner();
    }

    private HeldPartition newOwner() {
      polled = 0;
      while (polled < log.size() && log.get(polled).offset() < committed) {
        polled++;
      }
      var read = MovedOffsets.read(committed, TOPIC, metadata, maxChars);
      assertThat(read).as("seed " + seed).isInstanceOf(MovedOffsets.Restored.Moved.class);
      return new HeldPartition(
          PARTITION,
          HOLD,
          record -> wanted.contains(record.offset()),
          committed,
          ((MovedOffsets.Restored.Moved) read).offsets(),
          now);
    }

    void run() {
      for (int i = 0; i < 2_000 && !left.keySet().containsAll(wanted); i++) {
        step();
      }
      assertThat(left.keySet()).as("seed %d: all that is asked for", seed).containsAll(wanted);
      now = NOW.plus(HOLD).plus(Duration.ofMinutes(1));
      owner = newOwner();
      for (int i = 0; i < 2_000 && committed < end; i++) {
        step();
      }
      assertThat(committed).as("seed %d: the partition's end", seed).isEqualTo(end);
      assertThat(left.keySet()).as("seed %d: all", seed).hasSize(log.size());
      assertThat(left.values()).as("seed %d: once", seed).containsOnly(1);
      if (!inHaste) {
        assertThat(leftEarly).as("seed %d: whom nobody asked for", seed).isEmpty();
      }
    }

    private void step() {
      switch (random.nextInt(30)) {
        case 0 -> owner = newOwner();
        case 1, 2, 3, 4, 5 -> search();
        case 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 -> poll();
        default -> hop();
      }
    }

    private void search() {
      int from = random.nextBoolean() ? 0 : random.nextInt(log.size());
      log.subList(from, log.size()).forEach(owner::found);
    }

    private void poll() {
      int to = Math.min(log.size(), polled + 1 + random.nextInt(40));
      if (to > polled) {
        owner.polled(log.subList(polled, to));
        polled = to;
      }
      if (polled == log.size() && random.nextBoolean()) {
        owner.standsAt(end);
      }
    }

    private void hop() {
      var departure = new Departure(owner);
      var load = new Departure.Load(1 + random.nextInt(100), Long.MAX_VALUE);
      departure.takeReady(now, load);
      departure.takeWanted(load);
      inHaste |= owner.isInHaste();
      String written = departure.beyond().write(TOPIC);
      assertThat(written.length()).as("seed " + seed).isLessThanOrEqualTo(Math.max(maxChars, 22));
      if (random.nextInt(4) == 0) {
        return; // it was aborted
      }
      for (var record : departure.records()) {
        left.merge(record.offset(), 1, Integer::sum);
        if (!wanted.contains(record.offset()) && now.equals(NOW)) {
          leftEarly.add(record.offset());
        }
      }
      committed = departure.watermark();
      metadata = written;
      owner.moved(departure, now);
    }
  }
}
