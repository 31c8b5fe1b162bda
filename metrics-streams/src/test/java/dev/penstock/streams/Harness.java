package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.config.Settings;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobView;
import dev.penstock.job.PartialAnswer;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.lifecycle.Health;
import dev.penstock.runtime.kafka.RetryNowRecords;
import dev.penstock.streams.figures.History.Written;
import dev.penstock.topic.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Utils;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** One installation on a broker of the test: its topics, its instances, who writes and who asks. */
final class Harness {
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final int PARTITIONS = 4;

  final Topics topics;
  private final EmbeddedBroker broker;
  private final Path directory;
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private @Nullable Producer<String, byte[]> producer;

  Harness(EmbeddedBroker broker, String prefix, Path directory) {
    this.broker = broker;
    this.directory = directory;
    var defaults = Topics.defaults();
    this.topics =
        new Topics(prefix, PARTITIONS, defaults.eventRetention(), defaults.idempotencyWindow());
  }

  /** A running instance whose state is in the directory of that name. */
  StreamsService start(String name, Map<String, String> more) {
    StreamsService service = starting(name, more);
    awaitReady(service);
    return service;
  }

  StreamsService starting(String name, Map<String, String> more) {
    var settings = new HashMap<>(settings(name));
    settings.putAll(more);
    StreamsService service = StreamsService.of(Settings.of(settings));
    opened.push(service);
    service.start();
    return service;
  }

  /** Where the instance of that name keeps its state. */
  Path stateDirectory(String name) {
    return directory.resolve(name);
  }

  Map<String, String> settings(String name) {
    return Map.of(
        "kafka.bootstrap",
        broker.bootstrapServers(),
        "topics.prefix",
        topics.prefix(),
        "topics.partitions",
        String.valueOf(PARTITIONS),
        "streams.port",
        "0",
        "streams.view-wait",
        "20s",
        "streams.state-dir",
        stateDirectory(name).toString(),
        // The broker is near and has little to do: nobody waits long before asking again.
        "kafka.client.retry-backoff-ms",
        "10",
        "kafka.client.fetch-max-wait-ms",
        "50");
  }

  static void awaitReady(StreamsService service) {
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(service.health()).isEqualTo(Health.READY));
  }

  /** Until both have partitions, and each knows who has the others. */
  void awaitShared(StreamsService a, StreamsService b) {
    List<StreamsService> services = List.of(a, b);
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          for (StreamsService service : services) {
            assertThat(get(service, "/metrics").body()).contains("penstock_streams_partitions 2.0");
            assertThat(get(service, "/readyz").statusCode()).isEqualTo(200);
          }
        });
    // An answer for each partition by each instance.
    var unasked = new HashSet<Integer>();
    for (int partition = 0; partition < PARTITIONS; partition++) {
      unasked.add(partition);
    }
    while (!unasked.isEmpty()) {
      JobId unknown = JobId.random(Instant.now());
      if (unasked.remove(partition(unknown))) {
        for (StreamsService service : services) {
          Awaitility.await()
              .atMost(PATIENCE)
              .untilAsserted(() -> assertThat(job(service, unknown).statusCode()).isEqualTo(404));
        }
      }
    }
  }

  /** The partition of a job's records. */
  int partition(JobId id) {
    byte[] key = id.toString().getBytes(StandardCharsets.UTF_8);
    return Utils.toPositive(Utils.murmur2(key)) % PARTITIONS;
  }

  Producer<String, byte[]> producer() {
    if (producer == null) {
      producer = producer(Map.of());
    }
    return producer;
  }

  Producer<String, byte[]> producer(Map<String, Object> more) {
    var settings =
        new HashMap<String, Object>(
            Map.of("bootstrap.servers", broker.bootstrapServers(), "acks", "all"));
    settings.putAll(more);
    var made = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
    opened.push(made);
    return made;
  }

  ProducerRecord<String, byte[]> record(Object value) {
    return switch (value) {
      case JobRecord record ->
          new ProducerRecord<>(
              topics.jobs(), record.job().id().toString(), JsonCodec.JOB_RECORDS.encode(record));
      case JobEvent event ->
          new ProducerRecord<>(
              topics.events(), event.jobId().toString(), JsonCodec.EVENTS.encode(event));
      case RetryNowRequest retry -> {
        ProducerRecord<byte[], byte[]> asked = RetryNowRecords.request(topics, retry);
        yield new ProducerRecord<>(asked.topic(), asked.partition(), retry.key(), asked.value());
      }
      case CancelRequest cancel ->
          new ProducerRecord<>(
              topics.control(),
              cancel.jobId().toString(),
              JsonCodec.CANCEL_REQUESTS.encode(cancel));
      case PartialAnswer piece ->
          new ProducerRecord<>(
              topics.progress(), piece.jobId().toString(), JsonCodec.PARTIAL_ANSWERS.encode(piece));
      default -> throw new AssertionError(value);
    };
  }

  /** Writes and waits for the acknowledgement. */
  void send(Object value) throws Exception {
    producer().send(record(value)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** Writes all of them, each to its topic, and waits for the acknowledgements. */
  void sendAll(List<Written> records) throws Exception {
    var sent = new ArrayList<Future<RecordMetadata>>(records.size());
    for (Written each : records) {
      sent.add(
          producer()
              .send(
                  new ProducerRecord<>(
                      each.input().topic(topics),
                      new String(each.key(), StandardCharsets.UTF_8),
                      each.bytes())));
    }
    for (Future<RecordMetadata> each : sent) {
      each.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
  }

  Job accept() throws Exception {
    Job job = Lives.job(Instant.now());
    send(JobRecord.accepted(job));
    return job;
  }

  HttpResponse<String> get(StreamsService service, String path, String... headers)
      throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path))
            .timeout(PATIENCE);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  HttpResponse<String> job(StreamsService service, JobId id, String... headers)
      throws IOException, InterruptedException {
    return get(service, "/internal/v1/jobs/" + id, headers);
  }

  JobView view(StreamsService service, JobId id) throws IOException, InterruptedException {
    HttpResponse<String> response = job(service, id);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return Json.MAPPER.readValue(response.body(), JobView.class);
  }

  void awaitState(StreamsService service, JobId id, String state) {
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(view(service, id).state()).isEqualTo(state));
  }

  /** An event stream; reading it to its end is the test's. */
  HttpResponse<java.util.stream.Stream<String>> events(
      StreamsService service, JobId id, String... headers)
      throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(
            URI.create(
                "http://127.0.0.1:" + service.port() + "/internal/v1/jobs/" + id + "/events"));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofLines());
  }

  void close() throws Exception {
    client.shutdownNow();
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
  }
}
