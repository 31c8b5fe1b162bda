package dev.penstock.standalone;

import dev.penstock.cli.ApiException;
import dev.penstock.cli.Terminal;
import dev.penstock.standalone.demo.CommitMetrics;
import dev.penstock.standalone.demo.Demo;
import dev.penstock.standalone.demo.DemoReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code penstock demo}: standalone, with real jobs and their results. */
@Command(
    name = "demo",
    description = {
      "Starts everything, submits jobs of all kinds over real text in several languages, shows how"
          + " they get on, and what they came to.",
      "Goes on serving until Ctrl-C."
    },
    exitCodeListHeading = Commands.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:with --exit: every job succeeded",
      "1:a job did not succeed, or something died",
      "2:wrong options or settings",
      "3:could not start",
      "143:stopped by SIGTERM (130 by Ctrl-C)"
    })
final class DemoCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin private final RunOptions options = new RunOptions();

  @Option(names = "--exit", description = "End after the results.")
  private boolean exit;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "How many jobs, 1 to 20000. Default: 1200.")
  private int jobs = Demo.DEFAULT_JOBS;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Keep everything there. Default: a temporary directory that is deleted.")
  private @Nullable Path data;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Of the API; 0 for any free one. Default: 8080.")
  private @Nullable Integer port;

  DemoCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (jobs < 1 || jobs > Demo.MAX_JOBS) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--jobs is " + jobs + ", but must be 1 to " + Demo.MAX_JOBS);
    }
    options.quieten();
    var times = new StartupTimes(StartupTimes.jvmStart());
    times.note("JVM", times.total());
    var own = new HashMap<String, String>();
    if (port != null) {
      own.put("api.port", String.valueOf(port));
    }
    Path directory = data == null ? temporary() : data;
    var system = Standalone.of(directory, () -> options.settings(own), times);
    var foreground = new ForegroundService("demo", system, terminal);
    return foreground.run(
        () -> {
          Announcement.print(
              terminal, system.addresses(), times, times.total(), options.isVerbose());
          return show(system.addresses(), foreground);
        },
        data == null ? () -> delete(directory) : () -> {});
  }

  private int show(Standalone.Addresses at, ForegroundService foreground)
      throws InterruptedException {
    terminal
        .out()
        .println(
            String.format(
                Locale.ROOT,
                "%nSubmitting %,d jobs over HTTP; a model in this JVM does them.",
                jobs));
    terminal.out().flush();
    Demo.Run run;
    try {
      run = new Demo(terminal, URI.create(at.api())).run(jobs);
    } catch (ApiException e) {
      if (foreground.isStopping()) {
        return foreground.serve();
      }
      terminal.err().println("penstock demo: " + e.getMessage());
      return Commands.FAILED;
    }
    DemoReport.of(terminal, run, CommitMetrics.read(URI.create(at.worker())))
        .forEach(terminal.out()::println);
    terminal.out().println();
    terminal.out().println(run.tally().describe(terminal) + " of " + count(run.tally().total()));
    int code = run.isSuccess() ? Commands.OK : Commands.FAILED;
    if (exit) {
      return code;
    }
    terminal.out().println();
    terminal.out().println(terminal.bold("Go on with"));
    Announcement.addresses(terminal, at).forEach(terminal.out()::println);
    String url = at.api().endsWith(":8080") ? "" : " --url " + at.api();
    run.anyJob().ifPresent(id -> terminal.out().println("  ./penstock get " + id + url));
    terminal
        .out()
        .println(
            "  echo 'Guten Morgen, wie geht es Ihnen?' | ./penstock submit --kind detect-language"
                + " --wait"
                + url);
    terminal.out().println(terminal.faint("Stop with Ctrl-C."));
    terminal.out().flush();
    return foreground.serve();
  }

  private static String count(long jobs) {
    return String.format(Locale.ROOT, "%,d jobs", jobs);
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("penstock-demo-");
    } catch (IOException e) {
      throw new UncheckedIOException("no temporary directory can be made; give one with --data", e);
    }
  }

  private void delete(Path directory) {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      terminal.err().println("penstock demo: " + directory + " could not be deleted: " + e);
    }
  }
}
