package dev.penstock.standalone;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/** Takes traces by OTLP over HTTP, as a collector does. */
final class Collector implements AutoCloseable {
  private final HttpServer server;
  private final List<Told> spans = new CopyOnWriteArrayList<>();

  /** A span as it came. */
  record Told(
      String service,
      String trace,
      String id,
      String parent,
      String name,
      Span.SpanKind kind,
      boolean failed,
      long nanos,
      Map<String, String> attributes,
      List<String> linkedTraces) {
    String of(String key) {
      return attributes.getOrDefault(key, "");
    }
  }

  private Collector(HttpServer server) {
    this.server = server;
  }

  static Collector start() throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    var collector = new Collector(server);
    server.createContext(
        "/v1/traces",
        exchange -> {
          try (exchange) {
            collector.take(ExportTraceServiceRequest.parseFrom(exchange.getRequestBody()));
            exchange.sendResponseHeaders(200, -1);
          }
        });
    server.start();
    return collector;
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  List<Told> spans() {
    return List.copyOf(spans);
  }

  /** Those of one trace. */
  List<Told> spans(String trace) {
    return spans.stream().filter(span -> span.trace.equals(trace)).toList();
  }

  private void take(ExportTraceServiceRequest request) {
    for (ResourceSpans resource : request.getResourceSpansList()) {
      String service =
          attributes(resource.getResource().getAttributesList()).getOrDefault("service.name", "");
      for (ScopeSpans scope : resource.getScopeSpansList()) {
        scope.getSpansList().forEach(span -> spans.add(told(service, span)));
      }
    }
  }

  private static Told told(String service, Span span) {
    return new Told(
        service,
        hex(span.getTraceId().toByteArray()),
        hex(span.getSpanId().toByteArray()),
        hex(span.getParentSpanId().toByteArray()),
        span.getName(),
        span.getKind(),
        span.getStatus().getCode() == Status.StatusCode.STATUS_CODE_ERROR,
        span.getEndTimeUnixNano() - span.getStartTimeUnixNano(),
        attributes(span.getAttributesList()),
        span.getLinksList().stream().map(link -> hex(link.getTraceId().toByteArray())).toList());
  }

  private static Map<String, String> attributes(List<KeyValue> pairs) {
    return pairs.stream()
        .collect(
            Collectors.toMap(
                KeyValue::getKey,
                pair ->
                    pair.getValue().hasIntValue()
                        ? String.valueOf(pair.getValue().getIntValue())
                        : pair.getValue().getStringValue()));
  }

  private static String hex(byte[] id) {
    return HexFormat.of().formatHex(id);
  }

  /** Takes nothing more: whoever sends is refused. */
  void stop() {
    server.stop(0);
  }

  @Override
  public void close() {
    stop();
  }
}
