package dev.penstock.bench;

import dev.penstock.bench.load.HttpLoad;
import dev.penstock.broker.FreePort;
import dev.penstock.process.ChildJvm;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
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
  private static final String BARE = "bare";
  private static final String PRODUCE = "produce only";
  private static final String INTAKE = "intake";
  private static final String PRODUCE_TOPIC = "produce-only";

  @Option(
      names = "--jobs",
      defaultValue = "100000",
      description = "POSTs in a round (${DEFAULT-VALUE}).")
  private int jobs;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      description = "Rounds of each that are counted (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--warm-up",
      defaultValue = "3",
      description = "Rounds of each before them, in which the JVMs compile (${DEFAULT-VALUE}).")
  private int warmUp;

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
    check("--warm-up", warmUp, 0, 100);
    check("--connections", connections, 1, MAX_CONNECTIONS);
    check("--text-bytes", textBytes, 1, 100_000);
    check("--partitions", partitions, 1, 100);
    check("--heap-mb", heapMb, 64, 16_384);
    byte[] request = IntakeRequests.single(BenchJobs.text(textBytes));
    try (Lab lab = Lab.open()) {
      KafkaConfig kafka = lab.install("intake.", partitions);
      lab.createTopic(PRODUCE_TOPIC, partitions);
      var bare = new Contender(BARE, startServer(lab, BARE, BareServer.class, List.of()));
      var produce =
          new Contender(
              PRODUCE,
              startServer(
                  lab, PRODUCE, ProduceServer.class, List.of(lab.bootstrap(), PRODUCE_TOPIC)));
      var intake =
          new Contender(
              INTAKE,
              lab.startService("api", heapMb, lab.installationSettings("intake.", partitions)));
      var order = new ArrayList<>(List.of(bare, produce, intake));
      for (int round = 1 - warmUp; round <= rounds; round++) {
        var line = new StringJoiner(", ", round <= 0 ? "warm-up: " : "round " + round + ": ", "");
        for (Contender contender : order) {
          Load load = load(lab, contender.server(), request);
          line.add(contender.name() + " " + Math.round(load.result().rate()));
          if (round > 0) {
            contender.loads().add(load);
          }
        }
        progress(line + " answers/s");
        Collections.rotate(order, 1);
      }
      checkStored(lab, kafka.topics().jobs());
      checkStored(lab, PRODUCE_TOPIC);
      return report(bare, produce, intake);
    }
  }

  /**
   * One round of one server.
   *
   * @param cpuMicros processor time of one answer in each process, in microseconds
   */
  private record Load(HttpLoad.Result result, SortedMap<String, Double> cpuMicros) {}

  /** A server that is measured, and what was measured. */
  private record Contender(String name, Lab.Server server, List<Load> loads) {
    Contender(String name, Lab.Server server) {
      this(name, server, new ArrayList<>());
    }

    Samples samples(String unit, ToDoubleFunction<Load> value) {
      return new Samples(unit, loads.stream().map(load -> value.applyAsDouble(load)).toList());
    }

    Samples rate() {
      return samples("answers/s", load -> load.result().rate());
    }

    Samples latencyMillis(double percentile) {
      return samples(
          "ms", load -> load.result().latencyMicros().getValueAtPercentile(percentile) / 1_000.0);
    }
  }

  private Lab.Server startServer(Lab lab, String name, Class<?> main, List<String> more)
      throws InterruptedException {
    int port = FreePort.find();
    var arguments = new ArrayList<>(List.of(String.valueOf(port)));
    arguments.addAll(more);
    ChildJvm process =
        lab.start(
            new ChildJvm.Command(name, main.getName(), List.of("-Xmx" + heapMb + "m"), arguments));
    process.awaitReady(Lab.uri(port, "/readyz"), READY);
    return new Lab.Server(process, port);
  }

  private Load load(Lab lab, Lab.Server server, byte[] request) throws IOException {
    Duration serverBefore = server.process().cpuTime();
    Duration brokerBefore = lab.broker().cpuTime();
    Duration clientBefore = ownCpuTime();
    HttpLoad.Result result = HttpLoad.run(server.port(), connections, request, jobs);
    var cpuMicros = new TreeMap<String, Double>();
    cpuMicros.put("server", cpuMicros(serverBefore, server.process().cpuTime()));
    cpuMicros.put("broker", cpuMicros(brokerBefore, lab.broker().cpuTime()));
    cpuMicros.put("client", cpuMicros(clientBefore, ownCpuTime()));
    if (!result.byStatus().equals(Map.of(202, (long) jobs))) {
      throw new IllegalStateException(
          "every answer should be 202, but they are " + result.byStatus());
    }
    return new Load(result, cpuMicros);
  }

  private static Duration ownCpuTime() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  private double cpuMicros(Duration before, Duration after) {
    return after.minus(before).toNanos() / 1e3 / jobs;
  }

  /** Accepted means durable: every 202 is a record. */
  private void checkStored(Lab lab, String topic) {
    long stored =
        BenchJobs.ends(lab, topic, partitions).values().stream().mapToLong(Long::longValue).sum();
    long accepted = ((long) warmUp + rounds) * jobs;
    if (stored != accepted) {
      throw new IllegalStateException(
          accepted + " jobs were accepted, but " + stored + " stored in " + topic);
    }
  }

  private Report report(Contender bare, Contender produce, Contender intake) {
    double bareRate = bare.rate().median();
    double produceRate = produce.rate().median();
    double intakeRate = intake.rate().median();
    var parts = new LinkedHashMap<String, Samples>();
    List<Contender> all = List.of(bare, produce, intake);
    all.forEach(one -> parts.put(one.name(), one.rate()));
    parts.put("produce only over bare", new Samples("ratio", List.of(produceRate / bareRate)));
    parts.put("intake over produce only", new Samples("ratio", List.of(intakeRate / produceRate)));
    for (Contender one : all) {
      parts.put(one.name() + " latency p50", one.latencyMillis(50));
      parts.put(one.name() + " latency p99", one.latencyMillis(99));
    }
    all.forEach(one -> addCpu(parts, one));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("jobs", jobs);
    configuration.put("rounds", rounds);
    configuration.put("warmUpRounds", warmUp);
    configuration.put("connections", connections);
    configuration.put("requestBytes", IntakeRequests.single(BenchJobs.text(textBytes)).length);
    configuration.put("partitions", partitions);
    configuration.put("heapMb", heapMb);
    configuration.put("client", "one thread, one NIO selector, requests made beforehand");
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "intake",
        "intake's answers a second over the bare web server's",
        intakeRate / bareRate,
        parts,
        configuration);
  }

  /** Where the processors' time went; what is too short to be measured is left out. */
  private static void addCpu(Map<String, Samples> parts, Contender one) {
    for (String process : one.loads().getFirst().cpuMicros().keySet()) {
      Samples micros =
          one.samples("µs/answer", load -> load.cpuMicros().getOrDefault(process, 0.0));
      if (micros.median() > 0) {
        parts.put(one.name() + ", cpu of the " + process, micros);
      }
    }
  }
}
