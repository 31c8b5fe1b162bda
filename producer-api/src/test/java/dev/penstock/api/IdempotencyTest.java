package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Idempotency keys over two intakes and a real broker. */
final class IdempotencyTest {

  private static final Map<String, String> SETTINGS = Map.of();

  @TempDir static Path directory;
  private static TwoIntakes intakes;
  private static Client first;
  private static Client second;

  @BeforeAll
  static void start() {
    intakes = new TwoIntakes(directory, SETTINGS);
    first = intakes.first;
    second = intakes.second;
  }

  @AfterAll
  static void stop() {
    intakes.close();
  }

  @Test
  void theSameSubmissionUnderTheSameKeyIsTheSameJobOnEveryIntake() {
    for (int i = 0; i < 2 * TwoIntakes.PARTITIONS; i++) {
      HttpResponse<String> original = first.post(Client.JOB, "Idempotency-Key", "same-" + i);
      assertThat(original.statusCode()).isEqualTo(202);
      assertThat(original.headers().firstValue("Idempotency-Replayed")).isEmpty();
      // Spelled otherwise, it is still the same submission.
      String same = Client.JOB.replace(":{", " : {").replace("Water", "\\u0057ater");
      for (Client client : List.of(first, second)) {
        HttpResponse<String> replay = client.post(same, "Idempotency-Key", "same-" + i);
        assertThat(replay.statusCode()).isEqualTo(202);
        assertThat(replay.headers().firstValue("Idempotency-Replayed")).hasValue("true");
        assertThat(replay.body()).isEqualTo(original.body());
        assertThat(replay.headers().firstValue("Location"))
            .isEqualTo(original.headers().firstValue("Location"));
      }
      assertThat(jobs(id(original))).isEqualTo(1);
    }
  }

  @Test
  void eachTenantHasKeysOfItsOwnOnEveryIntake() {
    for (int i = 0; i < TwoIntakes.PARTITIONS; i++) {
      String key = "tenants-" + i;
      String ids = id(first.post(Client.JOB, "Idempotency-Key", key));
      for (String tenant : List.of("acme", "globex")) {
        String theirs = Client.JOB.replace("{\"kind\"", "{\"tenant\":\"" + tenant + "\",\"kind\"");
        HttpResponse<String> original = first.post(theirs, "Idempotency-Key", key);
        assertThat(original.statusCode()).isEqualTo(202);
        assertThat(original.headers().firstValue("Idempotency-Replayed")).isEmpty();
        assertThat(id(original)).isNotEqualTo(ids);
        assertThat(id(second.post(theirs, "Idempotency-Key", key))).isEqualTo(id(original));
      }
    }
  }

  @Test
  void anotherSubmissionUnderTheSameKeyIsRefusedOnEveryIntake() {
    assertThat(first.post(Client.JOB, "Idempotency-Key", "reused").statusCode()).isEqualTo(202);
    for (Client client : List.of(first, second)) {
      HttpResponse<String> response =
          client.post(Client.JOB.replace("Water", "Wind"), "Idempotency-Key", "reused");
      assertThat(response.statusCode()).isEqualTo(422);
      assertThat(Client.code(response)).isEqualTo("idempotency_key_reused");
    }
  }

  @Test
  void twoHundredDuplicatesAtOnceOverBothIntakesAreOneJob() throws Exception {
    List<HttpResponse<String>> responses = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<HttpResponse<String>>> calls = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        Client client = i % 2 == 0 ? first : second;
        calls.add(() -> client.post(Client.JOB, "Idempotency-Key", "storm"));
      }
      for (Future<HttpResponse<String>> call : threads.invokeAll(calls)) {
        responses.add(call.get());
      }
    }
    assertThat(responses).extracting(HttpResponse::statusCode).containsOnly(202);
    assertThat(responses.stream().map(IdempotencyTest::id).distinct()).hasSize(1);
    assertThat(
            responses.stream()
                .filter(r -> r.headers().firstValue("Idempotency-Replayed").isEmpty()))
        .hasSize(1);
    assertThat(jobs(id(responses.getFirst()))).isEqualTo(1);
  }

  @Test
  void keysInLinesDoTheSame() {
    String lines =
        """
        {"kind":"embed","input":{"text":"a"},"idempotencyKey":"line-1"}
        {"kind":"embed","input":{"text":"a"}}
        {"kind":"embed","input":{"text":"b"},"idempotencyKey":"line-2"}
        {"kind":"embed","input":{"text":"a"},"idempotencyKey":"line-1"}
        {"kind":"embed","input":{"text":"c"},"idempotencyKey":"line-2"}
        """;
    var answers =
        first
            .post(lines, "Content-Type", "application/x-ndjson")
            .body()
            .lines()
            .map(Json.MAPPER::readTree)
            .toList();
    assertThat(answers).hasSize(5);
    assertThat(answers.get(3).path("id")).isEqualTo(answers.get(0).path("id"));
    assertThat(answers.get(1).path("id")).isNotEqualTo(answers.get(0).path("id"));
    // Lines are decided about at once: either may be the first.
    assertThat(answers.get(0).has("replayed") ^ answers.get(3).has("replayed")).isTrue();
    assertThat(
            List.of(answers.get(2), answers.get(4)).stream()
                .map(a -> a.path("error").path("code").asString("ok")))
        .containsExactlyInAnyOrder("ok", "idempotency_key_reused");
  }

  @Test
  void aBadKeyIsRefused() {
    for (String key : List.of("", "x".repeat(256), "a\tb")) {
      HttpResponse<String> response = first.post(Client.JOB, "Idempotency-Key", key);
      assertThat(response.statusCode()).isEqualTo(400);
      assertThat(Client.code(response)).isEqualTo("invalid_idempotency_key");
    }
    assertThat(Client.code(first.post(Client.JOB, "Idempotency-Key", "a", "Idempotency-Key", "b")))
        .isEqualTo("invalid_idempotency_key");
    assertThat(first.post(Client.JOB, "Idempotency-Key", "x".repeat(255)).statusCode())
        .isEqualTo(202);
  }

  @Test
  void claimsOutliveTheIntakeThatMadeThem() throws Exception {
    var third = intakes.intake(SETTINGS);
    List<HttpResponse<String>> originals = new ArrayList<>();
    try (var client = new Client(third.port())) {
      // With three members for four partitions, the third owns at least one of them for a while.
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> client.get("/readyz").statusCode() == 200);
      for (int i = 0; i < 40; i++) {
        originals.add(client.post(Client.JOB, "Idempotency-Key", "moved-" + i));
      }
      assertThat(originals).extracting(HttpResponse::statusCode).containsOnly(202);
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        // While the ownership moves, submissions go on over another intake.
        var during =
            threads.submit(() -> {
              List<HttpResponse<String>> responses = new ArrayList<>();
              for (int i = 0; i < 40; i++) {
                responses.add(second.post(Client.JOB, "Idempotency-Key", "during-" + i));
              }
              return responses;
            });
        third.close();
        for (HttpResponse<String> response : during.get()) {
          assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
        }
      }
    }
    for (int i = 0; i < 40; i++) {
      HttpResponse<String> replay = first.post(Client.JOB, "Idempotency-Key", "moved-" + i);
      assertThat(replay.statusCode()).as(replay.body()).isEqualTo(202);
      assertThat(id(replay)).isEqualTo(id(originals.get(i)));
      assertThat(replay.headers().firstValue("Idempotency-Replayed")).hasValue("true");
      HttpResponse<String> again = second.post(Client.JOB, "Idempotency-Key", "during-" + i);
      assertThat(again.headers().firstValue("Idempotency-Replayed")).hasValue("true");
    }
    Map<String, Long> counts =
        Topic.read(intakes.broker.bootstrapServers(), "penstock.jobs", TwoIntakes.PARTITIONS)
            .stream()
            .collect(
                Collectors.groupingBy(
                    record -> new String(record.key(), StandardCharsets.UTF_8),
                    Collectors.counting()));
    assertThat(originals).allSatisfy(r -> assertThat(counts.get(id(r))).isEqualTo(1));
  }

  private static String id(HttpResponse<String> response) {
    return Client.json(response).path("id").asString("");
  }

  private static long jobs(String id) {
    return Topic.read(intakes.broker.bootstrapServers(), "penstock.jobs", TwoIntakes.PARTITIONS)
        .stream()
        .filter(record -> new String(record.key(), StandardCharsets.UTF_8).equals(id))
        .count();
  }
}
