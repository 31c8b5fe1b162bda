package dev.penstock.bench;

import dev.penstock.broker.FreePort;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CacheRule;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.TenantId;
import dev.penstock.process.ChildJvm;
import dev.penstock.process.PenstockCommands;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.topic.RecordHeaders;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/**
 * How many calls identical jobs make over several worker processes: while nothing happens, and
 * while the worker that calls is killed.
 */
@Command(
    name = "cache",
    description = "Calls that identical jobs make over several workers, one of them killed.",
    mixinStandardHelpOptions = true)
final class CacheBench extends Bench {
  private static final Duration READY = Duration.ofSeconds(90);
  private static final Duration LONGEST = Duration.ofMinutes(2);
  private static final String PREFIX = "cache.";
  private static final String PROVIDER = "fake";

  @Option(names = "--workers", defaultValue = "3", description = "(${DEFAULT-VALUE})")
  private int workers;

  @Option(
      names = "--jobs",
      defaultValue = "1000",
      description = "Identical ones in each of the two parts (${DEFAULT-VALUE}).")
  private int jobs;

  @Option(
      names = "--latency-ms",
      defaultValue = "5000",
      description = "Of a call (${DEFAULT-VALUE}).")
  private int latencyMillis;

  @Option(names = "--partitions", defaultValue = "12", description = "(${DEFAULT-VALUE})")
  private int partitions;

  @Option(
      names = "--heap-mb",
      defaultValue = "192",
      description = "-Xmx of each worker, in MiB (${DEFAULT-VALUE}).")
  private int heapMb;

  private record Worker(ChildJvm process, int port) {}

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--workers", workers, 2, 64);
    check("--jobs", jobs, 1, 100_000);
    check("--latency-ms", latencyMillis, 100, 60_000);
    check("--partitions", partitions, workers, 100);
    check("--heap-mb", heapMb, 64, 16_384);
    try (Lab lab = Lab.open();
        FakeServer provider = FakeServer.start(lab, PROVIDER, List.of());
        var client = HttpClient.newHttpClient()) {
      provider.script("{\"latency\": \"" + latencyMillis + "ms\"}");
      KafkaConfig kafka = lab.install(PREFIX, partitions);
      var running = new ArrayList<Worker>();
      for (int i = 0; i < workers; i++) {
        running.add(startWorker(lab, "worker-" + i, provider));
      }
      progress(workers + " workers are ready; " + jobs + " identical jobs");
      long began = System.nanoTime();
      submit(lab, kafka, "undisturbed");
      awaitCalls(provider, 1);
      awaitFinished(lab, kafka, jobs);
      double calmSeconds = seconds(began);
      long calm = seen(provider);

      progress(calm + " call(s); " + jobs + " more, and the worker that calls is killed");
      began = System.nanoTime();
      submit(lab, kafka, "its owner is killed");
      awaitCalls(provider, calm + 1);
      Worker owner = calling(client, running);
      owner.process().kill();
      awaitFinished(lab, kafka, 2 * jobs);
      double killedSeconds = seconds(began);
      long killed = seen(provider) - calm;
      return report(calm, calmSeconds, killed, killedSeconds);
    }
  }

  private Report report(long calm, double calmSeconds, long killed, double killedSeconds) {
    Map<String, Samples> parts = new LinkedHashMap<>();
    parts.put("calls", new Samples("calls", List.of((double) calm)));
    parts.put("until the last outcome", new Samples("s", List.of(calmSeconds)));
    parts.put("calls, owner killed", new Samples("calls", List.of((double) killed)));
    parts.put("the same, owner killed", new Samples("s", List.of(killedSeconds)));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("workers", workers);
    configuration.put("jobs", jobs);
    configuration.put("latencyMs", latencyMillis);
    configuration.put("partitions", partitions);
    configuration.put("heapMb", heapMb);
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "cache", "calls that identical jobs make over all workers", calm, parts, configuration);
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  private Worker startWorker(Lab lab, String id, FakeServer provider) throws InterruptedException {
    var settings = lab.installationSettings(PREFIX, partitions);
    settings.put("worker.id", id);
    settings.put("worker.providers", PROVIDER);
    settings.putAll(provider.providerSettings(PROVIDER));
    int port = FreePort.find();
    ChildJvm worker = lab.start(PenstockCommands.service("worker", id, port, heapMb, settings));
    worker.awaitReady(Lab.uri(port, "/readyz"), READY);
    return new Worker(worker, port);
  }

  private void submit(Lab lab, KafkaConfig kafka, String text) {
    var sent = new ArrayList<Future<RecordMetadata>>(jobs);
    try (KafkaProducer<byte[], byte[]> producer =
        BenchJobs.producer(lab.bootstrap(), "bench-fill")) {
      for (int i = 0; i < jobs; i++) {
        sent.add(producer.send(job(kafka.topics().jobs(), text)));
      }
      BenchJobs.await(sent);
    }
  }

  private static ProducerRecord<byte[], byte[]> job(String topic, String text) {
    Instant now = Instant.ofEpochMilli(System.currentTimeMillis());
    var job =
        new Job(
            JobId.random(now),
            PROVIDER,
            new JobInput.Generate(text, null, 100),
            3,
            Duration.ofMinutes(5),
            now,
            null,
            Map.of(),
            null,
            null,
            null,
            Priority.NORMAL,
            false,
            TenantId.DEFAULT,
            new CacheRule(true, Duration.ofHours(1), List.of()));
    var record =
        new ProducerRecord<>(
            topic,
            job.id().toString().getBytes(StandardCharsets.UTF_8),
            JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(job)));
    record.headers().add(RecordHeaders.GENERATION, "0".getBytes(StandardCharsets.UTF_8));
    record.headers().add(RecordHeaders.ATTEMPT, "1".getBytes(StandardCharsets.UTF_8));
    return record;
  }

  private static void awaitCalls(FakeServer provider, long calls)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (seen(provider) < calls) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("no call was made within " + LONGEST);
      }
      Thread.sleep(5);
    }
  }

  /** Calls that were begun, also those whose caller has died. */
  private static long seen(FakeServer provider) throws IOException, InterruptedException {
    JsonNode stats = provider.stats();
    return stats.path("calls").asLong() + stats.path("inFlight").asLong();
  }

  /** The worker that has a call running. */
  private static Worker calling(HttpClient client, List<Worker> running)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (System.nanoTime() < deadline) {
      for (Worker worker : running) {
        var page = PrometheusText.scrape(client, Lab.uri(worker.port(), "/metrics"));
        if (page.sum("penstock_worker_slots_busy", "") > 0) {
          return worker;
        }
      }
    }
    throw new IllegalStateException("no worker has a call running");
  }

  private void awaitFinished(Lab lab, KafkaConfig kafka, int expected) throws InterruptedException {
    long deadline = System.nanoTime() + LONGEST.toNanos();
    int finished = finished(lab, kafka);
    while (finished < expected) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            finished + " of " + expected + " jobs succeeded within " + LONGEST);
      }
      Thread.sleep(200);
      finished = finished(lab, kafka);
    }
  }

  private int finished(Lab lab, KafkaConfig kafka) {
    var succeeded = new HashSet<JobId>();
    Outputs.scan(
        lab.bootstrap(),
        BenchJobs.ends(lab, kafka.topics().events(), partitions),
        record -> {
          if (JsonCodec.EVENTS.decode(record.value())
                  instanceof Decoded.Value<JobEvent>(JobEvent.Finished event)
              && event.outcome() instanceof Outcome.Succeeded
              && !succeeded.add(event.jobId())) {
            throw new IllegalStateException("job " + event.jobId() + " has two outcomes");
          }
        });
    return succeeded.size();
  }
}
