package dev.penstock.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.cache.CacheRecord;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.CacheRule;
import dev.penstock.job.CacheTag;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.Outcome;
import dev.penstock.job.Priority;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that share answers over a real topic. */
final class SharedAnswersOverKafkaTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Map<String, String> SETTINGS =
      Map.of("worker.provider.simulated.latency-mean", "500ms", "worker.slots", "8");

  @TempDir static Path directory;
  private static WorkerFixture fixture;

  @BeforeAll
  static void startBroker() {
    fixture = new WorkerFixture(directory);
    fixture.reset();
  }

  @AfterAll
  static void stopBroker() {
    fixture.close();
  }

  @Test
  void aThousandIdenticalJobsOverTwoWorkersMakeOneCall() throws Exception {
    try (var one = fixture.worker("w-1", SETTINGS);
        var later = fixture.worker("w-2", SETTINGS)) {
      one.start();
      submit(1, "acme", "early");
      await().atMost(PATIENCE).until(() -> fixture.finished().size() == 1);
      later.start();
      await().atMost(PATIENCE).until(SharedAnswersOverKafkaTest::bothHaveTheirShare);

      submit(30, "acme", "early");
      submit(1_000, "acme", "same");
      awaitFinished(1_031);
      assertThat(fixture.finished())
          .allSatisfy(each -> assertThat(each.outcome()).isInstanceOf(Outcome.Succeeded.class));
      assertThat(calls()).as("one for each text").isEqualTo(2);
      assertThat(fixture.finished().stream().map(JobEvent.Finished::outcome).distinct()).hasSize(2);
      assertThat(hits(one) + hits(later)).isEqualTo(1_029);
      assertThat(hits(later)).as("with what was kept before it started, too").isPositive();

      submit(1, "other", "same");
      awaitFinished(1_032);
      assertThat(calls()).as("another tenant's").isEqualTo(3);

      fixture.sendRaw(
          fixture.topics().cache(),
          WorkerFixture.bytes("tag acme kb"),
          JsonCodec.CACHE_RECORDS.encode(
              new CacheRecord.Invalidated(TenantId.of("acme"), new CacheTag("kb"))));
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofSeconds(1))
          .untilAsserted(() -> {
            submit(1, "acme", "same");
            assertThat(calls()).as("invalidated by a tag above its own").isEqualTo(4);
          });
    }
  }

  private static boolean bothHaveTheirShare() {
    var shares = fixture.shares();
    return shares.size() == 2
        && shares.values().stream().allMatch(each -> each.contains(fixture.topics().jobs()));
  }

  private static void submit(int count, String tenant, String text) {
    for (int i = 0; i < count; i++) {
      fixture.submit(job(tenant, text));
    }
    fixture.flush();
  }

  private static void awaitFinished(int count) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(() -> fixture.finished().size() == count);
  }

  private static double hits(WorkerService worker) throws Exception {
    return metric(worker, "penstock_worker_cache_hits_total");
  }

  /** How many jobs came to their outcome by a provider's call. */
  private static long calls() {
    return fixture.finished().stream().filter(each -> !isServed(each)).count();
  }

  private static boolean isServed(JobEvent.Finished finished) {
    Served served = finished.attempts().getLast().served();
    return served != null && served.cachedAt() != null;
  }

  private static double metric(WorkerService worker, String name) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      String metrics =
          client
              .send(
                  HttpRequest.newBuilder(
                          URI.create("http://127.0.0.1:" + worker.port() + "/metrics"))
                      .build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();
      return metrics
          .lines()
          .filter(line -> line.startsWith(name + "{"))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
          .sum();
    }
  }

  private static Job job(String tenant, String text) {
    return new Job(
        JobId.random(Instant.now()),
        "simulated",
        new JobInput.Embed(text),
        5,
        Duration.ofSeconds(30),
        Instant.now(),
        null,
        Map.of(),
        null,
        null,
        null,
        Priority.NORMAL,
        false,
        TenantId.of(tenant),
        new CacheRule(true, Duration.ofHours(1), List.of(new CacheTag("kb/articles/17"))));
  }
}
