package dev.penstock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Schedules over HTTP, at two intakes with a real broker. */
final class ScheduleServiceTest {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final String JOB = "\"job\":" + Client.JOB;
  private static final String NIGHTLY =
      "{\"cron\":\"30 2 * * *\",\"timeZone\":\"Europe/Berlin\"," + JOB + "}";

  private static final Map<String, String> SETTINGS = Map.of("api.min-schedule-interval", "1s");

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
  void aScheduleIsTheSameAtEveryIntake() {
    for (String name : List.of("a", "b.c", "D_e-f", "x".repeat(100))) {
      HttpResponse<String> put = put(first, name, NIGHTLY);
      assertThat(put.statusCode()).as(put.body()).isEqualTo(201);
      assertThat(put.headers().firstValue("Location")).hasValue("/v1/schedules/" + name);
      for (Client client : List.of(first, second)) {
        HttpResponse<String> got = client.get("/v1/schedules/" + name);
        assertThat(got.statusCode()).as(got.body()).isEqualTo(200);
        assertThat(got.headers().firstValue("ETag")).isEqualTo(put.headers().firstValue("ETag"));
        assertThat(Client.json(got)).isEqualTo(Client.json(put));
      }
      JsonNode schedule = Client.json(put);
      assertThat(schedule.path("job").path("kind").asString("")).isEqualTo("embed");
      assertThat(schedule.path("misfire").asString("")).isEqualTo("fire-once");
      assertThat(schedule.path("nextFireTimes")).hasSize(5);
      assertThat(put(second, name, NIGHTLY).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aChangeOfSomethingElseThanWhatWasSeenIsRefused() {
    String created = etag(put(first, "guarded", NIGHTLY, "If-None-Match", "*"));
    assertThat(Client.code(put(second, "guarded", NIGHTLY, "If-None-Match", "*")))
        .isEqualTo("precondition_failed");
    String other = NIGHTLY.replace("30 2", "40 2");
    String changed = etag(put(second, "guarded", other, "If-Match", created));
    assertThat(changed).isNotEqualTo(created);
    for (Client client : List.of(first, second)) {
      assertThat(Client.code(put(client, "guarded", NIGHTLY, "If-Match", created)))
          .isEqualTo("precondition_failed");
      assertThat(
              client
                  .send(
                      "DELETE",
                      "/v1/schedules/guarded",
                      BodyPublishers.noBody(),
                      "If-Match",
                      created)
                  .statusCode())
          .isEqualTo(412);
    }
    assertThat(put(first, "guarded", NIGHTLY, "If-Match", changed).statusCode()).isEqualTo(200);
  }

  @Test
  void whatIsDeletedIsGoneAtEveryIntake() {
    assertThat(put(first, "gone", NIGHTLY).statusCode()).isEqualTo(201);
    assertThat(second.delete("/v1/schedules/gone").statusCode()).isEqualTo(200);
    for (Client client : List.of(first, second)) {
      for (HttpResponse<String> response :
          List.of(
              client.get("/v1/schedules/gone"),
              client.delete("/v1/schedules/gone"),
              post(client, "/v1/schedules/gone/pause"),
              post(client, "/v1/schedules/gone/resume"))) {
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(Client.code(response)).isEqualTo("schedule_not_found");
      }
    }
  }

  @Test
  void theListHasAllSchedulesOfAllIntakesPageByPage() {
    List<String> names = IntStream.range(0, 23).mapToObj(i -> "list-%02d".formatted(i)).toList();
    names.forEach(name -> assertThat(put(first, name, NIGHTLY).statusCode()).isEqualTo(201));
    for (Client client : List.of(first, second)) {
      var listed = new ArrayList<String>();
      String after = "list-";
      while (!after.isEmpty()) {
        JsonNode page = Client.json(client.get("/v1/schedules?limit=5&after=" + after));
        assertThat(page.path("schedules").size()).isLessThanOrEqualTo(5);
        for (JsonNode each : page.path("schedules")) {
          listed.add(each.path("name").asString(""));
          assertThat(each.has("job")).isFalse();
        }
        after = page.path("next").asString("");
      }
      assertThat(listed.stream().filter(name -> name.startsWith("list-")))
          .containsExactlyElementsOf(names);
    }
  }

  @Test
  void allThatIsWrongIsToldAtOnce() {
    HttpResponse<String> response =
        put(
            first,
            "wrong",
            """
            {"cron":"61 * * * *","timeZone":"Mars/Olympus","misfire":"never","misfireAfter":"2d",
             "misfireLimit":0,"overlap":"maybe","start":"2030-02-30T00:00:00Z","extra":1,
             "job":{"kind":"embed","input":{"text":" "},"maxAttempts":99,"model":"a b",
                    "runAt":"2030-01-01T00:00:00Z","attemptTimeout":"1h"}}\
            """);
    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(Client.code(response)).isEqualTo("invalid_schedule");
    assertThat(pointers(response))
        .containsExactlyInAnyOrder(
            "/cron",
            "/timeZone",
            "/misfire",
            "/misfireAfter",
            "/misfireLimit",
            "/overlap",
            "/start",
            "/extra",
            "/job/input/text",
            "/job/maxAttempts",
            "/job/model",
            "/job/runAt",
            "/job/attemptTimeout");
  }

  @Test
  void whatCanNotBeAScheduleIsRefused() {
    for (String body : List.of("[]", "null", "\"x\"", "{}", "{\"cron\":5,\"job\":[]}")) {
      assertThat(Client.code(put(first, "wrong", body))).as(body).isEqualTo("invalid_schedule");
    }
    for (String body : List.of("{", "x", "{}{}", "\u0000")) {
      assertThat(Client.code(put(first, "wrong", body))).as(body).isEqualTo("malformed_json");
    }
    for (String cron : List.of("0 0 30 2 *", "* * * * * * *", "@reboot", "é * * * *", "")) {
      HttpResponse<String> response = put(first, "wrong", NIGHTLY.replace("30 2 * * *", cron));
      assertThat(Client.code(response)).as(cron).isEqualTo("invalid_schedule");
      assertThat(pointers(response)).containsOnly("/cron");
    }
    assertThat(pointers(put(first, "wrong", with("\"end\":\"2020-01-01T00:00:00Z\""))))
        .containsExactly("/cron");
    assertThat(
            pointers(
                put(
                    first,
                    "wrong",
                    with("\"start\":\"2031-01-01T00:00:00Z\",\"end\":\"2030-01-01T00:00:00Z\""))))
        .containsExactly("/start");
    assertThat(put(first, "wrong", NIGHTLY, "Content-Type", "text/plain").statusCode())
        .isEqualTo(415);
    assertThat(put(first, "wrong", "x".repeat(100_001)).statusCode()).isEqualTo(413);
    for (String name : List.of("-x", "a%20b", "%C3%A9", "x".repeat(101))) {
      assertThat(Client.code(put(first, name, NIGHTLY))).isEqualTo("invalid_schedule_name");
    }
    for (String query : List.of("limit=0", "limit=201", "limit=x", "after=-")) {
      assertThat(first.get("/v1/schedules?" + query).statusCode()).as(query).isEqualTo(400);
    }
    assertThat(first.get("/v1/schedules/wrong").statusCode()).isEqualTo(404);
  }

  @Test
  void aPausedScheduleRestsUntilItIsResumed() {
    put(first, "resting", NIGHTLY);
    JsonNode paused = Client.json(post(second, "/v1/schedules/resting/pause"));
    assertThat(paused.path("paused").asBoolean()).isTrue();
    assertThat(paused.path("nextFireTimes")).isEmpty();
    JsonNode resumed = Client.json(post(first, "/v1/schedules/resting/resume"));
    assertThat(resumed.path("paused").asBoolean()).isFalse();
    assertThat(resumed.path("nextFireTimes")).hasSize(5);
  }

  @Test
  void whatIsFiredIsAJobThatIsCounted() {
    put(first, "counted", "{\"cron\":\"* * * * * *\"," + JOB + "}");
    Awaitility.await()
        .atMost(LONG)
        .until(() -> schedule(second, "counted").path("fired").asInt() >= 2);
    post(first, "/v1/schedules/counted/pause");
    JsonNode last = schedule(first, "counted").path("last");
    assertThat(Instant.parse(last.path("firedAt").asString("")))
        .isAfterOrEqualTo(Instant.parse(last.path("fireTime").asString("")));
    assertThat(jobs()).contains(JobId.of(last.path("jobId").asString("")));
    assertThat(first.get("/metrics").body() + second.get("/metrics").body())
        .containsPattern("penstock_api_schedule_fired_total [1-9]")
        .contains("penstock_api_schedule_misfired_total")
        .contains("penstock_api_schedule_lateness_seconds");
  }

  /** In-process, owners leave in order; chaos-tests kills and stops them. */
  @Test
  void eachSecondIsOneJobAlthoughOwnersComeAndGo() {
    String second = "{\"cron\":\"* * * * * *\",\"misfire\":\"fire-all\"," + JOB + "}";
    List<String> names = IntStream.range(0, 8).mapToObj(i -> "every-" + i).toList();
    names.forEach(name -> assertThat(put(first, name, second).statusCode()).isEqualTo(201));
    var third = intakes.intake(SETTINGS);
    Awaitility.await().atMost(LONG).until(() -> fired(names, 2));
    third.close();
    Awaitility.await().atMost(LONG).until(() -> fired(names, 5));
    var jobs = jobs();
    for (String name : names) {
      post(first, "/v1/schedules/" + name + "/pause");
      JsonNode schedule = schedule(first, name);
      Instant created = Instant.parse(schedule.path("createdAt").asString(""));
      Instant last = Instant.parse(schedule.path("last").path("fireTime").asString(""));
      // One job for each whole second from the creation to the last firing.
      assertThat(schedule.path("fired").asLong())
          .as(name)
          .isEqualTo(last.getEpochSecond() - created.getEpochSecond());
      assertThat(schedule.path("misfired").asLong()).isZero();
    }
    assertThat(new TreeSet<>(jobs)).hasSameSizeAs(jobs);
  }

  private boolean fired(List<String> names, int atLeast) {
    return names.stream().allMatch(name -> schedule(first, name).path("fired").asInt() >= atLeast);
  }

  private static List<JobId> jobs() {
    return Topic.read(intakes.broker.bootstrapServers(), "penstock.jobs", TwoIntakes.PARTITIONS)
        .stream()
        .map(record -> JobId.of(new String(record.key(), StandardCharsets.UTF_8)))
        .toList();
  }

  private static JsonNode schedule(Client client, String name) {
    return Client.json(client.get("/v1/schedules/" + name));
  }

  private static String with(String fields) {
    return "{" + fields + "," + NIGHTLY.substring(1);
  }

  private static HttpResponse<String> put(
      Client client, String name, String body, String... headers) {
    boolean typed = headers.length > 0 && headers[0].equals("Content-Type");
    String[] all = typed ? headers : java.util.Arrays.copyOf(headers, headers.length + 2);
    if (!typed) {
      all[headers.length] = "Content-Type";
      all[headers.length + 1] = "application/json";
    }
    return client.send("PUT", "/v1/schedules/" + name, BodyPublishers.ofString(body), all);
  }

  private static HttpResponse<String> post(Client client, String path) {
    return client.send("POST", path, BodyPublishers.noBody());
  }

  private static String etag(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isIn(200, 201);
    return response.headers().firstValue("ETag").orElseThrow();
  }

  private static List<String> pointers(HttpResponse<String> response) {
    return Json.MAPPER
        .readTree(response.body())
        .path("errors")
        .valueStream()
        .map(error -> error.path("pointer").asString(""))
        .toList();
  }
}
