package dev.penstock.bench;

import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.TenantId;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How fast jobs are found, and what the index of them takes. */
@Command(
    name = "search",
    description = {
      "Latency of one job by id, of a filtered page and of a full-text page, and the size of the",
      "index. Jobs and events are put on the topics; a streams process folds, indexes, answers."
    },
    mixinStandardHelpOptions = true)
final class SearchBench extends Bench {
  private static final Duration LONGEST = Duration.ofMinutes(30);
  private static final Duration REQUEST_LIMIT = Duration.ofSeconds(30);
  private static final int SAMPLED_IDS = 10_000;
  private static final int VOCABULARY = 20_000;
  private static final long SEED = 42;

  @Option(names = "--jobs", paramLabel = "N", defaultValue = "1000000", description = "How many.")
  private int jobs;

  @Option(
      names = "--queries",
      paramLabel = "N",
      defaultValue = "300",
      description = "How many of each sort.")
  private int queries;

  @Option(
      names = "--words",
      paramLabel = "N",
      defaultValue = "40",
      description = "Words of each input; an output has half of them.")
  private int words;

  @Option(names = "--partitions", paramLabel = "N", defaultValue = "4")
  private int partitions;

  @Option(
      names = "--heap-mb",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Heap of the streams process.")
  private int heapMb;

  private final HttpClient client = HttpClient.newHttpClient();
  private final List<String> vocabulary = vocabulary();
  private final List<JobId> sampled = new ArrayList<>();
  private long recordBytes;

  @Override
  Report measure() throws Exception {
    check("--jobs", jobs, 1, 10_000_000);
    check("--queries", queries, 1, 100_000);
    check("--words", words, 2, 1_000);
    check("--partitions", partitions, 1, 256);
    check("--heap-mb", heapMb, 256, 65_536);
    try (Lab lab = Lab.open()) {
      KafkaConfig kafka = lab.install("search.", partitions);
      long began = System.nanoTime();
      fill(lab, kafka);
      progress(jobs + " jobs are on the topics after " + seconds(began) + " s");
      began = System.nanoTime();
      Map<String, String> settings = lab.installationSettings("search.", partitions);
      settings.put("streams.state-dir", lab.directory().resolve("streams").toString());
      Lab.Server streams = lab.startService("streams", heapMb, settings);
      awaitAll(streams.port());
      double foundAfter = seconds(began);
      progress("all are found after " + foundAfter + " s");
      return measure(streams.port(), foundAfter);
    } finally {
      client.close();
    }
  }

  private Report measure(int port, double foundAfter) throws IOException, InterruptedException {
    var random = new Random(SEED + 1);
    Map<String, Samples> parts = new LinkedHashMap<>();
    latency(
        parts,
        "one job by id",
        port,
        _ -> "/internal/v1/jobs/" + sampled.get(random.nextInt(sampled.size())));
    latency(
        parts,
        "filtered page",
        port,
        _ -> "/v1/jobs?state=queued&tenant=tenant-" + random.nextInt(20) + "&limit=50");
    latency(
        parts,
        "full-text page",
        port,
        _ -> "/v1/jobs?limit=50&q=" + encoded(word(random) + " " + word(random)));
    latency(
        parts,
        "similar words page",
        port,
        _ -> "/v1/jobs?limit=50&q=" + encoded(word(random) + "~"));
    latency(parts, "page of all, with facets", port, _ -> "/v1/jobs?limit=50&facets=state,model");
    double bytes =
        PrometheusText.scrape(client, Lab.uri(port, "/metrics"))
            .sum("penstock_streams_search_index_bytes", "");
    parts.put("index, bytes a job", new Samples("bytes", List.of(bytes / jobs)));
    parts.put("records, bytes a job", new Samples("bytes", List.of((double) recordBytes / jobs)));
    parts.put("until all are found", new Samples("s", List.of(foundAfter)));
    parts.put("folded and indexed", new Samples("jobs/s", List.of(jobs / foundAfter)));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("jobs", jobs);
    configuration.put("words", words);
    configuration.put("queries", queries);
    configuration.put("partitions", partitions);
    configuration.put("heapMb", heapMb);
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "search",
        "size of the index over that of the jobs' records and events",
        bytes / recordBytes,
        parts,
        configuration);
  }

  /** One after the other, as one person asks. */
  private void latency(Map<String, Samples> parts, String name, int port, IntFunction<String> path)
      throws IOException, InterruptedException {
    for (int i = 0; i < queries / 3 + 1; i++) {
      get(port, path.apply(i));
    }
    var millis = new double[queries];
    for (int i = 0; i < queries; i++) {
      String asked = path.apply(i);
      long began = System.nanoTime();
      get(port, asked);
      millis[i] = (System.nanoTime() - began) / 1e6;
    }
    Arrays.sort(millis);
    parts.put(name + ", median", new Samples("ms", List.of(millis[queries / 2])));
    parts.put(name + ", p99", new Samples("ms", List.of(millis[queries * 99 / 100])));
    progress(name + ": " + Report.number(millis[queries / 2]) + " ms");
  }

  private String get(int port, String path) throws IOException, InterruptedException {
    HttpResponse<String> answer = ask(port, path);
    if (answer.statusCode() != 200) {
      throw new IOException(path + " was answered " + answer.statusCode() + ": " + answer.body());
    }
    return answer.body();
  }

  private HttpResponse<String> ask(int port, String path) throws IOException, InterruptedException {
    URI uri = Lab.uri(port, path);
    return client.send(
        HttpRequest.newBuilder(uri).timeout(REQUEST_LIMIT).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Until every job is found, in its last state. */
  private void awaitAll(int port) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LONGEST.toNanos();
    long queued = jobs - finished(jobs);
    while (count(port, "") != jobs || count(port, "&state=queued") != queued) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "not all jobs are found within " + LONGEST + ": " + ask(port, "/v1/jobs").body());
      }
      Thread.sleep(500);
    }
  }

  /** How many match, or -1 while that can't be told. */
  private long count(int port, String filter) throws IOException, InterruptedException {
    HttpResponse<String> answer = ask(port, "/v1/jobs?limit=1" + filter);
    return answer.statusCode() == 200
        ? Json.MAPPER.readTree(answer.body()).path("total").path("count").asLong(-1)
        : -1;
  }

  /** How many of the first {@code count} jobs have ended: nine of ten. */
  private static long finished(long count) {
    return count - (count + 9) / 10;
  }

  private void fill(Lab lab, KafkaConfig kafka) {
    var random = new Random(SEED);
    var sent = new ArrayList<Future<RecordMetadata>>();
    Instant start = Instant.ofEpochMilli(System.currentTimeMillis() - jobs);
    try (KafkaProducer<byte[], byte[]> producer =
        BenchJobs.producer(lab.bootstrap(), "bench-fill")) {
      for (int i = 0; i < jobs; i++) {
        Job job = job(random, start.plusMillis(i));
        if (i % Math.max(1, jobs / SAMPLED_IDS) == 0) {
          sampled.add(job.id());
        }
        send(
            producer,
            sent,
            kafka.topics().jobs(),
            job.id(),
            JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(job)));
        if (i % 10 != 0) {
          send(
              producer,
              sent,
              kafka.topics().events(),
              job.id(),
              JsonCodec.EVENTS.encode(finished(random, job)));
        }
        if (sent.size() > 100_000) {
          BenchJobs.await(sent.subList(0, 50_000));
          sent.subList(0, 50_000).clear();
        }
      }
      producer.flush();
      BenchJobs.await(sent);
    }
  }

  private void send(
      KafkaProducer<byte[], byte[]> producer,
      List<Future<RecordMetadata>> sent,
      String topic,
      JobId id,
      byte[] value) {
    recordBytes += value.length;
    sent.add(
        producer.send(
            new ProducerRecord<>(topic, id.toString().getBytes(StandardCharsets.UTF_8), value)));
  }

  private Job job(Random random, Instant at) {
    return new Job(
        JobId.random(at),
        random.nextInt(4) == 0 ? "local" : "fast",
        new JobInput.Generate(text(random, words), null, 100),
        3,
        Duration.ofMinutes(1),
        at,
        null,
        Map.of("batch", String.valueOf(random.nextInt(100))),
        null,
        null,
        null,
        Priority.NORMAL,
        false,
        TenantId.of("tenant-" + random.nextInt(20)),
        null);
  }

  private JobEvent finished(Random random, Job job) {
    Instant at = job.acceptedAt().plusMillis(random.nextInt(5_000));
    boolean succeeded = random.nextInt(50) != 0;
    Failure failure = succeeded ? null : new Failure.InvalidRequest("refused: " + text(random, 5));
    return new JobEvent.Finished(
        job.id(),
        0,
        List.of(attempt(job, at, failure)),
        failure == null
            ? new Outcome.Succeeded(new JobOutput.Text(text(random, words / 2)))
            : new Outcome.DeadLettered(failure),
        at);
  }

  private static Attempt attempt(Job job, Instant at, @Nullable Failure failure) {
    return new Attempt(
        1, "provider", "worker", job.acceptedAt(), Duration.between(job.acceptedAt(), at), failure);
  }

  private String text(Random random, int length) {
    return IntStream.range(0, length).mapToObj(_ -> word(random)).collect(Collectors.joining(" "));
  }

  /** The first words of the vocabulary come more often, as in any language. */
  private String word(Random random) {
    double u = random.nextDouble();
    return vocabulary.get((int) (Math.pow(VOCABULARY, u) - 1));
  }

  private static List<String> vocabulary() {
    var random = new Random(SEED);
    return random
        .ints(VOCABULARY)
        .mapToObj(_ -> {
          var word = new StringBuilder();
          for (int syllables = 2 + random.nextInt(3); syllables > 0; syllables--) {
            word.append("bcdfghklmnprstvw".charAt(random.nextInt(16)))
                .append("aeiou".charAt(random.nextInt(5)));
          }
          return word.toString();
        })
        .toList();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static double seconds(long began) {
    return Math.round((System.nanoTime() - began) / 1e8) / 10.0;
  }
}
