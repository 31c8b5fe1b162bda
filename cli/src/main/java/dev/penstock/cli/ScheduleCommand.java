package dev.penstock.cli;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code penstock schedule}: jobs that come again and again. */
@Command(
    name = "schedule",
    description = "Puts, shows, pauses and ends schedules: jobs that come again and again.",
    synopsisSubcommandLabel = "COMMAND",
    footerHeading = "%nExamples:%n",
    footer = {
      "  penstock schedule put nightly --cron '30 2 * * *' --zone Europe/Berlin --job job.json",
      "  echo '{\"kind\":\"embed\",\"input\":{\"text\":\"tick\"}}' \\",
      "    | penstock schedule put tick --cron '* * * * *' --overlap skip",
      "  penstock schedule list",
      "  penstock schedule pause nightly"
    },
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:done",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:refused, or there is no such schedule"
    })
final class ScheduleCommand implements Runnable {
  /** No schedule that the server takes is longer. */
  private static final int MAX_JOB_BYTES = 1_000_000;

  private final CommandContext context;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin final HelpOption help = new HelpOption();

  ScheduleCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public void run() {
    throw CommandContext.usage(spec, "give a command: put, list, get, delete, pause or resume");
  }

  @Command(
      name = "put",
      description = {
        "Creates a schedule, or replaces it.",
        "The job is JSON as POST /v1/jobs takes it, from a file or a pipe."
      })
  int put(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "NAME", description = "Your name for it.") String name,
      @Option(
              names = "--cron",
              paramLabel = "EXPRESSION",
              required = true,
              description =
                  "Minute, hour, day of month, month, day of week; six fields begin with the"
                      + " second.")
          String cron,
      @Option(
              names = "--zone",
              paramLabel = "ZONE",
              description = "The time zone, such as Europe/Berlin. Default: UTC.")
          @Nullable String zone,
      @Option(
              names = "--job",
              paramLabel = "FILE",
              description = "Where the job is; '-' for standard input, which is the default.")
          @Nullable String job,
      @Option(
              names = "--misfire",
              paramLabel = "skip|fire-once|fire-all",
              description = "What becomes of times that are late. Default: fire-once.")
          @Nullable String misfire,
      @Option(
              names = "--misfire-after",
              paramLabel = "DURATION",
              description = "From when on a time is late. Default: 60s.")
          @Nullable Duration misfireAfter,
      @Option(
              names = "--misfire-limit",
              paramLabel = "N",
              description = "How many late times fire at most, with fire-all. Default: 100.")
          @Nullable Integer misfireLimit,
      @Option(
              names = "--overlap",
              paramLabel = "allow|skip|cancel-previous",
              description = "What happens while the former job has not ended. Default: allow.")
          @Nullable String overlap,
      @Option(
              names = "--start",
              paramLabel = "TIME",
              description = "The first time that may fire: 2027-01-31T12:00:00Z.")
          @Nullable String start,
      @Option(names = "--end", paramLabel = "TIME", description = "From when on it fires no more.")
          @Nullable String end,
      @Option(names = "--paused", description = "It rests until it is resumed.") boolean paused,
      @Option(
              names = "--if-match",
              paramLabel = "VERSION",
              description = "Only if this is its version, as get shows it.")
          @Nullable String version)
      throws IOException {
    ObjectNode schedule = Json.MAPPER.createObjectNode().put("cron", cron);
    schedule.set("job", job(job == null ? "-" : job));
    set(schedule, "timeZone", zone);
    set(schedule, "misfire", misfire);
    set(schedule, "misfireAfter", misfireAfter == null ? null : Durations.withUnit(misfireAfter));
    if (misfireLimit != null) {
      schedule.put("misfireLimit", misfireLimit);
    }
    set(schedule, "overlap", overlap);
    set(schedule, "start", start);
    set(schedule, "end", end);
    if (paused) {
      schedule.put("paused", true);
    }
    try (ApiClient api = context.api(spec, connection)) {
      show(connection, api.putSchedule(name, schedule, Optional.ofNullable(version)));
    }
    return ExitCode.OK;
  }

  private static void set(ObjectNode schedule, String field, @Nullable String value) {
    if (value != null) {
      schedule.put(field, value);
    }
  }

  @Command(name = "list", description = "Lists all schedules by name.")
  int list(@Mixin ConnectionOptions connection) {
    try (ApiClient api = context.api(spec, connection)) {
      var text = ScheduleText.of(context.terminal());
      boolean json = context.json(connection);
      Optional<String> after = Optional.empty();
      do {
        JsonNode page = api.schedules(after);
        for (JsonNode schedule : page.path("schedules")) {
          if (json) {
            context.printJson(schedule);
          } else {
            context.print(text.line(schedule));
          }
        }
        after = Optional.of(page.path("next").asString("")).filter(next -> !next.isEmpty());
      } while (after.isPresent());
    }
    return ExitCode.OK;
  }

  @Command(
      name = "get",
      description = "Shows a schedule, when it fires next and what it last fired.")
  int get(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "NAME", description = "The schedule.") String name) {
    try (ApiClient api = context.api(spec, connection)) {
      show(connection, api.schedule(name));
    }
    return ExitCode.OK;
  }

  @Command(name = "delete", description = "Ends a schedule. Jobs that it has fired go on.")
  int delete(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "NAME", description = "The schedule.") String name) {
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode answer = api.deleteSchedule(name);
      if (context.json(connection)) {
        context.printJson(answer);
      } else {
        context.print("deleted " + name);
      }
    }
    return ExitCode.OK;
  }

  @Command(
      name = "pause",
      description = "Lets a schedule rest. Times that come meanwhile never fire.")
  int pause(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "NAME", description = "The schedule.") String name) {
    try (ApiClient api = context.api(spec, connection)) {
      show(connection, api.pauseSchedule(name, true));
    }
    return ExitCode.OK;
  }

  @Command(name = "resume", description = "Lets a schedule fire again.")
  int resume(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "NAME", description = "The schedule.") String name) {
    try (ApiClient api = context.api(spec, connection)) {
      show(connection, api.pauseSchedule(name, false));
    }
    return ExitCode.OK;
  }

  private void show(ConnectionOptions connection, JsonNode schedule) {
    if (context.json(connection)) {
      context.printJson(schedule);
    } else {
      ScheduleText.of(context.terminal()).view(schedule).forEach(context::print);
    }
  }

  private JsonNode job(String source) throws IOException {
    if (source.equals("-") && context.terminal().isInteractive(Terminal.Stream.IN)) {
      throw CommandContext.usage(spec, "give the job with --job FILE or a pipe");
    }
    String name = source.equals("-") ? "standard input" : source;
    byte[] bytes;
    try (InputStream in =
        source.equals("-") ? context.terminal().in() : Files.newInputStream(Path.of(source))) {
      bytes = in.readNBytes(MAX_JOB_BYTES + 1);
    } catch (NoSuchFileException _) {
      throw CommandContext.usage(spec, "there is no file " + source);
    }
    if (bytes.length > MAX_JOB_BYTES) {
      throw CommandContext.usage(spec, name + " is too long for a job");
    }
    try {
      JsonNode job = Json.MAPPER.readTree(bytes);
      if (job.isObject()) {
        return job;
      }
    } catch (JacksonException _) {
      // falls through to the one error below
    }
    throw CommandContext.usage(spec, name + " is not a job as JSON");
  }
}
