package dev.penstock.chaos.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.process.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Schedules fire every second while the intakes that own them stand still, come back and die. */
final class ScheduleOwnersKilledTest {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final int SCHEDULES = 8;
  private static final String EVERY_SECOND =
      """
      {"cron":"* * * * * *","misfire":"fire-all","misfireLimit":1000,
       "job":{"kind":"embed","model":"simulated","input":{"text":"tick"}}}\
      """;

  @RegisterExtension private final Processes processes = new Processes();

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Test
  void eachFireTimeIsOneJobAlthoughOwnersStandStillAndDie() throws Exception {
    var cluster = new Cluster(processes);
    cluster.startBroker();
    ChildJvm paused = cluster.startApi("api-1");
    ChildJvm doomed = cluster.startApi("api-2");
    cluster.awaitReady();
    List<String> names = IntStream.range(0, SCHEDULES).mapToObj(i -> "every-" + i).toList();
    for (String name : names) {
      JsonNode put = ask("PUT", cluster.api("api-1"), "/v1/schedules/" + name, EVERY_SECOND);
      assertThat(put.path("version").asString("")).as("%s", put).startsWith("1-");
    }
    awaitFiredSince(cluster.api("api-2"), names, Instant.now());

    // Past its session: the other one takes all over, and fires what was missed.
    paused.pause();
    try {
      awaitFiredSince(cluster.api("api-2"), names, Instant.now());
    } finally {
      paused.resume();
    }
    // It believes for a moment that it still owns them, and then takes some of them back.
    awaitFiredSince(cluster.api("api-1"), names, Instant.now().plusSeconds(2));

    doomed.kill();
    awaitFiredSince(cluster.api("api-1"), names, Instant.now());
    paused.checkAlive();

    var expected = new ArrayList<Instant>();
    long misfired = 0;
    for (String name : names) {
      JsonNode schedule = ask("POST", cluster.api("api-1"), "/v1/schedules/" + name + "/pause", "");
      Instant created = Instant.parse(schedule.path("createdAt").asString(""));
      Instant last = Instant.parse(schedule.at("/last/fireTime").asString(""));
      for (long second = created.getEpochSecond() + 1; second <= last.getEpochSecond(); second++) {
        expected.add(Instant.ofEpochSecond(second));
      }
      misfired += schedule.path("misfired").asLong();
    }
    List<JobId> jobs =
        cluster.observer().read(cluster.topics().jobs()).stream()
            .map(record -> JobId.of(new String(record.key(), StandardCharsets.UTF_8)))
            .toList();
    assertThat(misfired).isZero();
    assertThat(new TreeSet<>(jobs)).as("no job stands there twice").hasSameSizeAs(jobs);
    assertThat(jobs.stream().map(JobId::time))
        .as("the ids carry the fire times: each second of each schedule, once")
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  /** Until each schedule has fired a time after {@code since}. */
  private void awaitFiredSince(URI api, List<String> names, Instant since) {
    await()
        .atMost(LONG)
        .until(() ->
            names.stream()
                .map(name -> ask("GET", api, "/v1/schedules/" + name, ""))
                .map(schedule -> schedule.at("/last/fireTime").asString(""))
                .allMatch(time -> !time.isEmpty() && Instant.parse(time).isAfter(since)));
  }

  /** The answer, whatever it is: while owners change, it may be a refusal. */
  private JsonNode ask(String method, URI api, String path, String body) {
    var request =
        HttpRequest.newBuilder(api.resolve(path))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    try {
      return Json.MAPPER.readTree(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
