package dev.penstock.bench;

import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.topic.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What the worker's promises cost: the plain pipe, which promises nothing, against the worker with
 * a provider that answers at once. Both read the same records in one round and write one output for
 * each, of the same size. Both run in this JVM, so both are equally warm; the broker has its own.
 */
@Command(
    name = "worker",
    description = "Jobs a second with a provider of no latency, against plain consume-produce.",
    mixinStandardHelpOptions = true)
final class WorkerBench extends Bench {
  private static final Duration ROUND_TIMEOUT = Duration.ofMinutes(3);

  @Option(
      names = "--jobs",
      defaultValue = "100000",
      description = "Jobs in a round (${DEFAULT-VALUE}).")
  private int jobs;

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

  @Option(names = "--partitions", defaultValue = "8", description = "(${DEFAULT-VALUE})")
  private int partitions;

  @Option(
      names = "--slots",
      defaultValue = "5000",
      description = "The worker's calls at once (${DEFAULT-VALUE}).")
  private int slots;

  @Option(
      names = "--output-bytes",
      defaultValue = "0",
      description =
          "Size of the ceiling's outputs; 0 for each record as it was read (${DEFAULT-VALUE}).")
  private int outputBytes;

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--jobs", jobs, 2, 10_000_000);
    check("--rounds", rounds, 1, 100);
    check("--record-bytes", recordBytes, 1, 100_000);
    check("--partitions", partitions, 1, 100);
    check("--slots", slots, 1, 100_000);
    check("--output-bytes", outputBytes, 0, 100_000);
    try (Lab lab = Lab.open()) {
      var ceilings = new ArrayList<Outputs>();
      var workers = new ArrayList<Outputs>();
      for (int round = 0; round <= rounds; round++) {
        String prefix = "round" + round + ".";
        KafkaConfig kafka = lab.install(prefix, partitions);
        BenchJobs.fill(lab.bootstrap(), kafka.topics().jobs(), jobs, recordBytes);
        Outputs ceiling;
        Outputs worker;
        if (round % 2 == 0) {
          worker = runWorker(lab, kafka);
          ceiling = runPipe(lab, kafka);
        } else {
          ceiling = runPipe(lab, kafka);
          worker = runWorker(lab, kafka);
        }
        lab.uninstall(kafka);
        progress(
            (round == 0 ? "warm-up" : "round " + round)
                + (": plain " + Math.round(ceiling.rate(jobs)))
                + (", worker " + Math.round(worker.rate(jobs)) + " jobs/s"));
        if (round > 0) {
          ceilings.add(ceiling);
          workers.add(worker);
        }
      }
      return report(ceilings, workers);
    }
  }

  private Outputs runPipe(Lab lab, KafkaConfig kafka) throws InterruptedException {
    Topics topics = kafka.topics();
    String target = topics.prefix() + "pipe";
    Map<TopicPartition, Long> ends = BenchJobs.ends(lab, topics.jobs(), partitions);
    var topic = new NewTopic(target, Optional.of(partitions), Optional.empty());
    // As the events topic: the broker's clock, so that both are timed alike.
    topic.configs(Map.of("message.timestamp.type", "LogAppendTime"));
    Lab.await(lab.admin().createTopics(List.of(topic)).all(), "make the topic " + target);
    lab.awaitLeaders(target, partitions);
    PlainPipe.run(lab.bootstrap(), ends, target, outputBytes);
    Outputs outputs =
        Outputs.read(lab.bootstrap(), BenchJobs.ends(lab, target, partitions), _ -> true);
    Lab.await(lab.admin().deleteTopics(List.of(target)).all(), "delete the topic " + target);
    return outputs;
  }

  private Outputs runWorker(Lab lab, KafkaConfig kafka) throws InterruptedException {
    Topics topics = kafka.topics();
    Map<TopicPartition, Long> ends = BenchJobs.ends(lab, topics.jobs(), partitions);
    try (var worker =
        WorkerHere.start(lab, kafka, partitions, slots, WorkerHere.withoutLatency())) {
      worker.finish(ends, ROUND_TIMEOUT);
    }
    return Outputs.read(
        lab.bootstrap(), BenchJobs.ends(lab, topics.events(), partitions), WorkerHere::isOutcome);
  }

  private Report report(List<Outputs> ceilings, List<Outputs> workers) {
    var ceiling = rates(ceilings);
    var worker = rates(workers);
    var parts = new LinkedHashMap<String, Samples>();
    parts.put("plain consume-produce", ceiling);
    parts.put("worker", worker);
    var ratios = new ArrayList<Double>();
    for (int i = 0; i < rounds; i++) {
      ratios.add(worker.values().get(i) / ceiling.values().get(i));
    }
    parts.put("ratio of a round", new Samples("", ratios));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("jobs", jobs);
    configuration.put("rounds", rounds);
    configuration.put("partitions", partitions);
    configuration.put("recordBytes", recordBytes);
    configuration.put("outputBytes", outputBytes == 0 ? recordBytes : outputBytes);
    Outputs last = workers.getLast();
    configuration.put("outcomeBytes", last.valueBytes() / last.records());
    configuration.put("slots", slots);
    configuration.put("heapMb", Runtime.getRuntime().maxMemory() / (1024 * 1024));
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "worker",
        "worker's jobs a second over plain consume-produce",
        worker.median() / ceiling.median(),
        parts,
        configuration);
  }

  private Samples rates(List<Outputs> outputs) {
    return new Samples("jobs/s", outputs.stream().map(o -> o.rate(jobs)).toList());
  }
}
