package dev.penstock.replayer.look;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The topic of dead letters, as a reader of committed records sees it. Thread-safe. */
public interface LetterLog {
  /** How many partitions it has, counted from 0. */
  int partitions();

  /**
   * A reader of its own.
   *
   * @throws org.apache.kafka.common.KafkaException when there can be none
   */
  Session open();

  /** Some offsets of a partition: {@code from}, and those above it that are below {@code end}. */
  record Span(long from, long end) {}

  /** Takes in one dead letter. */
  @FunctionalInterface
  interface Visitor {
    void visit(LetterRecord letter);
  }

  /**
   * Reads; used by one thread. All of it throws {@link org.apache.kafka.common.KafkaException} when
   * Kafka does not answer.
   */
  interface Session extends AutoCloseable {
    /** The first offset of each partition that still stands in the log. */
    List<Long> starts() throws InterruptedException;

    /** The offset behind the last one of each partition that is committed now. */
    List<Long> ends() throws InterruptedException;

    /**
     * Shows all that stands at these offsets, each partition in the order of its offsets. What it
     * holds at once does not grow with how much there is.
     *
     * @param spans by partition
     * @param limit after so long it ends early
     * @return whether it came to the end of all of them
     */
    boolean read(Map<Integer, Span> spans, Duration limit, Visitor visitor)
        throws InterruptedException;

    @Override
    void close();
  }
}
