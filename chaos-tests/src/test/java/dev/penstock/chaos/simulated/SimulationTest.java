package dev.penstock.chaos.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The worker and the replayer keep the laws in every interleaving that these seeds stand for. */
final class SimulationTest {
  private static final int SEEDS = 2_000;
  private static final int REPRODUCED = 40;
  private static final int THREADS = 2;

  @Test
  void everySeedKeepsAllLaws() {
    Campaign.Report report =
        new Campaign(PlantedBug.NONE, Scenario.Size.FULL, THREADS).run(0, SEEDS, _ -> {});
    assertThat(report.unlawful())
        .as("runs that broke a law; ./penstock simulate --from SEED --seeds 1")
        .isEmpty();
    assertThat(report.calls()).as("there was something to judge").isGreaterThan(20_000);
    assertThat(report.replays()).as("dead letters ran again").isGreaterThan(500);
  }

  @Test
  void aSeedReproducesItsRunExactly() {
    for (int seed = 0; seed < REPRODUCED; seed++) {
      Scenario scenario = Scenario.of(seed, Scenario.Size.FULL);
      Simulation.Result once = Simulation.run(scenario, PlantedBug.NONE);
      Simulation.Result again = Simulation.run(scenario, PlantedBug.NONE);
      assertThat(again).as("seed " + seed).isEqualTo(once);
    }
  }

  @Test
  void differentSeedsAreDifferentRuns() {
    long traces =
        Arrays.stream(new long[] {1, 2, 3, 4, 5})
            .map(seed ->
                Simulation.run(Scenario.of(seed, Scenario.Size.FULL), PlantedBug.NONE).trace())
            .distinct()
            .count();
    assertThat(traces).isEqualTo(5);
  }

  @ParameterizedTest
  @EnumSource(value = PlantedBug.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void everyPlantedBugIsCaught(PlantedBug bug) {
    assertThat(Hunt.caught(bug)).as("what the laws say of " + bug).isPresent();
  }

  @Test
  void aCaughtBugIsShownByASmallerRun() {
    var caught = Hunt.hunt(PlantedBug.TRIES_WITHOUT_END);
    assertThat(caught)
        .hasValueSatisfying(each -> {
          assertThat(each.smallest().isLawful()).isFalse();
          assertThat(each.smallest().jobs()).isLessThan(each.first().jobs());
          assertThat(each.toString()).contains("caught by seed", "ATTEMPTS_ARE_BOUNDED");
        });
  }

  @Test
  void theCommandEndsInOneJsonObjectAndTellsViolationsByItsCode() {
    var out = new StringWriter();
    var err = new StringWriter();
    int lawful =
        Main.run(
            new String[] {"--seeds", "5", "--from", "7", "--no-planted", "--json"},
            new PrintWriter(out, true),
            new PrintWriter(err, true));
    assertThat(lawful).isZero();
    assertThat(out.toString().strip())
        .startsWith("{\"seeds\":5,\"from\":7,\"violations\":0,\"violatedSeeds\":[],")
        .endsWith("}");

    int beyond =
        Main.run(
            new String[] {"--seeds", "2", "--from", String.valueOf(Long.MAX_VALUE - 1)},
            new PrintWriter(out, true),
            new PrintWriter(err, true));
    assertThat(beyond).as("seeds that are none").isEqualTo(2);

    int unlawful =
        Main.run(
            new String[] {"--seeds", "2", "--bug", "tries_without_end", "--json"},
            new PrintWriter(out, true),
            new PrintWriter(err, true));
    assertThat(unlawful).isEqualTo(1);
    assertThat(err.toString()).contains("ATTEMPTS_ARE_BOUNDED (promise 4): job ", "submitted");
  }
}
