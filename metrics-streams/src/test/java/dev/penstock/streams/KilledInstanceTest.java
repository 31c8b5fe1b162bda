package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A process of its own, ended by SIGKILL. */
@SuppressWarnings("NullAway.Init")
@Timeout(240)
final class KilledInstanceTest {
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
  void aKilledInstanceComesBackOnItsStateAndTellsNoLess() throws Exception {
    instance.launch();
    var jobs = new ArrayList<JobId>();
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 50; i++) {
        Job job = harness.accept();
        jobs.add(job.id());
        harness.send(Lives.succeeded(job.id(), 0, 1, Instant.now()));
      }
      int known = jobs.size();
      Awaitility.await()
          .atMost(Harness.PATIENCE)
          .untilAsserted(
              () -> assertThat(instance.job(jobs.get(known - 1)).body()).contains("succeeded"));
      instance.kill();
      instance.launch();
      var left = new ArrayList<>(jobs);
      Awaitility.await()
          .atMost(Harness.PATIENCE)
          .untilAsserted(() -> {
            for (JobId job : List.copyOf(left)) {
              HttpResponse<String> response = instance.job(job);
              assertThat(response.statusCode()).as(response.body()).isIn(200, 503);
              if (response.statusCode() == 200) {
                assertThat(response.body()).contains("succeeded");
                left.remove(job);
              }
            }
            assertThat(left).isEmpty();
          });
    }
  }
}
