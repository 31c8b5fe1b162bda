package dev.penstock.cli;

import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code penstock result}: what a job came to. */
@Command(
    name = "result",
    description = "Prints what a job came to.",
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:the job succeeded",
      "1:the job ended in another way",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:there is no such job, or it has not ended yet"
    })
final class ResultCommand implements Callable<Integer> {
  private final CommandContext context;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Parameters(paramLabel = "ID", description = "The job.")
  @SuppressWarnings("NullAway.Init") // required: picocli refuses the command line without it
  private JobId id;

  ResultCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode result = api.result(id);
      if (context.json(connection)) {
        context.printJson(result);
      } else {
        JobText.of(context.terminal()).result(result).forEach(context::print);
      }
      return result.path("state").asString("").equals(JobState.SUCCEEDED.wireName())
          ? ExitCode.OK
          : ExitCode.NOT_SUCCEEDED;
    }
  }
}
