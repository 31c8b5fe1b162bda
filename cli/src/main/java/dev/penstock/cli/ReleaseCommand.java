package dev.penstock.cli;

import dev.penstock.job.JobId;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code penstock release}: lets those run that wait behind a dead-lettered job. */
@Command(
    name = "release",
    description = {
      "Lets those run that wait behind a dead-lettered job with the same ordering key.",
      "For jobs that were submitted with --on-dead-letter=block."
    },
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:requested",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:there is no such job, or it does not block an ordering key"
    })
final class ReleaseCommand implements Callable<Integer> {
  private final CommandContext context;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Parameters(paramLabel = "ID", description = "The job.")
  @SuppressWarnings("NullAway.Init") // required: picocli refuses the command line without it
  private JobId id;

  ReleaseCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode answer = api.release(id);
      if (context.json(connection)) {
        context.printJson(answer);
      } else {
        context.print("release requested for " + id);
      }
      return ExitCode.OK;
    }
  }
}
