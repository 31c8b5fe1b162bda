package dev.penstock.runtime.telemetry;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;
import java.util.Collection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends spans, and says once when they are not taken, and once when they are again. What was not
 * taken is left out. Thread-safe.
 */
final class Delivery implements SpanExporter {
  private static final Logger log = LoggerFactory.getLogger(Delivery.class);

  private final SpanExporter exporter;
  private final URI endpoint;
  private final Object lock = new Object();
  private boolean refused;
  private long leftOut;

  Delivery(SpanExporter exporter, URI endpoint) {
    this.exporter = exporter;
    this.endpoint = endpoint;
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    int count = spans.size();
    CompletableResultCode result = exporter.export(spans);
    return result.whenComplete(() -> ended(result.isSuccess(), count));
  }

  private void ended(boolean taken, int count) {
    synchronized (lock) {
      if (taken && refused) {
        log.info("{} takes spans again; {} were left out", endpoint, leftOut);
        leftOut = 0;
      }
      if (!taken) {
        leftOut += count;
        if (!refused) {
          log.warn(
              "{} does not take spans; they are left out until it does, and jobs go on. Look at the"
                  + " collector, and at telemetry.otlp-endpoint and telemetry.otlp-headers",
              endpoint);
        }
      }
      refused = !taken;
    }
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
