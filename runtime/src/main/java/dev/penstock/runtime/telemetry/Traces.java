package dev.penstock.runtime.telemetry;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Where traces begin and go on. Thread-safe. */
public interface Traces extends AutoCloseable {
  /** Nobody keeps anything, and nothing of OpenTelemetry is loaded. */
  Traces OFF = new NoTraces();

  /** Traces as they are configured. */
  static Traces of(TelemetryConfig config) {
    return config.isOn() ? OtlpTraces.of(config) : OFF;
  }

  /** Whether any trace may be kept: for what is dear to find out. */
  boolean isOn();

  /**
   * Begins a span.
   *
   * @param parent the W3C trace context that it goes on with; where it is null or no such one, a
   *     new trace begins
   */
  Span begin(SpanKind kind, String name, @Nullable String parent, Instant startedAt);

  /** Sends what has ended, for some seconds at most. */
  @Override
  void close();
}
