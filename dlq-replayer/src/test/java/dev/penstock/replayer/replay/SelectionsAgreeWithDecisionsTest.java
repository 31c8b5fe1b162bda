package dev.penstock.replayer.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Json;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Failure;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replayer.change.Change;
import dev.penstock.replayer.change.PatchedSubmission;
import dev.penstock.replayer.look.FakeLog;
import dev.penstock.replayer.look.FakeStandings;
import dev.penstock.replayer.look.SomeLetters;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.replayer.select.Selecting.Selected;
import dev.penstock.replayer.select.Selector;
import dev.penstock.submission.Contract;
import dev.penstock.submission.SubmissionReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a plan selects is what is done: the preview says of each dead letter what the decider says.
 */
final class SelectionsAgreeWithDecisionsTest {
  private static final Instant NOW = SomeLetters.NOW;
  private static final PlanId PLAN = new PlanId("p");
  private static final SubmissionReader READER = new SubmissionReader(Contract.load(), () -> NOW);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "replay",
        "[{\"op\":\"add\",\"path\":\"/priority\",\"value\":\"high\"}]",
        "[{\"op\":\"test\",\"path\":\"/model\",\"value\":\"local\"}]",
        "[{\"op\":\"replace\",\"path\":\"/model\",\"value\":\"\"}]",
        "[{\"op\":\"add\",\"path\":\"/tenant\",\"value\":\"tenant-1\"}]",
        "discard",
        "purge"
      })
  void whatIsSelectedIsDoneAndWhatIsLeftWouldBeRefusedForThatReason(String does) throws Exception {
    var action =
        switch (does) {
          case "replay" -> new Action.Replay(2, null);
          case "discard" -> new Action.Discard("old");
          case "purge" -> new Action.Purge("old");
          default -> new Action.Replay(2, does);
        };
    Change change =
        action instanceof Action.Replay(_, String patch) && patch != null
            ? new PatchedSubmission(READER, patch)
            : Change.NONE;
    List<Letter> letters = letters(new Random(3));
    var log = new FakeLog(1);
    letters.forEach(letter -> log.add(record(letter)));
    Selected selected =
        new Selector(log, new FakeStandings(), READER, () -> NOW).select(plan(action, log.ends()));

    var done = new OffsetSet();
    var refused = new TreeMap<String, Integer>();
    var order = new Order(PLAN, 1, 1, new OffsetSet(), action, change, 10, null, Order.Want.GO_ON);
    for (Letter letter : letters) {
      if (Decisions.of(order, letter, NOW, new ArrayList<>())
          instanceof LedgerRecord.Refused refusal) {
        refused.merge(refusal.reason().wireName(), 1, Integer::sum);
      } else {
        done.add(letter.offset());
      }
    }
    assertThat(selected.rest().getOrDefault(0, new OffsetSet())).hasToString(done.toString());
    var left = new TreeMap<String, Integer>();
    Json.MAPPER
        .readTree(selected.preview().text())
        .get("refused")
        .forEach(each -> left.put(each.get("reason").asString(), each.get("count").asInt()));
    assertThat(left).isEqualTo(refused);
  }

  private static Plan plan(Action action, List<Long> ends) {
    return new Plan(
        PLAN,
        "test",
        "ann",
        NOW,
        new JsonObject("{\"filter\":{}}"),
        ends,
        action,
        new Pace(10, null),
        null,
        List.of(),
        State.SELECTING,
        0,
        1,
        NOW,
        null);
  }

  private static List<Letter> letters(Random random) {
    var letters = new ArrayList<Letter>();
    for (int i = 0; i < 300; i++) {
      letters.add(
          switch (random.nextInt(8)) {
            case 0 -> new Letter.Poison(i, "not a JSON object (at byte 3)");
            case 1 -> new Letter.Unreadable(i, "not a JSON object");
            default -> new Letter.OfJob(i, dead(random, i), null);
          });
    }
    return letters;
  }

  private static DeadLetter dead(Random random, int number) {
    Instant expireAt =
        switch (random.nextInt(4)) {
          case 0 -> NOW;
          case 1 -> NOW.plusMillis(1);
          default -> null;
        };
    String model = random.nextBoolean() ? "local" : "openai:gpt";
    return SomeLetters.failed(
        SomeLetters.job(number, model, expireAt),
        random.nextInt(4),
        new Failure.Retryable("no"),
        NOW.minusSeconds(60));
  }

  private static ConsumerRecord<byte[], byte[]> record(Letter letter) {
    return switch (letter) {
      case Letter.OfJob(long offset, DeadLetter dead, _) -> SomeLetters.record(0, offset, dead);
      case Letter.Poison(long offset, _) -> SomeLetters.poison(0, offset, "{");
      case Letter.Unreadable(long offset, _) ->
          SomeLetters.record(0, offset, NOW, null, new byte[] {'['});
    };
  }
}
