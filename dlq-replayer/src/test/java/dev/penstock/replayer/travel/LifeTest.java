package dev.penstock.replayer.travel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.JobOutput;
import dev.penstock.job.Outcome;
import dev.penstock.replayer.travel.Asked.Command;
import dev.penstock.replayer.travel.Experiment.State;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class LifeTest {
  private static final Instant NOW = Instant.parse("2026-11-22T07:00:00Z");

  static Experiment experiment(String id) {
    return new Experiment(
            id,
            "name",
            "ann",
            NOW,
            Json.MAPPER.readTree("{\"filter\":{}}"),
            List.of(),
            null,
            10,
            null,
            State.SELECTING,
            0,
            0,
            List.of(),
            1,
            NOW,
            null)
        .asked(List.of(5L, 6L), NOW);
  }

  private static Experiment draft(int count) {
    return experiment("e").withCount(count).in(State.DRAFT, NOW, null);
  }

  private static Life.Answer obey(Experiment there, Command command) {
    return Life.obey(there, command, null, List.of(7L, 8L), NOW);
  }

  @Test
  void aDraftBeginsWhereTheEventsEnd() {
    assertThat(obey(draft(3), Command.CONFIRM))
        .isInstanceOfSatisfying(
            Life.Answer.Changed.class,
            changed -> {
              assertThat(changed.experiment().state()).isEqualTo(State.RUNNING);
              assertThat(changed.experiment().watched()).containsExactly(7L, 8L);
              assertThat(changed.experiment().version()).isEqualTo(draft(3).version() + 1);
            });
    assertThat(obey(draft(0), Command.CONFIRM)).isInstanceOf(Life.Answer.Refused.class);
    assertThat(obey(experiment("e"), Command.CONFIRM)).isInstanceOf(Life.Answer.Refused.class);
  }

  @Test
  void toAskTwiceIsToAskOnceAndAnotherVersionIsRefused() {
    Experiment running = draft(3).running(List.of(), NOW);
    assertThat(obey(running, Command.CONFIRM)).isInstanceOf(Life.Answer.Already.class);
    assertThat(Life.obey(draft(3), Command.CONFIRM, 1, List.of(), NOW))
        .isInstanceOf(Life.Answer.Refused.class);
    Experiment aborted = running.in(State.ABORTED, NOW, null);
    assertThat(obey(aborted, Command.ABORT)).isInstanceOf(Life.Answer.Already.class);
    assertThat(obey(aborted, Command.CONFIRM)).isInstanceOf(Life.Answer.Refused.class);
    assertThat(obey(running.in(State.DONE, NOW, null), Command.ABORT))
        .isInstanceOf(Life.Answer.Refused.class);
  }

  @Test
  void thereAreOnlySoMany() {
    List<Experiment> open =
        IntStream.range(0, Life.MAX_OPEN).mapToObj(i -> experiment("e-" + i)).toList();
    assertThat(Life.refusal(open)).isPresent();
    assertThat(Life.refusal(open.subList(1, open.size()))).isEmpty();
    List<Experiment> ended =
        IntStream.rangeClosed(0, Life.MAX_ENDED)
            .mapToObj(i -> experiment("e-" + i).in(State.DONE, NOW.plusSeconds(100 - i), null))
            .toList();
    assertThat(Life.notKept(ended)).contains(ended.getLast());
    assertThat(Life.notKept(ended.subList(1, ended.size()))).isEmpty();
  }

  @Test
  void theIdOfARerunIsTheSameWhoeverMakesIt() {
    JobId original = JobId.random(NOW);
    assertThat(draft(1).rerunOf(original))
        .isEqualTo(draft(1).running(List.of(), NOW).rerunOf(original))
        .isNotEqualTo(experiment("other").rerunOf(original));
  }

  @Test
  void whatIsWrittenIsReadAsItWas() {
    Experiment running = draft(3).running(List.of(1L, 2L), NOW);
    assertThat(Experiment.CODEC.decode(Experiment.CODEC.encode(running)))
        .isEqualTo(new Decoded.Value<>(running));
    var ended = ComparisonTest.ended(new Outcome.Succeeded(new JobOutput.Text("x")));
    var item = new Item(0, JobId.random(NOW), 1, JobId.random(NOW), new Place("jobs", 1, 2), ended);
    assertThat(Item.CODEC.decode(Item.CODEC.encode(item))).isEqualTo(new Decoded.Value<>(item));
    var rerun = new Rerun(0, ended, null, null, true, 1.0, List.of("/a"));
    assertThat(Rerun.CODEC.decode(Rerun.CODEC.encode(rerun))).isEqualTo(new Decoded.Value<>(rerun));
  }
}
