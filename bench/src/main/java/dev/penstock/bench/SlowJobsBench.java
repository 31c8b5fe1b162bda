package dev.penstock.bench;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Attempt;
import dev.penstock.job.JobEvent;
import dev.penstock.job.Outcome;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Whether slow jobs block others: a provider of no latency, but for one call in a thousand that
 * takes very long, against the same without those, in rounds that take turns. What is counted are
 * the jobs that are not slow, from the first to the last of their outcomes; so whoever waits behind
 * a slow one shows, and that the slow ones themselves end later does not.
 */
@Command(
    name = "slow-jobs",
    description = "Throughput with one slow job in a thousand, over that without.",
    mixinStandardHelpOptions = true)
final class SlowJobsBench extends Bench {
  private static final Duration SPARE = Duration.ofMinutes(3);

  @Option(
      names = "--jobs",
      defaultValue = "500000",
      description = "Jobs in a round (${DEFAULT-VALUE}).")
  private int jobs;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "Rounds of each, after one that is not counted (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--one-in",
      defaultValue = "1000",
      description = "Of how many jobs one is slow (${DEFAULT-VALUE}).")
  private int oneIn;

  @Option(
      names = "--slow-ms",
      defaultValue = "5000",
      description =
          "How long a slow call takes, in ms (${DEFAULT-VALUE}). A round should last longer, else"
              + " there is no time at which all the slow ones run that could.")
  private int slowMillis;

  @Option(
      names = "--record-bytes",
      defaultValue = "1024",
      description = "Size of a job's record (${DEFAULT-VALUE}).")
  private int recordBytes;

  @Option(names = "--partitions", defaultValue = "8", description = "(${DEFAULT-VALUE})")
  private int partitions;

  @Option(
      names = "--slots",
      defaultValue = "10000",
      description =
          "The worker's calls at once (${DEFAULT-VALUE}); more than there are slow ones at once.")
  private int slots;

  /**
   * What one round showed.
   *
   * @param rate jobs a second that were not slow
   * @param slow how many were
   * @param seconds from the first to the last outcome of those that were not
   */
  private record Round(double rate, long slow, double seconds) {}

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--jobs", jobs, 2, 10_000_000);
    check("--rounds", rounds, 1, 100);
    check("--one-in", oneIn, 2, 1_000_000);
    check("--slow-ms", slowMillis, 100, 600_000);
    check("--record-bytes", recordBytes, 1, 100_000);
    check("--partitions", partitions, 1, 100);
    check("--slots", slots, 1, 100_000);
    var without = new ArrayList<Round>();
    var with = new ArrayList<Round>();
    try (Lab lab = Lab.open()) {
      for (int round = 0; round <= rounds; round++) {
        // The round that warms up needs no more than a tenth.
        int count = round == 0 ? Math.max(2, jobs / 10) : jobs;
        Round slow;
        Round quick;
        if (round % 2 == 0) {
          slow = run(lab, "slow" + round + ".", count, 1.0 / oneIn);
          quick = run(lab, "quick" + round + ".", count, 0);
        } else {
          quick = run(lab, "quick" + round + ".", count, 0);
          slow = run(lab, "slow" + round + ".", count, 1.0 / oneIn);
        }
        progress(
            (round == 0 ? "warm-up" : "round " + round)
                + (": without " + Math.round(quick.rate()))
                + (", with " + slow.slow() + " slow ones " + Math.round(slow.rate()) + " jobs/s"));
        if (round > 0) {
          without.add(quick);
          with.add(slow);
        }
      }
    }
    return report(without, with);
  }

  private Round run(Lab lab, String prefix, int count, double slowRate)
      throws InterruptedException {
    KafkaConfig kafka = lab.install(prefix, partitions);
    BenchJobs.fill(lab.bootstrap(), kafka.topics().jobs(), count, recordBytes);
    Map<TopicPartition, Long> ends = BenchJobs.ends(lab, kafka.topics().jobs(), partitions);
    var provider =
        Map.of(
            "latency-mean",
            "0s",
            "latency-sigma",
            "0",
            "slow-rate",
            String.valueOf(slowRate),
            "slow-latency",
            slowMillis + "ms");
    try (var worker = WorkerHere.start(lab, kafka, partitions, slots, provider)) {
      worker.finish(ends, SPARE.plusMillis(slowMillis));
    }
    var slow = new long[1];
    Outputs quick =
        Outputs.read(
            lab.bootstrap(),
            BenchJobs.ends(lab, kafka.topics().events(), partitions),
            value -> isQuick(value, slow));
    lab.uninstall(kafka);
    return new Round(
        quick.rate(count - slow[0]), slow[0], (quick.lastMillis() - quick.firstMillis()) / 1_000.0);
  }

  /** Whether it is the outcome of a job that was not slow; counts those that were. */
  private boolean isQuick(byte[] value, long[] slow) {
    if (!(JsonCodec.EVENTS.decode(value) instanceof Decoded.Value<JobEvent>(JobEvent event)
        && event instanceof JobEvent.Finished(_, _, List<Attempt> attempts, var outcome, _)
        && outcome instanceof Outcome.Succeeded)) {
      return false;
    }
    if (attempts.getLast().latency().toMillis() >= slowMillis) {
      slow[0]++;
      return false;
    }
    return true;
  }

  private Report report(List<Round> without, List<Round> with) {
    var parts = new LinkedHashMap<String, Samples>();
    Samples quick = new Samples("jobs/s", without.stream().map(Round::rate).toList());
    Samples slow = new Samples("jobs/s", with.stream().map(Round::rate).toList());
    parts.put("without slow jobs", quick);
    parts.put("with slow jobs", slow);
    parts.put(
        "slow jobs",
        new Samples("jobs", with.stream().map(round -> (double) round.slow()).toList()));
    parts.put("round with slow jobs", new Samples("s", with.stream().map(Round::seconds).toList()));
    var ratios = new ArrayList<Double>();
    for (int i = 0; i < with.size(); i++) {
      ratios.add(with.get(i).rate() / without.get(i).rate());
    }
    parts.put("ratio of a round", new Samples("", ratios));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("jobs", jobs);
    configuration.put("rounds", rounds);
    configuration.put("oneIn", oneIn);
    configuration.put("slowMs", slowMillis);
    configuration.put("partitions", partitions);
    configuration.put("recordBytes", recordBytes);
    configuration.put("slots", slots);
    configuration.put("heapMb", Runtime.getRuntime().maxMemory() / (1024 * 1024));
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "slow-jobs",
        "jobs a second with one slow in " + oneIn + ", over the same without",
        slow.median() / quick.median(),
        parts,
        configuration);
  }
}
