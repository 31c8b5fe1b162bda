package dev.penstock.worker.trace;

import dev.penstock.runtime.telemetry.Span;
import dev.penstock.runtime.telemetry.SpanKind;
import dev.penstock.runtime.telemetry.Traces;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Keeps spans in memory, in the order in which they began. */
final class KeptTraces implements Traces {
  private final List<Kept> spans = new CopyOnWriteArrayList<>();

  /** A span; its trace context is its number. */
  final class Kept implements Span {
    final SpanKind kind;
    String name;
    final String parent;
    final int number;
    final Map<String, String> said = new ConcurrentHashMap<>();
    final List<Span> links = new ArrayList<>();
    boolean ended;

    Kept(SpanKind kind, String name, String parent, int number) {
      this.kind = kind;
      this.name = name;
      this.parent = parent;
      this.number = number;
    }

    @Override
    public boolean isRecording() {
      return !ended;
    }

    @Override
    public String traceparent() {
      return "span-" + number;
    }

    @Override
    public Span child(SpanKind kind, String name, Instant startedAt) {
      return begin(kind, name, traceparent(), startedAt);
    }

    @Override
    public Span set(String key, @Nullable String value) {
      if (value != null) {
        said.put(key, value);
      }
      return this;
    }

    @Override
    public Span set(String key, long value) {
      said.put(key, String.valueOf(value));
      return this;
    }

    @Override
    public Span link(Span other) {
      links.add(other);
      return this;
    }

    @Override
    public Span rename(String newName) {
      name = newName;
      return this;
    }

    @Override
    public Span failed(String type) {
      return set("error.type", type);
    }

    @Override
    public void end(Instant at) {
      ended = true;
    }

    String said(String key) {
      return said.getOrDefault(key, "");
    }
  }

  @Override
  public boolean isOn() {
    return true;
  }

  @Override
  public Span begin(SpanKind kind, String name, @Nullable String parent, Instant startedAt) {
    var span = new Kept(kind, name, parent == null ? "" : parent, spans.size());
    spans.add(span);
    return span;
  }

  List<Kept> named(String name) {
    return spans.stream().filter(span -> span.name.equals(name)).toList();
  }

  Kept only(String name) {
    List<Kept> found = named(name);
    if (found.size() != 1) {
      throw new AssertionError(found.size() + " spans are called " + name);
    }
    return found.getFirst();
  }

  @Override
  public void close() {
    // It keeps everything.
  }
}
