package dev.penstock.worker.provider;

import dev.penstock.job.Failure;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobOutput.ScoredLabel;
import dev.penstock.job.JsonObject;
import dev.penstock.job.Usage;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Behaves like a provider without being one: takes its time, fails, throttles and hangs as
 * configured. What a call does depends on the seed, the job, the generation and the attempt alone,
 * so a run can be repeated whatever the order of its calls. But for an outage: that begins some
 * time after the first call.
 */
final class SimulatedProvider implements Provider {
  private static final int DIMENSIONS = 8;

  private final String name;
  private final Behaviour behaviour;
  private final CallReport report;

  /** When the first call came, by {@link System#nanoTime}; 0 before. */
  private final AtomicLong firstCall = new AtomicLong();

  /**
   * @param usage what each answered call tells to have used
   */
  SimulatedProvider(String name, Behaviour behaviour, Usage usage) {
    this.name = name;
    this.behaviour = behaviour;
    this.report = new CallReport(null, null, usage, null, null);
  }

  /** One that tells nothing of its usage. */
  SimulatedProvider(String name, Behaviour behaviour) {
    this(name, behaviour, Usage.NONE);
  }

  /**
   * @param latencyMean how long a call takes on average
   * @param latencySigma the shape of a log-normal distribution with that mean; 0 for a constant
   * @param slow calls that take much longer than the others
   * @param failureRate the share of calls, 0 to 1, that end in a retryable failure
   * @param throttleRate the share that is refused with {@code retryAfter}
   * @param invalidRate the share whose job is refused for good
   * @param hangRate the share that does not come back until it is interrupted
   * @param retryAfter what a refused call is told
   * @param outage when it answers nobody
   * @param seed of all of this
   */
  record Behaviour(
      Duration latencyMean,
      double latencySigma,
      Slow slow,
      double failureRate,
      double throttleRate,
      double invalidRate,
      double hangRate,
      Duration retryAfter,
      Outage outage,
      long seed) {}

  /**
   * A time in which every call fails, after its usual latency.
   *
   * @param after the first call
   * @param lasting how long; zero for no outage
   */
  record Outage(Duration after, Duration lasting) {}

  /**
   * Calls that take much longer than the others.
   *
   * @param rate the share of calls, 0 to 1
   * @param latency how long each of them takes
   */
  record Slow(double rate, Duration latency) {}

  @Override
  public String name() {
    return name;
  }

  @Override
  public Set<JobKind> kinds() {
    return EnumSet.allOf(JobKind.class);
  }

  @Override
  public ProviderResult call(ProviderCall call) throws InterruptedException {
    var random = random(call);
    double fate = random.nextDouble();
    Duration latency = latency(random);
    if (latency.isPositive()) {
      Thread.sleep(latency);
    }
    if (isOut()) {
      return failed(new Failure.Retryable("simulated: the server is down"));
    }
    double edge = behaviour.hangRate();
    if (fate < edge) {
      Thread.sleep(Duration.ofDays(1));
    }
    edge += behaviour.throttleRate();
    if (fate < edge) {
      return failed(new Failure.Throttled("simulated: too many requests", behaviour.retryAfter()));
    }
    edge += behaviour.invalidRate();
    if (fate < edge) {
      return failed(new Failure.InvalidRequest("simulated: this job is not acceptable"));
    }
    edge += behaviour.failureRate();
    if (fate < edge) {
      return failed(new Failure.Retryable("simulated: the server had an error"));
    }
    return new ProviderResult.Answered(output(call.input(), random), report);
  }

  private boolean isOut() {
    Outage outage = behaviour.outage();
    if (outage.lasting().isZero()) {
      return false;
    }
    long now = System.nanoTime();
    firstCall.compareAndSet(0, now == 0 ? 1 : now);
    long since = now - firstCall.get();
    return since >= outage.after().toNanos()
        && since < outage.after().plus(outage.lasting()).toNanos();
  }

  private static ProviderResult failed(Failure failure) {
    return new ProviderResult.Failed(failure);
  }

  private SplittableRandom random(ProviderCall call) {
    long seed = behaviour.seed();
    seed = 31 * seed + call.jobId().value().getMostSignificantBits();
    seed = 31 * seed + call.jobId().value().getLeastSignificantBits();
    seed = 31 * seed + call.generation();
    seed = 31 * seed + call.attempt();
    return new SplittableRandom(seed);
  }

  private Duration latency(SplittableRandom random) {
    Slow slow = behaviour.slow();
    // Drawn only where it is asked for, so that a seed's other calls stay as they were.
    if (slow.rate() > 0 && random.nextDouble() < slow.rate()) {
      return slow.latency();
    }
    return usualLatency(random);
  }

  /** Log-normal with the given mean: exp(mu + sigma * N), where mu = ln(mean) - sigma^2 / 2. */
  private Duration usualLatency(SplittableRandom random) {
    double mean = behaviour.latencyMean().toNanos();
    double sigma = behaviour.latencySigma();
    if (mean == 0 || sigma == 0) {
      return behaviour.latencyMean();
    }
    return Duration.ofNanos(
        (long) (mean * Math.exp(sigma * random.nextGaussian() - sigma * sigma / 2)));
  }

  private static JobOutput output(JobInput input, SplittableRandom random) {
    return switch (input) {
      case JobInput.Summarize(String text, int _) ->
          new JobOutput.Summary(List.of(text.substring(0, Math.min(80, text.length()))));
      case JobInput.Classify(String _, List<String> labels) ->
          new JobOutput.Classification(
              labels.stream().map(label -> new ScoredLabel(label, 1.0 / labels.size())).toList());
      case JobInput.Embed _ -> embedding(random);
      case JobInput.DetectLanguage _ ->
          new JobOutput.DetectedLanguages(List.of(new ScoredLabel("und", 1.0)));
      case JobInput.Generate(String text, _, _) ->
          new JobOutput.Text(text.substring(0, Math.min(80, text.length())));
      case JobInput.Extract _ -> new JobOutput.Extracted(new JsonObject("{}"));
    };
  }

  private static JobOutput embedding(SplittableRandom random) {
    var vector = new float[DIMENSIONS];
    double squares = 0;
    for (int i = 0; i < DIMENSIONS; i++) {
      vector[i] = (float) random.nextGaussian();
      squares += vector[i] * vector[i];
    }
    for (int i = 0; i < DIMENSIONS; i++) {
      vector[i] = (float) (vector[i] / Math.sqrt(squares));
    }
    return new JobOutput.Embedding(vector);
  }
}
