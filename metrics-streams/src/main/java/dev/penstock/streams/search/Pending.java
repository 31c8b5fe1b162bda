package dev.penstock.streams.search;

import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.Outcome;
import dev.penstock.streams.view.Change;
import dev.penstock.streams.view.Fact;
import dev.penstock.streams.view.JobLife;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The jobs of a partition that changed since their documents were written. The stream thread adds
 * and never waits: when the bound is reached everything is dropped, and who writes the documents
 * reads the topics instead. Thread-safe.
 */
final class Pending {
  private final SearchText texts;
  private final Room room;
  private Map<JobId, Changed> jobs = new LinkedHashMap<>();
  private long held;
  private boolean overflowed;

  /**
   * A job that changed.
   *
   * @param life the latest
   * @param submitted where its record was among the changes
   * @param output the words of its output, where its outcome was among the changes
   */
  record Changed(JobLife life, @Nullable Submitted submitted, @Nullable String output) {
    /** About what it takes of the heap, in bytes. */
    private long size() {
      int chars =
          (submitted == null ? 0 : submitted.chars()) + (output == null ? 0 : output.length());
      return 1_500 + 2L * chars + 500L * life.attempts().size();
    }
  }

  /** What all partitions of an instance may hold together. Thread-safe. */
  static final class Room {
    private final long bytes;
    private final AtomicLong used = new AtomicLong();

    Room(long bytes) {
      this.bytes = bytes;
    }

    private boolean take(long more) {
      return used.addAndGet(more) <= bytes || more <= 0;
    }

    private void free(long less) {
      used.addAndGet(-less);
    }

    long used() {
      return used.get();
    }
  }

  /**
   * What was taken out.
   *
   * @param overflowed whether changes were dropped; then there are none here
   */
  record Batch(Map<JobId, Changed> jobs, boolean overflowed) {}

  Pending(SearchText texts, Room room) {
    this.texts = texts;
    this.room = room;
  }

  /** A record was folded. */
  void add(Change change) {
    if (!change.after().isShown() || change.after().equals(change.before())) {
      return;
    }
    JobId id = change.fact().job();
    Submitted submitted = null;
    String output = null;
    switch (change.fact()) {
      case Fact.Accepted accepted -> submitted = Submitted.of(accepted.value().job(), texts);
      case Fact.Happened(JobEvent.Finished finished)
          when finished.outcome() instanceof Outcome.Succeeded(var answer) ->
          output = texts.output() ? Texts.of(answer) : "";
      case Fact.Happened _, Fact.CancelRequested _, Fact.RetryNowRequested _, Fact.Dropped _ -> {
        // Its life says it all.
      }
    }
    add(id, new Changed(change.after(), submitted, output));
  }

  private synchronized void add(JobId id, Changed latest) {
    if (overflowed) {
      return;
    }
    Changed known = jobs.get(id);
    Changed joined = known == null ? latest : join(known, latest);
    long more = joined.size() - (known == null ? 0 : known.size());
    held += more;
    if (!room.take(more)) {
      overflowed = true;
      clear();
      return;
    }
    jobs.put(id, joined);
  }

  private static Changed join(Changed known, Changed latest) {
    String output = latest.life.end() == null ? null : latest.output;
    if (output == null && latest.life.end() != null && latest.life.end().equals(known.life.end())) {
      output = known.output;
    }
    return new Changed(
        latest.life, latest.submitted == null ? known.submitted : latest.submitted, output);
  }

  /** Takes everything out; from now on changes are kept again. */
  synchronized Batch drain() {
    var batch = new Batch(jobs, overflowed);
    overflowed = false;
    clear();
    return batch;
  }

  private void clear() {
    jobs = new LinkedHashMap<>();
    room.free(held);
    held = 0;
  }

  /** Keeps nothing any more. */
  synchronized void close() {
    overflowed = true;
    clear();
  }
}
