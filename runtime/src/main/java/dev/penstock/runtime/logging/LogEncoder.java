package dev.penstock.runtime.logging;

import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;

/**
 * Writes log events as {@link LogFormat} says. Named in {@code logback.xml}; its format can be
 * changed while it is used. Thread-safe.
 */
public final class LogEncoder extends EncoderBase<ILoggingEvent> {
  private static final byte[] NOTHING = {};

  private final JsonEncoder json = json();
  private final TextLines text = new TextLines();
  private volatile LogFormat format = LogFormat.AUTO.resolved();

  private static JsonEncoder json() {
    var encoder = new JsonEncoder();
    encoder.setWithSequenceNumber(false);
    encoder.setWithNanoseconds(false);
    encoder.setWithContext(false);
    // What was to be filled in stands in the message already.
    encoder.setWithMessage(false);
    encoder.setWithArguments(false);
    encoder.setWithFormattedMessage(true);
    return encoder;
  }

  /** {@code auto}, {@code json} or {@code text}; anything else is {@code auto}. */
  public void setFormat(String name) {
    use(LogFormat.of(name).orElse(LogFormat.AUTO));
  }

  void use(LogFormat wanted) {
    format = wanted.resolved();
  }

  @Override
  public void start() {
    json.setContext(getContext());
    json.start();
    super.start();
  }

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    return format == LogFormat.JSON
        ? json.encode(event)
        : text.line(event).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }
}
