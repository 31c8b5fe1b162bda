package dev.penstock.codec;

import dev.penstock.job.CancelRequest;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobRecord;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
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

  public static final JsonCodec<JobRecord> JOB_RECORDS = new JsonCodec<>(JobRecord.class);
  public static final JsonCodec<JobEvent> EVENTS = new JsonCodec<>(JobEvent.class);
  public static final JsonCodec<DeadLetter> DEAD_LETTERS = new JsonCodec<>(DeadLetter.class);
  public static final JsonCodec<CancelRequest> CANCEL_REQUESTS =
      new JsonCodec<>(CancelRequest.class);

  private static final byte[] HEAD = ("{\"v\":" + VERSION).getBytes(StandardCharsets.US_ASCII);

  private final ObjectReader reader;
  private final ObjectWriter writer;

  /** A codec for {@code type}, whose JSON must be an object. */
  public JsonCodec(Class<T> type) {
    // Only Penstock writes to the topics, so fields that stand twice are not looked for.
    this.reader = Json.MAPPER.readerFor(type).without(StreamReadFeature.STRICT_DUPLICATE_DETECTION);
    this.writer = Json.MAPPER.writerFor(type);
  }

  /** The value as UTF-8 JSON. */
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

  /** Reads what {@link #encode} wrote; anything else, null included, is refused with the reason. */
  public Decoded<T> decode(byte @Nullable [] bytes) {
    if (bytes == null) {
      return new Decoded.Refused<>("the record has no value");
    }
    try (JsonParser parser = reader.createParser(bytes)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return new Decoded.Refused<>("not a JSON object");
      }
      if (parser.nextToken() != JsonToken.PROPERTY_NAME
          || !parser.currentName().equals("v")
          || parser.nextToken() != JsonToken.VALUE_NUMBER_INT) {
        return new Decoded.Refused<>("the first field is not the version \"v\"");
      }
      if (parser.getBigIntegerValue().bitLength() > 31 || parser.getIntValue() != VERSION) {
        return new Decoded.Refused<>(
            "written in another version of the format; this program reads " + VERSION);
      }
      parser.nextToken();
      T value = reader.readValue(parser);
      return value == null ? new Decoded.Refused<>("null") : new Decoded.Value<>(value);
    } catch (JacksonException e) {
      return new Decoded.Refused<>(e.getOriginalMessage() + at(e));
    }
  }

  private static String at(JacksonException e) {
    var location = e.getLocation();
    return location == null || location.getByteOffset() < 0
        ? ""
        : " (at byte " + location.getByteOffset() + ")";
  }
}
