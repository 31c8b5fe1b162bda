package dev.penstock.bench;

import com.sun.management.GarbageCollectionNotificationInfo;
import dev.penstock.codec.Json;
import dev.penstock.config.Settings;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replayer.look.DeadLetters;
import dev.penstock.replayer.look.KafkaLetterLog;
import dev.penstock.replayer.look.LedgerView;
import dev.penstock.replayer.look.LetterQuery;
import dev.penstock.replayer.select.Selector;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Looks at dead letters in a JVM whose heap whoever starts it has bounded, and writes to a file how
 * long that took and what it held.
 */
final class LookProcess {
  /** What can be done. */
  enum Task {
    PLAIN,
    GROUPS,
    PREVIEW,
    PREVIEW_OF_A_CHANGE
  }

  private static final Duration LEDGER_LIMIT = Duration.ofMinutes(2);
  private static final InstantSource CLOCK = InstantSource.system();
  private static final String CHANGE =
      "[{\"op\":\"replace\",\"path\":\"/model\",\"value\":\"another:model\"}]";

  private final KafkaConfig kafka;
  private final LedgerView ledger;
  private final KafkaLetterLog log;
  private final DeadLetters letters;

  private LookProcess(KafkaConfig kafka) {
    this.kafka = kafka;
    this.ledger = new LedgerView(Clients.REAL, kafka, CLOCK);
    this.log = new KafkaLetterLog(Clients.REAL, kafka, CLOCK);
    this.letters = new DeadLetters(log, ledger, CLOCK);
  }

  /**
   * Looks in each way through each installation, one after the other: what comes first also warms
   * up. Arguments: where the result goes, bootstrap, partitions, and the prefixes of the
   * installations.
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    var heap = new AtomicLong();
    watchHeap(heap);
    ObjectNode results = Json.MAPPER.createObjectNode();
    List<String> prefixes = List.of(args).subList(3, args.length);
    var installations = new ArrayList<LookProcess>();
    for (String prefix : prefixes) {
      installations.add(follow(args[1], prefix, args[2]));
    }
    for (Task task : Task.values()) {
      ObjectNode ofTask = results.putObject(task.name());
      for (int i = 0; i < prefixes.size(); i++) {
        System.gc();
        heap.set(0);
        long began = System.nanoTime();
        ObjectNode result = installations.get(i).run(task);
        result.put("seconds", (System.nanoTime() - began) / 1e9);
        System.gc();
        long used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        result.put("heldBytes", heap.accumulateAndGet(used, Math::max));
        ofTask.set(prefixes.get(i), result);
      }
    }
    installations.forEach(each -> each.ledger.close());
    Files.write(Path.of(args[0]), Json.MAPPER.writeValueAsBytes(results));
  }

  private static LookProcess follow(String bootstrap, String prefix, String partitions)
      throws InterruptedException {
    var settings =
        Settings.of(
            Map.of(
                "kafka.bootstrap", bootstrap,
                "topics.prefix", prefix,
                "topics.partitions", partitions));
    var process = new LookProcess(KafkaConfig.read(settings.reader()));
    Thread.ofVirtual().start(process.ledger);
    if (!process.ledger.catchUp(LEDGER_LIMIT)) {
      throw new IllegalStateException("the ledger was not read within " + LEDGER_LIMIT);
    }
    return process;
  }

  /** Keeps the most that was in use after a collection. */
  private static void watchHeap(AtomicLong most) {
    var heapPools =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .map(pool -> pool.getName())
            .toList();
    ManagementFactory.getGarbageCollectorMXBeans()
        .forEach(collector ->
            ((NotificationEmitter) collector)
                .addNotificationListener(
                    (notification, _) -> {
                      var info =
                          GarbageCollectionNotificationInfo.from(
                              (CompositeData) notification.getUserData());
                      long used =
                          info.getGcInfo().getMemoryUsageAfterGc().entrySet().stream()
                              .filter(each -> heapPools.contains(each.getKey()))
                              .map(Map.Entry::getValue)
                              .mapToLong(MemoryUsage::getUsed)
                              .sum();
                      most.accumulateAndGet(used, Math::max);
                    },
                    null,
                    null));
  }

  private ObjectNode run(Task task) throws InterruptedException {
    return switch (task) {
      case PLAIN -> plain();
      case GROUPS -> letters.groups(LetterQuery.OPEN, "fingerprint");
      case PREVIEW -> preview(null);
      case PREVIEW_OF_A_CHANGE -> preview(CHANGE);
    };
  }

  /** Reads every record and looks at none. */
  private ObjectNode plain() {
    Map<String, Object> settings = kafka.clientSettings("bench-plain");
    settings.put("isolation.level", "read_committed");
    settings.put("enable.auto.commit", false);
    settings.put("max.poll.records", 5_000);
    long scanned = 0;
    try (Consumer<byte[], byte[]> consumer = Clients.REAL.consumer(settings)) {
      List<TopicPartition> all =
          IntStream.range(0, kafka.topics().partitions())
              .mapToObj(p -> new TopicPartition(kafka.topics().deadLetters(), p))
              .toList();
      consumer.assign(all);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      while (all.stream()
          .anyMatch(each -> consumer.position(each) < Objects.requireNonNull(ends.get(each)))) {
        scanned += consumer.poll(Duration.ofMillis(100)).count();
      }
    }
    return Json.MAPPER.createObjectNode().put("scanned", scanned);
  }

  private ObjectNode preview(@Nullable String patch) throws InterruptedException {
    var selector = new Selector(log, ledger, new SubmissionReader(Contract.load(), CLOCK), CLOCK);
    var plan =
        new Plan(
            new PlanId("bench"),
            "bench",
            "bench",
            CLOCK.instant(),
            new JsonObject("{\"filter\":{\"code\":[\"retryable\",\"timeout\"]}}"),
            letters.ends(),
            new Action.Replay(3, patch),
            new Pace(1_000, null),
            new Canary(null, 1.0, Canary.Then.STOP, 1),
            List.of(),
            State.SELECTING,
            0,
            1,
            CLOCK.instant(),
            null);
    JsonNode preview = Json.MAPPER.readTree(selector.select(plan).preview().text());
    return Json.MAPPER
        .createObjectNode()
        .put("scanned", preview.get("scanned").longValue())
        .put("selected", preview.get("selected").longValue());
  }
}
