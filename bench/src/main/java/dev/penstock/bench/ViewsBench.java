package dev.penstock.bench;

import dev.penstock.codec.JsonCodec;
import dev.penstock.config.Settings;
import dev.penstock.job.Attempt;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Outcome;
import dev.penstock.job.Served;
import dev.penstock.job.Usage;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.streams.StreamsService;
import dev.penstock.streams.figures.FigureBoard;
import dev.penstock.streams.figures.FigureTopology;
import dev.penstock.streams.figures.Retentions;
import dev.penstock.streams.topology.JobTopology;
import dev.penstock.streams.topology.RecordMeters;
import dev.penstock.streams.topology.RocksDbMemory;
import dev.penstock.streams.view.ChangeHub;
import dev.penstock.streams.view.ViewProgress;
import dev.penstock.topic.Topics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What the views cost: a topology of Kafka Streams that passes each record on, against the one of
 * the views, which folds them into lives, results and figures; and beside it the whole service,
 * which indexes the jobs for the search as well. All are exactly-once, read the same records in one
 * round, and run in this JVM; the broker has its own.
 */
@Command(
    name = "views",
    description =
        "Records a second into the views, against a Streams topology that passes them on.",
    mixinStandardHelpOptions = true)
final class ViewsBench extends Bench {
  private static final Duration ROUND_TIMEOUT = Duration.ofMinutes(4);
  private static final Duration LOOK = Duration.ofMillis(50);

  /** A look at the service is a page of metrics, which takes what some hundred records take. */
  private static final Duration LOOK_AT_SERVICE = Duration.ofMillis(500);

  /** The clock starts when so much of the records is read. */
  private static final double BEGIN = 0.1;

  private static final int CHUNK = 50_000;

  @Option(
      names = "--jobs",
      defaultValue = "150000",
      description = "Jobs in a round, each with two records (${DEFAULT-VALUE}).")
  private int jobs;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "Rounds of each, after one that is not counted (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--record-bytes",
      defaultValue = "1024",
      description = "Size of a job's record (${DEFAULT-VALUE}).")
  private int recordBytes;

  @Option(names = "--partitions", defaultValue = "8", description = "(${DEFAULT-VALUE})")
  private int partitions;

  @Option(
      names = "--threads",
      defaultValue = "1",
      description = "Stream threads of either (${DEFAULT-VALUE}).")
  private int threads;

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--jobs", jobs, 100, 10_000_000);
    check("--rounds", rounds, 1, 100);
    check("--record-bytes", recordBytes, 1, 100_000);
    check("--partitions", partitions, 1, 100);
    check("--threads", threads, 1, 64);
    try (Lab lab = Lab.open()) {
      var rates = new LinkedHashMap<Kind, List<Double>>();
      for (int round = 0; round <= rounds; round++) {
        String prefix = "round" + round + ".";
        KafkaConfig kafka = lab.install(prefix, partitions);
        fill(lab.bootstrap(), kafka.topics());
        var inTurn = new ArrayList<>(List.of(Kind.values()));
        Collections.rotate(inTurn, round);
        var told = new StringBuilder(round == 0 ? "warm-up:" : "round " + round + ":");
        for (Kind kind : inTurn) {
          double rate =
              switch (kind) {
                case PASS_THROUGH -> runPassThrough(lab, kafka.topics());
                case TOPOLOGY -> runTopology(lab, kafka.topics());
                case SERVICE -> runService(lab, prefix);
              };
          told.append(" %s %d".formatted(kind.text, Math.round(rate)));
          if (round > 0) {
            rates.computeIfAbsent(kind, _ -> new ArrayList<>()).add(rate);
          }
        }
        lab.uninstall(kafka);
        progress(told + " records/s");
      }
      return report(rates);
    }
  }

  /** What is measured. */
  private enum Kind {
    PASS_THROUGH("pass-through"),
    TOPOLOGY("views"),
    SERVICE("with the search index");

    private final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  /** Two records a job: its own, and that it succeeded. */
  private void fill(String bootstrap, Topics topics) {
    var maker = new BenchJobs.Maker(recordBytes);
    try (var producer = BenchJobs.producer(bootstrap, "bench-fill")) {
      var sent = new ArrayList<Future<RecordMetadata>>(2 * CHUNK);
      for (int i = 0; i < jobs; i++) {
        ProducerRecord<byte[], byte[]> job = maker.make(topics.jobs());
        sent.add(producer.send(job));
        sent.add(
            producer.send(
                new ProducerRecord<>(
                    topics.events(), job.key(), JsonCodec.EVENTS.encode(finished(job.key(), i)))));
        if (sent.size() >= 2 * CHUNK) {
          BenchJobs.await(sent);
          sent.clear();
        }
      }
      producer.flush();
      BenchJobs.await(sent);
    }
  }

  private static JobEvent finished(byte[] key, int number) {
    JobId id = JobId.parse(new String(key, StandardCharsets.UTF_8)).orElseThrow();
    Instant now = Instant.now();
    Duration latency = Duration.ofMillis(20 + number % 500);
    var attempt =
        new Attempt(
            1,
            BenchJobs.MODEL,
            "bench",
            now.minus(latency),
            latency,
            null,
            new Served("bench-1", null, new Usage(100, 20, 0), 1_000L, null));
    return new JobEvent.Finished(
        id,
        0,
        List.of(attempt),
        new Outcome.Succeeded(
            new JobOutput.DetectedLanguages(List.of(new JobOutput.ScoredLabel("eng", 0.9)))),
        now);
  }

  private double runService(Lab lab, String prefix) throws IOException, InterruptedException {
    Path state = Files.createTempDirectory("penstock-bench-views");
    var settings = new HashMap<>(lab.installationSettings(prefix, partitions));
    settings.put("streams.port", "0");
    settings.put("streams.threads", String.valueOf(threads));
    settings.put("streams.state-dir", state.toString());
    try (StreamsService service = StreamsService.of(Settings.of(settings));
        HttpClient client = HttpClient.newHttpClient()) {
      service.start();
      URI metrics = URI.create("http://127.0.0.1:" + service.port() + "/metrics");
      return rate(
          LOOK_AT_SERVICE,
          () ->
              PrometheusText.scrape(client, metrics)
                  .sumOrZero("penstock_streams_records_total", "reading=\"folded\""));
    } finally {
      delete(state);
    }
  }

  private double runTopology(Lab lab, Topics topics) throws IOException, InterruptedException {
    Path state = Files.createTempDirectory("penstock-bench-topology");
    var registry = new SimpleMeterRegistry();
    var hub = new ChangeHub();
    var progress = new ViewProgress(hub);
    Topology topology =
        JobTopology.build(topics, Duration.ofDays(7), progress, hub, new RecordMeters(registry));
    FigureTopology.addTo(
        topology,
        JobTopology.FOLD,
        JobTopology.LIVES,
        new FigureBoard(Retentions.DEFAULT, registry));
    Properties settings = settings(lab.bootstrap(), topics.prefix() + "topology", state.toString());
    settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksDbMemory.class);
    try (var streams =
        new KafkaStreams(topology, settings, JobTopology.clients(topics, progress))) {
      streams.start();
      return rate(
          LOOK,
          () ->
              registry.find("penstock.streams.records").tag("reading", "folded").counters().stream()
                  .mapToDouble(Counter::count)
                  .sum());
    } finally {
      delete(state);
    }
  }

  private double runPassThrough(Lab lab, Topics topics) throws IOException, InterruptedException {
    Path state = Files.createTempDirectory("penstock-bench-pass");
    String target = topics.prefix() + "passed";
    lab.createTopic(target, partitions);
    lab.awaitLeaders(target, partitions);
    var count = new LongAdder();
    var topology = new Topology();
    topology.addSource(
        AutoOffsetReset.earliest(),
        "source",
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer(),
        topics.jobs(),
        topics.events());
    topology.addProcessor("count", () -> new Counting(count), "source");
    topology.addSink("sink", target, new ByteArraySerializer(), new ByteArraySerializer(), "count");
    try (var streams =
        new KafkaStreams(topology, settings(lab.bootstrap(), target, state.toString()))) {
      streams.start();
      return rate(LOOK, count::sum);
    } finally {
      delete(state);
    }
  }

  /** As the service runs its views, where it is said here and not by default. */
  private Properties settings(String bootstrap, String application, String stateDirectory) {
    var settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    settings.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, -1);
    settings.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    settings.put(StreamsConfig.mainConsumerPrefix("fetch.max.wait.ms"), 100);
    return settings;
  }

  /** Counts and passes on. */
  private static final class Counting extends ContextualProcessor<byte[], byte[], byte[], byte[]> {
    private final LongAdder count;

    Counting(LongAdder count) {
      this.count = count;
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      context().forward(record);
      count.increment();
    }
  }

  /** How many records are read by now. */
  @FunctionalInterface
  private interface Progress {
    double records() throws IOException, InterruptedException;
  }

  /** Records a second, from a tenth of them to all of them. */
  private double rate(Duration look, Progress progress) throws IOException, InterruptedException {
    long all = 2L * jobs;
    long deadline = System.nanoTime() + ROUND_TIMEOUT.toNanos();
    double begun = -1;
    long beganAt = 0;
    while (System.nanoTime() < deadline) {
      double now = progress.records();
      if (begun < 0 && now >= BEGIN * all) {
        begun = now;
        beganAt = System.nanoTime();
      }
      if (now >= all) {
        // So small that it was all read at the first look: its figure means nothing.
        long nanos = Math.max(1, System.nanoTime() - beganAt);
        return Math.max(1, all - begun) * 1e9 / nanos;
      }
      Thread.sleep(look);
    }
    throw new IllegalStateException(
        "of " + all + " records not all were read within " + ROUND_TIMEOUT);
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private Report report(Map<Kind, List<Double>> rates) {
    Map<String, Samples> parts = new LinkedHashMap<>();
    for (Kind kind : Kind.values()) {
      parts.put(kind.text, new Samples("records/s", Objects.requireNonNull(rates.get(kind))));
    }
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("jobs", jobs);
    configuration.put("records", 2L * jobs);
    configuration.put("rounds", rounds);
    configuration.put("partitions", partitions);
    configuration.put("recordBytes", recordBytes);
    configuration.put("threads", threads);
    configuration.put("heapMb", Runtime.getRuntime().maxMemory() / (1024 * 1024));
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "views",
        "records a second into the views over a Streams pass-through",
        median(parts, Kind.TOPOLOGY) / median(parts, Kind.PASS_THROUGH),
        parts,
        configuration);
  }

  private static double median(Map<String, Samples> parts, Kind kind) {
    return Objects.requireNonNull(parts.get(kind.text)).median();
  }
}
