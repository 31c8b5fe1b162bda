package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.job.Job;
import java.nio.file.Path;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An instance that can't reach Kafka does not know whether its partitions are still its own. */
@SuppressWarnings("NullAway.Init")
@Timeout(240)
final class CutOffInstanceTest {
  @TempDir Path directory;
  private EmbeddedBroker broker;
  private Harness harness;

  @BeforeEach
  void start() {
    broker = EmbeddedBroker.start(directory.resolve("broker"), 0);
    harness = new Harness(broker, "cut-off.", directory);
  }

  @AfterEach
  void stop() throws Exception {
    harness.close();
    broker.close();
  }

  @Test
  void itStopsAnsweringUntilItIsInTouchAgain() throws Exception {
    StreamsService service = harness.start("a", Map.of());
    Job job = harness.accept();
    harness.awaitState(service, job.id(), "queued");
    String bootstrap = broker.bootstrapServers();

    broker.close();
    awaitStatus(service, job, 503);
    assertThat(harness.job(service, job.id()).headers().firstValue("Retry-After")).isPresent();

    broker =
        EmbeddedBroker.start(
            directory.resolve("broker"),
            Integer.parseInt(bootstrap.substring(bootstrap.lastIndexOf(':') + 1)));
    awaitStatus(service, job, 200);
  }

  private void awaitStatus(StreamsService service, Job job, int status) {
    Awaitility.await()
        .atMost(Harness.PATIENCE)
        .untilAsserted(
            () -> assertThat(harness.job(service, job.id()).statusCode()).isEqualTo(status));
  }
}
