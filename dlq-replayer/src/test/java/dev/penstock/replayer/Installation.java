package dev.penstock.replayer;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.config.Settings;
import dev.penstock.job.Attempt;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JsonObject;
import dev.penstock.job.Ordering;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.replayer.select.Selecting;
import dev.penstock.runtime.kafka.Clients;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.kafka.TopicProvisioner;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Topics of one prefix on a broker that others share, and what tests put on them. */
final class Installation implements AutoCloseable {
  static final int PARTITIONS = 2;

  final KafkaConfig kafka;
  final Topics topics;
  private final Settings settings;
  private final Producer<byte[], byte[]> producer;
  private final Map<String, Reader> readers = new HashMap<>();

  /** Where a dead letter stands. */
  record Place(int partition, long offset) {}

  Installation(EmbeddedBroker broker, String prefix) {
    settings =
        Settings.of(
            Map.of(
                "kafka.bootstrap",
                broker.bootstrapServers(),
                "topics.prefix",
                prefix,
                "topics.partitions",
                String.valueOf(PARTITIONS),
                "topics.holds",
                "16s",
                "replayer.port",
                "0"));
    kafka = KafkaConfig.read(settings.reader());
    topics = kafka.topics();
    new TopicProvisioner(kafka).ensure();
    producer = Clients.REAL.producer(kafka.clientSettings("test"));
  }

  ReplayerService replayer() {
    return started(UnaryOperator.identity());
  }

  ReplayerService replayer(Selecting selecting) {
    return started(_ -> selecting);
  }

  private ReplayerService started(UnaryOperator<Selecting> selecting) {
    ReplayerService service = ReplayerService.of(settings, selecting);
    service.start();
    return service;
  }

  static Job job(@Nullable Ordering ordering) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    return new Job(
        JobId.random(now),
        "local",
        new JobInput.DetectLanguage("Guten Tag."),
        1,
        Duration.ofSeconds(30),
        now,
        null,
        Map.of(),
        null,
        null,
        ordering,
        Priority.NORMAL);
  }

  /** A dead letter as a worker writes it. */
  Place deadLetter(Job job, int generation) {
    return send(deadLetterRecord(job, generation));
  }

  private ProducerRecord<byte[], byte[]> deadLetterRecord(Job job, int generation) {
    var letter =
        new DeadLetter(
            job,
            generation,
            List.<Attempt>of(),
            new Failure.Retryable("no"),
            new DeadLetter.Origin(topics.jobs(), 0, 0),
            job.acceptedAt());
    var record =
        new ProducerRecord<>(
            topics.deadLetters(),
            bytes(job.id().toString()),
            JsonCodec.DEAD_LETTERS.encode(letter));
    record
        .headers()
        .add(RecordHeaders.DEAD_LETTER, bytes("job"))
        .add(RecordHeaders.TRACEPARENT, bytes("00-1-2-01"));
    return record;
  }

  /** A record that nobody can read. */
  Place poison(int partition) {
    return send(poisonRecord(partition));
  }

  ProducerRecord<byte[], byte[]> poisonRecord(int partition) {
    var record =
        new ProducerRecord<byte[], byte[]>(
            topics.deadLetters(), partition, null, bytes("not JSON"));
    record
        .headers()
        .add(RecordHeaders.DEAD_LETTER, bytes("poison"))
        .add(RecordHeaders.REASON, bytes("not a JSON object"));
    return record;
  }

  void finished(JobId job, int generation) {
    ended(job, generation, new Outcome.Succeeded(new JobOutput.DetectedLanguages(List.of())));
  }

  void ended(JobId job, int generation, Outcome outcome) {
    var event = new JobEvent.Finished(job, generation, List.of(), outcome, Instant.now());
    var record =
        new ProducerRecord<>(
            topics.events(), bytes(job.toString()), JsonCodec.EVENTS.encode(event));
    record.headers().add(RecordHeaders.GENERATION, bytes(String.valueOf(generation)));
    var _ = send(record);
  }

  /** A plan that is confirmed and selects these. */
  PlanRecord.Plan plan(String id, List<Place> places, int inFlight, PlanRecord.Action action) {
    var selected = new TreeMap<Integer, OffsetSet>();
    places.forEach(each ->
        selected.computeIfAbsent(each.partition(), _ -> new OffsetSet()).add(each.offset()));
    var shares = new ArrayList<PlanRecord.Share>();
    selected.forEach((partition, offsets) -> {
      List<String> parts = offsets.parts(50);
      shares.add(new PlanRecord.Share(0, partition, offsets.count(), parts.size()));
      for (int i = 0; i < parts.size(); i++) {
        write(new PlanRecord.Offsets(new PlanId(id), 0, partition, i, parts.get(i)));
      }
    });
    var plan =
        new PlanRecord.Plan(
            new PlanId(id),
            "test",
            "ann",
            Instant.now(),
            new JsonObject("{}"),
            List.of(),
            action,
            new PlanRecord.Pace(inFlight, null),
            null,
            shares,
            PlanRecord.State.RUNNING,
            0,
            1,
            Instant.now(),
            null);
    write(plan);
    return plan;
  }

  /** Where the plan is in its life; null while there is none. */
  PlanRecord.@Nullable State state(PlanId id) {
    PlanRecord.Plan plan = plan(id);
    return plan == null ? null : plan.state();
  }

  /** The plan as it is now; null while there is none. */
  PlanRecord.@Nullable Plan plan(PlanId id) {
    PlanRecord.Plan last = null;
    for (ConsumerRecord<byte[], byte[]> record : read(topics.dlqPlans())) {
      if (record.value() != null
          && JsonCodec.PLANS.decode(record.value())
              instanceof Decoded.Value<PlanRecord>(PlanRecord.Plan plan)
          && plan.id().equals(id)) {
        last = plan;
      }
    }
    return last;
  }

  void write(PlanRecord record) {
    var _ =
        send(
            new ProducerRecord<>(
                topics.dlqPlans(), 0, bytes(record.key()), JsonCodec.PLANS.encode(record)));
  }

  private Place send(ProducerRecord<byte[], byte[]> record) {
    return place(producer.send(record));
  }

  private static Place place(Future<RecordMetadata> sent) {
    try {
      RecordMetadata metadata = sent.get();
      return new Place(metadata.partition(), metadata.offset());
    } catch (ExecutionException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Reads a topic, on and on. */
  private final class Reader {
    private final Consumer<byte[], byte[]> consumer = consumer("reader");
    private final List<TopicPartition> partitions;
    private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();

    Reader(String topic) {
      int count =
          topics.all().stream()
              .filter(spec -> spec.name().equals(topic))
              .findFirst()
              .orElseThrow()
              .partitions();
      partitions = IntStream.range(0, count).mapToObj(p -> new TopicPartition(topic, p)).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
    }

    List<ConsumerRecord<byte[], byte[]>> read() {
      var ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
      return List.copyOf(records);
    }
  }

  /** What was written to a topic, as a reader of committed records sees it. */
  synchronized List<ConsumerRecord<byte[], byte[]>> read(String topic) {
    return readers.computeIfAbsent(topic, Reader::new).read();
  }

  <T> List<T> values(String topic, JsonCodec<T> codec) {
    var values = new ArrayList<T>();
    for (ConsumerRecord<byte[], byte[]> record : read(topic)) {
      switch (codec.decode(record.value())) {
        case Decoded.Value<T>(T value) -> values.add(value);
        case Decoded.Refused<T>(String reason) -> throw new IllegalStateException(reason);
      }
    }
    return values;
  }

  /** Dead letters of so many new jobs. */
  Map<Job, Place> deadLetters(int count) {
    var sent = new LinkedHashMap<Job, Future<RecordMetadata>>();
    for (int i = 0; i < count; i++) {
      Job job = job(null);
      sent.put(job, producer.send(deadLetterRecord(job, 0)));
    }
    var places = new LinkedHashMap<Job, Place>();
    sent.forEach((job, metadata) -> places.put(job, place(metadata)));
    return places;
  }

  /** The plan has ended. */
  void end(PlanRecord.Plan plan) {
    write(
        new PlanRecord.Plan(
            plan.id(),
            plan.name(),
            plan.requestedBy(),
            plan.createdAt(),
            plan.selection(),
            plan.ends(),
            plan.action(),
            plan.pace(),
            plan.canary(),
            plan.shares(),
            PlanRecord.State.DONE,
            0,
            2,
            plan.changedAt(),
            null));
  }

  /** Which generations of these jobs were put to the workers. */
  List<String> generations(Collection<Job> jobs) {
    Set<JobId> ids = jobs.stream().map(Job::id).collect(Collectors.toSet());
    return values(topics.jobs(), JsonCodec.JOB_RECORDS).stream()
        .filter(record -> ids.contains(record.job().id()))
        .map(Installation::generation)
        .sorted()
        .toList();
  }

  static String generation(JobRecord record) {
    return record.job().id() + "/" + record.generation();
  }

  /** How far the plan has come, over all partitions; those that have not begun count as nothing. */
  List<LedgerRecord.Progress> progress(String plan) {
    return List.copyOf(progressByPartition(plan).values());
  }

  /** How far the plan has come, by partition. */
  Map<Integer, LedgerRecord.Progress> progressByPartition(String plan) {
    var last = new TreeMap<Integer, LedgerRecord.Progress>();
    for (ConsumerRecord<byte[], byte[]> record : read(topics.dlqLedger())) {
      if (JsonCodec.LEDGER.decode(record.value())
              instanceof Decoded.Value<LedgerRecord>(LedgerRecord.Progress progress)
          && progress.plan().text().equals(plan)) {
        last.put(record.partition(), progress);
      }
    }
    return last;
  }

  /** A consumer of committed records that nobody lets begin anywhere. */
  Consumer<byte[], byte[]> consumer(String purpose) {
    Map<String, Object> settings = kafka.clientSettings(purpose);
    settings.put("isolation.level", "read_committed");
    settings.put("enable.auto.commit", false);
    settings.put("auto.offset.reset", "none");
    return Clients.REAL.consumer(settings);
  }

  /** What the plan has come to, over all partitions. */
  Tally tally(String plan) {
    return progress(plan).stream()
        .map(LedgerRecord.Progress::tally)
        .reduce(Tally.NONE, Tally::plus);
  }

  /** Where a partition's log begins. */
  long begin(String topic, int partition) {
    var begins = new TopicPartition(topic, partition);
    try (Consumer<byte[], byte[]> consumer =
        Clients.REAL.consumer(new HashMap<>(kafka.clientSettings("begin")))) {
      return Objects.requireNonNull(consumer.beginningOffsets(List.of(begins)).get(begins));
    }
  }

  /** How many the plan has decided about, over all partitions. */
  long decided(String plan) {
    return progress(plan).stream().mapToLong(each -> each.tally().decided()).sum();
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    producer.close();
    readers.values().forEach(reader -> reader.consumer.close());
  }
}
