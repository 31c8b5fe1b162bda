package dev.penstock.runtime.telemetry;

/** Which part of a conversation a span is, as OpenTelemetry has them. */
public enum SpanKind {
  SERVER,
  CLIENT,
  PRODUCER,
  CONSUMER,
  INTERNAL
}
