package dev.penstock.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code penstock workers}: the workers, and what is wanted of them. */
@Command(
    name = "workers",
    description = {
      "Lists the workers and what they do.",
      "A drained worker finishes what it runs and claims nothing more, also after a restart, until"
          + " it is resumed."
    },
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:done; what was asked of a worker is requested",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:there is no such worker"
    })
final class WorkersCommand implements Callable<Integer> {
  private final CommandContext context;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @ArgGroup private @Nullable Wanted wanted;

  /** One of them at a time. */
  static final class Wanted {
    @Option(
        names = "--drain",
        paramLabel = "ID",
        description = "Let this worker finish what it runs and claim nothing more.")
    private @Nullable String drain;

    @Option(
        names = "--resume",
        paramLabel = "ID",
        description = "Let this worker claim jobs again.")
    private @Nullable String resume;
  }

  WorkersCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (ApiClient api = context.api(spec, connection)) {
      Wanted asked = wanted;
      if (asked == null) {
        list(api.workers());
      } else if (asked.drain != null) {
        command(api, asked.drain, true);
      } else if (asked.resume != null) {
        command(api, asked.resume, false);
      }
      return ExitCode.OK;
    }
  }

  private void command(ApiClient api, String worker, boolean drain) {
    JsonNode answer = api.commandWorker(worker, drain);
    if (context.json(connection)) {
      context.printJson(answer);
    } else {
      context.print((drain ? "drain" : "resume") + " requested for " + worker);
    }
  }

  private void list(JsonNode answer) {
    JsonNode workers = answer.path("workers");
    if (context.json(connection)) {
      workers.forEach(context::printJson);
      return;
    }
    if (workers.isEmpty()) {
      context.print("no worker was heard; start one with './penstock worker'");
      return;
    }
    var table =
        new TextTable(
            "ID", "STATE", "SLOTS", "STUCK", "PARTITIONS", "VERSION", "HOST", "LONGEST CALL");
    for (JsonNode worker : workers) {
      table.row(
          worker.path("id").asString(""),
          worker.path("state").asString(""),
          worker.path("busy").asInt(0) + "/" + worker.path("slots").asInt(0),
          String.valueOf(worker.path("stuck").asInt(0)),
          String.valueOf(worker.path("partitions").size()),
          worker.path("version").asString(""),
          worker.path("host").asString(""),
          longest(worker.path("calls")));
    }
    table.lines().forEach(context::print);
    for (JsonNode worker : workers) {
      String reason = worker.path("reason").asString("");
      if (!reason.isEmpty()) {
        context.print(worker.path("id").asString("") + ": " + reason);
      }
    }
  }

  private static String longest(JsonNode calls) {
    JsonNode first = calls.path(0);
    return first.isMissingNode()
        ? ""
        : first.path("jobId").asString("") + " since " + first.path("startedAt").asString("");
  }
}
