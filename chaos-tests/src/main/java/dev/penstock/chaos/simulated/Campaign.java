package dev.penstock.chaos.simulated;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Runs many seeds, several at a time; what each comes to depends on its seed alone. */
final class Campaign {
  /** The most seeds that are kept with all they came to. */
  private static final int KEPT = 20;

  private final PlantedBug bug;
  private final Scenario.Size size;
  private final int threads;

  Campaign(PlantedBug bug, Scenario.Size size, int threads) {
    this.bug = bug;
    this.size = size;
    this.threads = threads;
  }

  /**
   * What the seeds came to.
   *
   * @param broken how many of them broke a law
   * @param unlawful the first of these
   */
  record Report(
      long seeds,
      long broken,
      List<Simulation.Result> unlawful,
      long jobs,
      long calls,
      long replays,
      long steps,
      Duration simulated) {}

  /** Where it adds up. */
  private static final class Sum {
    long broken;
    long jobs;
    long calls;
    long replays;
    long steps;
    Duration simulated = Duration.ZERO;
    final List<Simulation.Result> unlawful = new ArrayList<>();

    synchronized void add(Simulation.Result result) {
      jobs += result.jobs();
      calls += result.calls();
      replays += result.replays();
      steps += result.steps();
      simulated = simulated.plus(result.simulated());
      if (!result.isLawful()) {
        broken++;
        if (unlawful.size() < KEPT) {
          unlawful.add(result);
        }
      }
    }
  }

  /**
   * Runs {@code count} seeds from {@code from} on.
   *
   * @param progress is told after each how many are done; on any thread
   */
  Report run(long from, long count, Consumer<Long> progress) {
    long end = Math.addExact(from, count);
    var next = new AtomicLong(from);
    var done = new AtomicLong();
    var sum = new Sum();
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      var workers = new ArrayList<Future<?>>();
      for (int i = 0; i < threads; i++) {
        workers.add(
            executor.submit(() -> {
              for (long seed = next.getAndIncrement(); seed < end; seed = next.getAndIncrement()) {
                sum.add(Simulation.run(Scenario.of(seed, size), bug));
                progress.accept(done.incrementAndGet());
              }
            }));
      }
      for (Future<?> worker : workers) {
        worker.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a simulation failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
    return new Report(
        count,
        sum.broken,
        List.copyOf(sum.unlawful),
        sum.jobs,
        sum.calls,
        sum.replays,
        sum.steps,
        sum.simulated);
  }
}
