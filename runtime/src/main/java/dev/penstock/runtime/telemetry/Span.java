package dev.penstock.runtime.telemetry;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Something that takes time, as a part of a trace. Thread-safe; after its end nothing of it changes
 * any more. Neither secrets nor what jobs ask or providers answer belongs into it.
 */
public interface Span {
  /** Of a trace that nobody keeps. */
  Span NONE = new NoSpan();

  /** Whether somebody keeps it: for what is dear to find out. */
  boolean isRecording();

  /** As W3C writes it, for whoever goes on with the trace; empty for {@link #NONE}. */
  String traceparent();

  /** A part of this one. */
  Span child(SpanKind kind, String name, Instant startedAt);

  /** Says more of it; null and the empty text say nothing. */
  Span set(String key, @Nullable String value);

  /** Says more of it. */
  Span set(String key, long value);

  /** Has to do with another one; beyond some, links are left out. */
  Span link(Span other);

  /** Gives it another name. */
  Span rename(String name);

  /** It failed; {@code type} is a code of few different values ({@code error.type}). */
  Span failed(String type);

  /** Ends it. Never blocks; where too many wait to be sent, it is left out. */
  void end(Instant at);
}
