package dev.penstock.api.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What stands on the topic stays readable: these bytes are on brokers. */
final class ScheduleRecordTest {
  private static final String WIRE =
      """
      {"v":1,"uid":"1f0e","revision":3,"definition":{"cron":"30 2 * * *","timeZone":"Europe/Berlin",\
      "job":{"kind":"embed","input":{"text":"tick"}},"misfire":"fire-once","misfireAfter":"60s",\
      "misfireLimit":100,"overlap":"skip","paused":false},"createdAt":"2026-05-01T12:00:30Z",\
      "updatedAt":"2026-05-02T12:00:30.125Z","progress":{"settledUntil":"2026-05-03T00:30:00Z",\
      "fired":2,"misfired":1,"overlapped":4,"last":{"fireTime":"2026-05-03T00:30:00Z",\
      "firedAt":"2026-05-03T00:30:00.004Z","jobId":"019deb24-93c0-7000-8000-000000000001"}}}\
      """;

  @Test
  void aRecordIsReadAndWrittenAsItAlwaysWas() {
    var record =
        ((Decoded.Value<ScheduleRecord>)
                ScheduleRecord.CODEC.decode(WIRE.getBytes(StandardCharsets.UTF_8)))
            .value();
    assertThat(record.progress())
        .isEqualTo(
            new Progress(
                Instant.parse("2026-05-03T00:30:00Z"),
                2,
                1,
                4,
                new Progress.Firing(
                    Instant.parse("2026-05-03T00:30:00Z"),
                    Instant.parse("2026-05-03T00:30:00.004Z"),
                    JobId.of("019deb24-93c0-7000-8000-000000000001"))));
    assertThat(Json.MAPPER.readTree(ScheduleRecord.CODEC.encode(record)))
        .isEqualTo(Json.MAPPER.readTree(WIRE));
  }

  @Test
  void aScheduleThatHasNotFiredHasNoLastFiring() {
    String fresh = WIRE.replaceAll(",\"last\":\\{[^}]*}", "");
    var record =
        ((Decoded.Value<ScheduleRecord>)
                ScheduleRecord.CODEC.decode(fresh.getBytes(StandardCharsets.UTF_8)))
            .value();
    assertThat(record.progress().last()).isNull();
  }

  /** Changing how it is made would fire a time twice that was fired before an upgrade. */
  @Test
  void theIdOfAFireTimeIsMadeAsItAlwaysWas() {
    assertThat(ScheduleRecord.jobId("nightly", "1f0e", Instant.parse("2026-05-03T00:30:00Z")))
        .hasToString("019deb3d-f740-734b-9939-b5bb79afd47d");
  }
}
