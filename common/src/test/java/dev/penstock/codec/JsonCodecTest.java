package dev.penstock.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.job.Attempt;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonCodecTest {
  private static final Instant NOW = Instant.parse("2026-11-21T08:00:00.123456789Z");
  private static final JobId ID = JobId.random(NOW);
  private static final Job JOB =
      new Job(
          ID,
          "local",
          new JobInput.Classify("Ein Text.", List.of("sea", "war")),
          3,
          Duration.ofSeconds(30),
          NOW,
          null,
          Map.of("team", "search"));
  private static final Attempt FAILED =
      new Attempt(
          1,
          "local",
          "worker-1",
          NOW,
          Duration.ofMillis(12),
          new Failure.Throttled("slow down", Duration.ofSeconds(3)));

  @Test
  void jobRecordsComeBackAsTheyWere() {
    var record = new JobRecord(JOB, 2, List.of(FAILED), NOW);
    assertThat(JsonCodec.JOB_RECORDS.decode(JsonCodec.JOB_RECORDS.encode(record)))
        .isEqualTo(new Decoded.Value<>(record));
  }

  @Test
  void eventsComeBackAsTheyWere() {
    for (JobEvent event :
        List.of(
            new JobEvent.AttemptStarted(ID, 0, 1, "local", "worker-1", NOW),
            new JobEvent.RetryScheduled(ID, 0, FAILED, NOW, NOW),
            new JobEvent.Finished(
                ID,
                0,
                List.of(),
                new Outcome.Succeeded(new JobOutput.Embedding(new float[] {0.5f, -1f})),
                NOW),
            new JobEvent.Finished(ID, 0, List.of(), new Outcome.Cancelled(), NOW))) {
      assertThat(JsonCodec.EVENTS.decode(JsonCodec.EVENTS.encode(event)))
          .isEqualTo(new Decoded.Value<>(event));
    }
  }

  @Test
  void deadLettersComeBackAsTheyWere() {
    var letter =
        new DeadLetter(
            JOB,
            0,
            List.of(FAILED),
            new Failure.InvalidRequest("no"),
            new DeadLetter.Origin("penstock.jobs", 3, 17),
            NOW);
    assertThat(JsonCodec.DEAD_LETTERS.decode(JsonCodec.DEAD_LETTERS.encode(letter)))
        .isEqualTo(new Decoded.Value<>(letter));
  }

  @Test
  void fieldsOfANewerProgramAreSkipped() {
    String json =
        text(JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(JOB)))
            .replace("\"generation\":0", "\"generation\":0,\"later\":{\"a\":[1]}");
    assertThat(decode(json)).isEqualTo(new Decoded.Value<>(JobRecord.accepted(JOB)));
  }

  @Test
  void anotherVersionIsRefusedByName() {
    String json =
        text(JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(JOB))).replace("\"v\":1", "\"v\":2");
    assertThat(decode(json))
        .isInstanceOfSatisfying(
            Decoded.Refused.class,
            refused -> assertThat(refused.reason()).contains("another version"));
  }

  @Test
  void aMissingFieldIsRefusedByName() {
    String json =
        text(JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(JOB)))
            .replace("\"model\":\"local\",", "");
    assertThat(decode(json))
        .isInstanceOfSatisfying(
            Decoded.Refused.class, refused -> assertThat(refused.reason()).contains("model"));
  }

  @Test
  void anExplicitNullIsRefused() {
    String json =
        text(JsonCodec.JOB_RECORDS.encode(JobRecord.accepted(JOB)))
            .replace("\"model\":\"local\"", "\"model\":null");
    assertThat(decode(json)).isInstanceOf(Decoded.Refused.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{",
        "{}",
        "{\"v\":1}",
        "{\"v\":\"1\"}",
        "{\"v\":1e3}",
        "{\"v\":99999999999999999999}",
        "{\"v\":1,\"v\":1}",
        "{\"v\":1,\"job\":7}",
        "{\"v\":1,\"job\":{\"input\":{\"kind\":\"launch-rockets\"}}}",
        "{\"v\":1} trailing",
        "\u0000\u0001"
      })
  void whatCannotBeReadIsRefusedWithAReason(String json) {
    assertThat(decode(json))
        .isInstanceOfSatisfying(
            Decoded.Refused.class, refused -> assertThat(refused.reason()).isNotBlank());
  }

  @Test
  void deepNestingAndHugeNumbersAreRefused() {
    assertThat(decode("{\"v\":1,\"x\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}"))
        .isInstanceOf(Decoded.Refused.class);
    assertThat(decode("{\"v\":1,\"generation\":" + "9".repeat(10_000) + "}"))
        .isInstanceOf(Decoded.Refused.class);
    assertThat(JsonCodec.JOB_RECORDS.decode(null)).isInstanceOf(Decoded.Refused.class);
    assertThat(JsonCodec.JOB_RECORDS.decode(new byte[] {(byte) 0xff, (byte) 0xfe, 0}))
        .isInstanceOf(Decoded.Refused.class);
  }

  private static Decoded<JobRecord> decode(String json) {
    return JsonCodec.JOB_RECORDS.decode(json.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
