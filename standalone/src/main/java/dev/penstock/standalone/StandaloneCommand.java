package dev.penstock.standalone;

import dev.penstock.cli.Terminal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code penstock standalone}: all of it in this process, until a signal. */
@Command(
    name = "standalone",
    description = {
      "Runs all of Penstock in this process, with a Kafka broker of its own.",
      "Everything is kept in the data directory: after any end, start it there again."
    },
    exitCodeListHeading = Commands.EXIT_CODES_HEADING,
    exitCodeList = {
      "1:died while running",
      "2:wrong options or settings",
      "3:could not start",
      "143:stopped by SIGTERM, everything handed back (130 by Ctrl-C)"
    })
final class StandaloneCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final RunOptions options = new RunOptions();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where everything is kept. Default: ./penstock-data.")
  private Path data = Path.of("penstock-data");

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Of the API; 0 for any free one. Default: 8080.")
  private @Nullable Integer port;

  StandaloneCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    options.quieten();
    var times = new StartupTimes(StartupTimes.jvmStart());
    times.note("JVM", times.total());
    var own = new HashMap<String, String>();
    if (port != null) {
      own.put("api.port", String.valueOf(port));
    }
    var system = Standalone.of(data, () -> options.settings(own), times);
    var foreground = new ForegroundService("standalone", system, terminal);
    return foreground.run(
        () -> {
          Duration took = times.total();
          Announcement.print(terminal, system.addresses(), times, took, options.isVerbose());
          terminal.out().println(terminal.faint("Stop with Ctrl-C; nothing is lost."));
          terminal.out().flush();
          return foreground.serve();
        },
        () -> {});
  }
}
