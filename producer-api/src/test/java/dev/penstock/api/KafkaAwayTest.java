package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.codec.Json;
import dev.penstock.config.Settings;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.StartException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

final class KafkaAwayTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir Path directory;

  @Test
  void withoutKafkaNothingIsAcceptedAndWithItEverythingWorksAgain() {
    var broker = EmbeddedBroker.start(directory, 0);
    String bootstrap = broker.bootstrapServers();
    int port = Integer.parseInt(bootstrap.substring(bootstrap.indexOf(':') + 1));
    var views = FakeViews.start();
    String running = "01990000-0000-7000-8000-000000000001";
    views.job(running, "running", "0.1.1");
    var intake =
        IntakeService.of(
            Settings.of(
                Map.of(
                    "kafka.bootstrap", bootstrap,
                    "topics.partitions", "2",
                    "api.port", "0",
                    "api.streams-url", views.url(),
                    "api.publish-timeout", "2s",
                    "api.idempotency-wait", "4s")));
    intake.start();
    try (var client = new Client(intake.port())) {
      assertThat(client.post(Client.JOB).statusCode()).isEqualTo(202);
      HttpResponse<String> keyed = keyed(client, "before");
      broker.close();

      Awaitility.await().atMost(PATIENCE).until(() -> client.get("/readyz").statusCode() == 503);
      assertThat(client.get("/readyz").body()).contains(bootstrap);
      assertThat(client.get("/healthz").statusCode()).isEqualTo(200);
      unavailable(client.post(Client.JOB));
      unavailable(client.delete("/v1/jobs/" + running));
      HttpResponse<String> fresh = client.post(Client.JOB, "Idempotency-Key", "while-away");
      assertThat(fresh.statusCode()).isEqualTo(503);
      assertThat(fresh.headers().firstValue("Retry-After")).isPresent();
      HttpResponse<String> stream =
          client.post((Client.JOB + "\n").repeat(3), "Content-Type", "application/x-ndjson");
      List<JsonNode> answers = stream.body().lines().map(Json.MAPPER::readTree).toList();
      assertThat(answers)
          .isNotEmpty()
          .allSatisfy(answer ->
              assertThat(answer.path("error").path("code").asString(""))
                  .isIn("kafka_unavailable", "acceptance_unknown"));

      broker = EmbeddedBroker.start(directory, port);
      Awaitility.await().atMost(PATIENCE).until(() -> intake.health() instanceof Health.Ready);
      Awaitility.await().atMost(PATIENCE).until(() -> client.post(Client.JOB).statusCode() == 202);
      HttpResponse<String> replay = keyed(client, "before");
      assertThat(replay.body()).isEqualTo(keyed.body());
      assertThat(keyed(client, "while-away").statusCode()).isEqualTo(202);
      assertThat(client.delete("/v1/jobs/" + running).statusCode()).isEqualTo(202);
    } finally {
      intake.close();
      views.close();
      broker.close();
    }
  }

  @Test
  void anIntakeThatCanNotReachKafkaSaysSoAtItsStart() {
    var intake =
        IntakeService.of(
            Settings.of(
                Map.of(
                    "kafka.bootstrap", "127.0.0.1:1",
                    "kafka.client.default-api-timeout-ms", "1000",
                    "kafka.client.request-timeout-ms", "500",
                    "api.port", "0")));
    Assertions.assertThatThrownBy(intake::start)
        .isInstanceOf(StartException.class)
        .hasMessageContaining("can't");
    intake.close();
  }

  @Test
  void everyWrongSettingIsToldAtOnce() {
    Assertions.assertThatThrownBy(() ->
            IntakeService.of(
                Settings.of(
                    Map.of(
                        "api.port", "99999",
                        "api.streams-url", "not a url",
                        "api.advertised-url", "ftp://x",
                        "api.max-body-bytes", "1"))))
        .hasMessageContaining("kafka.bootstrap")
        .hasMessageContaining("api.port")
        .hasMessageContaining("api.streams-url")
        .hasMessageContaining("api.advertised-url")
        .hasMessageContaining("api.max-body-bytes");
  }

  private static HttpResponse<String> keyed(Client client, String key) {
    return Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> client.post(Client.JOB, "Idempotency-Key", key),
            response -> response.statusCode() == 202);
  }

  private static void unavailable(HttpResponse<String> response) {
    assertThat(response.statusCode()).isEqualTo(503);
    boolean known = response.body().contains("nothing was accepted");
    assertThat(Client.code(response)).isEqualTo(known ? "kafka_unavailable" : "acceptance_unknown");
    assertThat(response.headers().firstValue("Retry-After")).isPresent();
  }
}
