package dev.penstock.standalone;

import dev.penstock.cli.HelpOption;
import dev.penstock.cli.Terminal;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The root of the commands that run Penstock in one process. */
@Command(name = "penstock", synopsisSubcommandLabel = "COMMAND")
final class Commands implements Runnable {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int CANNOT_START = 3;

  static final String EXIT_CODES_HEADING = "%nExit codes:%n";

  private static final int WIDEST_HELP = 100;

  @Mixin final HelpOption help = new HelpOption();

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  /** Runs one command; some return only when the process ends. */
  static int run(Terminal terminal, String... args) {
    var err = new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8);
    try {
      return new CommandLine(new Commands())
          .addSubcommand(new StandaloneCommand(terminal))
          .addSubcommand(new DemoCommand(terminal))
          .addSubcommand(new BrokerCommand(terminal))
          .setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8))
          .setErr(err)
          .setUsageHelpWidth(Math.min(terminal.columns(), WIDEST_HELP))
          .setColorScheme(
              CommandLine.Help.defaultColorScheme(terminal.color() ? Ansi.ON : Ansi.OFF))
          .setParameterExceptionHandler((e, _) -> {
            String name = e.getCommandLine().getCommandSpec().qualifiedName();
            err.println(name + ": " + e.getMessage() + " (see '" + name + " --help')");
            return USAGE;
          })
          .execute(args);
    } finally {
      terminal.flush();
    }
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "give a command");
  }
}
