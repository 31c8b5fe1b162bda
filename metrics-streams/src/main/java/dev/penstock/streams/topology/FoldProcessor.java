package dev.penstock.streams.topology;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.runtime.kafka.RetryNowRecords;
import dev.penstock.streams.topology.RecordMeters.Reading;
import dev.penstock.streams.view.Change;
import dev.penstock.streams.view.ChangeHub;
import dev.penstock.streams.view.Fact;
import dev.penstock.streams.view.Input;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.JobViews;
import dev.penstock.streams.view.Origin;
import dev.penstock.streams.view.PartitionProgress;
import dev.penstock.streams.view.ViewProgress;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.streams.KeyValue;
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
final class FoldProcessor implements Processor<byte[], byte[], JobId, Change> {
  private static final Logger log = LoggerFactory.getLogger(FoldProcessor.class);

  /** How often at most an unreadable record is logged. */
  private static final Duration LOG_PERIOD = Duration.ofSeconds(10);

  private static final Pattern TRACEPARENT =
      Pattern.compile("[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*");

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
      ProcessorContext<JobId, Change> context,
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
  public void init(ProcessorContext<JobId, Change> context) {
    KeyValueStore<JobId, JobLife> lives = context.getStateStore(JobTopology.LIVES);
    KeyValueStore<JobId, byte[]> results = context.getStateStore(JobTopology.RESULTS);
    context.schedule(
        Retention.PERIOD,
        PunctuationType.WALL_CLOCK_TIME,
        now -> drop(context, now, retention.turn(Instant.ofEpochMilli(now), lives, results)));
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

  private void drop(
      ProcessorContext<JobId, Change> context,
      long nowMillis,
      List<KeyValue<JobId, JobLife>> dropped) {
    for (KeyValue<JobId, JobLife> each : dropped) {
      var change =
          new Change(new Fact.Dropped(each.key), null, nowMillis, each.value, JobLife.UNKNOWN);
      context.forward(new Record<>(each.key, change, nowMillis));
    }
    meters.countDropped(dropped.size());
  }

  private Reading fold(
      Attached to, Input input, Record<byte[], byte[]> record, RecordMetadata source) {
    if (input == Input.CONTROL && record.value() == null) {
      // Who decided about a request takes it off the topic; the life says the rest. The heartbeats
      // of workers have no value either.
      return Reading.KNOWN;
    }
    Origin origin = new Origin(input, source.offset());
    switch (read(origin, record)) {
      case Decoded.Refused<Fact>(String reason) -> {
        logUnreadable(source, reason);
        return Reading.UNREADABLE;
      }
      case Decoded.Value<Fact>(Fact fact) -> {
        JobId id = fact.job();
        JobLife known = to.lives.get(id);
        JobLife before = known == null ? JobLife.UNKNOWN : known;
        JobLife after = fact.foldedInto(before);
        var change = new Change(fact, origin, record.timestamp(), before, after);
        if (after.equals(before)) {
          to.context.forward(new Record<>(id, change, record.timestamp()));
          return Reading.KNOWN;
        }
        // First the result, then the state that tells of it: whoever reads them in the other order
        // finds the result.
        if (fact instanceof Fact.Happened(JobEvent.Finished finished)
            && !Objects.equals(after.end(), before.end())) {
          to.results.put(id, Json.MAPPER.writeValueAsBytes(JobViews.result(finished)));
        }
        to.lives.put(id, after);
        if (before.end() != null && after.end() == null) {
          to.results.delete(id);
        }
        to.context.forward(new Record<>(id, change, record.timestamp()));
        hub.changed(id);
        return Reading.FOLDED;
      }
    }
  }

  private static Decoded<Fact> read(Origin origin, Record<byte[], byte[]> record) {
    Decoded<Fact> read =
        switch (origin.input()) {
          case JOBS_HIGH, JOBS, JOBS_LOW, ACCEPTED -> accepted(origin, record);
          case EVENTS -> happened(JsonCodec.EVENTS.decode(record.value()));
          case CONTROL -> requested(record);
        };
    // A record under another key stands in a partition where no one looks for its job.
    return read instanceof Decoded.Value<Fact>(Fact fact) && !isKey(record.key(), fact)
        ? new Decoded.Refused<>("the record's key is not the id of its job")
        : read;
  }

  private static Decoded<Fact> accepted(Origin origin, Record<byte[], byte[]> record) {
    return switch (JsonCodec.JOB_RECORDS.decode(record.value())) {
      case Decoded.Value<JobRecord>(JobRecord value) ->
          new Decoded.Value<>(
              new Fact.Accepted(
                  value, Instant.ofEpochMilli(record.timestamp()), origin, traceId(record)));
      case Decoded.Refused<JobRecord>(String reason) -> new Decoded.Refused<>(reason);
    };
  }

  /** The trace of the record's {@code traceparent}, where it has one as W3C has them. */
  private static @Nullable String traceId(Record<byte[], byte[]> record) {
    Header header = record.headers().lastHeader(RecordHeaders.TRACEPARENT);
    if (header == null || header.value() == null) {
      return null;
    }
    Matcher trace = TRACEPARENT.matcher(new String(header.value(), StandardCharsets.ISO_8859_1));
    return trace.matches() ? trace.group(1) : null;
  }

  private static Decoded<Fact> happened(Decoded<JobEvent> event) {
    return switch (event) {
      case Decoded.Value<JobEvent>(JobEvent value) ->
          isInBounds(value)
              ? new Decoded.Value<>(new Fact.Happened(value))
              : new Decoded.Refused<>(
                  "a generation is at least 0 and an attempt 1 to " + Job.MAX_ATTEMPTS);
      case Decoded.Refused<JobEvent>(String reason) -> new Decoded.Refused<>(reason);
    };
  }

  /** The key says what is asked for. */
  private static Decoded<Fact> requested(Record<byte[], byte[]> record) {
    return RetryNowRecords.jobOf(record.key()).isPresent()
        ? retryNowRequested(JsonCodec.RETRY_NOW_REQUESTS.decode(record.value()))
        : cancelRequested(JsonCodec.CANCEL_REQUESTS.decode(record.value()));
  }

  private static Decoded<Fact> retryNowRequested(Decoded<RetryNowRequest> request) {
    return switch (request) {
      case Decoded.Value<RetryNowRequest>(RetryNowRequest value) ->
          new Decoded.Value<>(new Fact.RetryNowRequested(value));
      case Decoded.Refused<RetryNowRequest>(String reason) -> new Decoded.Refused<>(reason);
    };
  }

  private static Decoded<Fact> cancelRequested(Decoded<CancelRequest> request) {
    return switch (request) {
      case Decoded.Value<CancelRequest>(CancelRequest value) ->
          value.generation() >= 0
              ? new Decoded.Value<>(new Fact.CancelRequested(value))
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

  private static boolean isKey(byte @Nullable [] key, Fact fact) {
    return fact instanceof Fact.RetryNowRequested
        ? RetryNowRecords.jobOf(key).equals(Optional.of(fact.job()))
        : key != null && fact.job().toString().equals(new String(key, StandardCharsets.UTF_8));
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
