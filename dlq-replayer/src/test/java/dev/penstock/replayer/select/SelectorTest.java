package dev.penstock.replayer.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobInput;
import dev.penstock.job.JsonObject;
import dev.penstock.job.Priority;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replayer.look.FakeLog;
import dev.penstock.replayer.look.FakeStandings;
import dev.penstock.replayer.look.LetterId;
import dev.penstock.replayer.look.SomeLetters;
import dev.penstock.replayer.look.Standing;
import dev.penstock.replayer.select.Selecting.Selected;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

final class SelectorTest {
  private static final Instant NOW = SomeLetters.NOW;
  private static final Action REPLAY = new Action.Replay(3, null);
  private static final Failure NO = new Failure.Retryable("no");

  private final FakeLog log = new FakeLog(2);
  private final FakeStandings standings = new FakeStandings();
  private final Selector selector =
      new Selector(log, standings, new SubmissionReader(Contract.load(), () -> NOW), () -> NOW);

  private void letter(int partition, long offset, int generation, Failure failure) {
    letter(partition, offset, SomeLetters.job(offset, "openai:gpt", null), generation, failure);
  }

  private void letter(int partition, long offset, Job job, int generation, Failure failure) {
    log.add(
        SomeLetters.record(
            partition,
            offset,
            SomeLetters.failed(job, generation, failure, NOW.minusSeconds(offset))));
  }

  private Selected select(String selection, Action action, @Nullable Canary canary)
      throws InterruptedException {
    return select(selection, action, canary, log.ends());
  }

  private Selected select(String selection, Action action, @Nullable Canary canary, List<Long> ends)
      throws InterruptedException {
    return selector.select(
        new Plan(
            new PlanId("p"),
            "test",
            "ann",
            NOW,
            new JsonObject(selection),
            ends,
            action,
            new Pace(10, null),
            canary,
            List.of(),
            State.SELECTING,
            0,
            1,
            NOW,
            null));
  }

  private static JsonNode preview(Selected selected) {
    // It has to fit what it is kept in.
    var record = new PlanRecord.Preview(new PlanId("p"), selected.preview());
    assertThat(JsonCodec.PLANS.encode(record)).isNotEmpty();
    return Json.MAPPER.readTree(selected.preview().text());
  }

  private static String text(Map<Integer, OffsetSet> sets) {
    return new TreeMap<>(sets).toString();
  }

  private static List<String> refused(JsonNode preview) {
    return preview
        .get("refused")
        .valueStream()
        .map(each ->
            each.get("reason").asString()
                + " "
                + each.get("count").asInt()
                + " "
                + each.get("examples"))
        .toList();
  }

  @Test
  void whatMatchesAndWillBeDoneIsFrozen() throws Exception {
    letter(0, 3, 0, NO);
    letter(0, 4, 0, new Failure.TimedOut("slow"));
    letter(1, 9, 0, NO);
    Selected selected = select("{\"filter\":{\"code\":\"retryable\"}}", REPLAY, null);
    assertThat(selected.canary()).isEmpty();
    assertThat(text(selected.rest())).isEqualTo("{0={3}, 1={9}}");
    JsonNode preview = preview(selected);
    assertThat(preview.get("scanned").asInt()).isEqualTo(3);
    assertThat(preview.get("matched").asInt()).isEqualTo(2);
    assertThat(preview.get("selected").asInt()).isEqualTo(2);
    assertThat(preview.get("by").get("code").toString())
        .isEqualTo("[{\"value\":\"retryable\",\"count\":2}]");
    assertThat(preview.get("by").get("tenant").toString())
        .isEqualTo("[{\"value\":\"tenant-0\",\"count\":2}]");
    assertThat(preview.get("oldestAt").asString()).isEqualTo("2026-11-22T05:59:51Z");
    assertThat(preview.get("newestAt").asString()).isEqualTo("2026-11-22T05:59:57Z");
  }

  @Test
  void whatCameAfterThePlanWasAskedForIsNotSelected() throws Exception {
    letter(0, 3, 0, NO);
    letter(0, 4, 0, NO);
    Selected selected = select("{\"filter\":{}}", REPLAY, null, List.of(4L, 0L));
    assertThat(text(selected.rest())).isEqualTo("{0={3}}");
  }

  @Test
  void whatWouldBeRefusedIsToldByItsReasonAndLeftOut() throws Exception {
    letter(0, 1, 0, NO);
    letter(0, 2, 0, NO);
    standings.put(0, 2, Standing.REPLAYED);
    letter(0, 3, 3, NO);
    log.add(SomeLetters.poison(0, 4, "{"));
    log.add(SomeLetters.record(0, 5, NOW, null, "{}".getBytes(StandardCharsets.UTF_8)));
    letter(0, 6, SomeLetters.job(6, "local", NOW), 0, NO);
    letter(0, 7, SomeLetters.job(7, "local", NOW.plusSeconds(1)), 0, NO);
    Selected selected = select("{\"filter\":{\"standing\":\"any\"}}", REPLAY, null);
    assertThat(text(selected.rest())).isEqualTo("{0={1,7}}");
    assertThat(refused(preview(selected)))
        .containsExactly(
            "already-resolved 1 [\"0-2\"]",
            "returned-too-often 1 [\"0-3\"]",
            "poison 1 [\"0-4\"]",
            "unreadable 1 [\"0-5\"]",
            "expired 1 [\"0-6\"]");
    assertThat(preview(selected).get("refused").get(1).get("detail").asString())
        .isEqualTo("it was replayed 3 times");
  }

  @Test
  void aJobThatIsTooLargeForItsTopicIsLeftOut() throws Exception {
    letter(0, 1, large(1, "\u0001"), 0, NO);
    letter(0, 2, large(2, "x"), 0, NO);
    Selected selected = select("{\"filter\":{}}", new Action.Replay(3, "[]"), null);
    assertThat(text(selected.rest())).isEqualTo("{0={2}}");
    assertThat(refused(preview(selected))).containsExactly("too-large 1 [\"0-1\"]");
  }

  /** Control characters take six bytes each. */
  private static Job large(long number, String of) {
    return new Job(
        SomeLetters.id(number),
        "local",
        new JobInput.Embed("x" + of.repeat(199_999)),
        1,
        Duration.ofSeconds(1),
        NOW,
        null,
        Map.of(),
        null,
        null,
        null,
        Priority.NORMAL);
  }

  @Test
  void toDiscardTakesWhatCantBeReadAndToPurgeAlsoWhatIsResolved() throws Exception {
    letter(0, 1, 9, NO);
    log.add(SomeLetters.poison(0, 2, "{"));
    letter(0, 3, 0, NO);
    letter(0, 4, 0, NO);
    standings.put(0, 3, Standing.REPLAYED);
    standings.put(0, 4, Standing.PURGED);
    String any = "{\"filter\":{\"standing\":\"any\"}}";
    Selected discard = select(any, new Action.Discard("old"), null);
    assertThat(text(discard.rest())).isEqualTo("{0={1,2}}");
    assertThat(refused(preview(discard))).containsExactly("already-resolved 2 [\"0-3\",\"0-4\"]");
    assertThat(preview(discard).get("expected").get("calls").asInt()).isZero();
    assertThat(preview(discard).get("examples").isEmpty()).isTrue();
    Selected purge = select(any, new Action.Purge("old"), null);
    assertThat(text(purge.rest())).isEqualTo("{0={1,2,3}}");
  }

  @Test
  void lettersAndJobsThatAreNamedAndNotThereAreTold() throws Exception {
    for (int i = 0; i < 10; i++) {
      letter(0, i, 0, NO);
    }
    Selected letters = select("{\"letters\":[\"0-3\",\"0-12\",\"1-1\",\"7-1\"]}", REPLAY, null);
    assertThat(text(letters.rest())).isEqualTo("{0={3}}");
    assertThat(refused(preview(letters))).containsExactly("gone 3 [\"0-12\",\"1-1\",\"7-1\"]");
    Selected ids =
        select(
            "{\"ids\":[\"" + SomeLetters.id(5) + "\",\"" + SomeLetters.id(99) + "\"]}",
            REPLAY,
            null);
    assertThat(text(ids.rest())).isEqualTo("{0={5}}");
    assertThat(preview(ids).get("refused").get(0).get("detail").asString())
        .isEqualTo("no dead letter is of the jobs " + SomeLetters.id(99));
  }

  @Test
  void aChangeIsShownAsADifferenceAndWhereItDoesNotFitTheJobIsLeft() throws Exception {
    letter(0, 1, 0, NO);
    letter(0, 2, SomeLetters.job(2, "local", null), 0, NO);
    String patch =
        """
        [{"op":"test","path":"/model","value":"openai:gpt"},
         {"op":"replace","path":"/model","value":"local"},
         {"op":"add","path":"/labels/why","value":"replay"}]\
        """;
    Selected selected = select("{\"filter\":{}}", new Action.Replay(3, patch), null);
    assertThat(text(selected.rest())).isEqualTo("{0={1}}");
    assertThat(refused(preview(selected))).containsExactly("invalid-change 1 [\"0-2\"]");
    JsonNode example = preview(selected).get("examples").get(0);
    assertThat(example.get("letter").asString()).isEqualTo("0-1");
    assertThat(example.get("jobId").asString()).isEqualTo(SomeLetters.id(1).toString());
    assertThat(example.get("before").get("model").asString()).isEqualTo("openai:gpt");
    assertThat(example.get("after").get("model").asString()).isEqualTo("local");
    assertThat(example.get("diff").toString())
        .isEqualTo(
            "[{\"op\":\"replace\",\"path\":\"/model\",\"old\":\"openai:gpt\",\"value\":\"local\"},"
                + "{\"op\":\"add\",\"path\":\"/labels/why\",\"value\":\"replay\"}]");
  }

  @Test
  void aPatchThatIsNoneIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> select("{\"filter\":{}}", new Action.Replay(3, "{}"), null))
        .withMessageContaining("JSON Patch");
  }

  @Test
  void aPreviewOfTheLargestJobsFitsWhatItIsKeptIn() throws Exception {
    var schema = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      schema.append("{\"a\":");
    }
    schema.append("[\"\uD83D\uDE00\",").append("1,".repeat(5_000)).append("1]");
    schema.append("}".repeat(20));
    for (int i = 0; i < 5; i++) {
      letter(
          0,
          i,
          new Job(
              SomeLetters.id(i),
              "local",
              new JobInput.Extract(
                  "\uD83D\uDE00".repeat(100_000), new JsonObject(schema.toString())),
              1,
              Duration.ofSeconds(1),
              NOW,
              null,
              Map.of("l".repeat(200), "\u20AC".repeat(200)),
              null,
              null,
              null,
              Priority.NORMAL),
          0,
          new Failure.Unknown("\u20AC".repeat(1_000)));
    }
    JsonNode preview =
        preview(
            select(
                "{\"filter\":{}}",
                new Action.Replay(3, "[{\"op\":\"add\",\"path\":\"/priority\",\"value\":\"low\"}]"),
                null));
    assertThat(preview.get("examples")).hasSize(3);
    assertThat(preview.get("examples").get(0).get("before").get("input").get("text").asString())
        .hasSizeLessThan(600)
        .endsWith("… (200000 characters)");
  }

  @Test
  void aCanaryIsTheFirstByChanceAndTheRestIsTheRest() throws Exception {
    for (int i = 0; i < 60; i++) {
      letter(i % 2, i, 0, NO);
    }
    var canary = new Canary(null, 10.0, Canary.Then.STOP, 1);
    Selected selected = select("{\"filter\":{}}", REPLAY, canary);
    assertThat(count(selected.canary())).isEqualTo(6);
    assertThat(count(selected.rest())).isEqualTo(54);
    assertThat(preview(selected).get("canary").asInt()).isEqualTo(6);
    selected
        .canary()
        .forEach((partition, offsets) ->
            assertThat(offsets.isDisjoint(selected.rest().getOrDefault(partition, new OffsetSet())))
                .isTrue());
    // Who makes the selection anew makes the same.
    assertThat(text(select("{\"filter\":{}}", REPLAY, canary).canary()))
        .isEqualTo(text(selected.canary()));
    Selected all = select("{\"filter\":{}}", REPLAY, new Canary(100, null, Canary.Then.STOP, 1));
    assertThat(count(all.canary())).isEqualTo(60);
    assertThat(all.rest()).isEmpty();
    // What is shown as an example is tried first.
    var tried = new TreeSet<String>();
    selected
        .canary()
        .forEach(
            (partition, offsets) -> offsets.forEach(offset -> tried.add(partition + "-" + offset)));
    preview(selected)
        .get("examples")
        .forEach(each -> assertThat(tried).contains(each.get("letter").asString()));
  }

  private static long count(Map<Integer, OffsetSet> sets) {
    return sets.values().stream().mapToLong(OffsetSet::count).sum();
  }

  @Test
  void aSampleIsDrawnFromWhatMatchesAndItsRefusedOnesAreTold() throws Exception {
    for (int i = 0; i < 300; i++) {
      letter(i % 2, i, i % 3 == 0 ? 3 : 0, i < 200 ? NO : new Failure.TimedOut("slow"));
    }
    Selected selected =
        select(
            "{\"filter\":{\"code\":\"retryable\"},\"sample\":{\"count\":50},\"seed\":4}",
            REPLAY,
            null);
    JsonNode preview = preview(selected);
    long refused = preview.get("refused").get(0).get("count").asLong();
    assertThat(preview.get("matched").asInt()).isEqualTo(200);
    assertThat(count(selected.rest()) + refused).isEqualTo(50);
    assertThat(preview.get("by").get("model").get(0).get("count").asLong())
        .isEqualTo(count(selected.rest()));
    for (JsonNode each : preview.get("examples")) {
      LetterId id = LetterId.parse(each.get("letter").asString()).orElseThrow();
      OffsetSet there = selected.rest().getOrDefault(id.partition(), new OffsetSet());
      assertThat(there.contains(id.offset())).isTrue();
    }
    Selected some =
        select("{\"filter\":{\"standing\":\"any\"},\"sample\":{\"percent\":50}}", REPLAY, null);
    long drawn = count(some.rest()) + preview(some).get("refused").get(0).get("count").asLong();
    // By the binomial distribution, five deviations of 8.7 are 43.
    assertThat(drawn).isBetween(107L, 193L);
  }

  @Test
  void whatItWillTakeFollowsFromTheFormerCalls() throws Exception {
    for (int i = 0; i < 40; i++) {
      letter(0, i, 0, NO);
    }
    JsonNode expected = preview(select("{\"filter\":{}}", REPLAY, null)).get("expected");
    assertThat(expected.get("calls").asInt()).isEqualTo(40);
    assertThat(expected.get("costNanos").asLong()).isEqualTo(40_000);
    // Ten at once, of two seconds each.
    assertThat(expected.get("seconds").asDouble()).isEqualTo(8.0);
    assertThat(expected.get("basis").asString()).contains("known for 40 of 40 jobs");
    JsonNode elsewhere =
        preview(
                select(
                    "{\"filter\":{}}",
                    new Action.Replay(
                        3, "[{\"op\":\"replace\",\"path\":\"/model\",\"value\":\"local\"}]"),
                    null))
            .get("expected");
    assertThat(elsewhere.get("costNanos").isNull()).isTrue();
    assertThat(elsewhere.get("seconds").isNull()).isTrue();
  }

  @Test
  void aSelectionThatMatchesNothingIsAnEmptyOne() throws Exception {
    Selected selected = select("{\"filter\":{}}", REPLAY, new Canary(5, null, Canary.Then.STOP, 1));
    assertThat(selected.canary()).isEmpty();
    assertThat(selected.rest()).isEmpty();
    assertThat(preview(selected).get("selected").asInt()).isZero();
  }
}
