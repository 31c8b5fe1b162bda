package dev.penstock.runtime.telemetry;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** {@link Traces#OFF}. */
final class NoTraces implements Traces {
  @Override
  public boolean isOn() {
    return false;
  }

  @Override
  public Span begin(SpanKind kind, String name, @Nullable String parent, Instant startedAt) {
    return Span.NONE;
  }

  @Override
  public void close() {
    // There is nothing.
  }
}
