package dev.penstock.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonObjectTest {
  private static final Instant AT = Instant.parse("2026-11-21T08:00:00Z");
  private static final JobId ID = JobId.random(AT);

  private static String nested(int depth) {
    return "{\"a\":".repeat(depth) + "1" + "}".repeat(depth);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "1",
        "{",
        "{}x",
        "{} {}",
        "{'a':1}",
        "{\"a\":1,\"a\":2}",
        "{\"n\":123456789012345678901234567890123456789012345678901}"
      })
  void whatIsNoObjectWithinTheBoundsIsRefused(String json) {
    assertThatThrownBy(() -> new JsonObject(json)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void depthAndNamesAreBounded() {
    assertThat(new JsonObject(nested(JsonObject.MAX_DEPTH)).text()).isNotEmpty();
    assertThatThrownBy(() -> new JsonObject(nested(JsonObject.MAX_DEPTH + 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nested deeper than 24");
    assertThatThrownBy(() -> new JsonObject("{\"" + "n".repeat(201) + "\":1}"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Whatever was let in is read again from each record that it can stand in. */
  @Test
  void theLargestOneMakesNoRecordUnreadable() {
    String widest =
        "{\""
            + "n".repeat(JsonObject.MAX_NAME_CHARS)
            + "\":"
            + "9".repeat(JsonObject.MAX_NUMBER_CHARS)
            + ",\"d\":"
            + nested(JsonObject.MAX_DEPTH - 1)
            + "}";
    var object = new JsonObject(widest);
    var job =
        new Job(
            ID,
            "m",
            new JobInput.Extract("t", object),
            3,
            Duration.ofSeconds(1),
            AT,
            null,
            Map.of(),
            null,
            null,
            new Ordering("k", Ordering.OnDeadLetter.BLOCK),
            Priority.NORMAL);
    var record = new JobRecord(job, 0, List.of(), null);
    read(JsonCodec.JOB_RECORDS, record);
    read(JsonCodec.ORDERED, new OrderedRecord.Enter(record, null));
    read(
        JsonCodec.DEAD_LETTERS,
        new DeadLetter(
            job, 0, List.of(), new Failure.Retryable("x"), new DeadLetter.Origin("t", 0, 1), AT));
    var output = new JobOutput.Extracted(object);
    read(
        JsonCodec.EVENTS,
        new JobEvent.Finished(ID, 0, List.of(), new Outcome.Succeeded(output), AT));
    var result = new JobResult(ID, 0, "succeeded", output, null, AT);
    assertThat(Json.MAPPER.readValue(Json.MAPPER.writeValueAsString(result), JobResult.class))
        .isEqualTo(result);
  }

  @Test
  void halfSurrogatePairsAreReplacedWhereItIsWritten() {
    var output = new JobOutput.Extracted(new JsonObject("{\"a\":\"\\ud83d\"}"));
    byte[] json =
        JsonCodec.EVENTS.encode(
            new JobEvent.Finished(ID, 0, List.of(), new Outcome.Succeeded(output), AT));
    assertThat(JsonCodec.EVENTS.decode(json))
        .isEqualTo(
            new Decoded.Value<JobEvent>(
                new JobEvent.Finished(
                    ID,
                    0,
                    List.of(),
                    new Outcome.Succeeded(
                        new JobOutput.Extracted(new JsonObject("{\"a\":\"\ufffd\"}"))),
                    AT)));
  }

  private static <T> void read(JsonCodec<T> codec, T value) {
    assertThat(codec.decode(codec.encode(value))).isEqualTo(new Decoded.Value<>(value));
  }
}
