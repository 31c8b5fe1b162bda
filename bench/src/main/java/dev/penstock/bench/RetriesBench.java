package dev.penstock.bench;

import dev.penstock.broker.FreePort;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.process.ChildJvm;
import dev.penstock.process.PenstockCommands;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How late retries start when very many wait, and what waiting costs a worker in memory: some
 * become due during the measurement, and in the second round ten times as many as in the first are
 * due on another day. The worker runs alone in a JVM of its own. Jobs are put where a worker puts
 * them when their first attempt has failed.
 */
@Command(
    name = "retries",
    description = "How late retries start, and what the memory is, when very many wait.",
    mixinStandardHelpOptions = true)
final class RetriesBench extends Bench {
  private static final long SEED = 42;
  private static final double MIB = 1024.0 * 1024;
  private static final Duration SAMPLE_EVERY = Duration.ofMillis(500);
  private static final Duration COMMITTED_WITHIN = Duration.ofSeconds(2);
  private static final int CHUNK = 20_000;
  private static final Duration READY = Duration.ofSeconds(60);

  @Option(
      names = "--jobs",
      defaultValue = "100000",
      description = "Retries that become due while it is measured (${DEFAULT-VALUE}).")
  private int jobs;

  @Option(
      names = "--waiting",
      defaultValue = "1000000",
      description =
          "Retries that wait for another day in the second round; in the first a tenth of them"
              + " (${DEFAULT-VALUE}).")
  private int waiting;

  @Option(
      names = "--lead",
      defaultValue = "30",
      description =
          "Seconds from when the worker is ready to the first due time (${DEFAULT-VALUE}).")
  private int leadSeconds;

  @Option(
      names = "--spread",
      defaultValue = "60",
      description = "Seconds over which they become due, at random (${DEFAULT-VALUE}).")
  private int spreadSeconds;

  @Option(
      names = "--record-bytes",
      defaultValue = "1024",
      description = "Size of a job's record (${DEFAULT-VALUE}).")
  private int recordBytes;

  @Option(names = "--partitions", defaultValue = "8", description = "(${DEFAULT-VALUE})")
  private int partitions;

  @Option(
      names = "--heap-mb",
      defaultValue = "512",
      description = "The worker's -Xmx, in MiB (${DEFAULT-VALUE}).")
  private int heapMb;

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--jobs", jobs, 1, 1_000_000);
    check("--waiting", waiting, 10, 10_000_000);
    check("--lead", leadSeconds, 1, 3_600);
    check("--spread", spreadSeconds, 1, 3_600);
    check("--record-bytes", recordBytes, 1, 100_000);
    check("--partitions", partitions, 1, 100);
    check("--heap-mb", heapMb, 64, 16_384);
    var rounds = new ArrayList<Round>();
    for (int others : List.of(waiting / 10, waiting)) {
      try (Lab lab = Lab.open()) {
        rounds.add(round(lab, others));
      }
    }
    return report(rounds.getFirst(), rounds.getLast());
  }

  /**
   * What one round showed.
   *
   * @param lateMillis of each job, sorted; less than 0 is early
   * @param liveHeapMb what was in use after a full collection, while all waited
   * @param heapPeakMb the most that was in use, garbage included
   * @param residentMb the most memory that the process had
   */
  private record Round(
      List<Double> lateMillis, double liveHeapMb, double heapPeakMb, double residentMb) {
    double late(double share) {
      return lateMillis.get(Math.min(lateMillis.size() - 1, (int) (lateMillis.size() * share)));
    }

    double early() {
      return (double) lateMillis.stream().filter(late -> late < 0).count();
    }
  }

  private Round round(Lab lab, int others) throws IOException, InterruptedException {
    KafkaConfig kafka = lab.install("retries.", partitions);
    Topics topics = kafka.topics();
    var random = new Random(SEED);
    progress("putting " + others + " retries where they wait for another day");
    fill(
        lab,
        topics,
        others,
        () -> Instant.now().plus(Duration.ofHours(24 + random.nextLong(24))),
        (_, _) -> {});
    var settings = lab.installationSettings("retries.", partitions);
    settings.put("worker.providers", "simulated");
    settings.put("worker.provider.simulated.latency-mean", "0ms");
    int port = FreePort.find();
    ChildJvm worker =
        lab.start(PenstockCommands.service("worker", "worker", port, heapMb, settings));
    worker.awaitReady(Lab.uri(port, "/readyz"), READY);
    Instant start = Instant.now().plusSeconds(leadSeconds);
    progress("the worker is ready; " + jobs + " retries are due from " + start + " on");
    var dueAt = new HashMap<JobId, Instant>();
    fill(
        lab,
        topics,
        jobs,
        () -> start.plusMillis(random.nextLong(spreadSeconds * 1_000L)),
        dueAt::put);
    collectGarbage(worker);
    URI metrics = Lab.uri(port, "/metrics");
    double live;
    double peak = 0;
    try (var client = HttpClient.newHttpClient()) {
      live = heap(PrometheusText.scrape(client, metrics));
      progress(jobs + others + " wait with " + (long) live + " MiB of live heap");
      Instant deadline = start.plusSeconds(spreadSeconds * 2L + 60);
      for (double started = 0; started < jobs; ) {
        worker.checkAlive();
        if (Instant.now().isAfter(deadline)) {
          throw new IllegalStateException(
              "only " + (long) started + " of " + jobs + " retries had begun at " + deadline);
        }
        Thread.sleep(SAMPLE_EVERY);
        PrometheusText page = PrometheusText.scrape(client, metrics);
        peak = Math.max(peak, heap(page));
        started = page.sum("penstock_worker_due_lateness_seconds_count", "");
      }
    }
    Thread.sleep(COMMITTED_WITHIN);
    List<Double> late = lateness(lab, topics, dueAt);
    progress("late by " + late.get(late.size() / 2) + " ms at the median");
    return new Round(late, live, peak, resident(worker));
  }

  /** Puts retries where a worker would. */
  private void fill(
      Lab lab, Topics topics, int count, Supplier<Instant> dueAt, BiConsumer<JobId, Instant> told) {
    String text = BenchJobs.text(Math.max(1, recordBytes - record("x", Instant.now()).length));
    try (KafkaProducer<byte[], byte[]> producer =
        BenchJobs.producer(lab.bootstrap(), "bench-fill")) {
      var sent = new ArrayList<Future<RecordMetadata>>();
      for (int i = 0; i < count; i++) {
        Instant at = Instant.ofEpochMilli(dueAt.get().toEpochMilli());
        JobRecord record = retry(text, at);
        told.accept(record.job().id(), at);
        var encoded =
            new ProducerRecord<>(
                topics.waiting(Duration.between(Instant.now(), at), record.job().priority()),
                bytes(record.job().id().toString()),
                JsonCodec.JOB_RECORDS.encode(record));
        encoded
            .headers()
            .add(RecordHeaders.GENERATION, bytes("0"))
            .add(RecordHeaders.ATTEMPT, bytes("2"))
            .add(RecordHeaders.DUE, bytes(String.valueOf(at.toEpochMilli())));
        sent.add(producer.send(encoded));
        if (sent.size() == CHUNK) {
          BenchJobs.await(sent);
          sent.clear();
        }
      }
      producer.flush();
      BenchJobs.await(sent);
    }
  }

  private static byte[] record(String text, Instant dueAt) {
    return JsonCodec.JOB_RECORDS.encode(retry(text, dueAt));
  }

  private static JobRecord retry(String text, Instant dueAt) {
    Instant now = Instant.ofEpochMilli(System.currentTimeMillis());
    var job =
        new Job(
            JobId.random(now),
            BenchJobs.MODEL,
            new JobInput.DetectLanguage(text),
            3,
            Duration.ofMinutes(1),
            now,
            null,
            Map.of());
    var failed =
        new Attempt(
            1,
            BenchJobs.MODEL,
            "bench",
            now,
            Duration.ofMillis(100),
            new Failure.Retryable("the connection was reset"));
    return new JobRecord(job, 0, List.of(failed), dueAt);
  }

  /** How late each retry's call began, by the worker's clock. */
  private List<Double> lateness(Lab lab, Topics topics, Map<JobId, Instant> dueAt) {
    var late = new ArrayList<Double>();
    Outputs outputs =
        Outputs.read(
            lab.bootstrap(),
            BenchJobs.ends(lab, topics.events(), partitions),
            value -> {
              if (JsonCodec.EVENTS.decode(value) instanceof Decoded.Value<JobEvent>(JobEvent event)
                  && event instanceof JobEvent.Finished finished) {
                Instant due = Objects.requireNonNull(dueAt.get(finished.jobId()));
                Instant started = finished.attempts().getLast().startedAt();
                late.add(Duration.between(due, started).toNanos() / 1e6);
                return true;
              }
              return false;
            });
    // Refuses any that is missing or there twice.
    var _ = outputs.rate(jobs);
    return late.stream().sorted().toList();
  }

  private static double heap(PrometheusText page) {
    return page.sum("jvm_memory_used_bytes", "area=\"heap\"") / MIB;
  }

  private static void collectGarbage(ChildJvm worker) throws IOException, InterruptedException {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    int code =
        new ProcessBuilder(jcmd.toString(), String.valueOf(worker.pid()), "GC.run")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor();
    if (code != 0) {
      throw new IllegalStateException("jcmd ended with code " + code);
    }
  }

  /** The most memory that the process had, in MiB; 0 where the system does not tell. */
  private static double resident(ChildJvm worker) throws IOException {
    Path status = Path.of("/proc", String.valueOf(worker.pid()), "status");
    if (!Files.exists(status)) {
      return 0;
    }
    return Files.readAllLines(status, StandardCharsets.UTF_8).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1_024)
        .findFirst()
        .orElse(0);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Report report(Round few, Round many) {
    var parts = new LinkedHashMap<String, Samples>();
    parts.put("early", pair("jobs", few.early(), many.early()));
    parts.put("late, median", pair("ms", few.late(0.5), many.late(0.5)));
    parts.put("late, p99", pair("ms", few.late(0.99), many.late(0.99)));
    parts.put("late, most", pair("ms", few.late(1), many.late(1)));
    parts.put("live heap", pair("MiB", few.liveHeapMb, many.liveHeapMb));
    parts.put("heap peak", pair("MiB", few.heapPeakMb, many.heapPeakMb));
    parts.put("resident, most", pair("MiB", few.residentMb, many.residentMb));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("jobs", jobs);
    configuration.put("waiting", waiting);
    configuration.put("leadSeconds", leadSeconds);
    configuration.put("spreadSeconds", spreadSeconds);
    configuration.put("partitions", partitions);
    configuration.put("recordBytes", recordBytes);
    configuration.put("heapMb", heapMb);
    configuration.put(
        "rounds",
        "the first with " + waiting / 10 + " for another day, the second with " + waiting);
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "retries",
        "live heap with " + (jobs + waiting) + " waiting over that with " + (jobs + waiting / 10),
        many.liveHeapMb / few.liveHeapMb,
        parts,
        configuration);
  }

  private static Samples pair(String unit, double few, double many) {
    return new Samples(unit, List.of(few, many));
  }
}
