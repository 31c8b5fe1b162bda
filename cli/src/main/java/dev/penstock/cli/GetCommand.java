package dev.penstock.cli;

import dev.penstock.job.JobId;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code penstock get}: where a job is in its life. */
@Command(
    name = "get",
    description = "Shows where a job is in its life, with all its attempts.",
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:found, whatever its state",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:there is no such job"
    })
final class GetCommand implements Callable<Integer> {
  private final CommandContext context;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Parameters(paramLabel = "ID", description = "The job.")
  @SuppressWarnings("NullAway.Init") // required: picocli refuses the command line without it
  private JobId id;

  GetCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode view = api.job(id);
      if (context.json(connection)) {
        context.printJson(view);
      } else {
        JobText.of(context.terminal()).view(view).forEach(context::print);
      }
      return ExitCode.OK;
    }
  }
}
