package dev.penstock.runtime.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Traces that go to a collector, by OTLP over HTTP. Spans that have ended wait in a bounded queue
 * for the one thread that sends them; what does not fit is left out, so a collector that is gone
 * costs nobody anything but the traces.
 */
final class OtlpTraces implements Traces {
  private static final Logger log = LoggerFactory.getLogger(OtlpTraces.class);

  private static final int QUEUE_SPANS = 4_096;
  private static final int BATCH_SPANS = 512;
  private static final int MAX_ATTRIBUTES = 64;
  private static final int MAX_VALUE_CHARS = 1_000;
  private static final int MAX_LINKS = 128;
  private static final Duration DELAY = Duration.ofMillis(500);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final long CLOSE_SECONDS = 3;

  private final SdkTracerProvider provider;
  private final Tracer tracer;

  private OtlpTraces(SdkTracerProvider provider) {
    this.provider = provider;
    this.tracer = provider.get("dev.penstock");
  }

  static OtlpTraces of(TelemetryConfig config) {
    var exporter =
        OtlpHttpSpanExporter.builder()
            .setEndpoint(config.endpoint().toString())
            .setTimeout(TIMEOUT)
            .setConnectTimeout(TIMEOUT);
    TelemetryConfig.pairs(config.headers().reveal()).forEach(exporter::addHeader);
    var processor =
        BatchSpanProcessor.builder(new Delivery(exporter.build(), config.endpoint()))
            .setMaxQueueSize(QUEUE_SPANS)
            .setMaxExportBatchSize(BATCH_SPANS)
            .setScheduleDelay(DELAY)
            .setExporterTimeout(TIMEOUT)
            .build();
    log.info(
        "traces of {} go to {}, {} of those that begin here",
        config.serviceName(),
        config.endpoint(),
        config.sampleRatio());
    return new OtlpTraces(
        SdkTracerProvider.builder()
            .setResource(resource(config))
            .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(config.sampleRatio())))
            .setSpanLimits(
                SpanLimits.builder()
                    .setMaxNumberOfAttributes(MAX_ATTRIBUTES)
                    .setMaxAttributeValueLength(MAX_VALUE_CHARS)
                    .setMaxNumberOfLinks(MAX_LINKS)
                    .build())
            .addSpanProcessor(processor)
            .build());
  }

  private static Resource resource(TelemetryConfig config) {
    AttributesBuilder attributes = Attributes.builder();
    attributes.put("service.instance.id", UUID.randomUUID().toString());
    attributes.put("service.namespace", "penstock");
    config.resource().forEach(attributes::put);
    attributes.put("service.name", config.serviceName());
    return Resource.getDefault().merge(Resource.create(attributes.build()));
  }

  @Override
  public boolean isOn() {
    return true;
  }

  @Override
  public Span begin(SpanKind kind, String name, @Nullable String parent, Instant startedAt) {
    return start(kind, name, context(parent), startedAt);
  }

  private Span start(SpanKind kind, String name, Context parent, Instant startedAt) {
    return new Told(
        tracer
            .spanBuilder(name)
            .setSpanKind(kind(kind))
            .setParent(parent)
            .setStartTimestamp(startedAt)
            .startSpan());
  }

  private static Context context(@Nullable String traceparent) {
    if (traceparent == null || !TraceIds.isContext(traceparent)) {
      return Context.root();
    }
    SpanContext remote =
        SpanContext.createFromRemoteParent(
            TraceIds.trace(traceparent),
            TraceIds.span(traceparent),
            TraceFlags.fromHex(TraceIds.flags(traceparent), 0),
            TraceState.getDefault());
    return remote.isValid()
        ? Context.root().with(io.opentelemetry.api.trace.Span.wrap(remote))
        : Context.root();
  }

  private static io.opentelemetry.api.trace.SpanKind kind(SpanKind kind) {
    return switch (kind) {
      case SERVER -> io.opentelemetry.api.trace.SpanKind.SERVER;
      case CLIENT -> io.opentelemetry.api.trace.SpanKind.CLIENT;
      case PRODUCER -> io.opentelemetry.api.trace.SpanKind.PRODUCER;
      case CONSUMER -> io.opentelemetry.api.trace.SpanKind.CONSUMER;
      case INTERNAL -> io.opentelemetry.api.trace.SpanKind.INTERNAL;
    };
  }

  @Override
  public void close() {
    if (!provider.shutdown().join(CLOSE_SECONDS, TimeUnit.SECONDS).isSuccess()) {
      log.warn("the last spans could not be sent: the collector does not take them in time");
    }
  }

  /** A span of OpenTelemetry. */
  private final class Told implements Span {
    private final io.opentelemetry.api.trace.Span span;

    Told(io.opentelemetry.api.trace.Span span) {
      this.span = span;
    }

    @Override
    public boolean isRecording() {
      return span.isRecording();
    }

    @Override
    public String traceparent() {
      SpanContext context = span.getSpanContext();
      return "00-"
          + context.getTraceId()
          + "-"
          + context.getSpanId()
          + "-"
          + context.getTraceFlags().asHex();
    }

    @Override
    public Span child(SpanKind kind, String name, Instant startedAt) {
      return start(kind, name, Context.root().with(span), startedAt);
    }

    @Override
    public Span set(String key, @Nullable String value) {
      if (value != null && !value.isEmpty()) {
        span.setAttribute(AttributeKey.stringKey(key), value);
      }
      return this;
    }

    @Override
    public Span set(String key, long value) {
      span.setAttribute(AttributeKey.longKey(key), value);
      return this;
    }

    @Override
    public Span link(Span other) {
      if (other instanceof Told told) {
        span.addLink(told.span.getSpanContext());
      }
      return this;
    }

    @Override
    public Span rename(String name) {
      span.updateName(name);
      return this;
    }

    @Override
    public Span failed(String type) {
      span.setAttribute(AttributeKey.stringKey("error.type"), type);
      span.setStatus(StatusCode.ERROR);
      return this;
    }

    @Override
    public void end(Instant at) {
      span.end(at);
    }
  }
}
