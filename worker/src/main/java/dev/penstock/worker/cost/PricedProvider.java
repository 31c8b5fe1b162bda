package dev.penstock.worker.cost;

import dev.penstock.job.JobKind;
import dev.penstock.job.Usage;
import dev.penstock.provider.CallNames;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;

/** A provider whose reports say what its calls cost, and whose usage is counted. */
public final class PricedProvider implements Provider {
  private final Provider provider;
  private final Prices prices;
  private final UsageMeter meter;
  private final InstantSource clock;

  private PricedProvider(Provider provider, Prices prices, UsageMeter meter, InstantSource clock) {
    this.provider = provider;
    this.prices = prices;
    this.meter = meter;
    this.clock = clock;
  }

  /** All of {@code providers}, priced. */
  public static List<Provider> all(
      List<Provider> providers, Prices prices, UsageMeter meter, InstantSource clock) {
    return providers.stream()
        .<Provider>map(provider -> new PricedProvider(provider, prices, meter, clock))
        .toList();
  }

  @Override
  public String name() {
    return provider.name();
  }

  @Override
  public Set<JobKind> kinds() {
    return provider.kinds();
  }

  @Override
  public CallNames names(ProviderCall call) {
    return provider.names(call);
  }

  @Override
  public ProviderResult call(ProviderCall call) throws InterruptedException {
    ProviderResult result = provider.call(call);
    if (result == null || result.report().usage().equals(Usage.NONE)) {
      return result;
    }
    CallReport report = result.report();
    if (report.costNanos() == null) {
      var cost = prices.costNanos(call.target(), report, clock.instant());
      if (cost.isPresent()) {
        report = report.costing(cost.getAsLong());
      }
    }
    meter.used(call.target(), report, result instanceof ProviderResult.Answered, prices.currency());
    return result.with(report);
  }

  @Override
  public void warmUp() {
    provider.warmUp();
  }

  @Override
  public void close() {
    provider.close();
  }
}
