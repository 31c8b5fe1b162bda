package dev.penstock.bench;

import dev.penstock.bench.load.HttpLoad;
import dev.penstock.bench.process.ChildJvm;
import dev.penstock.bench.process.FreePort;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Single POSTs: the intake, which checks a job and has it replicated before it answers, against the
 * bare web server, which does neither.
 */
@Command(
    name = "intake",
    description = "Single POSTs a second, against the bare web server answering 202.",
    mixinStandardHelpOptions = true)
final class IntakeBench extends Bench {
  private static final Duration READY = Duration.ofSeconds(60);
  private static final int MAX_CONNECTIONS = 2_000;

  @Option(
      names = "--jobs",
      defaultValue = "30000",
      description = "POSTs in a round (${DEFAULT-VALUE}).")
  private int jobs;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "Rounds of each, after one that is not counted (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--connections",
      defaultValue = "64",
      description = "Keep-alive connections, one request at a time each (${DEFAULT-VALUE}).")
  private int connections;

  @Option(
      names = "--text-bytes",
      defaultValue = "700",
      description = "Size of a job's text (${DEFAULT-VALUE}).")
  private int textBytes;

  @Option(names = "--partitions", defaultValue = "8", description = "(${DEFAULT-VALUE})")
  private int partitions;

  @Option(
      names = "--heap-mb",
      defaultValue = "512",
      description = "-Xmx of the intake and of the bare server, in MiB (${DEFAULT-VALUE}).")
  private int heapMb;

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--jobs", jobs, 1, 10_000_000);
    check("--rounds", rounds, 1, 100);
    check("--connections", connections, 1, MAX_CONNECTIONS);
    check("--text-bytes", textBytes, 1, 100_000);
    check("--partitions", partitions, 1, 100);
    check("--heap-mb", heapMb, 64, 16_384);
    byte[] request = IntakeRequests.single(BenchJobs.text(textBytes));
    try (Lab lab = Lab.open()) {
      KafkaConfig kafka = lab.install("intake.", partitions);
      int intake = lab.startService("api", heapMb, lab.installationSettings("intake.", partitions));
      int bare = startBare(lab);
      var intakeLoads = new ArrayList<HttpLoad.Result>();
      var bareLoads = new ArrayList<HttpLoad.Result>();
      for (int round = 0; round <= rounds; round++) {
        boolean bareFirst = round % 2 == 0;
        HttpLoad.Result first = load(bareFirst ? bare : intake, request);
        HttpLoad.Result second = load(bareFirst ? intake : bare, request);
        HttpLoad.Result bareLoad = bareFirst ? first : second;
        HttpLoad.Result intakeLoad = bareFirst ? second : first;
        progress(
            (round == 0 ? "warm-up" : "round " + round)
                + (": bare " + Math.round(bareLoad.rate()))
                + (", intake " + Math.round(intakeLoad.rate()) + " answers/s"));
        if (round > 0) {
          bareLoads.add(bareLoad);
          intakeLoads.add(intakeLoad);
        }
      }
      checkStored(lab, kafka);
      return report(bareLoads, intakeLoads);
    }
  }

  private int startBare(Lab lab) throws InterruptedException {
    int port = FreePort.find();
    lab.start(
            new ChildJvm.Command(
                "bare",
                BareServer.class.getName(),
                List.of("-Xmx" + heapMb + "m"),
                List.of(String.valueOf(port))))
        .awaitReady(Lab.uri(port, "/readyz"), READY);
    return port;
  }

  private HttpLoad.Result load(int port, byte[] request) throws IOException {
    HttpLoad.Result result = HttpLoad.run(port, connections, request, jobs);
    if (!result.byStatus().equals(Map.of(202, (long) jobs))) {
      throw new IllegalStateException(
          "every answer should be 202, but they are " + result.byStatus());
    }
    return result;
  }

  /** Accepted means durable: every 202 is a record. */
  private void checkStored(Lab lab, KafkaConfig kafka) {
    long stored =
        BenchJobs.ends(lab, kafka.topics().jobs(), partitions).values().stream()
            .mapToLong(Long::longValue)
            .sum();
    long accepted = (rounds + 1L) * jobs;
    if (stored != accepted) {
      throw new IllegalStateException(accepted + " jobs were accepted, but " + stored + " stored");
    }
  }

  private Report report(List<HttpLoad.Result> bare, List<HttpLoad.Result> intake) {
    var bareRate = new Samples("answers/s", bare.stream().map(HttpLoad.Result::rate).toList());
    var intakeRate = new Samples("answers/s", intake.stream().map(HttpLoad.Result::rate).toList());
    var parts = new LinkedHashMap<String, Samples>();
    parts.put("bare", bareRate);
    parts.put("intake", intakeRate);
    parts.put("bare latency p50", latency(bare, 50));
    parts.put("bare latency p99", latency(bare, 99));
    parts.put("intake latency p50", latency(intake, 50));
    parts.put("intake latency p99", latency(intake, 99));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("jobs", jobs);
    configuration.put("rounds", rounds);
    configuration.put("connections", connections);
    configuration.put("requestBytes", IntakeRequests.single(BenchJobs.text(textBytes)).length);
    configuration.put("partitions", partitions);
    configuration.put("heapMb", heapMb);
    configuration.put("client", "one thread, one NIO selector, requests made beforehand");
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "intake",
        "intake's answers a second over the bare web server's",
        intakeRate.median() / bareRate.median(),
        parts,
        configuration);
  }

  private static Samples latency(List<HttpLoad.Result> loads, double percentile) {
    return new Samples(
        "ms",
        loads.stream()
            .map(load -> load.latencyMicros().getValueAtPercentile(percentile) / 1_000.0)
            .toList());
  }
}
