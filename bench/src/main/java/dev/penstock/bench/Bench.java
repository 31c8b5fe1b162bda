package dev.penstock.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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

  @Option(
      names = "--results",
      paramLabel = "PATH",
      description =
          "Also write PATH.md (a table with versions, configuration and the command), PATH.svg (a"
              + " plot) and PATH.json.")
  private @Nullable Path results;

  /** Measures and cleans up. Progress goes to {@link #progress}. */
  abstract Report measure() throws Exception;

  @Override
  public final Integer call() throws Exception {
    Report report = measure();
    if (results != null) {
      write(report, results);
    }
    PrintWriter out = spec().commandLine().getOut();
    out.println(json ? report.json() : report.table());
    out.flush();
    return CommandLine.ExitCode.OK;
  }

  /** What {@code PATH.svg} shows: the parts as bars, where a bench has nothing better. */
  String plot(Report report) {
    return Plot.of(report.bench() + ": " + report.meaning(), report.parts());
  }

  private void write(Report report, Path path) throws IOException {
    Path directory = path.toAbsolutePath().getParent();
    Path name = path.getFileName();
    if (directory == null || name == null) {
      throw new CommandLine.ParameterException(
          spec().commandLine(), "--results is " + path + ", but must name files in a directory");
    }
    Files.createDirectories(directory);
    Path picture = directory.resolve(name + ".svg");
    Files.writeString(
        directory.resolve(name + ".md"), report.markdown(commandLine(), name + ".svg"));
    Files.writeString(picture, plot(report));
    Files.writeString(directory.resolve(name + ".json"), report.json() + "\n");
    progress("written: " + name + ".md, .svg and .json in " + directory);
  }

  /** What to type to measure this again. */
  private String commandLine() {
    List<String> arguments = spec().root().commandLine().getParseResult().originalArgs();
    String options = System.getenv("PENSTOCK_JAVA_OPTS");
    return (options == null || options.isBlank() ? "" : "PENSTOCK_JAVA_OPTS='" + options + "' ")
        + arguments.stream().collect(Collectors.joining(" ", "./penstock bench ", ""));
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
