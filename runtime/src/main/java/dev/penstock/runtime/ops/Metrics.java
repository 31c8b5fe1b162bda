package dev.penstock.runtime.ops;

import com.sun.management.OperatingSystemMXBean;
import dev.penstock.lifecycle.Health;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.lang.management.ManagementFactory;
import java.util.Properties;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The metrics of one service, in Prometheus' form. Thread-safe. */
public final class Metrics implements AutoCloseable {
  private static final double NANOS_A_SECOND = 1e9;
  private static final String OPEN_METRICS = "application/openmetrics-text";

  private final String service;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(
          new Config(), new PrometheusRegistry(), Clock.SYSTEM, CurrentTrace.spanContext());
  private final JvmGcMetrics gc = new JvmGcMetrics();

  /** Exemplars on buckets alone: a Prometheus below 2.43 refuses a page with others. */
  private static final class Config implements PrometheusConfig {
    @Override
    public @Nullable String get(String key) {
      return null;
    }

    @Override
    public Properties prometheusProperties() {
      var properties = new Properties();
      properties.setProperty("io.prometheus.exporter.exemplarsOnAllMetricTypes", "false");
      return properties;
    }
  }

  /**
   * A page of metrics.
   *
   * @param contentType which of Prometheus' formats it is
   */
  record Page(String contentType, String text) {}

  /**
   * A registry that already has the JVM's own metrics, and what was built.
   *
   * @param service its name: {@code api}, {@code worker}, {@code streams}
   */
  public Metrics(String service) {
    this.service = service;
    registry
        .config()
        // Micrometer counts nanoseconds; below is what everyone else calls it.
        .meterFilter(MeterFilter.denyNameStartsWith("process.cpu.time"))
        .meterFilter(renamed("system.cpu.count", "system.cpus"))
        .meterFilter(new LabelBound());
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    gc.bindTo(registry);
    processorTime();
    Gauge.builder("penstock.build.info", () -> 1)
        .description("What runs here, as labels; always 1")
        .tag("service", service)
        .tag("version", BuildInfo.version())
        .register(registry);
  }

  private static MeterFilter renamed(String from, String to) {
    return new MeterFilter() {
      @Override
      public Meter.Id map(Meter.Id id) {
        return id.getName().equals(from) ? id.withName(to) : id;
      }
    };
  }

  private void processorTime() {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      FunctionCounter.builder(
              "process.cpu", system, each -> each.getProcessCpuTime() / NANOS_A_SECOND)
          .description("Processor time that the process has used")
          .baseUnit("seconds")
          .register(registry);
    }
  }

  public PrometheusMeterRegistry registry() {
    return registry;
  }

  /** Shows how the service is. */
  void health(Supplier<Health> health) {
    gauge(
        "penstock.ready",
        "1 while the service does its work (/readyz answers 200), else 0",
        () -> health.get() instanceof Health.Ready);
    gauge(
        "penstock.alive",
        "1 while the process need not be restarted (/healthz answers 200), else 0",
        () -> !(health.get() instanceof Health.Dead));
  }

  private void gauge(String name, String description, Supplier<Boolean> holds) {
    Gauge.builder(name, () -> holds.get() ? 1 : 0)
        .description(description)
        .tag("service", service)
        .register(registry);
  }

  /**
   * All metrics as they are now, in the text form that {@code accept} asks for: OpenMetrics, which
   * alone has exemplars, or Prometheus' own.
   *
   * @param accept the request's header; empty where it has none
   */
  Page page(String accept) {
    String contentType =
        accept.contains(OPEN_METRICS)
            ? OPEN_METRICS + "; version=1.0.0; charset=utf-8"
            : "text/plain; version=0.0.4; charset=utf-8";
    return new Page(contentType, registry.scrape(contentType));
  }

  @Override
  public void close() {
    gc.close();
    registry.close();
  }
}
