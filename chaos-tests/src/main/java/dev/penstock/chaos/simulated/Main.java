package dev.penstock.chaos.simulated;

/** The command {@code penstock simulate}. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    long from = Long.parseLong(args[0]);
    long count = Long.parseLong(args[1]);
    long t0 = System.nanoTime();
    long steps = 0;
    long sim = 0;
    long bad = 0;
    long jobs = 0;
    long calls = 0;
    long trace = 0;
    for (long seed = from; seed < from + count; seed++) {
      System.err.println(seed);
      Scenario scenario = Scenario.of(seed, Scenario.Size.FULL);
      try {
        var result = Simulation.run(scenario, PlantedBug.NONE);
        steps += result.steps();
        sim += result.simulated().toMillis();
        jobs += result.jobs();
        calls += result.calls();
        trace ^= result.trace();
        if (!result.isLawful()) {
          bad++;
          System.out.println("SEED " + seed + " " + result.violations().size());
          if (bad <= 5) {
            System.out.println(scenario);
            result.violations().stream().limit(2).forEach(System.out::println);
          }
        }
      } catch (RuntimeException e) {
        System.out.println("SEED " + seed + " " + scenario);
        e.printStackTrace();
        bad++;
        if (bad > 5) break;
      }
    }
    System.out.printf(
        "%d seeds %d bad, %d ms, %d steps, sim %d s, %d jobs %d calls trace %x%n",
        count, bad, (System.nanoTime() - t0) / 1000000, steps, sim / 1000, jobs, calls, trace);
  }
}
