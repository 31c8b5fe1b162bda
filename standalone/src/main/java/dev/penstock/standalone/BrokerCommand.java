package dev.penstock.standalone;

import dev.penstock.cli.Terminal;
import dev.penstock.lifecycle.ServiceGroup;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code penstock broker}: the Kafka broker alone, until a signal. */
@Command(
    name = "broker",
    description = {
      "Runs only the Kafka broker of standalone, for services in processes of their own.",
      "It is one node on the loopback interface: for trying out, not for production."
    },
    exitCodeListHeading = Commands.EXIT_CODES_HEADING,
    exitCodeList = {
      "2:wrong options or settings",
      "3:could not start",
      "143:stopped by SIGTERM (130 by Ctrl-C)"
    })
final class BrokerCommand implements Callable<Integer> {
  private static final int DEFAULT_PORT = 9092;

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
      description = "Where clients connect; 0 for any free one. Default: 9092.")
  private int port = DEFAULT_PORT;

  BrokerCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    options.quieten();
    int chosen;
    try {
      chosen = new Ports().exactly(port, "the Kafka broker", "--port");
    } catch (dev.penstock.lifecycle.StartException e) {
      terminal.err().println("penstock broker: " + e.getMessage());
      return Commands.CANNOT_START;
    }
    var directory = new DataDirectory(data);
    var group =
        new ServiceGroup("broker", List.of(directory, new BrokerService(directory.path(), chosen)));
    var foreground = new ForegroundService("broker", group, terminal);
    return foreground.run(
        () -> {
          terminal.out().println("broker on 127.0.0.1:" + chosen + ", data in " + directory.path());
          terminal.out().flush();
          return foreground.serve();
        },
        () -> {});
  }
}
