package dev.penstock.bench;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.config.Settings;
import dev.penstock.job.Attempt;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.JobRecord;
import dev.penstock.replayer.ReplayerService;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.topic.RecordHeaders;
import dev.penstock.topic.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/**
 * How fast a plan replays dead letters when nothing holds it back, against a plain
 * consume-and-produce of the same records: the ceiling has no transactions, decodes nothing and
 * remembers nothing. Both run in this JVM; the broker has its own.
 */
@Command(
    name = "replay",
    description = "Dead letters replayed a second, against plain consume-produce.",
    mixinStandardHelpOptions = true)
final class ReplayBench extends Bench {
  private static final Duration ROUND_TIMEOUT = Duration.ofMinutes(5);
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final int CHUNK = 50_000;
  private static final String PLAN = "all-of-them";

  @Option(
      names = "--letters",
      defaultValue = "200000",
      description = "Dead letters in a round (${DEFAULT-VALUE}).")
  private int letters;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "Rounds of each, after one that is not counted (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--record-bytes",
      defaultValue = "1024",
      description = "Size of a job's record, which a dead letter holds (${DEFAULT-VALUE}).")
  private int recordBytes;

  @Option(names = "--partitions", defaultValue = "8", description = "(${DEFAULT-VALUE})")
  private int partitions;

  @Override
  Report measure() throws IOException, InterruptedException {
    check("--letters", letters, 2, 1_000_000);
    check("--rounds", rounds, 1, 100);
    check("--record-bytes", recordBytes, 1, 100_000);
    check("--partitions", partitions, 1, 100);
    try (Lab lab = Lab.open()) {
      var ceilings = new ArrayList<Double>();
      var replays = new ArrayList<Double>();
      var ratios = new ArrayList<Double>();
      for (int round = 0; round <= rounds; round++) {
        String prefix = "round" + round + ".";
        KafkaConfig kafka = lab.install(prefix, partitions);
        fill(lab.bootstrap(), kafka.topics());
        double ceiling;
        double replay;
        if (round % 2 == 0) {
          replay = runReplayer(lab, prefix, kafka.topics());
          ceiling = runPipe(lab, kafka.topics());
        } else {
          ceiling = runPipe(lab, kafka.topics());
          replay = runReplayer(lab, prefix, kafka.topics());
        }
        lab.uninstall(kafka);
        progress(
            (round == 0 ? "warm-up" : "round " + round)
                + (": plain " + Math.round(ceiling))
                + (", replayed " + Math.round(replay) + " letters/s"));
        if (round > 0) {
          ceilings.add(ceiling);
          replays.add(replay);
          ratios.add(replay / ceiling);
        }
      }
      return report(ceilings, replays, ratios);
    }
  }

  private void fill(String bootstrap, Topics topics) {
    var maker = new BenchJobs.Maker(recordBytes);
    try (var producer = BenchJobs.producer(bootstrap, "bench-fill")) {
      var sent = new ArrayList<Future<RecordMetadata>>(CHUNK);
      for (int i = 0; i < letters; i++) {
        ProducerRecord<byte[], byte[]> job = maker.make(topics.jobs());
        sent.add(producer.send(deadLetter(topics, job, i)));
        if (sent.size() == CHUNK) {
          BenchJobs.await(sent);
          sent.clear();
        }
      }
      producer.flush();
      BenchJobs.await(sent);
    }
  }

  private static ProducerRecord<byte[], byte[]> deadLetter(
      Topics topics, ProducerRecord<byte[], byte[]> job, int number) {
    JobRecord record =
        switch (JsonCodec.JOB_RECORDS.decode(job.value())) {
          case Decoded.Value<JobRecord>(JobRecord read) -> read;
          case Decoded.Refused<JobRecord>(String reason) ->
              throw new IllegalStateException("a job of the bench can't be read: " + reason);
        };
    var failure = new Failure.TimedOut("no answer within 30 s");
    var attempt =
        new Attempt(
            1,
            BenchJobs.MODEL,
            "bench",
            record.job().acceptedAt(),
            Duration.ofSeconds(30),
            failure);
    var dead =
        new DeadLetter(
            record.job(),
            0,
            List.of(attempt),
            failure,
            new DeadLetter.Origin(topics.jobs(), 0, number),
            record.job().acceptedAt());
    var letter =
        new ProducerRecord<>(topics.deadLetters(), job.key(), JsonCodec.DEAD_LETTERS.encode(dead));
    letter.headers().add(RecordHeaders.DEAD_LETTER, "job".getBytes(StandardCharsets.UTF_8));
    return letter;
  }

  private double runPipe(Lab lab, Topics topics) throws InterruptedException {
    String target = topics.prefix() + "pipe";
    Map<TopicPartition, Long> ends = BenchJobs.ends(lab, topics.deadLetters(), partitions);
    var topic = new NewTopic(target, Optional.of(partitions), Optional.empty());
    // As the topic of jobs: the broker's clock, so that both are timed alike.
    topic.configs(Map.of("message.timestamp.type", "LogAppendTime"));
    Lab.await(lab.admin().createTopics(List.of(topic)).all(), "make the topic " + target);
    lab.awaitLeaders(target, partitions);
    PlainPipe.run(lab.bootstrap(), ends, target, recordBytes);
    Outputs outputs =
        Outputs.read(lab.bootstrap(), BenchJobs.ends(lab, target, partitions), _ -> true);
    Lab.await(lab.admin().deleteTopics(List.of(target)).all(), "delete the topic " + target);
    return outputs.rate(letters);
  }

  private double runReplayer(Lab lab, String prefix, Topics topics)
      throws IOException, InterruptedException {
    var settings = new HashMap<>(lab.installationSettings(prefix, partitions));
    settings.put("replayer.port", "0");
    try (ReplayerService service = ReplayerService.of(Settings.of(settings));
        HttpClient client = HttpClient.newHttpClient()) {
      service.start();
      var api = new Api(client, "http://127.0.0.1:" + service.port() + "/v1/replays");
      api.post(
          "",
          "{\"id\":\""
              + PLAN
              + "\",\"selection\":{\"filter\":{}},\"pace\":{\"inFlight\":1000000}}");
      await(api, plan -> plan.path("state").asString("").equals("draft"));
      api.post("/" + PLAN + "/confirm", "{}");
      await(api, plan -> plan.path("progress").path("replayed").asLong(0) == letters);
    }
    return Outputs.read(lab.bootstrap(), BenchJobs.ends(lab, topics.jobs(), partitions), _ -> true)
        .rate(letters);
  }

  private static void await(Api api, Predicate<JsonNode> wanted)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + ROUND_TIMEOUT.toNanos();
    JsonNode plan = api.get("/" + PLAN);
    while (!wanted.test(plan)) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("not within " + ROUND_TIMEOUT + ": " + plan);
      }
      Thread.sleep(LOOK);
      plan = api.get("/" + PLAN);
    }
  }

  /** Plans over HTTP. */
  private record Api(HttpClient client, String base) {
    JsonNode get(String path) throws IOException, InterruptedException {
      return answer(HttpRequest.newBuilder(URI.create(base + path)).GET());
    }

    void post(String path, String json) throws IOException, InterruptedException {
      var _ =
          answer(
              HttpRequest.newBuilder(URI.create(base + path))
                  .header("Content-Type", "application/json")
                  .POST(BodyPublishers.ofString(json)));
    }

    private JsonNode answer(HttpRequest.Builder request) throws IOException, InterruptedException {
      HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
      if (response.statusCode() / 100 != 2) {
        throw new IllegalStateException(
            "the replayer answered " + response.statusCode() + ": " + response.body());
      }
      return Json.MAPPER.readTree(response.body());
    }
  }

  private Report report(List<Double> ceilings, List<Double> replays, List<Double> ratios) {
    var ceiling = new Samples("letters/s", ceilings);
    var replay = new Samples("letters/s", replays);
    var parts = new LinkedHashMap<String, Samples>();
    parts.put("plain consume-produce", ceiling);
    parts.put("replayer", replay);
    parts.put("ratio of a round", new Samples("", ratios));
    var configuration = new LinkedHashMap<String, Object>();
    configuration.put("letters", letters);
    configuration.put("rounds", rounds);
    configuration.put("partitions", partitions);
    configuration.put("recordBytes", recordBytes);
    configuration.put("heapMb", Runtime.getRuntime().maxMemory() / (1024 * 1024));
    configuration.put("broker", "separate JVM, same machine");
    return new Report(
        "replay",
        "dead letters replayed a second over plain consume-produce",
        replay.median() / ceiling.median(),
        parts,
        configuration);
  }
}
