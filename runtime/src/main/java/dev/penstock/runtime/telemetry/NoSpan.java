package dev.penstock.runtime.telemetry;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** {@link Span#NONE}. */
final class NoSpan implements Span {
  @Override
  public boolean isRecording() {
    return false;
  }

  @Override
  public String traceparent() {
    return "";
  }

  @Override
  public Span child(SpanKind kind, String name, Instant startedAt) {
    return this;
  }

  @Override
  public Span set(String key, @Nullable String value) {
    return this;
  }

  @Override
  public Span set(String key, long value) {
    return this;
  }

  @Override
  public Span link(Span other) {
    return this;
  }

  @Override
  public Span rename(String name) {
    return this;
  }

  @Override
  public Span failed(String type) {
    return this;
  }

  @Override
  public void end(Instant at) {
    // Nobody keeps it.
  }
}
