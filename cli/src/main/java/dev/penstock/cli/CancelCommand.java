package dev.penstock.cli;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code penstock cancel}: asks for the end of a job. */
@Command(
    name = "cancel",
    description = {
      "Asks for the end of a job.",
      "It is final once the job's state is cancelled; it may still end in another way before."
    },
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:requested, or cancelled already",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:there is no such job, or it has ended in another way"
    })
final class CancelCommand implements Callable<Integer> {
  private final CommandContext context;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Parameters(paramLabel = "ID", description = "The job.")
  @SuppressWarnings("NullAway.Init") // required: picocli refuses the command line without it
  private JobId id;

  CancelCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode answer;
      try {
        answer = api.cancel(id);
      } catch (ApiException.Refused e) {
        if (!isCancelled(api, e.problem())) {
          throw e;
        }
        return cancelledAlready();
      }
      if (context.json(connection)) {
        context.printJson(answer);
      } else {
        context.print("cancel requested for " + id);
        context
            .terminal()
            .err()
            .println(context.terminal().faint("final once it is cancelled: penstock watch " + id));
      }
      return ExitCode.OK;
    }
  }

  /** Who asks twice has what was asked for. */
  private boolean isCancelled(ApiClient api, Problem refusal) {
    return refusal.code().equals("already_finished")
        && api.job(id).path("state").asString("").equals(JobState.CANCELLED.wireName());
  }

  private int cancelledAlready() {
    if (context.json(connection)) {
      context.printJson(
          Json.MAPPER
              .createObjectNode()
              .put("id", id.toString())
              .put("cancel", JobState.CANCELLED.wireName()));
    } else {
      context.print(id + " is cancelled already");
    }
    return ExitCode.OK;
  }
}
