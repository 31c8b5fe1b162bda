package dev.penstock.streams.order;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import dev.penstock.job.OrderedRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * The lines in a store that sorts its keys as unsigned bytes. Its rows, where {@code 0} is a byte
 * that no ordering key has:
 *
 * <pre>
 *   h key                      → job, generation, position    the head
 *   q key 0 position           → the job's ordered record     one who waits
 *   i key 0 job generation     → position                     where that one waits
 * </pre>
 *
 * The search for the next one begins at the head's position, so it does not pass by the rows of all
 * that were there before, which a log-structured store keeps for a while.
 */
final class StoredLine implements Line {
  private static final byte HEAD = 'h';
  private static final byte QUEUE = 'q';
  private static final byte INDEX = 'i';
  private static final int ID_BYTES = 2 * Long.BYTES + Integer.BYTES;

  private final KeyValueStore<Bytes, byte[]> store;

  StoredLine(KeyValueStore<Bytes, byte[]> store) {
    this.store = store;
  }

  @Override
  public @Nullable Head head(String key) {
    byte[] row = store.get(headRow(key));
    return row == null ? null : head(row);
  }

  static Head head(byte[] row) {
    var in = ByteBuffer.wrap(row);
    return new Head(new JobId(new UUID(in.getLong(), in.getLong())), in.getInt(), in.getLong());
  }

  /** Where the rows of heads begin. */
  static Bytes firstHead() {
    return Bytes.wrap(new byte[] {HEAD});
  }

  /** Behind all rows of heads. */
  static Bytes behindHeads() {
    return Bytes.wrap(new byte[] {HEAD + 1});
  }

  /** The ordering key of a head's row. */
  static String keyOfHead(Bytes row) {
    byte[] bytes = row.get();
    return new String(bytes, 1, bytes.length - 1, StandardCharsets.US_ASCII);
  }

  @Override
  public void setHead(String key, Head head) {
    store.put(
        headRow(key),
        id(ByteBuffer.allocate(ID_BYTES + Long.BYTES), head.job(), head.generation())
            .putLong(head.position())
            .array());
  }

  @Override
  public void removeHead(String key) {
    store.delete(headRow(key));
  }

  @Override
  public void add(String key, Waiting waiting) {
    OrderedRecord.Enter job = waiting.job();
    store.put(queueRow(key, waiting.position()), JsonCodec.ORDERED.encode(job));
    store.put(
        indexRow(key, job.jobId(), job.generation()),
        ByteBuffer.allocate(Long.BYTES).putLong(waiting.position()).array());
  }

  @Override
  public @Nullable Waiting firstBehind(String key, long position) {
    Bytes from = queueRow(key, position + 1);
    try (KeyValueIterator<Bytes, byte[]> range = store.range(from, queueRow(key, Long.MAX_VALUE))) {
      if (!range.hasNext()) {
        return null;
      }
      KeyValue<Bytes, byte[]> row = range.next();
      byte[] at = row.key.get();
      return waiting(ByteBuffer.wrap(at).getLong(at.length - Long.BYTES), row.value);
    }
  }

  @Override
  public @Nullable Waiting find(String key, JobId job, int generation) {
    byte[] at = store.get(indexRow(key, job, generation));
    if (at == null) {
      return null;
    }
    long position = ByteBuffer.wrap(at).getLong();
    byte[] row = store.get(queueRow(key, position));
    if (row == null) {
      throw new ProcessorStateException("the line of " + key + " lacks what its index says");
    }
    return waiting(position, row);
  }

  @Override
  public void remove(String key, Waiting waiting) {
    OrderedRecord.Enter job = waiting.job();
    store.delete(queueRow(key, waiting.position()));
    store.delete(indexRow(key, job.jobId(), job.generation()));
  }

  private static Waiting waiting(long position, byte[] row) {
    return switch (JsonCodec.ORDERED.decode(row)) {
      case Decoded.Value<OrderedRecord>(OrderedRecord.Enter job) -> new Waiting(position, job);
      case Decoded.Value<OrderedRecord> _ ->
          throw new ProcessorStateException("what waits at " + position + " is no job");
      case Decoded.Refused<OrderedRecord>(String reason) ->
          throw new ProcessorStateException(
              "the job that waits at " + position + " can't be read: " + reason);
    };
  }

  private static Bytes headRow(String key) {
    byte[] text = key.getBytes(StandardCharsets.US_ASCII);
    return Bytes.wrap(ByteBuffer.allocate(1 + text.length).put(HEAD).put(text).array());
  }

  static Bytes queueRow(String key, long position) {
    return Bytes.wrap(row(QUEUE, key, Long.BYTES).putLong(position).array());
  }

  private static Bytes indexRow(String key, JobId job, int generation) {
    return Bytes.wrap(id(row(INDEX, key, ID_BYTES), job, generation).array());
  }

  private static ByteBuffer row(byte kind, String key, int more) {
    byte[] text = key.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(1 + text.length + 1 + more).put(kind).put(text).put((byte) 0);
  }

  private static ByteBuffer id(ByteBuffer out, JobId job, int generation) {
    return out.putLong(job.value().getMostSignificantBits())
        .putLong(job.value().getLeastSignificantBits())
        .putInt(generation);
  }
}
