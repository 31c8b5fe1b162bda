package dev.penstock.bench;

import dev.penstock.bench.load.HttpLoad;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Streams of jobs: the intake, which parses, checks and stores each line, against a plain producer
 * that puts the same records on the topic, made beforehand.
 */
@Command(
    name = "intake-bulk",
    description = "Jobs a second as NDJSON, against a plain producer with acks=all.",
    mixinStandardHelpOptions = true)
final class IntakeBulkBench extends Bench {
  @Option(
      names = "--jobs",
      defaultValue = "100000",
      description = "Jobs in a round (${DEFAULT-VALUE}).")
  private int jobs;

  @Option(
      names = "--lines",
      defaultValue = "5000",
      description = "Jobs in one request (${DEFAULT-VALUE}).")
  private int lines;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "Rounds of each, after one that is not counted (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--connections",
      defaultValue = "4",
      description = "Requests at once (${DEFAULT-VALUE}).")
  private int connections;

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
      description = "-Xmx of the intake, in MiB (${DEFAULT-VALUE}).")
  private int heapMb;

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--jobs", jobs, 1, 10_000_000);
    check("--lines", lines, 1, Math.min(jobs, 10_000));
    check("--rounds", rounds, 1, 100);
    check("--connections", connections, 1, 100);
    check("--record-bytes", recordBytes, 1, 100_000);
    check("--partitions", partitions, 1, 100);
    check("--heap-mb", heapMb, 64, 16_384);
    int requests = Math.ceilDiv(jobs, lines);
    int perRound = requests * lines;
    String text = new BenchJobs.Maker(recordBytes).text();
    byte[] request = IntakeRequests.bulk(text, lines);
    try (Lab lab = Lab.open()) {
      KafkaConfig through = lab.install("bulk.", partitions);
      KafkaConfig straight = lab.install("plain.", partitions);
      int intake =
          lab.startService("api", heapMb, lab.installationSettings("bulk.", partitions)).port();
      var intakeRates = new ArrayList<Double>();
      var plainRates = new ArrayList<Double>();
      for (int round = 0; round <= rounds; round++) {
        double intakeRate;
        double plainRate;
        if (round % 2 == 0) {
          plainRate = produce(lab, straight, perRound);
          intakeRate = post(lab, through, intake, request, requests);
        } else {
          intakeRate = post(lab, through, intake, request, requests);
          plainRate = produce(lab, straight, perRound);
        }
        progress(
            (round == 0 ? "warm-up" : "round " + round)
                + (": plain " + Math.round(plainRate))
                + (", intake " + Math.round(intakeRate) + " jobs/s"));
        if (round > 0) {
          intakeRates.add(intakeRate);
          plainRates.add(plainRate);
        }
      }
      return report(perRound, request.length, plainRates, intakeRates);
    }
  }

  /** Returns jobs a second; each must stand on the topic. */
  private double post(Lab lab, KafkaConfig kafka, int intake, byte[] request, int requests)
      throws IOException {
    long before = stored(lab, kafka);
    HttpLoad.Result result = HttpLoad.run(intake, connections, request, requests);
    long accepted = stored(lab, kafka) - before;
    long sent = (long) requests * lines;
    if (accepted != sent) {
      throw new IllegalStateException(
          sent
              + " jobs were sent, but "
              + accepted
              + " stored; the answers were "
              + result.byStatus());
    }
    return sent * 1e9 / result.elapsed().toNanos();
  }

  /** Returns records a second. */
  private double produce(Lab lab, KafkaConfig kafka, int count) {
    var maker = new BenchJobs.Maker(recordBytes);
    var records = new ArrayList<ProducerRecord<byte[], byte[]>>(count);
    for (int i = 0; i < count; i++) {
      records.add(maker.make(kafka.topics().jobs()));
    }
    try (var producer = BenchJobs.producer(lab.bootstrap(), "bench-plain")) {
      // Metadata and connections are there before the clock starts, as they are for the intake.
      producer.partitionsFor(kafka.topics().jobs());
      var sent = new ArrayList<Future<RecordMetadata>>(count);
      long start = System.nanoTime();
      for (ProducerRecord<byte[], byte[]> record : records) {
        sent.add(producer.send(record));
      }
      producer.flush();
      long elapsed = System.nanoTime() - start;
      BenchJobs.await(sent);
      return count * 1e9 / elapsed;
    }
  }

  private long stored(Lab lab, KafkaConfig kafka) {
    return BenchJobs.ends(lab, kafka.topics().jobs(), partitions).values().stream()
        .mapToLong(Long::longValue)
        .sum();
  }

  private Report report(
      int perRound, int requestBytes, List<Double> plainRates, List<Double> intakeRates) {
    var plain = new Samples("jobs/s", plainRates);
    var intake = new Samples("jobs/s", intakeRates);
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("jobs", perRound);
    configuration.put("linesPerRequest", lines);
    configuration.put("requestBytes", requestBytes);
    configuration.put("connections", connections);
    configuration.put("rounds", rounds);
    configuration.put("partitions", partitions);
    configuration.put("recordBytes", recordBytes);
    configuration.put("heapMb", heapMb);
    configuration.put("client", "one thread, one NIO selector, requests made beforehand");
    configuration.put("broker", "separate JVM, same machine");
    var parts = new LinkedHashMap<String, Samples>(Map.of("plain producer", plain));
    parts.put("intake", intake);
    return new Report(
        "intake-bulk",
        "intake's jobs a second over the plain producer's",
        intake.median() / plain.median(),
        parts,
        configuration);
  }
}
