package dev.penstock.replayer.look;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.topic.RecordHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * A record of the dead letters; what it says is read when it is first asked for. Not thread-safe.
 */
public final class LetterRecord {
  private final ConsumerRecord<byte[], byte[]> record;
  private @Nullable LetterContent content;

  public LetterRecord(ConsumerRecord<byte[], byte[]> record) {
    this.record = record;
  }

  /** A header as it stands on the record. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record RawHeader(String name, byte @Nullable [] value) {}

  public LetterId id() {
    return new LetterId(record.partition(), record.offset());
  }

  public int partition() {
    return record.partition();
  }

  public long offset() {
    return record.offset();
  }

  /** When it was written, by the broker's clock. */
  public Instant writtenAt() {
    return Instant.ofEpochMilli(record.timestamp());
  }

  long writtenAtMillis() {
    return record.timestamp();
  }

  /** Not to be changed. */
  public byte @Nullable [] key() {
    return record.key();
  }

  /** The key as text; null where there is none. Those of jobs are their ids. */
  public @Nullable String keyText() {
    return record.key() == null ? null : new String(record.key(), StandardCharsets.UTF_8);
  }

  /** Not to be changed. */
  public byte @Nullable [] value() {
    return record.value();
  }

  int valueBytes() {
    return record.value() == null ? 0 : record.value().length;
  }

  /** All headers, in their order. */
  List<RawHeader> headers() {
    var all = new ArrayList<RawHeader>();
    for (Header each : record.headers()) {
      all.add(new RawHeader(each.key(), each.value()));
    }
    return all;
  }

  /** The last header of that name as text; null where there is none. */
  @Nullable String header(String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null
        ? null
        : new String(header.value(), StandardCharsets.UTF_8);
  }

  /** Whether it is a record that no worker could read: known without reading it. */
  boolean isPoison() {
    return content == null
        ? "poison".equals(header(RecordHeaders.DEAD_LETTER))
        : content instanceof LetterContent.Poison;
  }

  /** What it says. */
  public LetterContent content() {
    LetterContent known = content;
    if (known == null) {
      known = read();
      content = known;
    }
    return known;
  }

  private LetterContent read() {
    if (isPoison()) {
      String reason = header(RecordHeaders.REASON);
      return new LetterContent.Poison(reason == null ? "it can't be read" : reason);
    }
    return switch (JsonCodec.DEAD_LETTERS.decode(record.value())) {
      case Decoded.Value<DeadLetter>(DeadLetter dead) -> new LetterContent.OfJob(dead);
      case Decoded.Refused<DeadLetter>(String reason) -> new LetterContent.Unreadable(reason);
    };
  }
}
