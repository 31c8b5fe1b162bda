package dev.penstock.streams.order;

import dev.penstock.job.JobId;
import dev.penstock.job.OrderedRecord;
import org.jspecify.annotations.Nullable;

/**
 * The lines of all ordering keys of one partition: who is at the head of each, and who waits
 * behind. Each operation's cost does not depend on how many wait.
 */
public interface Line {
  /**
   * Who is at the head of a line: its job was let through and has not released the key.
   *
   * @param position behind which the line goes on
   */
  record Head(JobId job, int generation, long position) {
    boolean is(OrderedRecord record) {
      return job.equals(record.jobId()) && generation == record.generation();
    }
  }

  /** One who waits, and where. */
  record Waiting(long position, OrderedRecord.Enter job) {}

  /** The head, or null while nobody is in the line. */
  @Nullable Head head(String key);

  void setHead(String key, Head head);

  /** Nobody is in the line any more. */
  void removeHead(String key);

  /** Puts a job into the line, at a position behind all that are there. */
  void add(String key, Waiting waiting);

  /** The first one that waits behind {@code position}, or null. */
  @Nullable Waiting firstBehind(String key, long position);

  /** The one that waits and is this job's, or null. */
  @Nullable Waiting find(String key, JobId job, int generation);

  /** Takes one out. */
  void remove(String key, Waiting waiting);
}
