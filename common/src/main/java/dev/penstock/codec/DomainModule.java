package dev.penstock.codec;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.JobId;
import dev.penstock.job.JobOutput;
import dev.penstock.job.TenantId;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.deser.std.StdScalarDeserializer;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdScalarSerializer;
import tools.jackson.databind.ser.std.StdSerializer;

/**
 * Values of the domain within JSON that databind reads and writes: in the same {@link Shape}s as on
 * topics, and instants and durations as {@link TimeText} has them.
 */
final class DomainModule extends SimpleModule {
  private static final long serialVersionUID = 1L;

  DomainModule() {
    super("domain");
    addSerializer(Instant.class, new InstantWriter());
    addDeserializer(Instant.class, new InstantReader());
    addDeserializer(Duration.class, new DurationReader());
    addSerializer(JobId.class, new IdWriter());
    addDeserializer(JobId.class, new IdReader());
    addSerializer(TenantId.class, new TenantWriter());
    addDeserializer(TenantId.class, new TenantReader());
    add(Attempt.class, AttemptShape.ATTEMPT);
    add(Failure.class, FailureShape.FAILURE);
    add(JobOutput.class, OutputShape.OUTPUT);
  }

  private <T> void add(Class<T> type, Shape<T> shape) {
    addSerializer(type, new ShapeWriter<>(type, shape));
    addDeserializer(type, new ShapeReader<>(type, shape));
  }

  private static final class ShapeWriter<T> extends StdSerializer<T> {
    private final Shape<T> shape;

    ShapeWriter(Class<T> type, Shape<T> shape) {
      super(type);
      this.shape = shape;
    }

    @Override
    public void serialize(T value, JsonGenerator generator, SerializationContext context) {
      shape.write(value, generator);
    }
  }

  private static final class ShapeReader<T> extends StdDeserializer<T> {
    private final Shape<T> shape;

    ShapeReader(Class<T> type, Shape<T> shape) {
      super(type);
      this.shape = shape;
    }

    @Override
    public T deserialize(JsonParser parser, DeserializationContext context)
        throws JacksonException {
      try {
        return new Fields(parser).object(shape);
      } catch (Misfit | IllegalArgumentException e) {
        return context.reportInputMismatch(this, "%s", e.getMessage());
      }
    }
  }

  private static final class IdWriter extends StdScalarSerializer<JobId> {
    IdWriter() {
      super(JobId.class);
    }

    @Override
    public void serialize(JobId value, JsonGenerator generator, SerializationContext context) {
      generator.writeString(value.toString());
    }
  }

  private static final class IdReader extends StdScalarDeserializer<JobId> {
    IdReader() {
      super(JobId.class);
    }

    @Override
    public JobId deserialize(JsonParser parser, DeserializationContext context)
        throws JacksonException {
      try {
        return new Fields(parser).id();
      } catch (Misfit | IllegalArgumentException e) {
        return context.reportInputMismatch(this, "%s", e.getMessage());
      }
    }
  }

  private static final class TenantWriter extends StdScalarSerializer<TenantId> {
    TenantWriter() {
      super(TenantId.class);
    }

    @Override
    public void serialize(TenantId value, JsonGenerator generator, SerializationContext context) {
      generator.writeString(value.name());
    }
  }

  private static final class TenantReader extends StdScalarDeserializer<TenantId> {
    TenantReader() {
      super(TenantId.class);
    }

    @Override
    public TenantId deserialize(JsonParser parser, DeserializationContext context)
        throws JacksonException {
      try {
        return TenantId.of(new Fields(parser).text());
      } catch (Misfit | IllegalArgumentException e) {
        return context.reportInputMismatch(this, "%s", e.getMessage());
      }
    }
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
