package dev.penstock.worker.provider;

import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import dev.penstock.job.Usage;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderFactory;
import java.time.Duration;
import java.util.Map;
import java.util.TreeSet;

/**
 * Makes the provider {@code simulated}: for tests, benchmarks and trying Penstock without a model.
 */
public final class SimulatedProviderFactory implements ProviderFactory {
  static final String TYPE = "simulated";

  private static final Duration LONGEST = Duration.ofHours(1);
  private static final int MAX_TOKENS = 10_000_000;
  private static final java.util.Set<String> KNOWN =
      java.util.Set.of(
          "latency-mean",
          "latency-sigma",
          "slow-rate",
          "slow-latency",
          "failure-rate",
          "throttle-rate",
          "invalid-rate",
          "hang-rate",
          "retry-after",
          "outage-after",
          "outage-for",
          "input-tokens",
          "output-tokens",
          "seed");

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public boolean byDefault() {
    return true;
  }

  @Override
  public Provider create(String name, Map<String, String> settings) {
    var unknown = new TreeSet<>(settings.keySet());
    unknown.removeAll(KNOWN);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "unknown settings " + unknown + "; known are " + new TreeSet<>(KNOWN));
    }
    var reader = Settings.of(settings).reader();
    Duration mean = reader.duration("latency-mean", Duration.ofMillis(200), Duration.ZERO, LONGEST);
    Duration retryAfter =
        reader.duration("retry-after", Duration.ofSeconds(1), Duration.ZERO, LONGEST);
    var outage =
        new SimulatedProvider.Outage(
            reader.duration("outage-after", Duration.ZERO, Duration.ZERO, LONGEST),
            reader.duration("outage-for", Duration.ZERO, Duration.ZERO, LONGEST));
    double sigma = number(settings, "latency-sigma", 0.5, 3);
    var slow =
        new SimulatedProvider.Slow(
            number(settings, "slow-rate", 0, 1),
            reader.duration("slow-latency", Duration.ofSeconds(60), Duration.ZERO, LONGEST));
    double failures = number(settings, "failure-rate", 0, 1);
    double throttles = number(settings, "throttle-rate", 0, 1);
    double invalid = number(settings, "invalid-rate", 0, 1);
    double hangs = number(settings, "hang-rate", 0, 1);
    var usage =
        new Usage(
            reader.integer("input-tokens", 0, 0, MAX_TOKENS),
            reader.integer("output-tokens", 0, 0, MAX_TOKENS),
            0);
    long seed = (long) number(settings, "seed", 1, Integer.MAX_VALUE);
    if (failures + throttles + invalid + hangs > 1) {
      reader.error("failure-rate, throttle-rate, invalid-rate and hang-rate add up to more than 1");
    }
    try {
      return reader.build(() ->
          new SimulatedProvider(
              name,
              new SimulatedProvider.Behaviour(
                  mean, sigma, slow, failures, throttles, invalid, hangs, retryAfter, outage, seed),
              usage));
    } catch (ConfigException e) {
      throw new IllegalArgumentException(String.join("; ", e.errors()), e);
    }
  }

  private static double number(
      Map<String, String> settings, String key, double defaultValue, double max) {
    String text = settings.get(key);
    if (text == null) {
      return defaultValue;
    }
    try {
      double value = Double.parseDouble(text.strip());
      if (value >= 0 && value <= max) {
        return value;
      }
    } catch (NumberFormatException _) {
      // falls through to the one error below
    }
    throw new IllegalArgumentException(
        key + " is '" + text + "', but must be a number from 0 to " + max);
  }
}
