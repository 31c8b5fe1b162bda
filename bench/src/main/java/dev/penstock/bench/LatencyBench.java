package dev.penstock.bench;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobEvent;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.topic.Topics;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How long a job takes that takes no time: from when the producer sends it to when a {@code
 * read_committed} reader has its outcome. Beside it, in rounds that take turns, the plain trip of
 * the same records at the same rate: produce, consume, produce, consume, without transactions. Both
 * have the same producer and the same reader.
 */
@Command(
    name = "latency",
    description = "From sending a job to seeing its outcome, over a plain trip through Kafka.",
    mixinStandardHelpOptions = true)
final class LatencyBench extends Bench {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long MAX_MICROS = TimeUnit.MINUTES.toMicros(10);

  @Option(
      names = "--rate",
      defaultValue = "1000",
      description = "Jobs a second, evenly spaced (${DEFAULT-VALUE}).")
  private int rate;

  @Option(
      names = "--seconds",
      defaultValue = "10",
      description = "Measured seconds of a round (${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "3",
      description = "Seconds at the same rate before each (${DEFAULT-VALUE}).")
  private int warmUpSeconds;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "Rounds of each, after one that is not counted (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--record-bytes",
      defaultValue = "1024",
      description = "Size of a job's record (${DEFAULT-VALUE}).")
  private int recordBytes;

  @Option(
      names = "--output-bytes",
      defaultValue = "374",
      description = "Size of what the plain trip writes; an outcome's (${DEFAULT-VALUE}).")
  private int outputBytes;

  @Option(
      names = "--linger-ms",
      defaultValue = "0",
      description =
          "linger.ms of the sending and of the plain trip's producer (${DEFAULT-VALUE}; Kafka's own"
              + " default is 5).")
  private int lingerMillis;

  @Option(names = "--partitions", defaultValue = "8", description = "(${DEFAULT-VALUE})")
  private int partitions;

  @Option(
      names = "--slots",
      defaultValue = "256",
      description = "The worker's calls at once (${DEFAULT-VALUE}).")
  private int slots;

  @Option(
      names = "--commit-linger-ms",
      defaultValue = "3",
      description = "The worker's worker.commit-linger, in ms (${DEFAULT-VALUE}; its own default).")
  private int commitLingerMillis;

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--rate", rate, 1, 100_000);
    check("--seconds", seconds, 1, 600);
    check("--warm-up", warmUpSeconds, 0, 600);
    check("--rounds", rounds, 1, 100);
    check("--record-bytes", recordBytes, 1, 100_000);
    check("--output-bytes", outputBytes, 1, 100_000);
    check("--linger-ms", lingerMillis, 0, 1_000);
    check("--partitions", partitions, 1, 100);
    check("--slots", slots, 1, 100_000);
    check("--commit-linger-ms", commitLingerMillis, 0, 1_000);
    var plain = new ArrayList<Trip>();
    var worker = new ArrayList<Trip>();
    try (Lab lab = Lab.open()) {
      for (int round = 0; round <= rounds; round++) {
        KafkaConfig kafka = lab.install("round" + round + ".", partitions);
        Trip through;
        Trip past;
        if (round % 2 == 0) {
          through = throughWorker(lab, kafka);
          past = plainTrip(lab, kafka);
        } else {
          past = plainTrip(lab, kafka);
          through = throughWorker(lab, kafka);
        }
        lab.uninstall(kafka);
        progress((round == 0 ? "warm-up" : "round " + round) + ": " + past + ", " + through);
        if (round > 0) {
          plain.add(past);
          worker.add(through);
        }
      }
    }
    return report(plain, worker);
  }

  private Trip throughWorker(Lab lab, KafkaConfig kafka) throws IOException, InterruptedException {
    Topics topics = kafka.topics();
    Map<String, String> settings =
        Map.of(
            "worker.slots",
            String.valueOf(slots),
            "worker.commit-linger",
            commitLingerMillis + "ms");
    try (var worker =
            WorkerHere.start(lab, kafka, partitions, settings, WorkerHere.withoutLatency());
        var client = HttpClient.newHttpClient()) {
      Trip trip = trip(lab, topics.jobs(), topics.events(), true);
      PrometheusText page = PrometheusText.scrape(client, Lab.uri(worker.port(), "/metrics"));
      trip.stages().commits = page.sum("penstock_worker_commit_seconds_count", "");
      trip.stages().committing = page.sum("penstock_worker_commit_seconds_sum", "") * 1_000;
      return trip;
    }
  }

  private Trip plainTrip(Lab lab, KafkaConfig kafka) throws InterruptedException {
    String source = kafka.topics().prefix() + "plain-in";
    String target = kafka.topics().prefix() + "plain-out";
    for (String name : List.of(source, target)) {
      var topic = new NewTopic(name, Optional.of(partitions), Optional.empty());
      topic.configs(Map.of("message.timestamp.type", "LogAppendTime"));
      Lab.await(lab.admin().createTopics(List.of(topic)).all(), "make the topic " + name);
      lab.awaitLeaders(name, partitions);
    }
    var relay =
        new Relay(
            lab.bootstrap(), partitionsOf(source), new Outlet(target, outputBytes, lingerMillis));
    try (relay) {
      relay.start();
      return trip(lab, source, target, false);
    } finally {
      Lab.await(lab.admin().deleteTopics(List.of(source, target)).all(), "delete the topics");
    }
  }

  private List<TopicPartition> partitionsOf(String topic) {
    var all = new ArrayList<TopicPartition>();
    for (int partition = 0; partition < partitions; partition++) {
      all.add(new TopicPartition(topic, partition));
    }
    return all;
  }

  /**
   * Sends records to {@code source} at the rate, and waits for what comes of each on {@code
   * target}.
   */
  private Trip trip(Lab lab, String source, String target, boolean ofWorker)
      throws InterruptedException {
    int warmUps = rate * warmUpSeconds;
    int total = warmUps + rate * seconds;
    var reader = new Reader(lab.bootstrap(), partitionsOf(target), total, warmUps, ofWorker);
    var thread = Thread.ofPlatform().name("bench-latency-reader").start(reader);
    try (KafkaProducer<byte[], byte[]> producer =
        producer(lab.bootstrap(), "bench-send", lingerMillis)) {
      reader.ready.await();
      var maker = new BenchJobs.Maker(recordBytes);
      long begin = System.nanoTime();
      for (int i = 0; i < total; i++) {
        ProducerRecord<byte[], byte[]> job = maker.make(source);
        long at = begin + i * TimeUnit.SECONDS.toNanos(1) / rate;
        for (long left = at - System.nanoTime(); left > 0; left = at - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        reader.sent(new String(job.key(), StandardCharsets.UTF_8), i);
        var _ = producer.send(job, (_, error) -> reader.failed(error));
      }
      producer.flush();
      thread.join(PATIENCE);
    } finally {
      reader.stop();
      thread.join(PATIENCE);
    }
    return reader.trip(ofWorker ? "worker" : "plain");
  }

  private static KafkaProducer<byte[], byte[]> producer(
      String bootstrap, String clientId, int lingerMillis) {
    var settings = new HashMap<String, Object>();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("client.id", clientId);
    settings.put("acks", "all");
    settings.put("enable.idempotence", true);
    settings.put("linger.ms", lingerMillis);
    return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static KafkaConsumer<byte[], byte[]> consumer(String bootstrap, String clientId) {
    return new KafkaConsumer<>(
        Map.of(
            "bootstrap.servers",
            bootstrap,
            "client.id",
            clientId,
            "isolation.level",
            "read_committed",
            "enable.auto.commit",
            false,
            "auto.offset.reset",
            "earliest"),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  /** What one side showed in one round. */
  private record Trip(String what, Histogram micros, Stages stages) {
    double millis(double percentile) {
      return micros.getValueAtPercentile(percentile) / 1_000.0;
    }

    @Override
    public String toString() {
      return what + " p50 " + millis(50) + " ms, p99 " + millis(99) + " ms";
    }
  }

  /**
   * What the way through the worker is made of, summed up over jobs, in milliseconds. The times are
   * from the clocks of the broker and of this JVM, on one machine, and whole milliseconds where
   * they are the broker's.
   */
  private static final class Stages {
    private double toCall;
    private double toSettle;
    private double toAppend;
    private double toVisible;

    /** Transactions, those of the warm-up included, and what they took in all. */
    private double commits;

    private double committing;
    private long jobs;

    void add(long sentMillis, Instant called, Instant settled, long appended, long seenMillis) {
      toCall += millis(called) - sentMillis;
      toSettle += millis(settled) - millis(called);
      toAppend += appended + 0.5 - millis(settled);
      toVisible += seenMillis - appended - 0.5;
      jobs++;
    }

    private static double millis(Instant instant) {
      return instant.getEpochSecond() * 1e3 + instant.getNano() / 1e6;
    }
  }

  /** Reads the target as fast as it can and notes when each awaited record is there. */
  private static final class Reader implements Runnable {
    record Sent(int number, long nanos, long millis) {}

    private final String bootstrap;
    private final List<TopicPartition> target;
    private final int total;
    private final int warmUps;
    private final boolean areEvents;
    private final Map<String, Sent> sent = new ConcurrentHashMap<>();
    private final Histogram micros = new Histogram(1, MAX_MICROS, 3);
    private final Stages stages = new Stages();
    private final CountDownLatch ready = new CountDownLatch(1);
    private volatile boolean stopped;
    private volatile @Nullable Exception failure;
    private int seen;

    Reader(
        String bootstrap, List<TopicPartition> target, int total, int warmUps, boolean areEvents) {
      this.bootstrap = bootstrap;
      this.target = target;
      this.total = total;
      this.warmUps = warmUps;
      this.areEvents = areEvents;
    }

    void sent(String id, int number) {
      sent.put(id, new Sent(number, System.nanoTime(), System.currentTimeMillis()));
    }

    void failed(@Nullable Exception error) {
      if (error != null) {
        failure = error;
      }
    }

    void stop() {
      stopped = true;
    }

    @Override
    public void run() {
      try (var consumer = consumer(bootstrap, "bench-latency-reader")) {
        consumer.assign(target);
        consumer.seekToBeginning(target);
        target.forEach(consumer::position);
        ready.countDown();
        while (!stopped && seen < total) {
          var records = consumer.poll(POLL);
          long nanos = System.nanoTime();
          long millis = System.currentTimeMillis();
          for (ConsumerRecord<byte[], byte[]> record : records) {
            arrived(record, nanos, millis);
          }
        }
      } catch (RuntimeException e) {
        failed(e);
      } finally {
        ready.countDown();
      }
    }

    private void arrived(ConsumerRecord<byte[], byte[]> record, long nanos, long millis) {
      JobEvent.Finished outcome = null;
      if (areEvents) {
        if (!(JsonCodec.EVENTS.decode(record.value())
                instanceof Decoded.Value<JobEvent>(JobEvent event)
            && event instanceof JobEvent.Finished finished)) {
          return;
        }
        outcome = finished;
      }
      String id = new String(record.key(), StandardCharsets.UTF_8);
      Sent job = sent.remove(id);
      if (job == null) {
        throw new IllegalStateException("there are two outputs of the job " + id);
      }
      seen++;
      if (job.number() < warmUps) {
        return;
      }
      micros.recordValue(Math.max(1, (nanos - job.nanos()) / 1_000));
      if (outcome != null) {
        stages.add(
            job.millis(),
            outcome.attempts().getLast().startedAt(),
            outcome.at(),
            record.timestamp(),
            millis);
      }
    }

    Trip trip(String what) {
      Exception error = failure;
      if (error != null) {
        throw new IllegalStateException("a round of " + what + " has failed", error);
      }
      if (seen != total) {
        throw new IllegalStateException(
            "of " + total + " outputs of " + what + " only " + seen + " were there in time");
      }
      return new Trip(what, micros, stages);
    }
  }

  /** Where and how the plain trip writes. */
  private record Outlet(String topic, int bytes, int lingerMillis) {}

  /** The middle of the plain trip: what is read is written, each record at once. */
  private static final class Relay implements AutoCloseable {
    private final String bootstrap;
    private final List<TopicPartition> source;
    private final Outlet outlet;
    private final Thread thread;
    private final CountDownLatch ready = new CountDownLatch(1);
    private volatile boolean stopped;
    private volatile @Nullable Exception failure;

    Relay(String bootstrap, List<TopicPartition> source, Outlet outlet) {
      this.bootstrap = bootstrap;
      this.source = source;
      this.outlet = outlet;
      this.thread = Thread.ofPlatform().name("bench-latency-relay").unstarted(this::run);
    }

    void start() throws InterruptedException {
      thread.start();
      ready.await();
    }

    private void run() {
      try (var consumer = consumer(bootstrap, "bench-relay");
          var producer = producer(bootstrap, "bench-relay-out", outlet.lingerMillis())) {
        consumer.assign(source);
        consumer.seekToBeginning(source);
        source.forEach(consumer::position);
        ready.countDown();
        while (!stopped) {
          for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            byte[] value = Arrays.copyOf(record.value(), outlet.bytes());
            var _ =
                producer.send(
                    new ProducerRecord<>(outlet.topic(), record.key(), value),
                    (_, error) -> {
                      if (error != null) {
                        failure = error;
                      }
                    });
          }
        }
      } catch (RuntimeException e) {
        failure = e;
      } finally {
        ready.countDown();
      }
    }

    @Override
    public void close() {
      stopped = true;
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      Exception error = failure;
      if (error != null) {
        throw new IllegalStateException("the plain trip has failed", error);
      }
    }
  }

  private Report report(List<Trip> plain, List<Trip> worker) {
    var parts = new LinkedHashMap<String, Samples>();
    Samples plainMedian = percentiles(plain, 50);
    Samples workerMedian = percentiles(worker, 50);
    Samples plainHigh = percentiles(plain, 99);
    Samples workerHigh = percentiles(worker, 99);
    parts.put("plain trip, median", plainMedian);
    parts.put("worker, median", workerMedian);
    parts.put("plain trip, p99", plainHigh);
    parts.put("worker, p99", workerHigh);
    parts.put("to the call, mean", stage(worker, stages -> stages.toCall));
    parts.put("to its outcome, mean", stage(worker, stages -> stages.toSettle));
    parts.put("to the append, mean", stage(worker, stages -> stages.toAppend));
    parts.put("to the reader, mean", stage(worker, stages -> stages.toVisible));
    parts.put(
        "a transaction, mean",
        new Samples(
            "ms",
            worker.stream()
                .map(trip -> trip.stages().committing / Math.max(1, trip.stages().commits))
                .toList()));
    parts.put(
        "transactions",
        new Samples(
            "a second",
            worker.stream()
                .map(trip -> trip.stages().commits / (warmUpSeconds + seconds))
                .toList()));
    parts.put("median, ratio of a round", ratios(worker, plain, 50));
    parts.put("p99, ratio of a round", ratios(worker, plain, 99));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("rate", rate);
    configuration.put("secondsPerRound", seconds);
    configuration.put("warmUpSeconds", warmUpSeconds);
    configuration.put("rounds", rounds);
    configuration.put("partitions", partitions);
    configuration.put("recordBytes", recordBytes);
    configuration.put("outputBytes", outputBytes);
    configuration.put("lingerMs", lingerMillis);
    configuration.put("slots", slots);
    configuration.put("commitLingerMs", commitLingerMillis);
    configuration.put("heapMb", Runtime.getRuntime().maxMemory() / (1024 * 1024));
    configuration.put("broker", "separate JVM, same machine");
    configuration.put("p99Ratio", workerHigh.median() / plainHigh.median());
    return new Report(
        "latency",
        "median from sending a job to seeing its outcome, over the plain trip",
        workerMedian.median() / plainMedian.median(),
        parts,
        configuration);
  }

  private static Samples percentiles(List<Trip> trips, double percentile) {
    return new Samples("ms", trips.stream().map(trip -> trip.millis(percentile)).toList());
  }

  private static Samples stage(List<Trip> trips, ToDoubleFunction<Stages> which) {
    return new Samples(
        "ms",
        trips.stream()
            .map(trip -> which.applyAsDouble(trip.stages()) / trip.stages().jobs)
            .toList());
  }

  private static Samples ratios(List<Trip> over, List<Trip> under, double percentile) {
    var ratios = new ArrayList<Double>();
    for (int i = 0; i < over.size(); i++) {
      ratios.add(over.get(i).millis(percentile) / under.get(i).millis(percentile));
    }
    return new Samples("", ratios);
  }
}
