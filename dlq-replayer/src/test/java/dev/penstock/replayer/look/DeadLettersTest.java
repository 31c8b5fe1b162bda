package dev.penstock.replayer.look;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.penstock.codec.Json;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.JobRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

final class DeadLettersTest {
  private final FakeLog log = new FakeLog(3);
  private final FakeStandings standings = new FakeStandings();
  private final DeadLetters letters = new DeadLetters(log, standings, () -> SomeLetters.NOW);

  private static DeadLetter dead(long number, Failure failure) {
    return SomeLetters.failed(
        SomeLetters.job(number, "openai:gpt", null),
        0,
        failure,
        SomeLetters.NOW.minusSeconds(number));
  }

  private static LetterQuery query(String filter) {
    return LetterQuery.ofJson(Json.MAPPER.readTree(filter), "");
  }

  private static List<String> ids(JsonNode page) {
    return page.get("letters").valueStream().map(each -> each.get("letter").asString()).toList();
  }

  /** Follows the pages to their end. */
  private List<String> all(LetterQuery query, int limit) throws InterruptedException {
    var all = new ArrayList<String>();
    String cursor = null;
    do {
      ObjectNode page = letters.list(query, limit, cursor);
      assertThat(page.get("letters").size()).isLessThanOrEqualTo(limit);
      all.addAll(ids(page));
      cursor = page.has("next") ? page.get("next").asString() : null;
    } while (cursor != null);
    return all;
  }

  @Test
  void listsTheNewestFirstOverAllPartitions() throws Exception {
    var expected = new ArrayList<String>();
    var random = new Random(1);
    long[] offsets = {100, 0, 7};
    for (int i = 0; i < 1_000; i++) {
      int partition = random.nextInt(3);
      // Markers of transactions take places, too.
      offsets[partition] += 1 + random.nextInt(3);
      log.add(
          SomeLetters.record(
              partition,
              offsets[partition],
              SomeLetters.NOW.plusMillis(i),
              null,
              JsonCodec.DEAD_LETTERS.encode(dead(i, new Failure.Retryable("no")))));
      expected.add(partition + "-" + offsets[partition]);
    }
    Collections.reverse(expected);
    assertThat(all(LetterQuery.OPEN, 500)).isEqualTo(expected);
    assertThat(all(LetterQuery.OPEN, 7)).isEqualTo(expected);
  }

  @Test
  void whatComesWhileSomeoneTurnsPagesIsNotDoubledAndShiftsNothing() throws Exception {
    for (int i = 0; i < 10; i++) {
      log.add(SomeLetters.record(0, i, dead(100 - i, new Failure.Retryable("no"))));
    }
    ObjectNode first = letters.list(LetterQuery.OPEN, 4, null);
    log.add(SomeLetters.record(0, 10, dead(1, new Failure.Retryable("no"))));
    assertThat(ids(first)).containsExactly("0-9", "0-8", "0-7", "0-6");
    assertThat(ids(letters.list(LetterQuery.OPEN, 4, first.get("next").asString())))
        .containsExactly("0-5", "0-4", "0-3", "0-2");
  }

  @Test
  void onePageLooksAtABoundedNumberAndTheNextOnesFindTheRest() throws Exception {
    log.add(SomeLetters.record(0, 0, dead(1, new Failure.TimedOut("found"))));
    for (int i = 1; i <= 3 * Newest.MAX_SCANNED; i++) {
      log.add(SomeLetters.poison(0, i, "{"));
    }
    LetterQuery query = query("{\"code\":\"timeout\"}");
    ObjectNode first = letters.list(query, 10, null);
    assertThat(first.get("letters").size()).isZero();
    assertThat(first.get("scanned").asInt()).isLessThanOrEqualTo(2 * Newest.MAX_SCANNED);
    assertThat(first.has("next")).isTrue();
    assertThat(all(query, 10)).containsExactly("0-0");
  }

  @Test
  void aPageThatTimeWasUpForHasANextOneThatMissesNothing() throws Exception {
    for (int i = 0; i < 200; i++) {
      log.add(SomeLetters.record(i % 3, i, dead(300 - i, new Failure.Retryable("no"))));
    }
    List<String> expected = all(LetterQuery.OPEN, 500);
    log.stopAfter(170);
    ObjectNode first = letters.list(LetterQuery.OPEN, 500, null);
    log.stopAfter(10_000);
    var both = new ArrayList<>(ids(first));
    assertThat(both).hasSizeLessThan(200);
    both.addAll(ids(letters.list(LetterQuery.OPEN, 500, first.get("next").asString())));
    assertThat(both).isEqualTo(expected).hasSize(200);
  }

  @Test
  void aRowTellsWhatItIsAndWhatBecameOfIt() throws Exception {
    log.add(SomeLetters.record(1, 4, dead(3, new Failure.TimedOut("after 3 s"))));
    standings.put(1, 4, Standing.DISCARDED);
    assertThat(letters.list(LetterQuery.OPEN, 1, null).get("letters").isEmpty()).isTrue();
    JsonNode row = letters.list(LetterQuery.ALL, 1, null).get("letters").get(0);
    assertThat(row.get("letter").asString()).isEqualTo("1-4");
    assertThat(row.get("standing").asString()).isEqualTo("discarded");
    assertThat(row.get("type").asString()).isEqualTo("job");
    assertThat(row.get("jobId").asString()).isEqualTo(SomeLetters.id(3).toString());
    assertThat(row.get("provider").asString()).isEqualTo("openai");
    assertThat(row.get("attempts").asInt()).isEqualTo(1);
    assertThat(row.get("at").asString()).isEqualTo("2026-11-22T05:59:57Z");
    assertThat(row.get("labels").get("batch").asString()).isEqualTo("1");
  }

  @Test
  void groupsFailuresThatAreTheSameToPeople() throws Exception {
    log.add(SomeLetters.record(0, 0, dead(1, new Failure.TimedOut("after 3 s"))));
    log.add(SomeLetters.record(1, 0, dead(7_000, new Failure.TimedOut("after 9 s"))));
    log.add(SomeLetters.record(1, 1, dead(2, new Failure.Retryable("reset"))));
    log.add(SomeLetters.poison(2, 0, "{"));
    ObjectNode answer = letters.groups(LetterQuery.OPEN, "fingerprint");
    assertThat(answer.get("groups")).hasSize(3);
    JsonNode largest = answer.get("groups").get(0);
    assertThat(largest.get("count").asInt()).isEqualTo(2);
    assertThat(largest.get("code").asString()).isEqualTo("timeout");
    assertThat(largest.get("message").asString()).isEqualTo("after * s");
    assertThat(largest.get("examples").toString()).isEqualTo("[\"0-0\",\"1-0\"]");
    assertThat(largest.get("lastAt").asString()).isEqualTo("2026-11-22T05:59:59Z");
    assertThat(answer.get("matched").asInt()).isEqualTo(4);
    assertThat(answer.get("complete").asBoolean()).isTrue();
    // People go on from a group to what is in it.
    String fingerprint = largest.get("value").asString();
    assertThat(ids(letters.list(query("{\"fingerprint\":\"" + fingerprint + "\"}"), 10, null)))
        .containsExactly("0-0", "1-0");
    assertThat(values(letters.groups(LetterQuery.OPEN, "age")))
        .containsExactly("up to 1 hour 3", "up to 1 day 1");
    assertThat(values(letters.groups(query("{\"type\":\"job\"}"), "code")))
        .containsExactly("timeout 2", "retryable 1");
  }

  private static List<String> values(ObjectNode answer) {
    return answer
        .get("groups")
        .valueStream()
        .map(each -> each.get("value").asString() + " " + each.get("count").asInt())
        .toList();
  }

  @Test
  void moreGroupsThanAreToldApartAreOthersAndNoneIsLost() throws Exception {
    int count = GroupTable.MAX_GROUPS + 50;
    for (int i = 0; i < count; i++) {
      log.add(SomeLetters.record(0, i, dead(1, new Failure.Retryable("so " + spelled(i)))));
    }
    ObjectNode answer = letters.groups(LetterQuery.OPEN, "fingerprint");
    assertThat(answer.get("groups")).hasSize(GroupTable.MAX_TOLD);
    long told =
        answer.get("groups").valueStream().mapToLong(each -> each.get("count").asLong()).sum();
    assertThat(told + answer.get("other").asLong()).isEqualTo(count);
  }

  /** A word of its own for each number, without digits: those are what groups leave out. */
  private static String spelled(int number) {
    var word = new StringBuilder();
    for (int rest = number; rest > 0; rest /= 10) {
      word.append((char) ('k' + rest % 10));
    }
    return word.toString();
  }

  @Test
  void groupsThatTimeWasUpForSayThatTheyAreNotAll() throws Exception {
    for (int i = 0; i < 10; i++) {
      log.add(SomeLetters.poison(0, i, "{"));
    }
    log.stopAfter(4);
    ObjectNode answer = letters.groups(LetterQuery.OPEN, "code");
    assertThat(answer.get("complete").asBoolean()).isFalse();
    assertThat(answer.get("scanned").asInt()).isEqualTo(4);
  }

  @Test
  void showsOneWithEveryByte() throws Exception {
    DeadLetter dead = dead(3, new Failure.TimedOut("after 3 s"));
    log.add(SomeLetters.record(1, 4, dead));
    ObjectNode shown = letters.show(new LetterId(1, 4)).orElseThrow();
    byte[] value = Base64.getDecoder().decode(shown.get("value").get("base64").asString());
    assertThat(value).isEqualTo(JsonCodec.DEAD_LETTERS.encode(dead));
    assertThat(shown.get("record").get("attempts").get(0).get("provider").asString())
        .isEqualTo("openai");
    assertThat(shown.get("submission").get("model").asString()).isEqualTo("openai:gpt");
    assertThat(shown.get("headers").get(0).get("text").asString()).isEqualTo("job");
    assertThat(shown.get("key").get("text").asString()).isEqualTo(dead.job().id().toString());
    assertThat(letters.show(new LetterId(1, 5))).isEmpty();
    assertThat(letters.show(new LetterId(9, 4))).isEmpty();
  }

  @Test
  void showsPoisonInHexadecimalAndAsText() throws Exception {
    log.add(SomeLetters.poison(2, 8, "{{{"));
    ObjectNode shown = letters.show(new LetterId(2, 8)).orElseThrow();
    assertThat(shown.get("hex").asString()).isEqualTo("7b7b7b");
    assertThat(shown.get("value").get("text").asString()).isEqualTo("{{{");
    assertThat(shown.get("origin").asString()).isEqualTo("jobs:0:7");
    assertThat(shown.get("reason").asString()).isEqualTo("not a JSON object (at byte 3)");
    assertThat(shown.has("record")).isFalse();
  }

  @Test
  void decodesPoisonThroughTheKindAndVersionThatSomeoneChooses() throws Exception {
    var job = JobRecord.accepted(SomeLetters.job(1, "local", null));
    String written = new String(JsonCodec.JOB_RECORDS.encode(job), StandardCharsets.UTF_8);
    log.add(SomeLetters.poison(0, 0, written.replace("{\"v\":1", "{\"v\":9")));
    var id = new LetterId(0, 0);
    assertThat(letters.decode(id, "job", null).orElseThrow().get("reason").asString())
        .contains("another version");
    assertThat(
            letters.decode(id, "job", 1).orElseThrow().get("value").get("job").get("id").asString())
        .isEqualTo(job.job().id().toString());
    assertThat(letters.decode(id, "dead-letter", 1).orElseThrow().has("reason")).isTrue();
    assertThat(letters.decode(new LetterId(0, 1), "job", 1)).isEmpty();
    assertThatExceptionOfType(InvalidQueryException.class)
        .isThrownBy(() -> letters.decode(id, "nothing", 1))
        .withMessageContaining("dead-letter, event, job");
    assertThatExceptionOfType(InvalidQueryException.class)
        .isThrownBy(() -> letters.decode(id, "job", 2))
        .withMessageContaining("/version must be 1");
  }

  @Test
  void exportsWhatIsNeededToPutItBack() throws Exception {
    DeadLetter dead = dead(3, new Failure.TimedOut("after 3 s"));
    log.add(SomeLetters.record(0, 4, dead));
    log.add(SomeLetters.poison(1, 8, "two\nlines"));
    List<JsonNode> lines = export(LetterQuery.OPEN);
    assertThat(lines).hasSize(3);
    assertThat(Json.MAPPER.writeValueAsBytes(lines.get(0).get("value")))
        .isEqualTo(JsonCodec.DEAD_LETTERS.encode(dead));
    assertThat(lines.get(0).get("key").asString()).isEqualTo(dead.job().id().toString());
    assertThat(Base64.getDecoder().decode(lines.get(1).get("valueBase64").asString()))
        .isEqualTo("two\nlines".getBytes(StandardCharsets.UTF_8));
    assertThat(lines.get(1).get("headers")).hasSize(3);
    assertThat(lines.get(2).toString()).isEqualTo("{\"end\":true,\"letters\":2,\"scanned\":2}");
    log.stopAfter(1);
    assertThat(export(LetterQuery.OPEN).getLast().toString())
        .isEqualTo("{\"end\":false,\"letters\":1,\"scanned\":1}");
  }

  private List<JsonNode> export(LetterQuery query) throws Exception {
    var sink = new ByteArrayOutputStream();
    letters.export(query, sink);
    return sink.toString(StandardCharsets.UTF_8).lines().map(Json.MAPPER::readTree).toList();
  }

  @Test
  void asManyAsMayReadAndOthersAreToldToComeAgain() throws Exception {
    log.add(SomeLetters.poison(0, 0, "{"));
    var deepest = new ArrayList<RuntimeException>();
    letters.export(
        LetterQuery.OPEN,
        again(() ->
            letters.export(
                LetterQuery.OPEN,
                again(() -> {
                  try {
                    letters.export(LetterQuery.OPEN, OutputStream.nullOutputStream());
                  } catch (BusyException e) {
                    deepest.add(e);
                  }
                }))));
    assertThat(deepest).isNotEmpty();
    assertThat(export(LetterQuery.OPEN)).hasSize(2);
    assertThat(log.openSessions()).isZero();
  }

  private interface Step {
    void run() throws IOException, InterruptedException;
  }

  /** Does {@code step} whenever something is written to it. */
  private static OutputStream again(Step step) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        try {
          step.run();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        write(0);
      }
    };
  }

  @Test
  void nothingIsSaidWhileTheLedgerIsNotKnown() {
    log.add(SomeLetters.poison(0, 0, "{"));
    standings.fallBehind();
    assertThatExceptionOfType(LedgerBehindException.class)
        .isThrownBy(() -> letters.list(LetterQuery.OPEN, 1, null));
    assertThatExceptionOfType(LedgerBehindException.class)
        .isThrownBy(() -> letters.groups(LetterQuery.OPEN, "code"));
    assertThat(log.openSessions()).isZero();
  }

  @Test
  void whatCantBeAskedIsRefused() {
    assertThatExceptionOfType(InvalidQueryException.class)
        .isThrownBy(() -> letters.list(LetterQuery.OPEN, 501, null))
        .withMessage("/limit must be a whole number from 1 to 500");
    assertThatExceptionOfType(InvalidQueryException.class)
        .isThrownBy(() -> letters.groups(LetterQuery.OPEN, "colour"))
        .withMessageContaining("/by must be one of fingerprint");
    assertThat(LetterId.parse("3-17")).contains(new LetterId(3, 17));
    for (String none :
        List.of(
            "", "3", "3-", "03-1", "3-017", "-1-2", "99999999999-1", "3-99999999999999999999")) {
      assertThat(LetterId.parse(none)).as(none).isEmpty();
    }
  }
}
