package dev.penstock.bench;

import dev.penstock.broker.FreePort;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Attempt;
import dev.penstock.job.JobEvent;
import dev.penstock.process.ChildJvm;
import dev.penstock.process.GroupMembers;
import dev.penstock.process.PenstockCommands;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.config.ConfigResource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How long jobs stand still when one of two workers is killed with SIGKILL. Jobs come at a steady
 * rate that one worker can serve alone, so that nothing but the failover is waited for.
 */
@Command(
    name = "failover",
    description = "Time from the SIGKILL of one of two workers until its jobs run again.",
    mixinStandardHelpOptions = true)
final class FailoverBench extends Bench {
  private static final Duration READY = Duration.ofSeconds(60);
  private static final long STEP_MILLIS = 50;
  private static final String PREFIX = "failover.";
  private static final String VICTIM = "victim";
  private static final String SURVIVOR = "survivor";

  @Option(names = "--rate", defaultValue = "500", description = "Jobs a second (${DEFAULT-VALUE}).")
  private int rate;

  @Option(
      names = "--latency-ms",
      defaultValue = "200",
      description = "Mean latency of a call, log-normal (${DEFAULT-VALUE}).")
  private int latencyMillis;

  @Option(
      names = "--before",
      defaultValue = "10",
      description = "Seconds with both workers before each kill (${DEFAULT-VALUE}).")
  private int beforeSeconds;

  @Option(
      names = "--after",
      defaultValue = "25",
      description = "Seconds with one worker after it (${DEFAULT-VALUE}).")
  private int afterSeconds;

  @Option(names = "--rounds", defaultValue = "3", description = "Kills (${DEFAULT-VALUE}).")
  private int rounds;

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
      description = "-Xmx of each worker, in MiB (${DEFAULT-VALUE}).")
  private int heapMb;

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--rate", rate, 20, 100_000);
    check("--latency-ms", latencyMillis, 0, 10_000);
    check("--before", beforeSeconds, 1, 600);
    check("--after", afterSeconds, 10, 600);
    check("--rounds", rounds, 1, 100);
    check("--record-bytes", recordBytes, 1, 100_000);
    check("--partitions", partitions, 2, 100);
    check("--heap-mb", heapMb, 64, 16_384);
    var all = new ArrayList<Round>();
    try (Lab lab = Lab.open()) {
      KafkaConfig kafka = lab.install(PREFIX, partitions);
      double session = sessionSeconds(lab);
      startWorker(lab, SURVIVOR);
      var jobs = new Jobs(lab, kafka);
      for (int round = 1; round <= rounds; round++) {
        ChildJvm victim = startWorker(lab, VICTIM);
        awaitPartitions(lab, kafka, VICTIM);
        jobs.send(beforeSeconds);
        victim.checkAlive();
        Instant killedAt = Instant.now();
        victim.kill();
        jobs.send(afterSeconds);
        Round seen = seen(lab, kafka, killedAt);
        all.add(seen);
        progress(
            "round "
                + round
                + (": the victim's "
                    + seen.partitions()
                    + " partitions ran again after "
                    + seen.first()
                    + " to "
                    + seen.last()
                    + " s"));
      }
      jobs.close();
      return report(all, session);
    }
  }

  /**
   * What one kill showed, in seconds from the kill.
   *
   * @param partitions how many the victim had
   * @param first when a call of the first of them began again
   * @param last when one of the last of them began again
   * @param lostCalls when the last of the jobs that were accepted before the kill began again
   */
  private record Round(int partitions, double first, double last, double lostCalls) {}

  private ChildJvm startWorker(Lab lab, String id) throws InterruptedException {
    var settings = lab.installationSettings(PREFIX, partitions);
    settings.put("worker.id", id);
    settings.put("worker.slots", "5000");
    settings.put("worker.providers", "simulated");
    settings.put("worker.provider.simulated.latency-mean", latencyMillis + "ms");
    int port = FreePort.find();
    ChildJvm worker = lab.start(PenstockCommands.service("worker", id, port, heapMb, settings));
    worker.awaitReady(Lab.uri(port, "/readyz"), READY);
    return worker;
  }

  /** A worker is ready when it belongs to the group; its partitions come from the other one. */
  private static void awaitPartitions(Lab lab, KafkaConfig kafka, String worker)
      throws InterruptedException {
    String jobs = kafka.topics().jobs();
    long deadline = System.nanoTime() + READY.toNanos();
    while (System.nanoTime() < deadline) {
      if (GroupMembers.owners(lab.admin(), kafka.topics().workerGroup(), jobs)
          .contains(worker + "-claim")) {
        return;
      }
      Thread.sleep(STEP_MILLIS);
    }
    throw new IllegalStateException(worker + " got no partition of " + jobs + " within " + READY);
  }

  /** Jobs at a steady rate. */
  private final class Jobs implements AutoCloseable {
    private final KafkaProducer<byte[], byte[]> producer;
    private final BenchJobs.Maker maker = new BenchJobs.Maker(recordBytes);
    private final String topic;

    Jobs(Lab lab, KafkaConfig kafka) {
      this.producer = BenchJobs.producer(lab.bootstrap(), "bench-load");
      this.topic = kafka.topics().jobs();
    }

    void send(int seconds) throws InterruptedException {
      var sent = new ArrayList<Future<RecordMetadata>>();
      long begin = System.nanoTime();
      long total = (long) rate * seconds;
      while (sent.size() < total) {
        double elapsed = (System.nanoTime() - begin) / 1e9;
        long due = Math.min(total, Math.round(elapsed * rate));
        while (sent.size() < due) {
          sent.add(producer.send(maker.make(topic)));
        }
        Thread.sleep(STEP_MILLIS);
      }
      BenchJobs.await(sent);
    }

    @Override
    public void close() {
      producer.close();
    }
  }

  private Round seen(Lab lab, KafkaConfig kafka, Instant killedAt) {
    // The victim's partitions: those whose latest call before the kill was its own.
    var latest = new HashMap<Integer, Attempt>();
    var again = new HashMap<Integer, Attempt>();
    var waited = new HashMap<Integer, Attempt>();
    Outputs.scan(
        lab.bootstrap(),
        BenchJobs.ends(lab, kafka.topics().events(), partitions),
        record -> {
          if (JsonCodec.EVENTS.decode(record.value())
                  instanceof Decoded.Value<JobEvent>(JobEvent event)
              && event instanceof JobEvent.Finished finished) {
            Attempt call = finished.attempts().getLast();
            if (call.startedAt().isBefore(killedAt)) {
              latest.merge(record.partition(), call, FailoverBench::later);
            } else {
              again.merge(record.partition(), call, FailoverBench::earlier);
              if (finished.jobId().time().isBefore(killedAt)) {
                waited.merge(record.partition(), call, FailoverBench::later);
              }
            }
          }
        });
    Set<Integer> lost = new HashSet<>();
    latest.forEach((partition, call) -> {
      if (call.worker().equals(VICTIM)) {
        lost.add(partition);
      }
    });
    again.keySet().retainAll(lost);
    if (lost.isEmpty() || again.size() < lost.size()) {
      throw new IllegalStateException(
          "the victim had the partitions "
              + lost
              + " and of these only "
              + again.keySet()
              + " run again after "
              + afterSeconds
              + " s");
    }
    waited.keySet().retainAll(lost);
    double[] starts =
        again.values().stream().mapToDouble(call -> since(killedAt, call)).sorted().toArray();
    return new Round(
        lost.size(),
        starts[0],
        starts[starts.length - 1],
        waited.values().stream().mapToDouble(call -> since(killedAt, call)).max().orElse(0));
  }

  private static Attempt later(Attempt a, Attempt b) {
    return a.startedAt().isAfter(b.startedAt()) ? a : b;
  }

  private static Attempt earlier(Attempt a, Attempt b) {
    return a.startedAt().isAfter(b.startedAt()) ? b : a;
  }

  private static double since(Instant killedAt, Attempt call) {
    return Duration.between(killedAt, call.startedAt()).toNanos() / 1e9;
  }

  /** After which Kafka takes a silent worker for dead. */
  private static double sessionSeconds(Lab lab) {
    var broker = new ConfigResource(ConfigResource.Type.BROKER, brokerId(lab));
    var configs = Lab.await(lab.admin().describeConfigs(List.of(broker)).all(), "read the session");
    var session =
        Objects.requireNonNull(configs.get(broker)).get("group.consumer.session.timeout.ms");
    return Double.parseDouble(session.value()) / 1e3;
  }

  private static String brokerId(Lab lab) {
    return Lab.await(lab.admin().describeCluster().nodes(), "find the broker")
        .iterator()
        .next()
        .idString();
  }

  private Report report(List<Round> all, double session) {
    var last = new Samples("s", all.stream().map(Round::last).toList());
    Map<String, Samples> parts = new LinkedHashMap<>();
    parts.put("first partition", new Samples("s", all.stream().map(Round::first).toList()));
    parts.put("all partitions", last);
    parts.put("lost calls, most", new Samples("s", all.stream().map(Round::lostCalls).toList()));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("sessionSeconds", session);
    configuration.put("rate", rate);
    configuration.put("latencyMeanMs", latencyMillis);
    configuration.put("partitions", partitions);
    configuration.put("recordBytes", recordBytes);
    configuration.put("rounds", rounds);
    configuration.put("heapMb", heapMb);
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "failover",
        "time until all partitions of a killed worker run again, over the group's session timeout",
        last.median() / session,
        parts,
        configuration);
  }
}
