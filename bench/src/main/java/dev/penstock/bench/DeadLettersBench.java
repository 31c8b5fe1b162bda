package dev.penstock.bench;

import dev.penstock.bench.LookProcess.Task;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Attempt;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.Priority;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import dev.penstock.process.ChildJvm;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanId;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.topic.RecordHeaders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** How fast many dead letters are looked through, and in how much memory. */
@Command(
    name = "dead-letters",
    description = {
      "Time and memory of grouping dead letters and of the preview of a plan, beside a plain read"
          + " of",
      "their topic, in a JVM with a small heap; also over a tenth of them, which shows whether the",
      "memory grows with their number."
    },
    mixinStandardHelpOptions = true)
final class DeadLettersBench extends Bench {
  private static final Duration LONGEST = Duration.ofMinutes(30);
  private static final long SEED = 42;
  private static final int BATCH = 10_000;
  private static final double MIB = 1024 * 1024;
  private static final String FEW = "few.";
  private static final String ALL = "all.";

  @Option(
      names = "--letters",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "How many.")
  private int letters;

  @Option(
      names = "--text-chars",
      paramLabel = "N",
      defaultValue = "500",
      description = "What each job works on.")
  private int textChars;

  @Option(names = "--partitions", paramLabel = "N", defaultValue = "4")
  private int partitions;

  @Option(
      names = "--heap-mb",
      paramLabel = "N",
      defaultValue = "96",
      description = "Heap of the process that looks.")
  private int heapMb;

  @Option(names = "--rounds", paramLabel = "N", defaultValue = "3")
  private int rounds;

  private long recordBytes;

  /** What one process told. */
  private record Look(double seconds, double perSecond, double heldMb) {}

  @Override
  Report measure() throws Exception {
    check("--letters", letters, 10, 50_000_000);
    check("--text-chars", textChars, 1, 200_000);
    check("--partitions", partitions, 1, 256);
    check("--heap-mb", heapMb, 32, 65_536);
    check("--rounds", rounds, 1, 100);
    try (Lab lab = Lab.open()) {
      fill(lab, topics(lab, FEW), letters / 10);
      recordBytes = 0;
      fill(lab, topics(lab, ALL), letters);
      progress(letters + " dead letters are on the topic");
      Map<Task, List<Look>> all = new LinkedHashMap<>();
      Map<Task, List<Look>> few = new LinkedHashMap<>();
      for (int round = 1; round <= rounds; round++) {
        JsonNode told = look(lab);
        for (Task task : Task.values()) {
          JsonNode ofTask = told.get(task.name());
          Look look = look(task, ofTask.get(ALL), letters);
          all.computeIfAbsent(task, _ -> new ArrayList<>()).add(look);
          few.computeIfAbsent(task, _ -> new ArrayList<>())
              .add(look(task, ofTask.get(FEW), letters / 10));
          progress("round " + round + ", " + name(task) + ": " + look);
        }
      }
      return report(all, few);
    }
  }

  private Report report(Map<Task, List<Look>> all, Map<Task, List<Look>> few) {
    Map<String, Samples> parts = new LinkedHashMap<>();
    all.forEach((task, looks) ->
        parts.put(
            name(task), new Samples("letters/s", looks.stream().map(Look::perSecond).toList())));
    all.forEach((task, looks) ->
        parts.put(
            name(task) + ", time", new Samples("s", looks.stream().map(Look::seconds).toList())));
    all.forEach((task, looks) ->
        parts.put(
            name(task) + ", held", new Samples("MiB", looks.stream().map(Look::heldMb).toList())));
    few.forEach((task, looks) ->
        parts.put(
            name(task) + " of a tenth, held",
            new Samples("MiB", looks.stream().map(Look::heldMb).toList())));
    Samples plain = part(parts, Task.PLAIN);
    Samples preview = part(parts, Task.PREVIEW);
    parts.put("preview, ratio", new Samples("", List.of(preview.median() / plain.median())));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("letters", letters);
    configuration.put("bytesALetter", recordBytes / letters);
    configuration.put("partitions", partitions);
    configuration.put("heapMb", heapMb);
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "dead-letters",
        "rate of grouping over that of a plain read of the topic",
        part(parts, Task.GROUPS).median() / plain.median(),
        parts,
        configuration);
  }

  private static Samples part(Map<String, Samples> parts, Task task) {
    Samples part = parts.get(name(task));
    if (part == null) {
      throw new IllegalStateException(task + " was not measured");
    }
    return part;
  }

  private static String name(Task task) {
    return switch (task) {
      case PLAIN -> "plain read";
      case GROUPS -> "groups";
      case PREVIEW -> "preview";
      case PREVIEW_OF_A_CHANGE -> "preview of a change";
    };
  }

  /** Of an installation only those that are looked at. */
  private KafkaConfig topics(Lab lab, String prefix) throws InterruptedException {
    KafkaConfig kafka = lab.installation(prefix, partitions);
    for (String topic : List.of(kafka.topics().deadLetters(), kafka.topics().dlqLedger())) {
      lab.createTopic(topic, partitions);
      lab.awaitLeaders(topic, partitions);
    }
    return kafka;
  }

  private JsonNode look(Lab lab) throws IOException, InterruptedException {
    Path told = Files.createTempFile(lab.directory(), "look", ".json");
    ChildJvm child =
        lab.start(
            new ChildJvm.Command(
                "look",
                LookProcess.class.getName(),
                List.of("-Xmx" + heapMb + "m", "-DPENSTOCK_LOG_LEVEL=WARN"),
                List.of(told.toString(), lab.bootstrap(), String.valueOf(partitions), FEW, ALL)));
    if (!child.awaitEnd(LONGEST) || child.exitCode().orElse(-1) != 0) {
      throw new IllegalStateException(
          "the process that looks did not end well\n" + child.logTail(50));
    }
    return Json.MAPPER.readTree(Files.readAllBytes(told));
  }

  private static Look look(Task task, JsonNode told, long expected) {
    long scanned = told.get("scanned").longValue();
    if (scanned != expected) {
      throw new IllegalStateException(
          name(task) + " saw " + scanned + " of " + expected + " dead letters");
    }
    double seconds = told.get("seconds").doubleValue();
    return new Look(seconds, scanned / seconds, told.get("heldBytes").doubleValue() / MIB);
  }

  /** Some are poison, some came back too often, one in twenty is resolved. */
  private void fill(Lab lab, KafkaConfig kafka, int count)
      throws ExecutionException, InterruptedException {
    var random = new Random(SEED);
    String text = BenchJobs.text(textChars);
    Instant start = Instant.ofEpochMilli(System.currentTimeMillis() - count);
    var plan = new PlanId("earlier");
    var sent = new ArrayList<Future<RecordMetadata>>();
    try (KafkaProducer<byte[], byte[]> producer =
        BenchJobs.producer(lab.bootstrap(), "bench-fill")) {
      for (int i = 0; i < count; i++) {
        DeadLetter dead = deadLetter(random, text, start.plusMillis(i), i);
        sent.add(producer.send(record(kafka, dead, i)));
        if (sent.size() == BATCH || i == count - 1) {
          producer.flush();
          BenchJobs.await(sent);
          for (int k = 0; k < sent.size(); k += 20) {
            RecordMetadata place = sent.get(k).get();
            var resolution =
                new LedgerRecord.Replayed(
                    place.offset(), dead.job().id(), 0, plan, null, dead.at());
            var _ =
                producer.send(
                    new ProducerRecord<>(
                        kafka.topics().dlqLedger(),
                        place.partition(),
                        bytes(resolution.key()),
                        JsonCodec.LEDGER.encode(resolution)));
          }
          sent.clear();
        }
      }
    }
  }

  private ProducerRecord<byte[], byte[]> record(KafkaConfig kafka, DeadLetter dead, int number) {
    boolean poison = number % 1_000 == 7;
    byte[] value = poison ? bytes("{\"v\":1,") : JsonCodec.DEAD_LETTERS.encode(dead);
    recordBytes += value.length;
    var record =
        new ProducerRecord<>(
            kafka.topics().deadLetters(), bytes(dead.job().id().toString()), value);
    record.headers().add(RecordHeaders.DEAD_LETTER, bytes(poison ? "poison" : "job"));
    if (poison) {
      record.headers().add(RecordHeaders.REASON, bytes("it ends before the JSON is complete"));
    }
    return record;
  }

  private static DeadLetter deadLetter(Random random, String text, Instant at, int number) {
    Failure failure =
        switch (random.nextInt(4)) {
          case 0 -> new Failure.TimedOut("no answer within " + random.nextInt(60) + " s");
          case 1 -> new Failure.Retryable("HTTP 50" + random.nextInt(4) + " of request " + number);
          case 2 -> new Failure.Retryable("the connection was reset");
          default -> new Failure.InvalidRequest("unknown field '" + random.nextInt() + "'");
        };
    String provider = "provider-" + random.nextInt(5);
    var job =
        new Job(
            JobId.random(at),
            provider + ":model-" + random.nextInt(4),
            new JobInput.Generate(text, null, 100),
            3,
            Duration.ofMinutes(1),
            at,
            null,
            Map.of("batch", String.valueOf(random.nextInt(100))),
            null,
            null,
            null,
            Priority.NORMAL,
            false,
            TenantId.of("tenant-" + random.nextInt(20)),
            null);
    var attempts = new ArrayList<Attempt>();
    for (int i = 1; i <= 3; i++) {
      attempts.add(
          new Attempt(
              i,
              provider,
              "worker-1",
              at,
              Duration.ofMillis(500 + random.nextInt(1_000)),
              failure,
              new Served(null, null, Usage.NONE, (long) random.nextInt(1_000_000), null)));
    }
    return new DeadLetter(
        job,
        number % 100 == 3 ? 3 : 0,
        attempts,
        failure,
        new DeadLetter.Origin("jobs", 0, number),
        at);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
