package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.JobView;
import dev.penstock.streams.figures.FailureTable;
import dev.penstock.streams.figures.History;
import dev.penstock.streams.figures.History.Written;
import dev.penstock.streams.figures.JobCounts;
import dev.penstock.streams.figures.Recomputed;
import dev.penstock.streams.figures.Retentions;
import dev.penstock.streams.figures.SeriesTable;
import dev.penstock.streams.figures.TopicRecords;
import dev.penstock.streams.figures.WindowSize;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A history is written while the instance that reads it is killed again and again: at the end all
 * views equal what is recomputed from the topics. {@code -Dpenstock.history.jobs} and {@code
 * -Dpenstock.history.kills} make it longer, {@code -Dpenstock.history.seed} draws it again.
 */
@SuppressWarnings("NullAway.Init")
@Timeout(540)
final class KilledHistoryTest {
  private static final int JOBS = Integer.getInteger("penstock.history.jobs", 1_000);
  private static final int KILLS = Integer.getInteger("penstock.history.kills", 2);
  private static final int LOOKED_AT = 300;
  private static final String ALL = "by=tenant,model,provider,providerModel,kind,outcome";

  @RegisterExtension static final Installations installations = new Installations();
  @TempDir Path directory;
  private Harness harness;
  private InstanceProcess instance;

  @BeforeEach
  void start() {
    harness = installations.own();
    instance = new InstanceProcess(harness.settings("killed"), directory);
  }

  @AfterEach
  void stop() throws Exception {
    instance.close();
  }

  @Test
  void allViewsEqualWhatIsRecomputedHoweverOftenTheirInstanceIsKilled() throws Exception {
    long seed = Long.getLong("penstock.history.seed", System.nanoTime());
    var random = new Random(seed);
    Instant from = Instant.now().minus(Duration.ofMinutes(40));
    List<Written> history = History.of(JOBS, from, Duration.ofMinutes(30), random);
    instance.launch();
    int part = history.size() / (KILLS + 1) + 1;
    for (int kill = 0; kill < KILLS; kill++) {
      List<Written> next =
          history.subList(
              Math.min(history.size(), kill * part), Math.min(history.size(), (kill + 1) * part));
      harness.sendAll(next);
      // Somewhere while it reads: right away, or after some commits.
      Thread.sleep(random.nextInt(600));
      instance.kill();
      instance.launch();
    }
    harness.sendAll(history.subList(Math.min(history.size(), KILLS * part), history.size()));
    List<Written> written =
        TopicRecords.all(installations.broker().bootstrapServers(), harness.topics);
    assertThat(written).hasSameSizeAs(history);
    var expected = new Recomputed(written, Retentions.DEFAULT);
    Awaitility.await()
        .atMost(Duration.ofMinutes(4))
        .ignoreExceptionsMatching(e -> e instanceof IllegalArgumentException)
        .untilAsserted(() ->
            assertThat(JobCounts.read(get("/internal/v1/figures/jobs")).jobs())
                .as("seed %d", seed)
                .isEqualTo(expected.jobs()));
    for (WindowSize size : WindowSize.values()) {
      SeriesTable table =
          SeriesTable.read(
              get(
                  "/internal/v1/figures/series?window="
                      + size.wireName()
                      + "&"
                      + ALL
                      + "&from="
                      + from.minusSeconds(60)));
      assertThat(Recomputed.differences(expected.windows(size), Recomputed.text(table.series())))
          .as("seed %d, %s", seed, size)
          .isEmpty();
    }
    assertThat(Recomputed.text(FailureTable.read(get("/internal/v1/figures/failures"))))
        .as("seed %d", seed)
        .isEqualTo(expected.failures());
    lives(expected, seed);
  }

  private void lives(Recomputed expected, long seed) throws Exception {
    var jobs = new ArrayList<>(expected.states().entrySet());
    int step = Math.max(1, jobs.size() / LOOKED_AT);
    for (int i = 0; i < jobs.size(); i += step) {
      Map.Entry<JobId, String> job = jobs.get(i);
      HttpResponse<String> response = instance.job(job.getKey());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(Json.MAPPER.readValue(response.body(), JobView.class).state())
          .as("seed %d, job %s", seed, job.getKey())
          .isEqualTo(job.getValue());
    }
  }

  private byte[] get(String path) throws Exception {
    HttpResponse<byte[]> response = instance.bytes(path);
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }
}
