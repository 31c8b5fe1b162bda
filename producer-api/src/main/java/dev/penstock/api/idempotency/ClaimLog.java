package dev.penstock.api.idempotency;

import dev.penstock.job.JobId;
import dev.penstock.runtime.ownership.Commit;
import dev.penstock.runtime.ownership.LogUnavailableException;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The log of one partition of keys, open for its one owner. Opening it shuts out every earlier
 * owner, so what was read then plus what was committed since is all that there is. Used by one
 * thread.
 */
interface ClaimLog extends AutoCloseable {

  /** Takes what stands in the log, in its order. */
  interface Reader {
    void claim(Digest key, Digest fingerprint, JobId id, Instant claimedAt);

    /** A record that can't be read: no one knows what the key stands for. */
    void unreadable(Digest key);
  }

  /** A claim to be written with its job. */
  record Entry(
      Digest key,
      Digest fingerprint,
      List<ProducerRecord<byte[], byte[]>> jobRecords,
      JobId id,
      Instant claimedAt) {}

  /**
   * Shuts out earlier owners and reads the log to its end.
   *
   * @param since claims made before need not be read
   * @throws LogUnavailableException when Kafka does not let us; the log is to be closed
   */
  void open(Instant since, Reader reader) throws LogUnavailableException;

  /** Writes claims and jobs, all or none. After anything but Committed and Aborted it is closed. */
  Commit commit(List<Entry> entries);

  @Override
  void close();
}
