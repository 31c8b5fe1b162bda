package dev.penstock.cli;

import dev.penstock.topic.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads jobs, one a line, and cuts them into batches of bounded size, so that a file of any length
 * passes through a few megabytes. Blank lines are left out; a batch remembers the numbers of its
 * lines. When the source pauses (a pipe), what has been read goes out. Not thread-safe.
 */
final class JobLines {
  static final int MAX_BATCH_LINES = 1_000;
  static final int MAX_BATCH_BYTES = 2_000_000;

  /** No job is larger; a longer line is refused here, without being held. */
  static final int MAX_LINE_BYTES = Topics.MAX_JOB_BYTES;

  private static final int READ_BYTES = 1 << 16;

  private final InputStream source;
  private final byte[] buffer = new byte[READ_BYTES];
  private int position;
  private int limit;
  private long lineNumber;
  private long bytesRead;

  JobLines(InputStream source) {
    this.source = source;
  }

  /** Some lines of the source. */
  static final class Batch {
    private final Bytes bytes = new Bytes();
    private final List<Integer> ends = new ArrayList<>();
    private final List<Long> numbers = new ArrayList<>();
    private final List<Long> tooLong = new ArrayList<>();

    private Batch() {}

    int count() {
      return numbers.size();
    }

    /** The number in the source of the batch's line {@code line}, counted from 1. */
    long lineNumber(int line) {
      return numbers.get(line - 1);
    }

    /**
     * The numbers in the source of the lines that are longer than a job may be; they are left out.
     */
    List<Long> tooLong() {
      return tooLong;
    }

    /** The lines, each with its line feed; only the first {@link #length} bytes count. */
    byte[] bytes() {
      return bytes.array();
    }

    int length() {
      return bytes.size();
    }

    /** A batch of those lines whose numbers in the source are {@code wanted}. */
    Batch only(java.util.Set<Long> wanted) {
      var some = new Batch();
      for (int i = 0; i < numbers.size(); i++) {
        if (wanted.contains(numbers.get(i))) {
          int start = i == 0 ? 0 : ends.get(i - 1);
          some.bytes.write(bytes.array(), start, ends.get(i) - start);
          some.endLine(numbers.get(i));
        }
      }
      return some;
    }

    private void endLine(long number) {
      ends.add(bytes.size());
      numbers.add(number);
    }

    private boolean isEmpty() {
      return numbers.isEmpty() && tooLong.isEmpty();
    }

    private boolean isFull() {
      return numbers.size() + tooLong.size() >= MAX_BATCH_LINES || bytes.size() >= MAX_BATCH_BYTES;
    }
  }

  /** How far the source was read, in bytes. */
  long bytesRead() {
    return bytesRead - (limit - position);
  }

  /** The next batch, or nothing at the end of the source. */
  Optional<Batch> next() throws IOException {
    var batch = new Batch();
    while (!batch.isFull()) {
      boolean sourcePauses = position == limit && source.available() == 0;
      if (sourcePauses && !batch.isEmpty()) {
        break;
      }
      if (!readLine(batch)) {
        break;
      }
    }
    return batch.isEmpty() ? Optional.empty() : Optional.of(batch);
  }

  /** Adds one line of the source; false at its end. */
  private boolean readLine(Batch batch) throws IOException {
    if (position == limit && !fill()) {
      return false;
    }
    int start = batch.bytes.size();
    boolean blank = true;
    boolean tooLong = false;
    while (position < limit || fill()) {
      byte b = buffer[position++];
      if (b == '\n') {
        break;
      }
      blank &= b == ' ' || b == '\t' || b == '\r';
      if (batch.bytes.size() - start < MAX_LINE_BYTES) {
        batch.bytes.write(b);
      } else {
        tooLong = true;
      }
    }
    lineNumber++;
    if (tooLong) {
      batch.bytes.cut(start);
      batch.tooLong.add(lineNumber);
    } else if (blank) {
      batch.bytes.cut(start);
    } else {
      batch.bytes.write('\n');
      batch.endLine(lineNumber);
    }
    return true;
  }

  private boolean fill() throws IOException {
    int read = source.read(buffer);
    position = 0;
    limit = Math.max(read, 0);
    bytesRead += limit;
    return read > 0;
  }

  /** A byte array that grows, can be cut, and is handed over without a copy. */
  private static final class Bytes extends ByteArrayOutputStream {
    void cut(int length) {
      count = length;
    }

    byte[] array() {
      return buf;
    }
  }
}
