package dev.penstock.streams.topology;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.streams.topology.RecordMeters.Reading;
import dev.penstock.streams.view.ChangeHub;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.JobViews;
import dev.penstock.streams.view.PartitionProgress;
import dev.penstock.streams.view.ViewProgress;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a record, folds it into the life of its job, and tells that it is done. Nothing that a
 * record holds stops it: what can't be read is counted and skipped.
 */
final class FoldProcessor implements Processor<byte[], byte[], Void, Void> {
  private static final Logger log = LoggerFactory.getLogger(FoldProcessor.class);

  /** How often at most an unreadable record is logged. */
  private static final Duration LOG_PERIOD = Duration.ofSeconds(10);

  private final Topics topics;
  private final Retention retention;
  private final ViewProgress progress;
  private final ChangeHub hub;
  private final RecordMeters meters;
  private long nextLogAtNanos = System.nanoTime();
  private long unreadableUnlogged;
  private @Nullable Attached attached;

  /** What init hands out. */
  private record Attached(
      ProcessorContext<Void, Void> context,
      KeyValueStore<JobId, JobLife> lives,
      KeyValueStore<JobId, byte[]> results,
      PartitionProgress stay) {}

  FoldProcessor(
      Topics topics,
      Retention retention,
      ViewProgress progress,
      ChangeHub hub,
      RecordMeters meters) {
    this.topics = topics;
    this.retention = retention;
    this.progress = progress;
    this.hub = hub;
    this.meters = meters;
  }

  @Override
  public void init(ProcessorContext<Void, Void> context) {
    KeyValueStore<JobId, JobLife> lives = context.getStateStore(JobTopology.LIVES);
    KeyValueStore<JobId, byte[]> results = context.getStateStore(JobTopology.RESULTS);
    context.schedule(
        Retention.PERIOD,
        PunctuationType.WALL_CLOCK_TIME,
        now -> meters.countDropped(retention.turn(Instant.ofEpochMilli(now), lives, results)));
    attached = new Attached(context, lives, results, progress.begin(context.taskId().partition()));
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    Attached to = attached;
    if (to == null) {
      throw new IllegalStateException("a record before init");
    }
    Optional<RecordMetadata> metadata = to.context.recordMetadata();
    if (metadata.isEmpty()) {
      throw new IllegalStateException("a record of no topic");
    }
    RecordMetadata source = metadata.get();
    Input input =
        Input.of(topics, source.topic())
            .orElseThrow(() -> new IllegalStateException("not an input: " + source.topic()));
    meters.count(input, fold(to, input, record, source));
    to.stay.input(input).processed(source.offset());
  }

  @Override
  public void close() {
    if (attached != null) {
      progress.end(attached.stay);
      attached = null;
    }
  }

  /** What a record says of a job. */
  private interface Fact {
    JobId job();

    JobLife foldedInto(JobLife life);
  }

  private record Accepted(JobRecord value, Instant appendedAt) implements Fact {
    @Override
    public JobId job() {
      return value.job().id();
    }

    @Override
    public JobLife foldedInto(JobLife life) {
      return life.accepted(value, appendedAt);
    }
  }

  private record Happened(JobEvent value) implements Fact {
    @Override
    public JobId job() {
      return value.jobId();
    }

    @Override
    public JobLife foldedInto(JobLife life) {
      return life.happened(value);
    }
  }

  private record CancelRequested(CancelRequest value) implements Fact {
    @Override
    public JobId job() {
      return value.jobId();
    }

    @Override
    public JobLife foldedInto(JobLife life) {
      return life.cancelRequested(value);
    }
  }

  private Reading fold(
      Attached to, Input input, Record<byte[], byte[]> record, RecordMetadata source) {
    if (input == Input.CONTROL && record.value() == null) {
      // Who decided about a request to cancel takes it off the topic; the life says the rest. The
      // heartbeats of workers have no value either.
      return Reading.KNOWN;
    }
    switch (read(input, record)) {
      case Decoded.Refused<Fact>(String reason) -> {
        logUnreadable(source, reason);
        return Reading.UNREADABLE;
      }
      case Decoded.Value<Fact>(Fact fact) -> {
        JobId id = fact.job();
        JobLife known = to.lives.get(id);
        JobLife before = known == null ? JobLife.UNKNOWN : known;
        JobLife after = fact.foldedInto(before);
        if (after.equals(before)) {
          return Reading.KNOWN;
        }
        // First the result, then the state that tells of it: whoever reads them in the other order
        // finds the result.
        if (fact instanceof Happened(JobEvent.Finished finished)
            && !Objects.equals(after.end(), before.end())) {
          to.results.put(id, Json.MAPPER.writeValueAsBytes(JobViews.result(finished)));
        }
        to.lives.put(id, after);
        if (before.end() != null && after.end() == null) {
          to.results.delete(id);
        }
        hub.changed(id);
        return Reading.FOLDED;
      }
    }
  }

  private static Decoded<Fact> read(Input input, Record<byte[], byte[]> record) {
    Decoded<Fact> read =
        switch (input) {
          case JOBS_HIGH, JOBS, JOBS_LOW, ACCEPTED -> accepted(record);
          case EVENTS -> happened(JsonCodec.EVENTS.decode(record.value()));
          case CONTROL -> cancelRequested(JsonCodec.CANCEL_REQUESTS.decode(record.value()));
        };
    // A record under another key stands in a partition where no one looks for its job.
    return read instanceof Decoded.Value<Fact>(Fact fact) && !isKey(record.key(), fact.job())
        ? new Decoded.Refused<>("the record's key is not the id of its job")
        : read;
  }

  private static Decoded<Fact> accepted(Record<byte[], byte[]> record) {
    return switch (JsonCodec.JOB_RECORDS.decode(record.value())) {
      case Decoded.Value<JobRecord>(JobRecord value) ->
          new Decoded.Value<>(new Accepted(value, Instant.ofEpochMilli(record.timestamp())));
      case Decoded.Refused<JobRecord>(String reason) -> new Decoded.Refused<>(reason);
    };
  }

  private static Decoded<Fact> happened(Decoded<JobEvent> event) {
    return switch (event) {
      case Decoded.Value<JobEvent>(JobEvent value) ->
          isInBounds(value)
              ? new Decoded.Value<>(new Happened(value))
              : new Decoded.Refused<>(
                  "a generation is at least 0 and an attempt 1 to " + Job.MAX_ATTEMPTS);
      case Decoded.Refused<JobEvent>(String reason) -> new Decoded.Refused<>(reason);
    };
  }

  private static Decoded<Fact> cancelRequested(Decoded<CancelRequest> request) {
    return switch (request) {
      case Decoded.Value<CancelRequest>(CancelRequest value) ->
          value.generation() >= 0
              ? new Decoded.Value<>(new CancelRequested(value))
              : new Decoded.Refused<>("a generation is at least 0");
      case Decoded.Refused<CancelRequest>(String reason) -> new Decoded.Refused<>(reason);
    };
  }

  private static boolean isInBounds(JobEvent event) {
    int attempt =
        switch (event) {
          case JobEvent.AttemptStarted started -> started.attempt();
          case JobEvent.RetryScheduled scheduled -> scheduled.failed().number();
          case JobEvent.Finished _ -> 1;
        };
    return event.generation() >= 0 && attempt >= 1 && attempt <= Job.MAX_ATTEMPTS;
  }

  private static boolean isKey(byte @Nullable [] key, JobId id) {
    return key != null && id.toString().equals(new String(key, StandardCharsets.UTF_8));
  }

  private void logUnreadable(RecordMetadata source, String reason) {
    unreadableUnlogged++;
    long now = System.nanoTime();
    if (now - nextLogAtNanos >= 0) {
      log.warn(
          "{} record(s) were skipped because they can't be read, the last one at {}-{} offset {}:"
              + " {}",
          unreadableUnlogged,
          source.topic(),
          source.partition(),
          source.offset(),
          reason);
      nextLogAtNanos = now + LOG_PERIOD.toNanos();
      unreadableUnlogged = 0;
    }
  }
}
