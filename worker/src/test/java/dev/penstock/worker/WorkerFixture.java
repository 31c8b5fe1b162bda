package dev.penstock.worker;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.config.Settings;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.kafka.RetryNowRecords;
import dev.penstock.runtime.kafka.TopicProvisioner;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * A broker, and everything around a worker: an intake that is a producer, and an observer that
 * reads committed records.
 */
final class WorkerFixture implements AutoCloseable {
  private static final AtomicInteger INSTALLATIONS = new AtomicInteger();

  /**
   * The broker is near and has little to do: nobody waits long before asking again. By default a
   * client that is closed waits half a second for its last fetch.
   */
  private static final Map<String, String> IMPATIENT =
      Map.of("fetch.max.wait.ms", "50", "retry.backoff.ms", "10");

  private final Path directory;
  private EmbeddedBroker broker;
  private Topics topics = next(Topics.DEFAULT_HOLDS);
  private KafkaProducer<byte[], byte[]> producer;
  private final List<JobEvent> events = new ArrayList<>();
  private @Nullable CommittedReader eventsReader;

  WorkerFixture(Path directory) {
    this.directory = directory;
    this.broker = EmbeddedBroker.start(directory, 0);
    this.producer = producer();
  }

  /** Stops the broker and starts it on its data: its partitions get a new leader epoch. */
  void restartBroker() {
    close();
    broker = EmbeddedBroker.start(directory, 0);
    producer = producer();
  }

  /** A fresh installation on the same broker. */
  void reset() {
    reset(Topics.DEFAULT_HOLDS);
  }

  /** A fresh installation with these holds. */
  void reset(List<Duration> holds) {
    forgetEvents();
    topics = next(holds);
    new TopicProvisioner(kafka()).ensure();
  }

  private static Topics next(List<Duration> holds) {
    return new Topics(
        "t" + INSTALLATIONS.incrementAndGet() + ".",
        3,
        Duration.ofDays(30),
        Duration.ofHours(24),
        holds);
  }

  KafkaConfig kafka() {
    return new KafkaConfig(broker.bootstrapServers(), topics, 1, IMPATIENT);
  }

  Topics topics() {
    return topics;
  }

  /** A worker with these settings on top of those that reach the broker. */
  WorkerService worker(String id, Map<String, String> settings) {
    return WorkerService.of(settings(id, settings));
  }

  Settings settings(String id, Map<String, String> settings) {
    var all =
        new HashMap<>(
            Map.of(
                "kafka.bootstrap",
                broker.bootstrapServers(),
                "topics.prefix",
                topics.prefix(),
                "topics.partitions",
                String.valueOf(topics.partitions()),
                "topics.holds",
                topics.holds().stream()
                    .map(hold -> hold.toMillis() + "ms")
                    .collect(Collectors.joining(",")),
                "worker.port",
                "0",
                "worker.id",
                id,
                "worker.retry-base-delay",
                "20ms",
                "worker.retry-max-delay",
                "100ms",
                "worker.retry-budget-floor",
                "100000",
                "worker.provider.simulated.latency-mean",
                "0ms"));
    IMPATIENT.forEach((key, value) -> all.put("kafka.client." + key.replace('.', '-'), value));
    all.putAll(settings);
    return Settings.of(all);
  }

  static Job job(int number) {
    return job(number, Priority.NORMAL);
  }

  static Job job(int number, Priority priority) {
    return new Job(
        JobId.random(Instant.now()),
        "simulated",
        new JobInput.Embed("text " + number),
        5,
        Duration.ofSeconds(30),
        Instant.now(),
        null,
        Map.of(),
        null,
        null,
        null,
        priority);
  }

  List<Job> submit(int count) {
    var jobs = IntStream.range(0, count).mapToObj(WorkerFixture::job).toList();
    jobs.forEach(this::submit);
    producer.flush();
    return jobs;
  }

  void submit(Job job) {
    var record =
        new ProducerRecord<>(
            topics.jobs(job.priority()),
            bytes(job.id().toString()),
            JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(job)));
    record.headers().add(RecordHeaders.GENERATION, bytes("0"));
    record
        .headers()
        .add(
            RecordHeaders.TRACEPARENT,
            bytes("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    send(record);
  }

  void cancel(JobId id) {
    send(
        new ProducerRecord<>(
            topics.control(),
            bytes(id.toString()),
            JsonCodec.CANCEL_REQUESTS.encode(new CancelRequest(id, 0, Instant.now()))));
    producer.flush();
  }

  /** Asks to run the first attempt of a job now. */
  void retryNow(JobId id) {
    send(RetryNowRecords.request(topics, new RetryNowRequest(id, 0, 0, Instant.now())));
    producer.flush();
  }

  /** Puts the next record of {@code job} where one waits that is due then. */
  void hold(Job job, String topic, Instant dueAt) {
    var record =
        new ProducerRecord<>(
            topic,
            bytes(job.id().toString()),
            JsonCodec.JOB_RECORDS.encode(new JobRecord(job, 0, List.of(), dueAt)));
    record.headers().add(RecordHeaders.GENERATION, bytes("0"));
    record.headers().add(RecordHeaders.ATTEMPT, bytes("1"));
    record.headers().add(RecordHeaders.DUE, bytes(String.valueOf(dueAt.toEpochMilli())));
    send(record);
  }

  void flush() {
    producer.flush();
  }

  void sendRaw(String topic, byte @Nullable [] key, byte @Nullable [] value) {
    send(new ProducerRecord<>(topic, 0, key, value));
    producer.flush();
  }

  private void send(ProducerRecord<byte[], byte[]> record) {
    var _ =
        producer.send(
            record,
            (_, failure) -> {
              if (failure != null) {
                throw new IllegalStateException(failure);
              }
            });
  }

  /** All committed records of a topic, from its beginning. */
  List<ConsumerRecord<byte[], byte[]>> read(String topic) {
    return read(topic, topics.partitions());
  }

  /** All committed records of a topic of one partition, from its beginning. */
  List<ConsumerRecord<byte[], byte[]>> readFirst(String topic) {
    return read(topic, 1);
  }

  private List<ConsumerRecord<byte[], byte[]>> read(String topic, int count) {
    try (var reader = reader(topic, count)) {
      return reader.toEnd();
    }
  }

  private CommittedReader reader(String topic, int count) {
    return new CommittedReader(broker.bootstrapServers(), topic, count);
  }

  /** All events so far. Asked for again and again, it reads only what has come since. */
  synchronized List<JobEvent> events() {
    if (eventsReader == null) {
      eventsReader = reader(topics.events(), topics.partitions());
    }
    eventsReader.toEnd().forEach(record -> events.add(event(record)));
    return List.copyOf(events);
  }

  private synchronized void forgetEvents() {
    if (eventsReader != null) {
      eventsReader.close();
      eventsReader = null;
    }
    events.clear();
  }

  private static JobEvent event(ConsumerRecord<byte[], byte[]> record) {
    return switch (JsonCodec.EVENTS.decode(record.value())) {
      case Decoded.Value<JobEvent>(JobEvent event) -> event;
      case Decoded.Refused<JobEvent>(String reason) -> throw new IllegalStateException(reason);
    };
  }

  List<JobEvent.Finished> finished() {
    return events().stream()
        .filter(JobEvent.Finished.class::isInstance)
        .map(JobEvent.Finished.class::cast)
        .toList();
  }

  /** How many records the group has not finished. */
  long lag() {
    try (var admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      var committed =
          admin
              .listConsumerGroupOffsets(topics.workerGroup())
              .partitionsToOffsetAndMetadata()
              .get();
      long lag = 0;
      for (String topic : topics.claimed()) {
        for (int p = 0; p < topics.partitions(); p++) {
          var partition = new TopicPartition(topic, p);
          long end =
              admin
                  .listOffsets(Map.of(partition, OffsetSpec.latest()))
                  .partitionResult(partition)
                  .get()
                  .offset();
          var offset = committed.get(partition);
          lag += end - (offset == null ? 0 : offset.offset());
        }
      }
      return lag;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Commits an offset of {@code jobs} as if a worker had read up to it under {@code epoch}. */
  void commit(int partition, long offset, int epoch) {
    try (var outsider = outsider()) {
      var jobs = new TopicPartition(topics.jobs(), partition);
      outsider.assign(List.of(jobs));
      String metadata = committed(outsider, jobs).metadata();
      outsider.commitSync(
          Map.of(jobs, new OffsetAndMetadata(offset, Optional.of(epoch), metadata)));
    }
  }

  /** The epoch that is committed with the offset of a partition of {@code jobs}. */
  Optional<Integer> committedEpoch(int partition) {
    try (var outsider = outsider()) {
      return committed(outsider, new TopicPartition(topics.jobs(), partition)).leaderEpoch();
    }
  }

  /** The epoch under which the last record of a partition of {@code jobs} was written. */
  int leaderEpoch(int partition) {
    return read(topics.jobs()).stream()
        .filter(record -> record.partition() == partition)
        .reduce((_, later) -> later)
        .flatMap(ConsumerRecord::leaderEpoch)
        .orElseThrow();
  }

  /** How many records a partition of {@code jobs} has. */
  long count(int partition) {
    return read(topics.jobs()).stream().filter(record -> record.partition() == partition).count();
  }

  /** The topic of each partition that each member of the workers' group has. */
  Map<String, List<String>> shares() {
    try (var admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      String group = topics.workerGroup();
      return Objects.requireNonNull(
              admin.describeConsumerGroups(List.of(group)).all().get().get(group))
          .members()
          .stream()
          .collect(
              Collectors.toMap(
                  MemberDescription::clientId,
                  member ->
                      member.assignment().topicPartitions().stream()
                          .map(TopicPartition::topic)
                          .toList()));
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private KafkaConsumer<byte[], byte[]> outsider() {
    return new KafkaConsumer<>(
        Map.of("bootstrap.servers", broker.bootstrapServers(), "group.id", topics.workerGroup()),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  private static OffsetAndMetadata committed(
      KafkaConsumer<byte[], byte[]> outsider, TopicPartition partition) {
    return Objects.requireNonNull(outsider.committed(Set.of(partition)).get(partition));
  }

  private KafkaProducer<byte[], byte[]> producer() {
    return new KafkaProducer<>(
        Map.of(
            "bootstrap.servers",
            broker.bootstrapServers(),
            "max.request.size",
            3_000_000,
            "key.serializer",
            ByteArraySerializer.class,
            "value.serializer",
            ByteArraySerializer.class));
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    forgetEvents();
    producer.close();
    broker.close();
  }
}
