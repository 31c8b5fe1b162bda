package dev.penstock.bench;

import dev.penstock.bench.limit.LimitEnforcer;
import dev.penstock.bench.process.ChildJvm;
import dev.penstock.bench.process.FreePort;
import dev.penstock.bench.process.PenstockCommands;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.topic.RecordHeaders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How much of a provider's limits several worker processes use together, and how many of their
 * calls are refused: while nothing happens, and while one worker joins and another is killed. Three
 * limits at once, each with a provider of its own: calls a minute, tokens a minute, calls at once.
 */
@Command(
    name = "limits",
    description = "Share of provider limits that several workers use together, and of refusals.",
    mixinStandardHelpOptions = true)
final class LimitsBench extends Bench {
  private static final Duration READY = Duration.ofSeconds(90);
  private static final String PREFIX = "limits.";
  private static final String TEXT = "x".repeat(200);

  /** Of what a provider can use in the time that is measured, so much is there at least. */
  private static final double SPARE = 1.4;

  private static final int LONGEST_OUTPUT = 1_000;

  @Option(
      names = "--workers",
      defaultValue = "4",
      description = "Worker processes (${DEFAULT-VALUE}).")
  private int workers;

  @Option(
      names = "--requests-per-minute",
      defaultValue = "3000",
      description = "Limit of the first provider (${DEFAULT-VALUE}).")
  private int requestsPerMinute;

  @Option(
      names = "--tokens-per-minute",
      defaultValue = "600000",
      description = "Limit of the second provider (${DEFAULT-VALUE}).")
  private int tokensPerMinute;

  @Option(
      names = "--concurrency",
      defaultValue = "40",
      description = "Limit of the third provider (${DEFAULT-VALUE}).")
  private int concurrency;

  @Option(
      names = "--mean-tokens",
      defaultValue = "300",
      description = "Of a call, log-normal (${DEFAULT-VALUE}).")
  private int meanTokens;

  @Option(
      names = "--latency-ms",
      defaultValue = "800",
      description = "Mean latency of a call, log-normal (${DEFAULT-VALUE}).")
  private int latencyMillis;

  @Option(
      names = "--burst-seconds",
      defaultValue = "3",
      description = "How much of a rate the provider lets one save up (${DEFAULT-VALUE}).")
  private int burstSeconds;

  @Option(
      names = "--warm-up",
      defaultValue = "15",
      description = "Seconds before it is measured (${DEFAULT-VALUE}).")
  private int warmUpSeconds;

  @Option(
      names = "--seconds",
      defaultValue = "30",
      description = "Seconds in which nothing happens (${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--churn-seconds",
      defaultValue = "50",
      description = "Seconds in which a worker joins and another is killed (${DEFAULT-VALUE}).")
  private int churnSeconds;

  @Option(names = "--partitions", defaultValue = "16", description = "(${DEFAULT-VALUE})")
  private int partitions;

  @Option(
      names = "--heap-mb",
      defaultValue = "192",
      description = "-Xmx of each worker, in MiB (${DEFAULT-VALUE}).")
  private int heapMb;

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--workers", workers, 1, 64);
    check("--requests-per-minute", requestsPerMinute, 1, 1_000_000);
    check("--tokens-per-minute", tokensPerMinute, 1, 1_000_000_000);
    check("--concurrency", concurrency, 1, 10_000);
    check("--mean-tokens", meanTokens, 1, 100_000);
    check("--latency-ms", latencyMillis, 1, 60_000);
    check("--burst-seconds", burstSeconds, 1, 60);
    check("--warm-up", warmUpSeconds, 1, 600);
    check("--seconds", seconds, 1, 600);
    check("--churn-seconds", churnSeconds, 1, 600);
    check("--partitions", partitions, workers, 100);
    check("--heap-mb", heapMb, 64, 16_384);
    var providers = new EnumMap<LimitEnforcer.Kind, LimitEnforcer>(LimitEnforcer.Kind.class);
    try (Lab lab = Lab.open()) {
      for (LimitEnforcer.Kind kind : LimitEnforcer.Kind.values()) {
        providers.put(
            kind,
            new LimitEnforcer(
                new LimitEnforcer.Allowance(kind, most(kind), burstSeconds),
                meanTokens,
                latencyMillis));
      }
      KafkaConfig kafka = lab.install(PREFIX, partitions);
      fill(lab, kafka);
      var running = new ArrayDeque<ChildJvm>();
      for (int i = 0; i < workers; i++) {
        running.add(startWorker(lab, "worker-" + i, providers));
      }
      progress(workers + " workers are ready; warming up for " + warmUpSeconds + " s");
      Thread.sleep(Duration.ofSeconds(warmUpSeconds));
      Map<LimitEnforcer.Kind, LimitEnforcer.Seen> calm = seen(providers);
      Thread.sleep(Duration.ofSeconds(seconds));
      Map<LimitEnforcer.Kind, LimitEnforcer.Seen> churn = seen(providers);
      churn(lab, running, providers);
      Map<LimitEnforcer.Kind, LimitEnforcer.Seen> end = seen(providers);
      for (ChildJvm worker : running) {
        worker.checkAlive();
      }
      return report(providers, difference(churn, calm), difference(end, churn));
    } finally {
      for (LimitEnforcer provider : providers.values()) {
        provider.close();
      }
    }
  }

  /** One more joins while the others work; when it has been there for a while one is killed. */
  private void churn(
      Lab lab, Deque<ChildJvm> running, Map<LimitEnforcer.Kind, LimitEnforcer> providers)
      throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(churnSeconds).toNanos();
    running.add(startWorker(lab, "joiner", providers));
    progress("one more worker is ready");
    Thread.sleep(Math.max(0, Duration.ofNanos(end - System.nanoTime()).toMillis() / 2));
    running.remove().kill();
    progress("one worker is killed");
    Thread.sleep(Math.max(0, Duration.ofNanos(end - System.nanoTime()).toMillis()));
  }

  private long most(LimitEnforcer.Kind kind) {
    return switch (kind) {
      case REQUESTS -> requestsPerMinute;
      case TOKENS -> tokensPerMinute;
      case CONCURRENCY -> concurrency;
    };
  }

  private double callsPerSecond(LimitEnforcer.Kind kind) {
    return switch (kind) {
      case REQUESTS -> requestsPerMinute / 60.0;
      case TOKENS -> tokensPerMinute / 60.0 / meanTokens;
      case CONCURRENCY -> concurrency * 1_000.0 / latencyMillis;
    };
  }

  private static String name(LimitEnforcer.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private ChildJvm startWorker(Lab lab, String id, Map<LimitEnforcer.Kind, LimitEnforcer> providers)
      throws InterruptedException {
    var settings = lab.installationSettings(PREFIX, partitions);
    settings.put("worker.id", id);
    settings.put("worker.slots", "500");
    settings.put("worker.window-jobs", "10000");
    settings.put("worker.providers", String.join(",", names()));
    providers.forEach((kind, provider) -> {
      settings.put("worker.provider." + name(kind) + ".type", "limited");
      settings.put("worker.provider." + name(kind) + ".port", String.valueOf(provider.port()));
      settings.put("worker.limit." + name(kind) + "." + kind.setting(), String.valueOf(most(kind)));
    });
    int port = FreePort.find();
    ChildJvm worker = lab.start(PenstockCommands.service("worker", id, port, heapMb, settings));
    worker.awaitReady(Lab.uri(port, "/readyz"), READY);
    return worker;
  }

  private static List<String> names() {
    var names = new ArrayList<String>();
    for (LimitEnforcer.Kind kind : LimitEnforcer.Kind.values()) {
      names.add(name(kind));
    }
    return names;
  }

  /** Jobs for all three, mixed as they will be used up. */
  private void fill(Lab lab, KafkaConfig kafka) {
    // Starting takes its time too.
    double time = warmUpSeconds + seconds + churnSeconds + 10.0 * workers;
    var left = new EnumMap<LimitEnforcer.Kind, Integer>(LimitEnforcer.Kind.class);
    int jobs = 0;
    for (LimitEnforcer.Kind kind : LimitEnforcer.Kind.values()) {
      int count = (int) (callsPerSecond(kind) * time * SPARE);
      left.put(kind, count);
      jobs += count;
    }
    progress("filling " + kafka.topics().jobs() + " with " + jobs + " jobs");
    var random = new java.util.SplittableRandom(42);
    var sent = new ArrayList<Future<RecordMetadata>>(jobs);
    try (KafkaProducer<byte[], byte[]> producer =
        BenchJobs.producer(lab.bootstrap(), "bench-fill")) {
      for (; jobs > 0; jobs--) {
        int pick = random.nextInt(jobs);
        for (LimitEnforcer.Kind kind : LimitEnforcer.Kind.values()) {
          int count = left.getOrDefault(kind, 0);
          if (pick < count) {
            left.put(kind, count - 1);
            sent.add(producer.send(job(kafka.topics().jobs(), name(kind))));
            break;
          }
          pick -= count;
        }
      }
      BenchJobs.await(sent);
    }
  }

  private static ProducerRecord<byte[], byte[]> job(String topic, String model) {
    Instant now = Instant.ofEpochMilli(System.currentTimeMillis());
    var job =
        new Job(
            JobId.random(now),
            model,
            new JobInput.Generate(TEXT, null, LONGEST_OUTPUT),
            3,
            Duration.ofMinutes(5),
            now,
            null,
            Map.of());
    var record =
        new ProducerRecord<>(
            topic,
            job.id().toString().getBytes(StandardCharsets.UTF_8),
            JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(job)));
    record.headers().add(RecordHeaders.GENERATION, "0".getBytes(StandardCharsets.UTF_8));
    record.headers().add(RecordHeaders.ATTEMPT, "1".getBytes(StandardCharsets.UTF_8));
    return record;
  }

  private static Map<LimitEnforcer.Kind, LimitEnforcer.Seen> seen(
      Map<LimitEnforcer.Kind, LimitEnforcer> providers) {
    var seen = new EnumMap<LimitEnforcer.Kind, LimitEnforcer.Seen>(LimitEnforcer.Kind.class);
    providers.forEach((kind, provider) -> seen.put(kind, provider.seen()));
    return seen;
  }

  private static Map<LimitEnforcer.Kind, LimitEnforcer.Seen> difference(
      Map<LimitEnforcer.Kind, LimitEnforcer.Seen> later,
      Map<LimitEnforcer.Kind, LimitEnforcer.Seen> earlier) {
    var all = new EnumMap<LimitEnforcer.Kind, LimitEnforcer.Seen>(LimitEnforcer.Kind.class);
    later.forEach((kind, seen) ->
        all.put(kind, seen.since(java.util.Objects.requireNonNull(earlier.get(kind)))));
    return all;
  }

  private Report report(
      Map<LimitEnforcer.Kind, LimitEnforcer> providers,
      Map<LimitEnforcer.Kind, LimitEnforcer.Seen> calm,
      Map<LimitEnforcer.Kind, LimitEnforcer.Seen> churn) {
    Map<String, Samples> parts = new LinkedHashMap<>();
    double least = Double.MAX_VALUE;
    double refused = 0;
    for (var one : Map.of("calm", calm, "churn", churn).entrySet()) {
      for (var each : one.getValue().entrySet()) {
        var provider = java.util.Objects.requireNonNull(providers.get(each.getKey()));
        least = Math.min(least, each.getValue().used(provider.allowance()));
        refused = Math.max(refused, each.getValue().refusedPart());
      }
    }
    parts.put("refused, most", new Samples("of calls", List.of(refused)));
    add(parts, "calm", providers, calm);
    add(parts, "churn", providers, churn);
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("workers", workers);
    providers.forEach(
        (kind, provider) -> configuration.put(kind.setting(), provider.allowance().most()));
    configuration.put("burstSeconds", burstSeconds);
    configuration.put("meanTokens", meanTokens);
    configuration.put("maxOutputTokens", LONGEST_OUTPUT);
    configuration.put("latencyMeanMs", latencyMillis);
    configuration.put("warmUpSeconds", warmUpSeconds);
    configuration.put("calmSeconds", seconds);
    configuration.put("churnSeconds", churnSeconds);
    configuration.put("partitions", partitions);
    configuration.put("heapMb", heapMb);
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "limits",
        "least part of a provider's limit that all workers together used",
        least,
        parts,
        configuration);
  }

  private static void add(
      Map<String, Samples> parts,
      String phase,
      Map<LimitEnforcer.Kind, LimitEnforcer> providers,
      Map<LimitEnforcer.Kind, LimitEnforcer.Seen> all) {
    all.forEach((kind, seen) -> {
      var provider = java.util.Objects.requireNonNull(providers.get(kind));
      parts.put(
          phase + ": " + name(kind) + " used",
          new Samples("of the limit", List.of(seen.used(provider.allowance()))));
      parts.put(
          phase + ": " + name(kind) + " refused",
          new Samples("of calls", List.of(seen.refusedPart())));
    });
  }
}
