package dev.penstock.replayer.travel;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobEvent.Finished;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.submission.SubmissionReader;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Finds what an experiment selects. Partition by partition it reads the events of the window; for
 * every {@link #CHUNK} jobs that ended in it, it reads the topics of submissions from about when
 * the first of them was accepted on. So it holds at most a chunk, what is selected, and no output,
 * however many jobs there are; where more than a chunk of jobs of a partition ended in the window,
 * submissions are read once more for each chunk. Thread-safe.
 */
final class Finder {
  /** How many ends of one partition are held at once; about 200 bytes each. */
  static final int CHUNK = 100_000;

  /** What is handed on at once. */
  private static final int BATCH_ITEMS = 100;

  /**
   * The time in a job's id is that of the intake's clock, and of a schedule or a key may lie before
   * its record: this much it may lie behind.
   */
  private static final Duration SLACK = Duration.ofHours(1);

  private static final Duration POLL = Duration.ofMillis(200);

  private final Topics topics;
  private final Function<String, Consumer<byte[], byte[]>> consumers;
  private final SubmissionReader reader;
  private final InstantSource clock;
  private final int chunk;

  Finder(
      Topics topics,
      Function<String, Consumer<byte[], byte[]>> consumers,
      SubmissionReader reader,
      InstantSource clock) {
    this(topics, consumers, reader, clock, CHUNK);
  }

  Finder(
      Topics topics,
      Function<String, Consumer<byte[], byte[]>> consumers,
      SubmissionReader reader,
      InstantSource clock,
      int chunk) {
    this.topics = topics;
    this.consumers = consumers;
    this.reader = reader;
    this.clock = clock;
    this.chunk = chunk;
  }

  /** Takes what is found. */
  interface Sink {
    /** Items whose numbers follow those before. */
    void take(List<Item> items) throws InterruptedException;
  }

  /** There is more than can be selected; the message says how much, and what to do. */
  static final class TooManyException extends Exception {
    private static final long serialVersionUID = 1L;

    TooManyException(long matched) {
      super(
          matched
              + " jobs match, and an experiment has at most "
              + Experiment.MAX_JOBS
              + ": take a sample of them, or a smaller window",
          null,
          false,
          false);
    }
  }

  /**
   * The end of a job.
   *
   * @param event its offset
   */
  private record End(int generation, long event) {}

  /** One that is selected so far. */
  private record Chosen(JobId id, int generation, Place submission, Place event) {}

  /** By the draw's order, then the id. */
  private record Key(long place, JobId id) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      int places = Long.compareUnsigned(place, other.place);
      return places == 0 ? id.compareTo(other.id) : places;
    }
  }

  /**
   * Finds it; what was found before a failure was handed on.
   *
   * @return the preview
   */
  ObjectNode find(Experiment experiment, JobSelection selection, Sink sink)
      throws TooManyException, InterruptedException {
    try (Consumer<byte[], byte[]> events = consumers.apply("experiment-events");
        Consumer<byte[], byte[]> submissions = consumers.apply("experiment-submissions")) {
      var pass = new Pass(experiment, selection, submissions);
      for (int partition = 0; partition < topics.partitions(); partition++) {
        pass.read(events, partition);
      }
      if (selection.count() == 0 && pass.matched > Experiment.MAX_JOBS) {
        throw new TooManyException(pass.matched);
      }
      return pass.handOn(new Records(events), new Records(submissions), sink);
    }
  }

  private final class Pass {
    private final JobSelection selection;
    private final Experiment experiment;
    private final Again again;
    private final Consumer<byte[], byte[]> submissions;
    private final Outline outline;
    private final TreeMap<Key, Chosen> chosen = new TreeMap<>();
    private long matched;

    Pass(Experiment experiment, JobSelection selection, Consumer<byte[], byte[]> submissions) {
      this.experiment = experiment;
      this.selection = selection;
      this.again = new Again(reader, experiment);
      this.submissions = submissions;
      this.outline = new Outline(experiment);
    }

    void read(Consumer<byte[], byte[]> events, int number) throws InterruptedException {
      var partition = new TopicPartition(topics.events(), number);
      List<TopicPartition> one = List.of(partition);
      events.assign(one);
      long begin = Objects.requireNonNull(events.beginningOffsets(one).get(partition));
      long end =
          Math.min(
              experiment.ends().get(number),
              at(events, partition, selection.to()).orElse(Long.MAX_VALUE));
      Instant from = selection.from();
      long start =
          from == null ? begin : at(events, partition, from).orElse(experiment.ends().get(number));
      var ends = new HashMap<JobId, End>();
      events.seek(partition, Math.max(begin, start));
      while (events.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> record : events.poll(POLL).records(partition)) {
          if (record.offset() < end) {
            take(record, ends);
          }
        }
        if (ends.size() >= chunk) {
          match(number, ends);
          ends.clear();
        }
        stopIfInterrupted();
      }
      match(number, ends);
    }

    private void take(ConsumerRecord<byte[], byte[]> record, Map<JobId, End> ends) {
      if (JsonCodec.EVENTS.decode(record.value()) instanceof Decoded.Value<JobEvent>(JobEvent event)
          && event instanceof Finished finished) {
        outline.scanned++;
        if (selection.wants(finished.jobId(), finished.outcome().state())) {
          // A job that ended twice in the window is run again as it was the last time.
          ends.put(finished.jobId(), new End(finished.generation(), record.offset()));
        }
      }
    }

    /** Looks for the submissions of these. */
    private void match(int number, Map<JobId, End> ends) throws InterruptedException {
      if (ends.isEmpty()) {
        return;
      }
      var missing = new HashMap<>(ends);
      Instant first =
          ends.keySet().stream()
              .map(JobId::time)
              .min(Comparator.naturalOrder())
              .orElse(Instant.EPOCH)
              .minus(SLACK);
      for (String topic :
          Stream.concat(topics.jobsTopics().stream(), Stream.of(topics.accepted())).toList()) {
        var partition = new TopicPartition(topic, number);
        List<TopicPartition> one = List.of(partition);
        submissions.assign(one);
        long end = Objects.requireNonNull(submissions.endOffsets(one).get(partition));
        long begin = Objects.requireNonNull(submissions.beginningOffsets(one).get(partition));
        submissions.seek(partition, Math.max(begin, at(submissions, partition, first).orElse(end)));
        while (!missing.isEmpty() && submissions.position(partition) < end) {
          submissions.poll(POLL).records(partition).forEach(record -> match(record, missing));
          stopIfInterrupted();
        }
      }
      outline.gone += missing.size();
    }

    private void match(ConsumerRecord<byte[], byte[]> record, Map<JobId, End> missing) {
      JobId id = id(record).orElse(null);
      End end = id == null ? null : missing.get(id);
      if (id == null
          || end == null
          || !(JsonCodec.JOB_RECORDS.decode(record.value())
              instanceof Decoded.Value<JobRecord>(JobRecord submitted))
          || submitted.generation() != end.generation) {
        return;
      }
      missing.remove(id);
      if (selection.wants(submitted.job())) {
        choose(
            submitted.job(),
            new Chosen(
                id,
                end.generation,
                new Place(record.topic(), record.partition(), record.offset()),
                new Place(topics.events(), record.partition(), end.event)));
      }
    }

    private void choose(Job job, Chosen one) {
      if (again.of(job, now()) instanceof Again.Made.Refused(String reason, String detail)) {
        outline.refuse(reason, detail, job.id());
        return;
      }
      // One that ended twice, in two chunks, is one, at the same place.
      if (chosen.put(new Key(selection.place(job.id()), job.id()), one) == null) {
        matched++;
        if (chosen.size() > selection.most()) {
          chosen.pollLastEntry();
        }
      }
    }

    /** In the order of their ends, partition by partition. */
    ObjectNode handOn(Records events, Records submitted, Sink sink) throws InterruptedException {
      List<Chosen> ordered =
          chosen.values().stream().sorted(Comparator.comparing(Chosen::event)).toList();
      int number = 0;
      for (int from = 0; from < ordered.size(); from += BATCH_ITEMS) {
        List<Chosen> batch = ordered.subList(from, Math.min(ordered.size(), from + BATCH_ITEMS));
        var ends = events.read(batch.stream().map(Chosen::event).toList());
        var jobs = submitted.read(batch.stream().map(Chosen::submission).toList());
        var items = new ArrayList<Item>();
        for (Chosen each : batch) {
          Finished finished = finished(ends.get(each.event));
          Job job = job(jobs.get(each.submission));
          if (finished == null || job == null) {
            // Deleted since it was read a moment ago.
            outline.gone++;
            continue;
          }
          Ended ended = Ended.of(finished);
          items.add(
              new Item(
                  number++,
                  each.id,
                  each.generation,
                  experiment.rerunOf(each.id),
                  each.submission,
                  ended));
          outline.add(job, again.of(job, now()), ended);
        }
        sink.take(items);
        stopIfInterrupted();
      }
      return outline.toJson(matched, number);
    }

    private Instant now() {
      return clock.instant();
    }
  }

  static @Nullable Finished finished(@Nullable ConsumerRecord<byte[], byte[]> record) {
    return record != null
            && JsonCodec.EVENTS.decode(record.value())
                instanceof Decoded.Value<JobEvent>(JobEvent event)
            && event instanceof Finished finished
        ? finished
        : null;
  }

  static @Nullable Job job(@Nullable ConsumerRecord<byte[], byte[]> record) {
    return record != null
            && JsonCodec.JOB_RECORDS.decode(record.value())
                instanceof Decoded.Value<JobRecord>(JobRecord submitted)
        ? submitted.job()
        : null;
  }

  static Optional<JobId> id(ConsumerRecord<byte[], byte[]> record) {
    return record.key() == null
        ? Optional.empty()
        : JobId.parse(new String(record.key(), StandardCharsets.UTF_8));
  }

  /** The first record that was written at {@code time} or later. */
  private static Optional<Long> at(
      Consumer<byte[], byte[]> consumer, TopicPartition partition, @Nullable Instant time) {
    if (time == null) {
      return Optional.empty();
    }
    OffsetAndTimestamp first =
        consumer
            .offsetsForTimes(Map.of(partition, Math.max(0, time.toEpochMilli())))
            .get(partition);
    return Optional.ofNullable(first).map(OffsetAndTimestamp::offset);
  }

  private static void stopIfInterrupted() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }
}
