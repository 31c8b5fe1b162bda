package dev.penstock.bench;

import dev.penstock.broker.FreePort;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.process.ChildJvm;
import dev.penstock.process.PenstockCommands;
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

  /** No call takes longer than so many times the mean. */
  private static final int LONGEST_LATENCY = 5;

  private static final Duration SETTLE = Duration.ofMillis(500);

  /** Of what a provider can use in the time that is measured, so much is there at least. */
  private static final double SPARE = 1.4;

  private static final int LONGEST_OUTPUT = 1_000;
  private static final double SIGMA = 0.5;

  /** What all answers have; the rest of a call's tokens is its input, which differs. */
  private static final int ANSWER_TOKENS = 100;

  private static final int CHARS_A_TOKEN = 4;

  /** Of what a call's text is wrapped in. */
  private static final int OVERHEAD_TOKENS = 10;

  /** What is limited, each with a provider of its own. */
  private enum Kind {
    REQUESTS("requests-per-minute"),
    TOKENS("tokens-per-minute"),
    CONCURRENCY("concurrency");

    private final String setting;

    Kind(String setting) {
      this.setting = setting;
    }

    /** The last part of the worker's setting, and the option of the fake provider. */
    String setting() {
      return setting;
    }
  }

  /**
   * What a provider saw of one stretch of time.
   *
   * @param accepted calls that came within it
   * @param slotSeconds the sum of the time within it that calls took
   */
  private record Seen(
      double seconds, long accepted, long refused, double tokens, double slotSeconds) {
    /** The part of the limit that was used. */
    double used(Kind kind, long most) {
      double perMinute = 60 / seconds;
      return switch (kind) {
        case REQUESTS -> accepted * perMinute / most;
        case TOKENS -> tokens * perMinute / most;
        case CONCURRENCY -> slotSeconds / seconds / most;
      };
    }

    double refusedPart() {
      return accepted + refused == 0 ? 0 : (double) refused / (accepted + refused);
    }
  }

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
    check("--mean-tokens", meanTokens, 150, 10_000);
    check("--latency-ms", latencyMillis, 1, 60_000);
    check("--burst-seconds", burstSeconds, 1, 60);
    check("--warm-up", warmUpSeconds, 1, 600);
    check("--seconds", seconds, 1, 600);
    check("--churn-seconds", churnSeconds, 1, 600);
    check("--partitions", partitions, workers, 100);
    check("--heap-mb", heapMb, 64, 16_384);
    var providers = new EnumMap<Kind, FakeServer>(Kind.class);
    try (Lab lab = Lab.open()) {
      for (Kind kind : Kind.values()) {
        providers.put(kind, startProvider(lab, kind));
      }
      KafkaConfig kafka = lab.install(PREFIX, partitions);
      fill(lab, kafka);
      var running = new ArrayDeque<ChildJvm>();
      for (int i = 0; i < workers; i++) {
        running.add(startWorker(lab, "worker-" + i, providers));
      }
      progress(workers + " workers are ready; warming up for " + warmUpSeconds + " s");
      Thread.sleep(Duration.ofSeconds(warmUpSeconds));
      Instant calm = now();
      Thread.sleep(Duration.ofSeconds(seconds));
      Instant churn = now();
      churn(lab, running, providers);
      Instant end = now();
      for (ChildJvm worker : running) {
        worker.checkAlive();
      }
      // The calls that are under way at the end count up to it; they are told when they have ended.
      Thread.sleep(SETTLE.plusMillis((long) LONGEST_LATENCY * latencyMillis));
      return report(seen(providers, calm, churn), seen(providers, churn, end));
    } finally {
      providers.values().forEach(FakeServer::close);
    }
  }

  /** The clock of the providers, which are on the same machine. */
  private static Instant now() {
    return Instant.ofEpochMilli(System.currentTimeMillis());
  }

  private FakeServer startProvider(Lab lab, Kind kind) throws IOException, InterruptedException {
    FakeServer provider =
        FakeServer.start(
            lab,
            "provider-" + name(kind),
            List.of(
                "--" + kind.setting(), String.valueOf(most(kind)), "--burst", burstSeconds + "s"));
    // Log-normal: the median of a mean m is m * exp(-sigma^2 / 2).
    long median = Math.max(1, Math.round(latencyMillis * Math.exp(-SIGMA * SIGMA / 2)));
    provider.script(
        "{\"latency\":{\"median\":\""
            + median
            + "ms\",\"sigma\":"
            + SIGMA
            + ",\"max\":\""
            + LONGEST_LATENCY * latencyMillis
            + "ms\"},\"answerTokens\":"
            + ANSWER_TOKENS
            + "}");
    return provider;
  }

  /** One more joins while the others work; when it has been there for a while one is killed. */
  private void churn(Lab lab, Deque<ChildJvm> running, Map<Kind, FakeServer> providers)
      throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(churnSeconds).toNanos();
    running.add(startWorker(lab, "joiner", providers));
    progress("one more worker is ready");
    Thread.sleep(Math.max(0, Duration.ofNanos(end - System.nanoTime()).toMillis() / 2));
    running.remove().kill();
    progress("one worker is killed");
    Thread.sleep(Math.max(0, Duration.ofNanos(end - System.nanoTime()).toMillis()));
  }

  private long most(Kind kind) {
    return switch (kind) {
      case REQUESTS -> requestsPerMinute;
      case TOKENS -> tokensPerMinute;
      case CONCURRENCY -> concurrency;
    };
  }

  private double callsPerSecond(Kind kind) {
    return switch (kind) {
      case REQUESTS -> requestsPerMinute / 60.0;
      case TOKENS -> tokensPerMinute / 60.0 / meanTokens;
      case CONCURRENCY -> concurrency * 1_000.0 / latencyMillis;
    };
  }

  private static String name(Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private ChildJvm startWorker(Lab lab, String id, Map<Kind, FakeServer> providers)
      throws InterruptedException {
    var settings = lab.installationSettings(PREFIX, partitions);
    settings.put("worker.id", id);
    settings.put("worker.slots", "500");
    settings.put("worker.window-jobs", "10000");
    settings.put("worker.providers", String.join(",", names()));
    providers.forEach((kind, provider) -> {
      settings.putAll(provider.providerSettings(name(kind)));
      settings.put("worker.limit." + name(kind) + "." + kind.setting(), String.valueOf(most(kind)));
    });
    int port = FreePort.find();
    ChildJvm worker = lab.start(PenstockCommands.service("worker", id, port, heapMb, settings));
    worker.awaitReady(Lab.uri(port, "/readyz"), READY);
    return worker;
  }

  private static List<String> names() {
    var names = new ArrayList<String>();
    for (Kind kind : Kind.values()) {
      names.add(name(kind));
    }
    return names;
  }

  /** Jobs for all three, mixed as they will be used up. */
  private void fill(Lab lab, KafkaConfig kafka) {
    // Starting takes its time too.
    double time = warmUpSeconds + seconds + churnSeconds + 10.0 * workers;
    var left = new EnumMap<Kind, Integer>(Kind.class);
    int jobs = 0;
    for (Kind kind : Kind.values()) {
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
        for (Kind kind : Kind.values()) {
          int count = left.getOrDefault(kind, 0);
          if (pick < count) {
            left.put(kind, count - 1);
            sent.add(producer.send(job(kafka.topics().jobs(), name(kind), text(random))));
            break;
          }
          pick -= count;
        }
      }
      BenchJobs.await(sent);
    }
  }

  private static ProducerRecord<byte[], byte[]> job(String topic, String model, String text) {
    Instant now = Instant.ofEpochMilli(System.currentTimeMillis());
    var job =
        new Job(
            JobId.random(now),
            model,
            new JobInput.Generate(text, null, LONGEST_OUTPUT),
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

  /** So long that a call of it has the mean number of tokens on average, log-normal. */
  private String text(java.util.SplittableRandom random) {
    double mean = meanTokens - ANSWER_TOKENS - OVERHEAD_TOKENS;
    double tokens = mean * Math.exp(SIGMA * random.nextGaussian() - SIGMA * SIGMA / 2);
    return "x".repeat((int) (Math.max(1, tokens) * CHARS_A_TOKEN));
  }

  private static Map<Kind, Seen> seen(Map<Kind, FakeServer> providers, Instant from, Instant to)
      throws IOException, InterruptedException {
    var seen = new EnumMap<Kind, Seen>(Kind.class);
    for (Map.Entry<Kind, FakeServer> each : providers.entrySet()) {
      seen.put(each.getKey(), seen(each.getValue().calls(), from, to));
    }
    return seen;
  }

  private static Seen seen(List<FakeServer.Call> calls, Instant from, Instant to) {
    long accepted = 0;
    long refused = 0;
    double tokens = 0;
    double slotMillis = 0;
    for (FakeServer.Call call : calls) {
      boolean came = !call.at().isBefore(from) && call.at().isBefore(to);
      if (call.isRefused()) {
        refused += came ? 1 : 0;
      } else {
        accepted += came ? 1 : 0;
        tokens += came ? call.tokens() : 0;
        Instant begin = call.at().isAfter(from) ? call.at() : from;
        Instant end = call.end().isBefore(to) ? call.end() : to;
        slotMillis += Math.max(0, Duration.between(begin, end).toMillis());
      }
    }
    double seconds = Duration.between(from, to).toMillis() / 1e3;
    return new Seen(seconds, accepted, refused, tokens, slotMillis / 1e3);
  }

  private Report report(Map<Kind, Seen> calm, Map<Kind, Seen> churn) {
    Map<String, Samples> parts = new LinkedHashMap<>();
    double least = Double.MAX_VALUE;
    double refused = 0;
    for (Map<Kind, Seen> phase : List.of(calm, churn)) {
      for (Map.Entry<Kind, Seen> each : phase.entrySet()) {
        Kind kind = each.getKey();
        least = Math.min(least, each.getValue().used(kind, most(kind)));
        refused = Math.max(refused, each.getValue().refusedPart());
      }
    }
    parts.put("refused, most", new Samples("of calls", List.of(refused)));
    add(parts, "calm", calm);
    add(parts, "churn", churn);
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("workers", workers);
    for (Kind kind : Kind.values()) {
      configuration.put(kind.setting(), most(kind));
    }
    configuration.put("burstSeconds", burstSeconds);
    configuration.put("meanTokens", meanTokens);
    configuration.put("answerTokens", ANSWER_TOKENS);
    configuration.put("maxOutputTokens", LONGEST_OUTPUT);
    configuration.put("latencyMeanMs", latencyMillis);
    configuration.put("warmUpSeconds", warmUpSeconds);
    configuration.put("calmSeconds", seconds);
    configuration.put("churnSeconds", churnSeconds);
    configuration.put("partitions", partitions);
    configuration.put("heapMb", heapMb);
    configuration.put("providers", "openai over HTTP, fake providers in JVMs of their own");
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "limits",
        "least part of a provider's limit that all workers together used",
        least,
        parts,
        configuration);
  }

  private void add(Map<String, Samples> parts, String phase, Map<Kind, Seen> all) {
    all.forEach((kind, seen) -> {
      parts.put(
          phase + ": " + name(kind) + " used",
          new Samples("of the limit", List.of(seen.used(kind, most(kind)))));
      parts.put(
          phase + ": " + name(kind) + " refused",
          new Samples("of calls", List.of(seen.refusedPart())));
    });
  }
}
