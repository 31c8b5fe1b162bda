package dev.penstock.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code penstock topics}: Kafka's topics, and how far they are read. */
@Command(
    name = "topics",
    description = {
      "Lists the topics and how far they are read.",
      "Lag counts records beyond the committed offset; of the topics of jobs that is the workers'"
          + " watermark, and jobs beyond it may be done, too."
    },
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:done",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      PenstockCommand.EXIT_REFUSED
    })
final class TopicsCommand implements Callable<Integer> {
  private final CommandContext context;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  TopicsCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode topics = api.topics().path("topics");
      if (context.json(connection)) {
        topics.forEach(context::printJson);
        return ExitCode.OK;
      }
      var table = new TextTable("TOPIC", "PARTITIONS", "KEPT", "GROUP", "LAG", "TROUBLE");
      for (JsonNode topic : topics) {
        table.row(
            topic.path("name").asString(""),
            String.valueOf(topic.path("partitions").size()),
            String.valueOf(kept(topic)),
            topic.path("group").asString("-"),
            topic.has("lag") ? String.valueOf(topic.path("lag").asLong(0)) : "-",
            trouble(topic));
      }
      table.lines().forEach(context::print);
      return ExitCode.OK;
    }
  }

  /** How many records are kept, as far as offsets tell. */
  private static long kept(JsonNode topic) {
    long kept = 0;
    for (JsonNode partition : topic.path("partitions")) {
      kept += Math.max(0, partition.path("end").asLong(0) - partition.path("start").asLong(0));
    }
    return kept;
  }

  private static String trouble(JsonNode topic) {
    int leaderless = 0;
    int tooFew = 0;
    int least = topic.path("minInSyncReplicas").asInt(1);
    for (JsonNode partition : topic.path("partitions")) {
      if (!partition.has("leader")) {
        leaderless++;
      } else if (partition.path("isr").size() < least) {
        tooFew++;
      }
    }
    if (leaderless > 0) {
      return leaderless + " without leader";
    }
    return tooFew > 0 ? tooFew + " under min.insync.replicas" : "";
  }
}
