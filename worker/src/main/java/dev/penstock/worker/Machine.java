package dev.penstock.worker;

import dev.penstock.runtime.telemetry.Traces;
import dev.penstock.worker.thread.Threads;
import java.time.InstantSource;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * What a worker runs on.
 *
 * @param clock the time of day
 * @param random for the jitter of retries; thread-safe
 * @param process a number that tells this life of the process from all others; not 0
 * @param halt ends the process at once, without a clean stop, for the reason that it is given
 * @param traces where attempts, calls and commits are told of
 */
public record Machine(
    Threads threads,
    InstantSource clock,
    RandomGenerator random,
    int process,
    Consumer<String> halt,
    Traces traces) {
  /** One whose traces nobody keeps. */
  public Machine(
      Threads threads,
      InstantSource clock,
      RandomGenerator random,
      int process,
      Consumer<String> halt) {
    this(threads, clock, random, process, halt, Traces.OFF);
  }
}
