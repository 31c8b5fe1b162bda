package dev.penstock.replayer.look;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Dead letters in memory. */
public final class FakeLog implements LetterLog {
  private final List<TreeMap<Long, ConsumerRecord<byte[], byte[]>>> partitions = new ArrayList<>();
  private int openSessions;
  private long shown;
  private long mostShown = Long.MAX_VALUE;

  public FakeLog(int partitions) {
    for (int i = 0; i < partitions; i++) {
      this.partitions.add(new TreeMap<>());
    }
  }

  /** Puts a record where it says that it stands. */
  public void add(ConsumerRecord<byte[], byte[]> record) {
    partitions.get(record.partition()).put(record.offset(), record);
  }

  /** From now on time is up when so many were shown. */
  void stopAfter(long records) {
    mostShown = shown + records;
  }

  int openSessions() {
    return openSessions;
  }

  /** The ends, as a plan has them. */
  public List<Long> ends() {
    return partitions.stream().map(all -> all.isEmpty() ? 0 : all.lastKey() + 1).toList();
  }

  @Override
  public int partitions() {
    return partitions.size();
  }

  @Override
  public Session open() {
    openSessions++;
    return new Session() {
      @Override
      public List<Long> starts() {
        return partitions.stream().map(all -> all.isEmpty() ? 0 : all.firstKey()).toList();
      }

      @Override
      public List<Long> ends() {
        return FakeLog.this.ends();
      }

      @Override
      public boolean read(Map<Integer, Span> spans, Duration limit, Visitor visitor) {
        for (Map.Entry<Integer, Span> each : new TreeMap<>(spans).entrySet()) {
          Span span = each.getValue();
          for (var record :
              partitions
                  .get(each.getKey())
                  .subMap(span.from(), Math.max(span.from(), span.end()))
                  .values()) {
            if (shown == mostShown) {
              return false;
            }
            shown++;
            visitor.visit(new LetterRecord(record));
          }
        }
        return true;
      }

      @Override
      public void close() {
        openSessions--;
      }
    };
  }
}
