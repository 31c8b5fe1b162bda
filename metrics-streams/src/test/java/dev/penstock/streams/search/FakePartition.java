package dev.penstock.streams.search;

import dev.penstock.codec.Json;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.streams.view.Change;
import dev.penstock.streams.view.Fact;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.JobViews;
import dev.penstock.streams.view.Origin;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The topics of one partition, the stores and the fold, in memory. Thread-safe. */
final class FakePartition implements Stay, JobStates, JobTopics {
  private final int partition;
  private SearchText texts = SearchText.ALL;
  private final Map<Input, List<Object>> topics = new EnumMap<>(Input.class);
  private Map<Input, Integer> trimmed = new EnumMap<>(Input.class);
  private Map<Input, Integer> positions = new EnumMap<>(Input.class);
  private TreeMap<JobId, JobLife> lives = new TreeMap<>();
  private TreeMap<JobId, byte[]> results = new TreeMap<>();
  private @Nullable Pending pending;
  private boolean broken;

  /** The stores as they were, to be restored. */
  record Snapshot(
      Map<Input, Integer> positions,
      TreeMap<JobId, JobLife> lives,
      TreeMap<JobId, byte[]> results) {}

  FakePartition(int partition) {
    this.partition = partition;
    for (Input input : Input.values()) {
      topics.put(input, new ArrayList<>());
      trimmed.put(input, 0);
      positions.put(input, 0);
    }
  }

  synchronized void append(Object record) {
    Input input =
        switch (record) {
          case JobRecord job ->
              switch (job.job().priority()) {
                case HIGH -> Input.JOBS_HIGH;
                case NORMAL -> Input.JOBS;
                case LOW -> Input.JOBS_LOW;
              };
          case JobEvent _ -> Input.EVENTS;
          case CancelRequest _, RetryNowRequest _ -> Input.CONTROL;
          default -> throw new AssertionError(record);
        };
    topic(input).add(record);
  }

  private List<Object> topic(Input input) {
    return java.util.Objects.requireNonNull(topics.get(input));
  }

  /** Folds the next record of the input; false when there is none. */
  boolean fold(Input input) {
    Change change;
    Pending told;
    synchronized (this) {
      int at = java.util.Objects.requireNonNull(positions.get(input));
      if (at == topic(input).size()) {
        return false;
      }
      Fact fact = fact(input, at);
      JobLife before = lives.getOrDefault(fact.job(), JobLife.UNKNOWN);
      JobLife after = fact.foldedInto(before);
      if (fact instanceof Fact.Happened(JobEvent.Finished finished)
          && after.end() != null
          && !after.end().equals(before.end())) {
        results.put(fact.job(), Json.MAPPER.writeValueAsBytes(JobViews.result(finished)));
      }
      lives.put(fact.job(), after);
      if (before.end() != null && after.end() == null) {
        results.remove(fact.job());
      }
      change = new Change(fact, new Origin(input, at), 0, before, after);
      told = pending;
      if (told != null) {
        told.add(change);
      }
      positions.put(input, at + 1);
    }
    return true;
  }

  void foldAll() {
    for (Input input : Input.values()) {
      while (fold(input)) {
        // the next one
      }
    }
  }

  private Fact fact(Input input, int offset) {
    return switch (topic(input).get(offset)) {
      case JobRecord job ->
          new Fact.Accepted(job, job.job().acceptedAt(), new Origin(input, offset), null);
      case JobEvent event -> new Fact.Happened(event);
      case CancelRequest cancel -> new Fact.CancelRequested(cancel);
      case RetryNowRequest retry -> new Fact.RetryNowRequested(retry);
      default -> throw new AssertionError(input);
    };
  }

  synchronized Snapshot snapshot() {
    return new Snapshot(new EnumMap<>(positions), new TreeMap<>(lives), new TreeMap<>(results));
  }

  /** A stay that begins on these stores, and tells its changes to {@code told}. */
  synchronized void begin(Snapshot stores, SearchText searched, Pending told) {
    texts = searched;
    positions = new EnumMap<>(stores.positions);
    lives = new TreeMap<>(stores.lives);
    results = new TreeMap<>(stores.results);
    pending = told;
    broken = false;
  }

  /** From now on nothing of it can be read, as if the process were being killed. */
  synchronized void breakDown() {
    broken = true;
    pending = null;
  }

  /** The topic holds nothing below what was folded. */
  synchronized void trim(Input input) {
    trimmed.put(input, positions.get(input));
  }

  synchronized Map<JobId, JobLife> shown() {
    var shown = new TreeMap<JobId, JobLife>();
    lives.forEach((id, life) -> {
      if (life.isShown()) {
        shown.put(id, life);
      }
    });
    return shown;
  }

  synchronized List<Object> records() {
    return topics.values().stream().flatMap(List::stream).toList();
  }

  /** The text of the job's input. */
  synchronized String input(JobId id) {
    return records().stream()
        .filter(record -> record instanceof JobRecord job && job.job().id().equals(id))
        .map(record -> ((JobRecord) record).job().input().text())
        .findFirst()
        .orElse("");
  }

  /** Drops a job, as retention does. */
  synchronized void drop(JobId id) {
    lives.remove(id);
    results.remove(id);
  }

  private void check() {
    if (broken) {
      throw new IllegalStateException("killed");
    }
  }

  @Override
  public int partition() {
    return partition;
  }

  @Override
  public synchronized Optional<Offsets> positions() {
    check();
    return Optional.of(Offsets.of(input -> java.util.Objects.requireNonNull(positions.get(input))));
  }

  @Override
  public synchronized boolean holds() {
    return !broken;
  }

  @Override
  public JobStates states() {
    return this;
  }

  @Override
  public synchronized Optional<JobLife> life(JobId id) {
    check();
    return Optional.ofNullable(lives.get(id));
  }

  @Override
  public synchronized Optional<byte[]> result(JobId id) {
    check();
    return Optional.ofNullable(results.get(id));
  }

  @Override
  public void forEach(Visitor each) {
    TreeMap<JobId, JobLife> all;
    synchronized (this) {
      check();
      all = new TreeMap<>(lives);
    }
    for (Map.Entry<JobId, JobLife> life : all.entrySet()) {
      if (!each.visit(life.getKey(), life.getValue())) {
        return;
      }
    }
  }

  @Override
  public synchronized Offsets beginnings(int of) {
    check();
    return Offsets.of(input -> java.util.Objects.requireNonNull(trimmed.get(input)));
  }

  @Override
  public synchronized Offsets ends(int of) {
    check();
    return Offsets.of(input -> topic(input).size());
  }

  @Override
  public void read(int of, Offsets from, Offsets to, Chunks chunks) throws IOException {
    Offsets reached = from;
    for (Input input : Input.values()) {
      long at = from.of(input);
      while (at < to.of(input)) {
        var jobs = new LinkedHashMap<JobId, Optional<Submitted>>();
        synchronized (this) {
          check();
          if (at < java.util.Objects.requireNonNull(trimmed.get(input))) {
            throw new IllegalStateException("offset out of range");
          }
          for (int i = 0; i < 7 && at < to.of(input); i++, at++) {
            Object record = topic(input).get((int) at);
            jobs.merge(
                fact(input, (int) at).job(),
                record instanceof JobRecord job
                    ? Optional.of(Submitted.of(job.job(), texts))
                    : Optional.empty(),
                (a, b) -> b.isPresent() ? b : a);
          }
        }
        reached = reached.with(input, at);
        if (!chunks.take(jobs, reached)) {
          return;
        }
      }
    }
  }

  /** When what a stay lets be searched holds all that is folded by now. */
  static boolean isUpToDate(PartitionIndexer indexer, Instant now) throws IOException {
    try (var reader = indexer.reader().orElse(null)) {
      return reader != null && !indexer.indexedAt().isBefore(now);
    }
  }
}
