package dev.penstock.bench;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.config.Settings;
import dev.penstock.job.Attempt;
import dev.penstock.job.JobEvent;
import dev.penstock.job.Outcome;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.worker.WorkerService;
import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * What an outage of a provider costs: jobs are queued, their first provider fails every call for a
 * while, and there is another one that is slower, or none. An outage of ten minutes scaled down in
 * time: so are the times of breaker and backoff. The providers are processes that speak HTTP; the
 * first enforces a limit, so that a rush on its return would show.
 */
@Command(
    name = "outage",
    description = "Attempts per job when the first provider is down, with and without another.",
    mixinStandardHelpOptions = true)
final class OutageBench extends Bench {
  /** The outage that is scaled down. */
  private static final Duration REAL_OUTAGE = Duration.ofMinutes(10);

  private static final Duration SAMPLE_EVERY = Duration.ofMillis(250);
  private static final Duration SPARE = Duration.ofMinutes(3);
  private static final Duration FIRST_CALL_LOOK = Duration.ofMillis(20);
  private static final Duration FIRST_CALL = Duration.ofSeconds(60);
  private static final String FIRST_LATENCY =
      "\"latency\":{\"median\":\"175ms\",\"sigma\":0.5,\"max\":\"5s\"}";
  private static final String SECOND_SCRIPT =
      "{\"latency\":{\"median\":\"880ms\",\"sigma\":0.5,\"max\":\"20s\"}}";
  private static final String FIRST = "first";
  private static final String SECOND = "second";

  @Option(names = "--jobs", defaultValue = "5000", description = "(${DEFAULT-VALUE})")
  private int jobs;

  @Option(
      names = "--outage-seconds",
      defaultValue = "60",
      description = "How long the first provider is down (${DEFAULT-VALUE}): stands for 10 min.")
  private int outageSeconds;

  @Option(
      names = "--before-seconds",
      defaultValue = "3",
      description = "How long it is well before (${DEFAULT-VALUE}).")
  private int beforeSeconds;

  @Option(
      names = "--slots",
      defaultValue = "64",
      description = "The worker's calls at once (${DEFAULT-VALUE}).")
  private int slots;

  @Option(
      names = "--requests-per-minute",
      defaultValue = "12000",
      description = "What the first provider lets through (${DEFAULT-VALUE}); it tells in headers.")
  private int requestsPerMinute;

  @Option(names = "--partitions", defaultValue = "8", description = "(${DEFAULT-VALUE})")
  private int partitions;

  private final List<Run> runs = new ArrayList<>();

  /** How things stood. */
  private record Sample(
      double seconds,
      double first,
      double second,
      double limited,
      double breaker,
      double backlog) {}

  /** What one run came to. */
  private record Run(
      String name,
      List<Sample> samples,
      double attemptsPerJob,
      long failedCalls,
      long limited,
      long failedOver,
      long deadLettered,
      double seconds) {}

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--jobs", jobs, 1, 1_000_000);
    check("--outage-seconds", outageSeconds, 1, 600);
    check("--before-seconds", beforeSeconds, 0, 60);
    check("--slots", slots, 1, 10_000);
    check("--requests-per-minute", requestsPerMinute, 60, 1_000_000);
    check("--partitions", partitions, 1, 100);
    try (Lab lab = Lab.open()) {
      for (String route : List.of(FIRST, FIRST + "," + SECOND)) {
        Run run = run(lab, "outage" + runs.size() + ".", route);
        progress(
            run.name()
                + ": "
                + Report.number(run.attemptsPerJob())
                + " attempts per job, all done after "
                + Math.round(run.seconds())
                + " s");
        runs.add(run);
      }
    }
    return report();
  }

  private Run run(Lab lab, String prefix, String route) throws IOException, InterruptedException {
    KafkaConfig kafka = lab.install(prefix, partitions);
    BenchJobs.fill(
        lab.bootstrap(), kafka.topics().jobs(), jobs, new BenchJobs.Maker(1_024, "route"));
    var samples = new ArrayList<Sample>();
    try (FakeServer first =
            FakeServer.start(
                lab,
                prefix + FIRST,
                List.of("--requests-per-minute", String.valueOf(requestsPerMinute)));
        FakeServer second = FakeServer.start(lab, prefix + SECOND, List.of())) {
      first.script("{" + FIRST_LATENCY + "}");
      second.script(SECOND_SCRIPT);
      Map<String, String> settings = settings(lab, prefix, route);
      settings.putAll(first.providerSettings(FIRST));
      settings.putAll(second.providerSettings(SECOND));
      try (var worker = WorkerService.of(Settings.of(settings))) {
        worker.start();
        awaitFirstCall(first);
        first.script(outage());
        watch(worker.port(), first, samples);
      }
    }
    var tally = new Tally();
    Outputs.scan(
        lab.bootstrap(),
        BenchJobs.ends(lab, kafka.topics().events(), partitions),
        record -> tally.add(record.value()));
    lab.uninstall(kafka);
    if (tally.finished != jobs) {
      throw new IllegalStateException(
          "expected " + jobs + " outcomes, but there are " + tally.finished);
    }
    return new Run(
        route.equals(FIRST) ? "no other provider" : "with another provider",
        samples,
        (double) tally.attempts / jobs,
        tally.failed,
        Math.round(samples.getLast().limited()),
        tally.failedOver,
        tally.deadLettered,
        samples.getLast().seconds());
  }

  /** Everything that takes time in an outage, scaled as the outage is. */
  private Map<String, String> settings(Lab lab, String prefix, String route) {
    double scale = (double) outageSeconds / REAL_OUTAGE.toSeconds();
    Map<String, String> settings = lab.installationSettings(prefix, partitions);
    settings.put("worker.id", "bench");
    settings.put("worker.port", "0");
    settings.put("worker.slots", String.valueOf(slots));
    settings.put("worker.route.route", route);
    settings.put("worker.breaker.open", millis(5_000 * scale));
    settings.put("worker.breaker.longest-open", millis(120_000 * scale));
    settings.put("worker.retry-base-delay", millis(1_000 * scale));
    settings.put("worker.retry-max-delay", millis(60_000 * scale));
    settings.put("worker.providers", FIRST + "," + SECOND);
    return settings;
  }

  /** From now on: well for a while, then down. A refusal takes as long as an answer. */
  private String outage() {
    return "{"
        + FIRST_LATENCY
        + ",\"rules\":[{\"do\":\"error\",\"status\":503,"
        + FIRST_LATENCY
        + ",\"when\":{"
        + (beforeSeconds > 0 ? "\"from\":\"" + beforeSeconds + "s\"," : "")
        + "\"for\":\""
        + outageSeconds
        + "s\"}}]}";
  }

  private static void awaitFirstCall(FakeServer first) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + FIRST_CALL.toNanos();
    while (first.stats().path("calls").asLong() == 0) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("the worker has made no call within " + FIRST_CALL);
      }
      Thread.sleep(FIRST_CALL_LOOK);
    }
  }

  private static String millis(double millis) {
    return Math.max(1, Math.round(millis)) + "ms";
  }

  private void watch(int port, FakeServer first, List<Sample> samples)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      long begin = System.nanoTime();
      long deadline = begin + SPARE.plusSeconds(outageSeconds + (long) beforeSeconds).toNanos();
      double done = 0;
      while (done < jobs) {
        if (System.nanoTime() > deadline) {
          throw new IllegalStateException(
              "only " + Math.round(done) + " of " + jobs + " jobs have ended in time");
        }
        var page = PrometheusText.scrape(client, Lab.uri(port, "/metrics"));
        done = page.sumOrZero("penstock_worker_jobs_finished_total", "");
        samples.add(
            new Sample(
                (System.nanoTime() - begin) / 1e9,
                calls(page, FIRST),
                calls(page, SECOND),
                first.stats().path("limited").asDouble(),
                page.sumOrZero("penstock_worker_breaker_state", "target=\"" + FIRST + "\""),
                jobs - done));
        Thread.sleep(SAMPLE_EVERY);
      }
    }
  }

  private static double calls(PrometheusText page, String provider) {
    return page.sumOrZero("penstock_worker_calls_seconds_count", "provider=\"" + provider + "\"");
  }

  /** What the outcomes tell. */
  private static final class Tally {
    private long finished;
    private long attempts;
    private long failed;
    private long failedOver;
    private long deadLettered;

    void add(byte[] value) {
      if (JsonCodec.EVENTS.decode(value) instanceof Decoded.Value<JobEvent>(JobEvent event)
          && event instanceof JobEvent.Finished(_, _, List<Attempt> made, Outcome outcome, _)) {
        finished++;
        attempts += made.size();
        deadLettered += outcome instanceof Outcome.DeadLettered ? 1 : 0;
        for (Attempt attempt : made) {
          failed += attempt.failure() == null ? 0 : 1;
          failedOver += attempt.served() != null && attempt.served().insteadOf() != null ? 1 : 0;
        }
      }
    }
  }

  private Report report() {
    var parts = new LinkedHashMap<String, Samples>();
    for (Run run : runs) {
      parts.put(
          "attempts per job, " + run.name(),
          new Samples("attempts", List.of(run.attemptsPerJob())));
    }
    for (Run run : runs) {
      put(parts, "failed calls, " + run.name(), run.failedCalls());
      put(parts, "calls instead of the first, " + run.name(), run.failedOver());
      put(parts, "calls refused with 429, " + run.name(), run.limited());
      put(parts, "dead letters, " + run.name(), run.deadLettered());
      parts.put("until all have ended, " + run.name(), new Samples("s", List.of(run.seconds())));
    }
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("jobs", jobs);
    configuration.put("outageSeconds", outageSeconds);
    configuration.put("scale", (double) outageSeconds / REAL_OUTAGE.toSeconds());
    configuration.put("beforeSeconds", beforeSeconds);
    configuration.put("slots", slots);
    configuration.put("partitions", partitions);
    configuration.put("latency", "first 200 ms, second 1 s on average, log-normal");
    configuration.put("requestsPerMinute", requestsPerMinute);
    configuration.put("providers", "openai over HTTP, fake providers in JVMs of their own");
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "outage",
        "attempts per job when the only provider is down for a while; 1 is the least",
        runs.getFirst().attemptsPerJob(),
        parts,
        configuration);
  }

  private static void put(Map<String, Samples> parts, String name, long count) {
    if (count > 0) {
      parts.put(name, new Samples("", List.of((double) count)));
    }
  }

  @Override
  String plot(Report report) {
    var panels = new ArrayList<CoursePlot.Panel>();
    double until = beforeSeconds + (double) outageSeconds;
    for (Run run : runs) {
      panels.add(
          new CoursePlot.Panel(
              "calls a second, " + run.name(),
              List.of(
                  new CoursePlot.Line(FIRST, rate(run.samples(), Sample::first)),
                  new CoursePlot.Line(SECOND, rate(run.samples(), Sample::second)),
                  new CoursePlot.Line("refused (429)", rate(run.samples(), Sample::limited))),
              beforeSeconds,
              until));
      panels.add(
          new CoursePlot.Panel(
              "breaker of the first: 0 closed, 1 half open, 2 open",
              List.of(new CoursePlot.Line(FIRST, course(run.samples(), Sample::breaker))),
              beforeSeconds,
              until));
      panels.add(
          new CoursePlot.Panel(
              "jobs that have not ended",
              List.of(new CoursePlot.Line("backlog", course(run.samples(), Sample::backlog))),
              beforeSeconds,
              until));
    }
    return CoursePlot.of(
        "outage of the first provider (shaded), " + jobs + " jobs, " + slots + " slots", panels);
  }

  private static List<CoursePlot.Point> course(
      List<Sample> samples, java.util.function.ToDoubleFunction<Sample> value) {
    return samples.stream()
        .map(sample -> new CoursePlot.Point(sample.seconds(), value.applyAsDouble(sample)))
        .toList();
  }

  /** Over a second each, so that single samples do not make spikes. */
  private static List<CoursePlot.Point> rate(
      List<Sample> samples, java.util.function.ToDoubleFunction<Sample> count) {
    var points = new ArrayList<CoursePlot.Point>();
    int before = 0;
    for (int i = 1; i < samples.size(); i++) {
      while (samples.get(i).seconds() - samples.get(before).seconds() > 1) {
        before++;
      }
      Sample from = samples.get(Math.min(before, i - 1));
      double seconds = samples.get(i).seconds() - from.seconds();
      points.add(
          new CoursePlot.Point(
              samples.get(i).seconds(),
              (count.applyAsDouble(samples.get(i)) - count.applyAsDouble(from)) / seconds));
    }
    return points;
  }
}
