package dev.penstock.bench;

import dev.penstock.bench.peer.Course;
import dev.penstock.bench.peer.ParallelConsumerPeer;
import dev.penstock.bench.peer.Peer;
import dev.penstock.bench.peer.SharePeer;
import dev.penstock.bench.peer.SpringPeer;
import dev.penstock.bench.peer.Work;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.worker.provider.SimulatedProviderFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The worker among its alternatives, on one broker in one run. Without {@code --slots}: jobs a
 * second with a provider of no latency, all over the plain pipe, in rounds in which each goes first
 * in turn. With {@code --slots}: the share of so many slots that each keeps busy with long calls.
 * All run in this JVM and call the same provider. A peer that can't run here is reported with its
 * error.
 */
@Command(
    name = "peers",
    description = "The worker against Parallel Consumer, share groups and Spring Kafka.",
    mixinStandardHelpOptions = true)
final class PeersBench extends Bench {
  private static final String CEILING = "plain consume-produce";
  private static final String WORKER = "worker";
  private static final Duration FIRST_CALL = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final Duration SAMPLE_EVERY = Duration.ofMillis(200);
  private static final double SPARE_JOBS = 1.3;
  private static final int WORKER_SLOTS = 5_000;
  private static final double MIB = 1024.0 * 1024;

  @Option(
      names = "--jobs",
      defaultValue = "400000",
      description = "Jobs in a round without latency (${DEFAULT-VALUE}).")
  private int jobs;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "Rounds without latency, after one that is not counted (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--seconds",
      defaultValue = "8",
      description =
          "After how many seconds a round of one ends, with or without all of its jobs"
              + " (${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--threads",
      defaultValue = "16",
      description =
          "Parallel Consumer's maxConcurrency without latency; 16 is its default"
              + " (${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--slots",
      defaultValue = "0",
      description = "Calls at once for the busy share; 0 for no latency (${DEFAULT-VALUE}).")
  private int slots;

  @Option(
      names = "--mean-ms",
      defaultValue = "2000",
      description = "Mean of a call, in ms, with --slots (${DEFAULT-VALUE}).")
  private int meanMillis;

  @Option(
      names = "--sigma-percent",
      defaultValue = "100",
      description = "Shape of the log-normal law, in hundredths; 0 is constant (${DEFAULT-VALUE}).")
  private int sigmaPercent;

  @Option(
      names = "--warm-up",
      defaultValue = "10",
      description = "Seconds before the busy share is looked at (${DEFAULT-VALUE}).")
  private int warmUpSeconds;

  @Option(
      names = "--record-bytes",
      defaultValue = "1024",
      description = "Size of a job's record (${DEFAULT-VALUE}).")
  private int recordBytes;

  @Option(
      names = "--output-bytes",
      defaultValue = "374",
      description = "Size of a peer's output; an outcome's (${DEFAULT-VALUE}).")
  private int outputBytes;

  @Option(names = "--partitions", defaultValue = "8", description = "(${DEFAULT-VALUE})")
  private int partitions;

  private final Map<String, String> notRun = new LinkedHashMap<>();

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--jobs", jobs, 2, 10_000_000);
    check("--rounds", rounds, 1, 100);
    check("--seconds", seconds, 1, 600);
    check("--threads", threads, 1, 10_000);
    check("--slots", slots, 0, 20_000);
    check("--mean-ms", meanMillis, 1, 600_000);
    check("--sigma-percent", sigmaPercent, 0, 300);
    check("--warm-up", warmUpSeconds, 0, 600);
    check("--record-bytes", recordBytes, 1, 100_000);
    check("--output-bytes", outputBytes, 1, 100_000);
    check("--partitions", partitions, 1, 100);
    try (Lab lab = Lab.open()) {
      return slots == 0 ? rates(lab) : busyShares(lab);
    }
  }

  private static List<Peer> peers() {
    return List.of(
        new ParallelConsumerPeer(false),
        new ParallelConsumerPeer(true),
        new SharePeer(),
        new SpringPeer());
  }

  // Without latency

  private Report rates(Lab lab) throws InterruptedException {
    var names = new ArrayList<>(List.of(CEILING, WORKER));
    peers().forEach(peer -> names.add(peer.name()));
    var rates = new LinkedHashMap<String, List<Double>>();
    for (int round = 0; round <= rounds; round++) {
      KafkaConfig kafka = lab.install("round" + round + ".", partitions);
      BenchJobs.fill(lab.bootstrap(), kafka.topics().jobs(), jobs, recordBytes);
      Map<TopicPartition, Long> ends = BenchJobs.ends(lab, kafka.topics().jobs(), partitions);
      var turns = new ArrayList<>(names);
      Collections.rotate(turns, -round);
      for (String name : turns) {
        Optional<Double> rate = rate(lab, kafka, ends, name);
        progress(
            (round == 0 ? "warm-up: " : "round " + round + ": ")
                + name
                + rate.map(it -> " " + Math.round(it) + " jobs/s").orElse(" does not run here"));
        if (round > 0 && rate.isPresent()) {
          rates.computeIfAbsent(name, _ -> new ArrayList<>()).add(rate.get());
        }
      }
      lab.uninstall(kafka);
    }
    return rateReport(names, rates);
  }

  /** Empty when it does not run here. */
  private Optional<Double> rate(
      Lab lab, KafkaConfig kafka, Map<TopicPartition, Long> ends, String name)
      throws InterruptedException {
    if (notRun.containsKey(name)) {
      return Optional.empty();
    }
    if (name.equals(WORKER)) {
      try (var worker =
          WorkerHere.start(lab, kafka, partitions, WORKER_SLOTS, WorkerHere.withoutLatency())) {
        var _ = worker.awaitCommitted(ends, Duration.ofSeconds(seconds));
      }
      return Optional.of(outputs(lab, kafka.topics().events(), WorkerHere::isOutcome));
    }
    String target = target(lab, kafka, name);
    try {
      if (name.equals(CEILING)) {
        PlainPipe.run(lab.bootstrap(), ends, target, outputBytes);
      } else if (!ran(course(lab, kafka, target, threads, WorkerHere.withoutLatency()), name)) {
        return Optional.empty();
      }
      return Optional.of(outputs(lab, target, _ -> true));
    } finally {
      Lab.await(lab.admin().deleteTopics(List.of(target)).all(), "delete the topic " + target);
    }
  }

  private String target(Lab lab, KafkaConfig kafka, String name) throws InterruptedException {
    String target = kafka.topics().prefix() + name.replaceAll("[^A-Za-z0-9]+", "-");
    var topic = new NewTopic(target, Optional.of(partitions), Optional.empty());
    topic.configs(Map.of("message.timestamp.type", "LogAppendTime"));
    Lab.await(lab.admin().createTopics(List.of(topic)).all(), "make the topic " + target);
    lab.awaitLeaders(target, partitions);
    return target;
  }

  private Course course(
      Lab lab, KafkaConfig kafka, String target, int calls, Map<String, String> provider) {
    return new Course(
        lab.bootstrap(),
        kafka.topics().jobs(),
        target,
        partitions,
        calls,
        slots > 0,
        new Work(new SimulatedProviderFactory().create("simulated", provider), outputBytes));
  }

  /** Lets a peer run until it has done all jobs or its time is up. */
  private boolean ran(Course course, String name) throws InterruptedException {
    return with(
        course,
        name,
        running -> {
          long deadline = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
          while (course.work().done() < jobs
              && System.nanoTime() < deadline
              && running.failure().isEmpty()) {
            Thread.sleep(LOOK);
          }
        });
  }

  /** How long a group takes to form is not what is measured. */
  private static void awaitFirstCall(Course course, Peer.Running running)
      throws InterruptedException {
    long deadline = System.nanoTime() + FIRST_CALL.toNanos();
    while (course.work().done() == 0 && running.failure().isEmpty()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("it made no call within " + FIRST_CALL);
      }
      Thread.sleep(LOOK);
    }
  }

  private interface Watch {
    void look(Peer.Running running) throws InterruptedException;
  }

  /** Whatever a peer throws is why it does not run here; the others go on. */
  private boolean with(Course course, String name, Watch watch) throws InterruptedException {
    Peer peer = peers().stream().filter(it -> it.name().equals(name)).findFirst().orElseThrow();
    try (Peer.Running running = peer.start(course)) {
      awaitFirstCall(course, running);
      watch.look(running);
      if (running.failure().isPresent()) {
        throw new IllegalStateException(running.failure().get());
      }
      return true;
    } catch (RuntimeException | LinkageError e) {
      notRun.put(name, e.toString());
      progress(name + " does not run here: " + e);
      return false;
    }
  }

  private double outputs(Lab lab, String topic, Predicate<byte[]> counted) {
    Outputs outputs =
        Outputs.read(lab.bootstrap(), BenchJobs.ends(lab, topic, partitions), counted);
    if (outputs.records() < 2) {
      throw new IllegalStateException("there are no outputs on " + topic);
    }
    return outputs.rate(outputs.keys());
  }

  private static <T> T at(Map<String, T> values, String name) {
    return Objects.requireNonNull(values.get(name), name);
  }

  private Report rateReport(List<String> names, Map<String, List<Double>> rates) {
    var parts = new LinkedHashMap<String, Samples>();
    names.stream()
        .filter(rates::containsKey)
        .forEach(name -> parts.put(name, new Samples("jobs/s", at(rates, name))));
    double ceiling = at(parts, CEILING).median();
    double worker = at(parts, WORKER).median();
    names.stream()
        .filter(name -> !name.equals(CEILING) && rates.containsKey(name))
        .forEach(name ->
            parts.put(
                name + ", share",
                new Samples("of the plain rate", List.of(at(parts, name).median() / ceiling))));
    peers().stream()
        .map(Peer::name)
        .filter(rates::containsKey)
        .forEach(name ->
            parts.put(
                "over " + name,
                new Samples("times, the worker", List.of(worker / at(parts, name).median()))));
    Map<String, Object> configuration = configuration();
    configuration.put("jobs", jobs);
    configuration.put("rounds", rounds);
    configuration.put("secondsAtMost", seconds);
    configuration.put("workerSlots", WORKER_SLOTS);
    configuration.put("parallelConsumerThreads", threads);
    return new Report(
        "peers",
        "worker's jobs a second over plain consume-produce; its peers beside it",
        worker / ceiling,
        parts,
        configuration);
  }

  // With calls that take time

  /**
   * What was seen of one.
   *
   * @param busy share of the slots, the mean of all samples
   * @param heapPeakMb the most of this JVM's heap, garbage included
   */
  private record Share(double busy, double heapPeakMb) {}

  private Report busyShares(Lab lab) throws IOException, InterruptedException {
    KafkaConfig kafka = lab.install("slots.", partitions);
    int needed =
        (int)
            Math.min(
                5_000_000,
                slots * 1_000.0 / meanMillis * (warmUpSeconds + seconds) * SPARE_JOBS + 2L * slots);
    BenchJobs.fill(lab.bootstrap(), kafka.topics().jobs(), needed, recordBytes);
    var shares = new LinkedHashMap<String, Share>();
    shares.put(WORKER, workerShare(lab, kafka));
    progress(WORKER + ": busy " + at(shares, WORKER).busy());
    for (Peer peer : peers()) {
      Course course = course(lab, kafka, target(lab, kafka, peer.name()), slots, provider());
      var share = new ArrayList<Share>();
      if (with(
          course,
          peer.name(),
          _ -> share.add(watch(() -> (double) course.work().busy() / slots)))) {
        shares.put(peer.name(), share.getFirst());
        progress(peer.name() + ": busy " + share.getFirst().busy());
      }
    }
    return shareReport(needed, shares);
  }

  private Map<String, String> provider() {
    return Map.of(
        "latency-mean", meanMillis + "ms", "latency-sigma", String.valueOf(sigmaPercent / 100.0));
  }

  private Share workerShare(Lab lab, KafkaConfig kafka) throws IOException, InterruptedException {
    try (var worker = WorkerHere.start(lab, kafka, partitions, slots, provider());
        var client = HttpClient.newHttpClient()) {
      var metrics = Lab.uri(worker.port(), "/metrics");
      return watch(() -> {
        try {
          return PrometheusText.scrape(client, metrics).sum("penstock_worker_slots_busy", "")
              / slots;
        } catch (IOException e) {
          throw new UncheckedIOException("the worker's metrics can't be read", e);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted", e);
        }
      });
    }
  }

  private Share watch(DoubleSupplier busyShare) throws InterruptedException {
    long deadline = System.nanoTime() + FIRST_CALL.toNanos();
    while (busyShare.getAsDouble() == 0) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("no call within " + FIRST_CALL);
      }
      Thread.sleep(LOOK);
    }
    Thread.sleep(Duration.ofSeconds(warmUpSeconds));
    double busy = 0;
    double peak = 0;
    int samples = 0;
    long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    while (System.nanoTime() < end) {
      busy += busyShare.getAsDouble();
      Runtime runtime = Runtime.getRuntime();
      peak = Math.max(peak, (runtime.totalMemory() - runtime.freeMemory()) / MIB);
      samples++;
      Thread.sleep(SAMPLE_EVERY);
    }
    return new Share(busy / samples, peak);
  }

  private Report shareReport(int needed, Map<String, Share> shares) {
    var parts = new LinkedHashMap<String, Samples>();
    shares.forEach(
        (name, share) -> parts.put(name, new Samples("of slot time", List.of(share.busy()))));
    shares.forEach((name, share) ->
        parts.put(name + ", heap peak", new Samples("MiB", List.of(share.heapPeakMb()))));
    Map<String, Object> configuration = configuration();
    configuration.put("slots", slots);
    configuration.put("meanMs", meanMillis);
    configuration.put("sigma", sigmaPercent / 100.0);
    configuration.put("jobs", needed);
    configuration.put("warmUpSeconds", warmUpSeconds);
    configuration.put("seconds", seconds);
    return new Report(
        "peers",
        "share of " + slots + " slots that the worker kept busy; its peers beside it",
        at(shares, WORKER).busy(),
        parts,
        configuration);
  }

  private Map<String, Object> configuration() {
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("partitions", partitions);
    configuration.put("recordBytes", recordBytes);
    configuration.put("outputBytes", outputBytes);
    configuration.put("heapMb", Runtime.getRuntime().maxMemory() / (1024 * 1024));
    configuration.put("broker", "separate JVM, same machine");
    configuration.putAll(Report.peerVersions());
    notRun.forEach((name, why) -> configuration.put("notRun: " + name, why));
    return configuration;
  }
}
