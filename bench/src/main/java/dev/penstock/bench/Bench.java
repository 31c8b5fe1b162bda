package dev.penstock.bench;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What all benches share: their output and the bounds of their options. */
abstract class Bench implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--json", description = "End with the report as one line of JSON.")
  private boolean json;

  /** Measures and cleans up. Progress goes to {@link #progress}. */
  abstract Report measure() throws Exception;

  @Override
  public final Integer call() throws Exception {
    Report report = measure();
    PrintWriter out = spec().commandLine().getOut();
    out.println(json ? report.json() : report.table());
    out.flush();
    return CommandLine.ExitCode.OK;
  }

  /** One line for who waits. */
  final void progress(String line) {
    PrintWriter err = spec().commandLine().getErr();
    err.println(line);
    err.flush();
  }

  /**
   * Refuses an option that is out of its bounds.
   *
   * @throws CommandLine.ParameterException which says so
   */
  final void check(String option, long value, long min, long max) {
    if (value < min || value > max) {
      throw new CommandLine.ParameterException(
          spec().commandLine(),
          option + " is " + value + ", but must be from " + min + " to " + max);
    }
  }

  private CommandSpec spec() {
    CommandSpec known = spec;
    if (known == null) {
      throw new IllegalStateException("a bench is run through Main");
    }
    return known;
  }
}
