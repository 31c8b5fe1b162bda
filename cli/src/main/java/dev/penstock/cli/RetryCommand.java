package dev.penstock.cli;

import dev.penstock.job.JobId;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code penstock retry}: has the next attempt of jobs that wait run now. */
@Command(
    name = "retry",
    description = {
      "Runs the next attempt of jobs now that wait for a retry or for the time they were scheduled"
          + " for.",
      "No attempt is added, and limits and budgets hold as ever. All that match: penstock jobs"
          + " --retry-now"
    },
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:requested for all",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:there is no such job, or it does not wait; the others are requested"
    })
final class RetryCommand implements Callable<Integer> {
  private static final int MAX_JOBS = 1_000;

  private final CommandContext context;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Parameters(paramLabel = "ID", arity = "1..*", description = "The jobs.")
  @SuppressWarnings("NullAway.Init") // required: picocli refuses the command line without it
  private List<JobId> ids;

  RetryCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    if (ids.size() > MAX_JOBS) {
      throw CommandContext.usage(
          spec, "name at most " + MAX_JOBS + " jobs, or use penstock jobs --retry-now");
    }
    int worst = ExitCode.OK;
    try (ApiClient api = context.api(spec, connection)) {
      for (JobId id : ids) {
        try {
          told(id, api.retryNow(id));
        } catch (ApiException.Refused e) {
          if (ids.size() == 1 || e.exitCode() != ExitCode.REFUSED) {
            throw e;
          }
          context.terminal().err().println(id + ": " + e.getMessage());
          worst = ExitCode.REFUSED;
        }
      }
    }
    return worst;
  }

  private void told(JobId id, JsonNode answer) {
    if (context.json(connection)) {
      context.printJson(answer);
    } else {
      context.print("retry requested for " + id);
    }
  }
}
