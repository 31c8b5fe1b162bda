package dev.penstock.chaos.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.chaos.law.HistoryBuilder;
import dev.penstock.chaos.law.Recorded;
import dev.penstock.chaos.real.ReplayJudgement.Place;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Outcome;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.Refusal;
import dev.penstock.replay.Tally;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A plan that replayed one dead letter and left another one, and what can be wrong with that. */
final class ReplayJudgementTest {
  private static final Instant NOW = Instant.parse("2026-11-22T07:00:00Z");
  private static final PlanId PLAN = new PlanId("monday");
  private static final Place REPLAYED = new Place(1, 7);
  private static final Place LEFT = new Place(1, 9);
  private static final Tally TALLY =
      new Tally(1, 0, 0, Map.of(Refusal.ALREADY_RESOLVED, 1L), 1, 0, 0, 0, 0, 0);

  private final HistoryBuilder history = new HistoryBuilder();
  private final Job job =
      new Job(
          JobId.random(NOW),
          "simulated",
          new JobInput.DetectLanguage("Guten Tag."),
          1,
          Duration.ofSeconds(30),
          NOW,
          null,
          Map.of());

  ReplayJudgementTest() {
    run(0);
    run(1);
    history.ledger.add(
        recorded(new LedgerRecord.Replayed(REPLAYED.offset(), job.id(), 0, PLAN, null, NOW)));
    history.ledger.add(
        recorded(
            new LedgerRecord.Refused(LEFT.offset(), PLAN, Refusal.ALREADY_RESOLVED, null, NOW)));
    history.events.add(
        recorded(
            new JobEvent.Finished(
                job.id(),
                1,
                List.of(),
                new Outcome.Succeeded(new JobOutput.DetectedLanguages(List.of())),
                NOW)));
  }

  private void run(int generation) {
    history.jobs.add(recorded(new JobRecord(job, generation, List.of(), null)));
  }

  private static <T> Recorded<T> recorded(T value) {
    return new Recorded<>("any", 1, 0, NOW, value);
  }

  private List<String> findings(
      Set<Place> selected, String model, Tally tally, Map<Place, Refusal> differences) {
    return new ReplayJudgement(
            history,
            List.of(),
            List.of(new ReplayJudgement.Told(PLAN, selected, model, tally, differences)))
        .findings();
  }

  private List<String> findings() {
    return findings(
        Set.of(REPLAYED, LEFT), "simulated", TALLY, Map.of(LEFT, Refusal.ALREADY_RESOLVED));
  }

  @Test
  void nothingIsFoundWhereWhatHappenedIsWhatIsTold() {
    assertThat(findings()).isEmpty();
  }

  @Test
  void aSecondGenerationOfTheSameReplayIsFound() {
    run(1);
    assertThat(findings()).singleElement().asString().contains("stands 2 times among the jobs");
  }

  @Test
  void aGenerationThatNobodyAskedForIsFound() {
    run(2);
    assertThat(findings()).singleElement().asString().contains("follows from no replay");
  }

  @Test
  void aLostGenerationIsFound() {
    history.jobs.removeLast();
    assertThat(findings()).singleElement().asString().contains("stands 0 times among the jobs");
  }

  @Test
  void aGenerationWithoutThePlansChangeIsFound() {
    assertThat(
            findings(
                Set.of(REPLAYED, LEFT), "other", TALLY, Map.of(LEFT, Refusal.ALREADY_RESOLVED)))
        .singleElement()
        .asString()
        .contains("runs with simulated");
  }

  @Test
  void aDeadLetterThatIsLeftOutOrDecidedTwiceOrUnaskedIsFound() {
    history.ledger.add(history.ledger.getLast());
    Place forgotten = new Place(0, 3);
    assertThat(
            findings(
                Set.of(LEFT, forgotten),
                "simulated",
                TALLY,
                Map.of(LEFT, Refusal.ALREADY_RESOLVED)))
        .anyMatch(each -> each.contains("decided 2 times about its dead letter 1-9"))
        .anyMatch(each -> each.contains("decided null times about its dead letter 0-3"))
        .anyMatch(each -> each.contains("decided about 1-7 unasked"));
  }

  @Test
  void aDifferenceThatIsNotToldIsFound() {
    assertThat(findings(Set.of(REPLAYED, LEFT), "simulated", TALLY, Map.of()))
        .anyMatch(each -> each.contains("but tells {}"))
        .anyMatch(each -> each.contains("tells 0 differences"));
  }

  @Test
  void aTallyThatIsNotWhatTheTopicsTellIsFound() {
    assertThat(
            findings(
                Set.of(REPLAYED, LEFT),
                "simulated",
                TALLY.withoutOutcomes(),
                Map.of(LEFT, Refusal.ALREADY_RESOLVED)))
        .singleElement()
        .asString()
        .contains("is said to have come to");
  }
}
