package dev.penstock.bench;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobEvent;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How much of its slots' time a worker keeps busy when calls are long and of very different length:
 * a slot that waits for a slow neighbour is lost money. The worker runs alone in a JVM with a
 * bounded heap.
 */
@Command(
    name = "utilisation",
    description = "The share of slot time that is busy with log-normal calls of mean 2 s.",
    mixinStandardHelpOptions = true)
final class UtilisationBench extends Bench {
  private static final Duration SAMPLE_EVERY = Duration.ofMillis(200);
  private static final double SPARE_JOBS = 1.3;
  private static final double MIB = 1024.0 * 1024;

  @Option(
      names = "--slots",
      defaultValue = "5000",
      description = "Calls at once (${DEFAULT-VALUE}).")
  private int slots;

  @Option(
      names = "--latency-mean-ms",
      defaultValue = "2000",
      description = "Mean of a call, in ms (${DEFAULT-VALUE}).")
  private int latencyMeanMillis;

  @Option(
      names = "--latency-sigma-percent",
      defaultValue = "100",
      description = "Shape of the log-normal law, in hundredths; 0 is constant (${DEFAULT-VALUE}).")
  private int latencySigmaPercent;

  @Option(
      names = "--warm-up",
      defaultValue = "20",
      description = "Seconds before the first round (${DEFAULT-VALUE}).")
  private int warmUpSeconds;

  @Option(
      names = "--seconds",
      defaultValue = "15",
      description = "Seconds of one round (${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--rounds",
      defaultValue = "4",
      description = "Windows measured one after the other (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--jobs",
      defaultValue = "0",
      description = "Jobs on the topic; 0 for as many as the time needs (${DEFAULT-VALUE}).")
  private int jobs;

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
      description = "The worker's -Xmx, in MiB (${DEFAULT-VALUE}).")
  private int heapMb;

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--slots", slots, 1, 100_000);
    check("--latency-mean-ms", latencyMeanMillis, 1, 600_000);
    check("--latency-sigma-percent", latencySigmaPercent, 0, 300);
    check("--warm-up", warmUpSeconds, 0, 600);
    check("--seconds", seconds, 1, 600);
    check("--rounds", rounds, 1, 100);
    check("--jobs", jobs, 0, 5_000_000);
    check("--record-bytes", recordBytes, 1, 100_000);
    check("--partitions", partitions, 1, 100);
    check("--heap-mb", heapMb, 64, 16_384);
    int jobCount = jobs == 0 ? jobsNeeded() : jobs;
    try (Lab lab = Lab.open()) {
      KafkaConfig kafka = lab.install("utilisation.", partitions);
      progress("filling " + kafka.topics().jobs() + " with " + jobCount + " jobs");
      BenchJobs.fill(lab.bootstrap(), kafka.topics().jobs(), jobCount, recordBytes);
      var settings = lab.installationSettings("utilisation.", partitions);
      settings.putAll(workerSettings());
      int worker = lab.startService("worker", heapMb, settings).port();
      progress("the worker is ready; warming up for " + warmUpSeconds + " s");
      Thread.sleep(Duration.ofSeconds(warmUpSeconds));
      List<Window> windows = watch(Lab.uri(worker, "/metrics"));
      return report(jobCount, windows, finishedPerSecond(lab, kafka, windows));
    }
  }

  private int jobsNeeded() {
    double perSecond = slots * 1_000.0 / latencyMeanMillis;
    double needed = perSecond * (warmUpSeconds + (double) rounds * seconds) * SPARE_JOBS + slots;
    return (int) Math.min(5_000_000, needed);
  }

  private Map<String, String> workerSettings() {
    var settings = new HashMap<String, String>();
    settings.put("worker.slots", String.valueOf(slots));
    settings.put("worker.providers", "simulated");
    settings.put("worker.provider.simulated.latency-mean", latencyMeanMillis + "ms");
    settings.put(
        "worker.provider.simulated.latency-sigma", String.valueOf(latencySigmaPercent / 100.0));
    return settings;
  }

  /** What was seen in one round. */
  private record Window(
      long fromMillis, long toMillis, double busyShare, double heapPeakMb, double threads) {}

  private List<Window> watch(URI metrics) throws IOException, InterruptedException {
    var windows = new ArrayList<Window>();
    try (var client = HttpClient.newHttpClient()) {
      for (int round = 1; round <= rounds; round++) {
        Window window = watchOnce(client, metrics);
        progress("round " + round + ": busy share " + window.busyShare());
        windows.add(window);
      }
    }
    return windows;
  }

  private Window watchOnce(HttpClient client, URI metrics)
      throws IOException, InterruptedException {
    long from = System.currentTimeMillis();
    long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    double busy = 0;
    double heapPeak = 0;
    double threads = 0;
    int samples = 0;
    while (System.nanoTime() < end) {
      PrometheusText page = PrometheusText.scrape(client, metrics);
      busy += page.sum("penstock_worker_slots_busy", "") / page.sum("penstock_worker_slots", "");
      heapPeak = Math.max(heapPeak, page.sum("jvm_memory_used_bytes", "area=\"heap\"") / MIB);
      threads = Math.max(threads, page.sum("jvm_threads_live_threads", ""));
      samples++;
      Thread.sleep(SAMPLE_EVERY);
    }
    return new Window(from, System.currentTimeMillis(), busy / samples, heapPeak, threads);
  }

  /**
   * The same thing seen from the outside: by Little's law, jobs finished a second times the mean of
   * a call is the number of calls at once.
   */
  private List<Double> finishedPerSecond(Lab lab, KafkaConfig kafka, List<Window> windows) {
    String events = kafka.topics().events();
    Map<TopicPartition, Long> ends = BenchJobs.ends(lab, events, partitions);
    var finished = new ArrayList<Double>();
    for (Window window : windows) {
      Outputs outputs = Outputs.read(lab.bootstrap(), ends, value -> finishedWithin(value, window));
      finished.add(outputs.records() * 1_000.0 / (window.toMillis() - window.fromMillis()));
    }
    return finished;
  }

  private static boolean finishedWithin(byte[] value, Window window) {
    return JsonCodec.EVENTS.decode(value) instanceof Decoded.Value<JobEvent>(JobEvent event)
        && event instanceof JobEvent.Finished
        && event.at().toEpochMilli() >= window.fromMillis()
        && event.at().toEpochMilli() < window.toMillis();
  }

  private Report report(int jobCount, List<Window> windows, List<Double> finished) {
    var parts = new LinkedHashMap<String, Samples>();
    var busy = new Samples("of slot time", windows.stream().map(Window::busyShare).toList());
    parts.put("busy", busy);
    parts.put("finished", new Samples("jobs/s", finished));
    parts.put(
        "concurrency by Little's law",
        new Samples(
            "calls", finished.stream().map(rate -> rate * latencyMeanMillis / 1_000).toList()));
    parts.put("heap peak", new Samples("MiB", windows.stream().map(Window::heapPeakMb).toList()));
    parts.put(
        "platform threads", new Samples("threads", windows.stream().map(Window::threads).toList()));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("slots", slots);
    configuration.put("latencyMeanMs", latencyMeanMillis);
    configuration.put("latencySigma", latencySigmaPercent / 100.0);
    configuration.put("jobs", jobCount);
    configuration.put("partitions", partitions);
    configuration.put("recordBytes", recordBytes);
    configuration.put("heapMb", heapMb);
    configuration.put("warmUpSeconds", warmUpSeconds);
    configuration.put("secondsPerRound", seconds);
    configuration.put("rounds", rounds);
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "utilisation", "share of slot time that was busy", busy.median(), parts, configuration);
  }
}
