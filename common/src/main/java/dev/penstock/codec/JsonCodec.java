package dev.penstock.codec;

import dev.penstock.cache.CacheRecord;
import dev.penstock.fleet.WorkerCommand;
import dev.penstock.fleet.WorkerReport;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobRecord;
import dev.penstock.job.OrderedRecord;
import dev.penstock.job.PartialAnswer;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.limit.LimitReport;
import dev.penstock.limit.SpendReport;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanRecord;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.io.SerializedString;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;

/**
 * Values of one type as versioned JSON. The first field of every record is {@code "v"}. Within a
 * version fields are only added, always nullable, so older and newer programs read each other;
 * another version is refused. Thread-safe.
 */
public final class JsonCodec<T> {
  /** The version that is written, and the only one that is read. */
  public static final int VERSION = 1;

  public static final JsonCodec<JobRecord> JOB_RECORDS = of(new JobRecordShape());
  public static final JsonCodec<JobEvent> EVENTS = of(EventShape.EVENT);
  public static final JsonCodec<DeadLetter> DEAD_LETTERS = of(new DeadLetterShape());
  public static final JsonCodec<OrderedRecord> ORDERED = of(new OrderedShape());
  public static final JsonCodec<CancelRequest> CANCEL_REQUESTS = of(new CancelRequestShape());
  public static final JsonCodec<RetryNowRequest> RETRY_NOW_REQUESTS =
      of(new RetryNowRequestShape());
  public static final JsonCodec<CacheRecord> CACHE_RECORDS = of(new CacheRecordShape());
  public static final JsonCodec<LimitReport> LIMIT_REPORTS = of(new LimitReportShape());
  public static final JsonCodec<PartialAnswer> PARTIAL_ANSWERS = of(new PartialAnswerShape());
  public static final JsonCodec<SpendReport> SPEND_REPORTS = of(new SpendReportShape());
  public static final JsonCodec<WorkerReport> WORKER_REPORTS = of(new WorkerReportShape());
  public static final JsonCodec<WorkerCommand> WORKER_COMMANDS = of(new WorkerCommandShape());

  public static final JsonCodec<LedgerRecord> LEDGER = of(new LedgerShape());
  public static final JsonCodec<PlanRecord> PLANS = of(new PlanShape());
  public static final JsonCodec<AuditEntry> AUDIT = of(new AuditShape());

  private final Body<T> body;

  /** A codec for {@code type}, whose JSON must be an object, bound by {@link Json#MAPPER}. */
  public JsonCodec(Class<T> type) {
    this(new BoundBody<>(type));
  }

  private JsonCodec(Body<T> body) {
    this.body = body;
  }

  private static <T> JsonCodec<T> of(Shape<T> shape) {
    return new JsonCodec<>(new ShapedBody<>(shape));
  }

  /** The value as UTF-8 JSON. */
  public byte[] encode(T value) {
    return body.encode(value);
  }

  /** Reads what {@link #encode} wrote; anything else, null included, is refused with the reason. */
  public Decoded<T> decode(byte @Nullable [] bytes) {
    return bytes == null
        ? new Decoded.Refused<>("the record has no value")
        : decode(bytes, 0, bytes.length);
  }

  /** Reads a part of {@code bytes} in the same way. */
  public Decoded<T> decode(byte[] bytes, int offset, int length) {
    try (JsonParser parser = body.parser(bytes, offset, length)) {
      try {
        return decode(parser);
      } catch (IllegalArgumentException e) {
        return new Decoded.Refused<>(
            e.getMessage() + " (at byte " + parser.currentLocation().getByteOffset() + ")");
      }
    } catch (JacksonException e) {
      return new Decoded.Refused<>(e.getOriginalMessage() + at(e));
    } catch (Misfit e) {
      return new Decoded.Refused<>(String.valueOf(e.getMessage()));
    }
  }

  private Decoded<T> decode(JsonParser parser) {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return new Decoded.Refused<>("not a JSON object");
    }
    if (!"v".equals(parser.nextName()) || parser.nextToken() != JsonToken.VALUE_NUMBER_INT) {
      return new Decoded.Refused<>("the first field is not the version \"v\"");
    }
    if (!isVersion(parser)) {
      return new Decoded.Refused<>(
          "written in another version of the format; this program reads " + VERSION);
    }
    T value = body.read(parser);
    return value == null ? new Decoded.Refused<>("null") : new Decoded.Value<>(value);
  }

  private static boolean isVersion(JsonParser parser) {
    return parser.getNumberType() == JsonParser.NumberType.INT && parser.getIntValue() == VERSION;
  }

  private static String at(JacksonException e) {
    var location = e.getLocation();
    return location == null || location.getByteOffset() < 0
        ? ""
        : " (at byte " + location.getByteOffset() + ")";
  }

  /** How the value stands behind the version. */
  private interface Body<T> {
    byte[] encode(T value);

    JsonParser parser(byte[] bytes, int offset, int length);

    /** Reads the rest of the object, and that nothing follows it. */
    @Nullable T read(JsonParser parser);
  }

  private static final class ShapedBody<T> implements Body<T> {
    private static final SerializedString V = new SerializedString("v");

    private final Shape<T> shape;

    ShapedBody(Shape<T> shape) {
      this.shape = shape;
    }

    @Override
    public byte[] encode(T value) {
      var out = new Written();
      try (JsonGenerator json = Json.FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
        json.writeStartObject();
        json.writeName(V).writeNumber(VERSION);
        shape.writeFields(value, json);
        json.writeEndObject();
      }
      return out.bytes;
    }

    @Override
    public JsonParser parser(byte[] bytes, int offset, int length) {
      return Json.FACTORY.createParser(ObjectReadContext.empty(), bytes, offset, length);
    }

    @Override
    public T read(JsonParser parser) {
      var fields = new Fields(parser);
      T value = shape.readFields(fields);
      if (parser.nextToken() != null) {
        throw fields.misfit("something follows the object");
      }
      return value;
    }
  }

  private static final class BoundBody<T> implements Body<T> {
    private static final byte[] HEAD = ("{\"v\":" + VERSION).getBytes(StandardCharsets.US_ASCII);

    private final ObjectReader reader;
    private final ObjectWriter writer;

    BoundBody(Class<T> type) {
      // Only Penstock writes to the topics, so fields that stand twice are not looked for.
      this.reader =
          Json.MAPPER.readerFor(type).without(StreamReadFeature.STRICT_DUPLICATE_DETECTION);
      this.writer = Json.MAPPER.writerFor(type);
    }

    @Override
    public byte[] encode(T value) {
      byte[] body = writer.writeValueAsBytes(value);
      boolean empty = body.length == 2;
      byte[] record = new byte[HEAD.length + body.length - (empty ? 1 : 0)];
      System.arraycopy(HEAD, 0, record, 0, HEAD.length);
      if (empty) {
        record[HEAD.length] = '}';
      } else {
        record[HEAD.length] = ',';
        System.arraycopy(body, 1, record, HEAD.length + 1, body.length - 1);
      }
      return record;
    }

    @Override
    public JsonParser parser(byte[] bytes, int offset, int length) {
      return reader.createParser(bytes, offset, length);
    }

    @Override
    public @Nullable T read(JsonParser parser) {
      parser.nextToken();
      return reader.readValue(parser);
    }
  }

  /** Takes what a generator wrote; most often at once, and then without a copy too many. */
  private static final class Written extends OutputStream {
    private byte[] bytes = new byte[0];

    @Override
    public void write(byte[] from, int offset, int length) {
      int size = bytes.length;
      bytes = Arrays.copyOf(bytes, size + length);
      System.arraycopy(from, offset, bytes, size, length);
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }
  }
}
