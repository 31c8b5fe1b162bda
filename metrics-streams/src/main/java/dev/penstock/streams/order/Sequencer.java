package dev.penstock.streams.order;

import dev.penstock.job.OrderedRecord;
import org.jspecify.annotations.Nullable;

/**
 * Decides who of a line may run: its head alone, until it releases the key. Jobs come in the order
 * of the log; a job's worker releases the key in the transaction of the job's outcome.
 *
 * <p>It keeps the invariant of one live record: a job is either in the line or was let through, and
 * what it decides on a record is committed together with that record's offset, or not at all.
 *
 * <p>No I/O and no clock, so the same code runs in production and in simulation. As thread-safe as
 * its line.
 */
public final class Sequencer {
  private final Line line;

  public Sequencer(Line line) {
    this.line = line;
  }

  /** What a record came to. */
  public sealed interface Step {
    /** The job leaves the line and is put to the jobs. */
    record Through(OrderedRecord.Enter job) implements Step {}

    /** The job waits behind others. */
    record Parked() implements Step {}

    /** The key was released, and nobody waits for it. */
    record Freed() implements Step {}

    /** It says nothing that matters now. */
    record Ignored() implements Step {}
  }

  /**
   * Takes a record in.
   *
   * @param key the ordering key
   * @param position where the record stands in the log
   */
  public Step take(String key, long position, OrderedRecord record) {
    Line.@Nullable Head head = line.head(key);
    return switch (record) {
      case OrderedRecord.Enter enter -> enter(key, position, enter, head);
      case OrderedRecord.Release release -> release(key, release, head);
      case OrderedRecord.Cancel cancel -> cancel(key, cancel);
    };
  }

  private Step enter(
      String key, long position, OrderedRecord.Enter enter, Line.@Nullable Head head) {
    if (head == null) {
      return letThrough(key, enter, position);
    }
    // A replay of the head itself: it had ended without releasing the key, so those behind wait for
    // it. At the tail it would wait for them, and they for it.
    if (head.job().equals(enter.jobId()) && head.generation() < enter.generation()) {
      return letThrough(key, enter, head.position());
    }
    line.add(key, new Line.Waiting(position, enter));
    return new Step.Parked();
  }

  private Step release(String key, OrderedRecord.Release release, Line.@Nullable Head head) {
    if (head == null || !head.is(release)) {
      return new Step.Ignored();
    }
    Line.@Nullable Waiting next = line.firstBehind(key, head.position());
    if (next == null) {
      line.removeHead(key);
      return new Step.Freed();
    }
    line.remove(key, next);
    return letThrough(key, next.job(), next.position());
  }

  /** One that waits leaves before its turn, never to be run; the head is its worker's to end. */
  private Step cancel(String key, OrderedRecord.Cancel cancel) {
    Line.@Nullable Waiting waiting = line.find(key, cancel.jobId(), cancel.generation());
    if (waiting == null) {
      return new Step.Ignored();
    }
    line.remove(key, waiting);
    OrderedRecord.Enter job = waiting.job();
    return new Step.Through(new OrderedRecord.Enter(job.record().asCancelled(), job.traceparent()));
  }

  private Step letThrough(String key, OrderedRecord.Enter job, long position) {
    line.setHead(key, new Line.Head(job.jobId(), job.generation(), position));
    return new Step.Through(job);
  }
}
