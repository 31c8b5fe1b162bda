package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.cache.CacheRecord;
import dev.penstock.cache.Fingerprint;
import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.config.Settings;
import dev.penstock.job.CacheTag;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.TenantId;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the intake writes to the topic of the cache. */
final class CacheServiceTest {
  private static final String REQUEST =
      "{\"kind\":\"generate\",\"model\":\"fast\",\"tenant\":\"acme\",\"input\":{\"text\":\"Why?\"},"
          + "\"cache\":{\"ttl\":\"7d\",\"tags\":[\"kb/1\"]},\"priority\":\"high\"}";
  private static final String OUTPUT = "{\"kind\":\"generate\",\"text\":\"Because.\"}";

  @TempDir static Path directory;
  private static EmbeddedBroker broker;
  private static IntakeService intake;
  private static Client client;

  @BeforeAll
  static void start() {
    broker = EmbeddedBroker.start(directory, 0);
    intake =
        IntakeService.of(
            Settings.of(
                Map.of(
                    "kafka.bootstrap",
                    broker.bootstrapServers(),
                    "topics.partitions",
                    "1",
                    "api.port",
                    "0")));
    intake.start();
    client = new Client(intake.port());
  }

  @AfterAll
  static void stop() {
    client.close();
    intake.close();
    broker.close();
  }

  @Test
  void anInvalidationIsWrittenForItsTenant() {
    HttpResponse<String> response = client.delete("/v1/cache?tag=kb/articles&tenant=acme");
    assertThat(response.statusCode()).isEqualTo(202);
    assertThat(Client.json(response))
        .isEqualTo(
            Json.MAPPER.readTree(
                "{\"tenant\":\"acme\",\"tag\":\"kb/articles\",\"invalidation\":\"requested\"}"));
    assertThat(records())
        .contains(new CacheRecord.Invalidated(TenantId.of("acme"), new CacheTag("kb/articles")));
    HttpResponse<String> odd = client.delete("/v1/cache?tag=a%22b%5Cc%26d");
    assertThat(Client.json(odd).path("tag").asString("")).isEqualTo("a\"b\\c&d");
    assertThat(Client.json(odd).path("tenant").asString("")).isEqualTo("default");
  }

  @Test
  void whatIsNoTagIsRefused() {
    for (String query :
        List.of("", "?tag=", "?tag=a//b", "?tag=/a", "?tag=a%20b", "?tag=a&tenant=A")) {
      HttpResponse<String> response = client.delete("/v1/cache" + query);
      assertThat(response.statusCode()).as(query).isEqualTo(400);
      assertThat(Client.code(response)).isEqualTo("bad_request");
      assertThat(Client.json(response).path("detail").asString("")).contains("the parameter t");
    }
  }

  @Test
  void parametersThatAreNotKnownOrComeTwiceAreRefused() {
    int before = records().size();
    for (String query : List.of("?tag=a&tenat=acme", "?tag=a&tag=b")) {
      HttpResponse<String> response = client.delete("/v1/cache" + query);
      assertThat(response.statusCode()).as(query).isEqualTo(400);
      assertThat(Client.json(response).path("detail").asString("")).contains("tag and tenant");
    }
    assertThat(records()).hasSize(before);
  }

  @Test
  void aClassificationHasLabelsOfItsRequest() {
    String request =
        "{\"request\":{\"kind\":\"classify\",\"input\":{\"text\":\"t\",\"labels\":[\"a\",\"b\"]},"
            + "\"cache\":{\"ttl\":\"1h\"}},\"output\":{\"kind\":\"classify\",\"labels\":[{\"label\":";
    assertThat(warm(request + "\"a\",\"score\":1}]}}").statusCode()).isEqualTo(202);
    for (String wrong : List.of("\"zzz\",\"score\":0.5}]}}", "\"a\",\"score\":7}]}}")) {
      HttpResponse<String> response = warm(request + wrong);
      assertThat(response.statusCode()).as(wrong).isEqualTo(422);
      assertThat(Client.json(response).path("errors").path(0).path("pointer").asString(""))
          .isEqualTo("/entries/0/output/labels");
    }
  }

  @Test
  void anAnswerFromElsewhereIsKeptUnderTheFingerprintOfItsRequest() {
    HttpResponse<String> response = warm("{\"request\":" + REQUEST + ",\"output\":" + OUTPUT + "}");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    assertThat(Client.json(response).path("entries").asInt()).isEqualTo(1);
    assertThat(records())
        .contains(
            new CacheRecord.Answer(
                Fingerprint.of(
                    TenantId.of("acme"), "fast", new JobInput.Generate("Why?", null, 1_024)),
                null,
                TenantId.of("acme"),
                List.of(new CacheTag("kb/1")),
                Duration.ofDays(7),
                "fast",
                null,
                new JobOutput.Text("Because.")));
  }

  @Test
  void everythingThatIsWrongWithEntriesIsNamedAndNothingIsKept() {
    int before = records().size();
    HttpResponse<String> response =
        warm(
            "{\"request\":"
                + REQUEST
                + ",\"output\":"
                + OUTPUT
                + "},"
                + "{\"request\":{\"kind\":\"embed\",\"input\":{\"text\":\"t\"}},\"output\":"
                + OUTPUT
                + "},"
                + "{\"request\":"
                + REQUEST
                + ",\"output\":{\"kind\":\"generate\"}},"
                + "{\"request\":{\"kind\":\"embed\",\"input\":{}},\"output\":"
                + OUTPUT
                + ",\"x\":1},"
                + "{\"request\":[],\"output\":"
                + OUTPUT
                + "}");
    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(Client.code(response)).isEqualTo("invalid_cache_entry");
    assertThat(
            Client.json(response)
                .path("errors")
                .valueStream()
                .map(error -> error.path("pointer").asString("")))
        .containsExactlyInAnyOrder(
            "/entries/3/x",
            "/entries/4/request",
            "/entries/1/request/cache/ttl",
            "/entries/1/output/kind",
            "/entries/2/output",
            "/entries/3/request/input/text");
    assertThat(records()).hasSize(before);
  }

  @Test
  void badBodiesAreRefused() {
    assertThat(post("{\"entries\":[]}").statusCode()).isEqualTo(422);
    assertThat(post("[]").statusCode()).isEqualTo(422);
    assertThat(post("{\"entries\":{\"request\":{},\"output\":{}}}").statusCode()).isEqualTo(422);
    assertThat(Client.code(post("{"))).isEqualTo("malformed_json");
    assertThat(Client.code(post("\"" + "x".repeat(2_000_000) + "\""))).isEqualTo("body_too_large");
    assertThat(
            Client.code(
                client.send(
                    "POST",
                    "/v1/cache/entries",
                    BodyPublishers.ofString("{}"),
                    "Content-Type",
                    "text/plain")))
        .isEqualTo("unsupported_media_type");
  }

  private static HttpResponse<String> warm(String entries) {
    return post("{\"entries\":[" + entries + "]}");
  }

  private static HttpResponse<String> post(String body) {
    return client.send(
        "POST",
        "/v1/cache/entries",
        BodyPublishers.ofString(body),
        "Content-Type",
        "application/json");
  }

  private static List<CacheRecord> records() {
    return Topic.read(broker.bootstrapServers(), "penstock.cache", 1).stream()
        .map(CacheServiceTest::record)
        .toList();
  }

  private static CacheRecord record(ConsumerRecord<byte[], byte[]> read) {
    var record =
        ((Decoded.Value<CacheRecord>) JsonCodec.CACHE_RECORDS.decode(read.value())).value();
    assertThat(new String(read.key(), StandardCharsets.UTF_8)).isEqualTo(record.key());
    return record;
  }
}
