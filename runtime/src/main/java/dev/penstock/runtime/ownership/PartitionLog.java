package dev.penstock.runtime.ownership;

import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The log of one partition, open for its one owner. Opening it shuts out every earlier owner, so
 * what was read then plus what was committed since is all that there is. Used by one thread.
 */
public interface PartitionLog extends AutoCloseable {

  /**
   * Shuts out earlier owners and reads the log to its end.
   *
   * @param since what was written before need not be read; null for all of it
   * @param reader takes the records in the log's order
   * @throws LogUnavailableException when Kafka does not let us; the log is to be closed
   */
  void open(@Nullable Instant since, Consumer<ConsumerRecord<byte[], byte[]>> reader)
      throws LogUnavailableException;

  /**
   * Writes records, of this partition and of any other topic, all or none. After anything but
   * Committed and Aborted the log is to be closed.
   */
  Commit commit(List<ProducerRecord<byte[], byte[]>> records);

  @Override
  void close();
}
