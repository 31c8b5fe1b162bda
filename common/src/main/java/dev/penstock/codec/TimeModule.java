package dev.penstock.codec;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.deser.std.StdScalarDeserializer;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdScalarSerializer;

/** Instants and durations as {@link TimeText} has them. */
final class TimeModule extends SimpleModule {
  private static final long serialVersionUID = 1L;

  TimeModule() {
    super("time-text");
    addSerializer(Instant.class, new InstantWriter());
    addDeserializer(Instant.class, new InstantReader());
    addDeserializer(Duration.class, new DurationReader());
  }

  private static final class InstantWriter extends StdScalarSerializer<Instant> {
    InstantWriter() {
      super(Instant.class);
    }

    @Override
    public void serialize(Instant value, JsonGenerator generator, SerializationContext context) {
      generator.writeString(TimeText.text(value));
    }
  }

  private static final class InstantReader extends StdScalarDeserializer<Instant> {
    InstantReader() {
      super(Instant.class);
    }

    @Override
    public Instant deserialize(JsonParser parser, DeserializationContext context)
        throws JacksonException {
      if (!parser.hasToken(JsonToken.VALUE_STRING)) {
        return (Instant) context.handleUnexpectedToken(Instant.class, parser);
      }
      try {
        return TimeText.instant(parser.getString());
      } catch (DateTimeException _) {
        throw context.weirdStringException("", Instant.class, "not an instant in ISO 8601, in UTC");
      }
    }
  }

  private static final class DurationReader extends StdScalarDeserializer<Duration> {
    DurationReader() {
      super(Duration.class);
    }

    @Override
    public Duration deserialize(JsonParser parser, DeserializationContext context)
        throws JacksonException {
      if (!parser.hasToken(JsonToken.VALUE_STRING)) {
        return (Duration) context.handleUnexpectedToken(Duration.class, parser);
      }
      try {
        return TimeText.duration(parser.getString());
      } catch (DateTimeException _) {
        throw context.weirdStringException("", Duration.class, "not a duration in ISO 8601");
      }
    }
  }
}
