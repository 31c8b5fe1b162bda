package dev.penstock.streams.figures;

import dev.penstock.job.FailureGroup;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import java.util.UUID;
import org.apache.kafka.common.utils.Bytes;

/**
 * Keys of the store of figures. The first byte says what is kept; what is looked for by time or by
 * job comes next, so that it lies together.
 */
final class CellKey {
  static final byte WINDOW = 1;
  static final byte STATE = 2;
  static final byte QUEUED = 3;
  static final byte FAILURES = 4;
  static final byte DEAD = 5;
  static final byte EARLIER = 6;
  static final byte STREAM_TIME = 7;

  private static final int TIME_AT = 2;
  private static final int SUBJECT_AT = TIME_AT + Long.BYTES;

  private CellKey() {}

  static Bytes window(WindowSize size, long startMillis, byte[] subject) {
    var out = windowStart(size, startMillis);
    out.all(subject);
    return Bytes.wrap(out.toBytes());
  }

  /** Below all keys of windows that begin then or later. */
  static Bytes windowsFrom(WindowSize size, long startMillis) {
    return Bytes.wrap(windowStart(size, startMillis).toBytes());
  }

  private static Packed.Writer windowStart(WindowSize size, long startMillis) {
    var out = new Packed.Writer();
    out.oneByte(WINDOW);
    out.oneByte(size.number());
    out.sorted(startMillis);
    return out;
  }

  static WindowSize sizeOf(Bytes windowKey) {
    return WindowSize.ofNumber(windowKey.get()[1]);
  }

  static long startOf(Bytes windowKey) {
    return new Packed.Reader(windowKey.get(), TIME_AT).sorted();
  }

  static Subject subjectOf(Bytes windowKey) {
    return Subject.read(new Packed.Reader(windowKey.get(), SUBJECT_AT));
  }

  static Bytes state(JobState state, String tenant, String model, String kind) {
    var out = new Packed.Writer();
    out.oneByte(STATE);
    out.text(state.wireName());
    out.text(tenant);
    out.text(model);
    out.text(kind);
    return Bytes.wrap(out.toBytes());
  }

  /** What stands in a key of states, after its first byte. */
  static Packed.Reader rest(Bytes key) {
    return new Packed.Reader(key.get(), 1);
  }

  static Bytes queuedSince(long epochSecond) {
    var out = new Packed.Writer();
    out.oneByte(QUEUED);
    out.sorted(epochSecond);
    return Bytes.wrap(out.toBytes());
  }

  static Bytes failures(long hourStartMillis, FailureGroup group) {
    var out = new Packed.Writer();
    out.oneByte(FAILURES);
    out.sorted(hourStartMillis);
    Packed.writeGroup(out, group);
    return Bytes.wrap(out.toBytes());
  }

  static Bytes failuresFrom(long hourStartMillis) {
    var out = new Packed.Writer();
    out.oneByte(FAILURES);
    out.sorted(hourStartMillis);
    return Bytes.wrap(out.toBytes());
  }

  static long hourOf(Bytes failuresKey) {
    return rest(failuresKey).sorted();
  }

  static FailureGroup groupOf(Bytes failuresKey) {
    return Packed.readGroup(new Packed.Reader(failuresKey.get(), 1 + Long.BYTES));
  }

  static Bytes dead(FailureGroup group) {
    var out = new Packed.Writer();
    out.oneByte(DEAD);
    Packed.writeGroup(out, group);
    return Bytes.wrap(out.toBytes());
  }

  static Bytes earlier(JobId job, int generation) {
    UUID id = job.value();
    var out = new Packed.Writer();
    out.oneByte(EARLIER);
    out.sorted(id.getMostSignificantBits());
    out.sorted(id.getLeastSignificantBits());
    out.sorted(generation);
    return Bytes.wrap(out.toBytes());
  }

  static int generationOf(Bytes earlierKey) {
    return (int) new Packed.Reader(earlierKey.get(), 1 + 2 * Long.BYTES).sorted();
  }

  static Bytes streamTime() {
    return first(STREAM_TIME);
  }

  /** Below all keys of that kind. */
  static Bytes first(byte kind) {
    return Bytes.wrap(new byte[] {kind});
  }

  /** Above all keys of that kind. */
  static Bytes after(byte kind) {
    return Bytes.wrap(new byte[] {(byte) (kind + 1)});
  }

  static byte kindOf(Bytes key) {
    return key.get()[0];
  }
}
