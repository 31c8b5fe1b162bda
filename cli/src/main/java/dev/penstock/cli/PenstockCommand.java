package dev.penstock.cli;

import dev.penstock.job.JobId;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The root of the commands. */
@Command(
    name = "penstock",
    description = "Submits AI jobs to Penstock and follows them.",
    synopsisSubcommandLabel = "COMMAND")
final class PenstockCommand implements Runnable {
  static final String EXIT_CODES_HEADING = "%nExit codes:%n";
  static final String EXIT_OK = "0:done; what was waited for succeeded";
  static final String EXIT_NOT_SUCCEEDED = "1:at least one job did not succeed";
  static final String EXIT_USAGE = "2:the command line is wrong, nothing was sent";
  static final String EXIT_UNAVAILABLE = "3:the server can't be reached, is overloaded or failed";
  static final String EXIT_REFUSED = "4:not found, refused, or not possible in the job's state";

  private static final int WIDEST_HELP = 100;

  @Mixin final HelpOption help = new HelpOption();

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  /**
   * Runs one command.
   *
   * @return the {@link ExitCode}
   */
  static int run(Terminal terminal, Map<String, String> environment, String... args) {
    var context = new CommandContext(terminal, environment);
    var out = new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8);
    var err = new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8);
    var root =
        new CommandLine(new PenstockCommand())
            .addSubcommand(new SubmitCommand(context))
            .addSubcommand(new WatchCommand(context))
            .addSubcommand(new GetCommand(context))
            .addSubcommand(new JobsCommand(context))
            .addSubcommand(new ResultCommand(context))
            .addSubcommand(new CancelCommand(context))
            .addSubcommand(new RetryCommand(context))
            .addSubcommand(new ReleaseCommand(context))
            .addSubcommand(new DlqCommand(context))
            .addSubcommand(new ExperimentCommand(context))
            .addSubcommand(new ScheduleCommand(context))
            .addSubcommand(new CacheCommand(context))
            .addSubcommand(new WorkersCommand(context))
            .addSubcommand(new TopicsCommand(context))
            .addSubcommand(
                new CommandLine(new KeysCommand())
                    .addSubcommand(new KeysCommand.New(context))
                    .addSubcommand(new KeysCommand.Seal(context)))
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setUsageHelpWidth(Math.min(terminal.columns(), WIDEST_HELP))
            .setColorScheme(
                CommandLine.Help.defaultColorScheme(terminal.color() ? Ansi.ON : Ansi.OFF))
            .registerConverter(JobId.class, PenstockCommand::jobId)
            .registerConverter(Duration.class, Durations::parse)
            .setParameterExceptionHandler(PenstockCommand::wrongUsage)
            .setExecutionExceptionHandler(PenstockCommand::failed);
    try {
      return root.execute(args);
    } finally {
      terminal.flush();
    }
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "give a command");
  }

  private static JobId jobId(String text) {
    return JobId.parse(text)
        .orElseThrow(() ->
            new TypeConversionException(
                "'"
                    + text
                    + "' is not a job id (it looks like"
                    + " 0199b8f4-6a70-7c3e-9d54-2b8f0c6e1a35)"));
  }

  private static int wrongUsage(CommandLine.ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    // picocli puts the field's type and the offending index into the message of a converter; what
    // the converter said is enough.
    String message =
        e.getCause() instanceof TypeConversionException c ? c.getMessage() : e.getMessage();
    command.getErr().println(name + ": " + oneLine(message) + " (see '" + name + " --help')");
    return ExitCode.USAGE;
  }

  private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
    String name = command.getCommandSpec().qualifiedName();
    return switch (e) {
      case ApiException api -> failed(command, name, api.getMessage(), api.exitCode());
      case java.io.IOException io ->
          failed(command, name, "the input can't be read: " + io.getMessage(), ExitCode.USAGE);
      case JobWatcher.TooManyJobsException tooMany ->
          failed(command, name, tooMany.getMessage(), ExitCode.USAGE);
      default -> {
        e.printStackTrace(command.getErr());
        yield failed(command, name, "a bug in this program, please report it", ExitCode.BUG);
      }
    };
  }

  private static int failed(
      CommandLine command, String name, @Nullable String message, int exitCode) {
    command.getErr().println(name + ": " + oneLine(message));
    return exitCode;
  }

  private static String oneLine(@Nullable String message) {
    return message == null ? "unknown" : message.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
