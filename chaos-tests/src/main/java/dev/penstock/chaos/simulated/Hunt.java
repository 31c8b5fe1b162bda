package dev.penstock.chaos.simulated;

import dev.penstock.chaos.law.Law;
import dev.penstock.chaos.law.Violation;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Looks for a planted bug: the first seed whose run breaks a law, and a smaller run that does, too.
 */
final class Hunt {
  /** After so many seeds a bug counts as missed. */
  static final int MAX_SEEDS = 2_000;

  private static final int SEEDS_OF_A_SIZE = 150;

  /** From small to large. */
  private static final List<Scenario.Size> SIZES =
      List.of(
          new Scenario.Size(2, 0),
          new Scenario.Size(3, 1),
          new Scenario.Size(5, 2),
          new Scenario.Size(10, 3),
          new Scenario.Size(20, 4));

  private Hunt() {}

  /**
   * What was found.
   *
   * @param smallest the smallest run that was found to break a law
   */
  record Catch(PlantedBug bug, Simulation.Result first, Simulation.Result smallest) {
    /** The laws that caught it first. */
    Set<Law> laws() {
      return first.violations().stream()
          .map(Violation::law)
          .collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public String toString() {
      Scenario small = smallest.scenario();
      return bug
          + " (rule "
          + bug.rule()
          + "): caught by seed "
          + first.scenario().seed()
          + " "
          + laws()
          + ", shortest seed "
          + small.seed()
          + " of "
          + smallest.jobs()
          + " jobs and "
          + small.faults().size()
          + " faults";
    }
  }

  /** Empty when the laws miss it. */
  static Optional<Catch> hunt(PlantedBug bug) {
    return caught(bug)
        .map(first ->
            new Catch(
                bug,
                first,
                SIZES.stream()
                    .map(size -> first(bug, size, SEEDS_OF_A_SIZE))
                    .flatMap(Optional::stream)
                    .findFirst()
                    .orElse(first)));
  }

  /** The first run that broke a law; looks for no smaller one. */
  static Optional<Simulation.Result> caught(PlantedBug bug) {
    return first(bug, Scenario.Size.FULL, MAX_SEEDS);
  }

  private static Optional<Simulation.Result> first(PlantedBug bug, Scenario.Size size, int seeds) {
    for (int seed = 0; seed < seeds; seed++) {
      Scenario scenario = Scenario.of(seed, size);
      if (bug.isOfReplays() && scenario.replays().isNone()) {
        continue;
      }
      var result = Simulation.run(scenario, bug);
      if (!result.isLawful()) {
        return Optional.of(result);
      }
    }
    return Optional.empty();
  }
}
