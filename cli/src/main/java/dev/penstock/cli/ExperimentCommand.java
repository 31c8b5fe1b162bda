package dev.penstock.cli;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code penstock experiment}: jobs that have ended, run again in another way. */
@Command(
    name = "experiment",
    description = {
      "Runs jobs that have ended again under another model or prompt, and compares.",
      "The originals stay as they are; the new jobs are of a tenant of their own."
    },
    synopsisSubcommandLabel = "COMMAND",
    footerHeading = "%nExamples:%n",
    footer = {
      "  penstock experiment create --since 24h --model openai:gpt-5 --sample 200 --set"
          + " model=openai:gpt-5-mini",
      "  penstock experiment create --since 7d --kind generate --system 'Answer in one sentence.'",
      "  penstock experiment confirm ID",
      "  penstock experiment show ID --watch",
      "  penstock experiment items ID --different"
    },
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:done",
      "1:the experiment was aborted",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:refused, not found, or not possible in the experiment's state"
    })
final class ExperimentCommand implements Runnable {
  private static final String PATH = "/v1/experiments";
  private static final int PAGE = 100;
  private static final int MAX_PATCH_BYTES = 200_000;
  private static final Duration POLL = Duration.ofMillis(500);
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final CommandContext context;
  private final ExperimentText text;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin final HelpOption help = new HelpOption();

  ExperimentCommand(CommandContext context) {
    this.context = context;
    this.text = new ExperimentText(context.terminal());
  }

  @Override
  public void run() {
    throw CommandContext.usage(spec, "give a command: create, list, show, items, confirm or abort");
  }

  /** Which jobs. */
  static final class JobFilter {
    @Option(
        names = "--since",
        paramLabel = "DURATION",
        description = "Jobs that ended within this time, such as 24h.")
    private @Nullable Duration since;

    @Option(names = "--from", paramLabel = "TIME", description = "Jobs that ended from then on.")
    private @Nullable String from;

    @Option(names = "--to", paramLabel = "TIME", description = "Jobs that ended before.")
    private @Nullable String to;

    @Option(
        names = "--state",
        split = ",",
        paramLabel = "STATE",
        description = "How they ended: succeeded, dead-lettered. Default: succeeded.")
    private @Nullable List<String> states;

    @Option(names = "--model", split = ",", paramLabel = "MODEL", description = "For one of these.")
    private @Nullable List<String> models;

    @Option(names = "--kind", split = ",", paramLabel = "KIND", description = "Of these kinds.")
    private @Nullable List<String> kinds;

    @Option(names = "--tenant", split = ",", paramLabel = "NAME", description = "Of these tenants.")
    private @Nullable List<String> tenants;

    @Option(names = "--label", paramLabel = "NAME:VALUE", description = "With it. Repeatable.")
    private @Nullable List<String> labels;

    ObjectNode json() {
      ObjectNode json = Json.MAPPER.createObjectNode();
      if (since != null) {
        json.put("from", InstantSource.system().instant().minus(since).toString());
      }
      if (from != null) {
        json.put("from", from);
      }
      if (to != null) {
        json.put("to", to);
      }
      put(json, "state", states);
      put(json, "model", models);
      put(json, "kind", kinds);
      put(json, "tenant", tenants);
      put(json, "label", labels);
      return json;
    }

    private static void put(ObjectNode json, String name, @Nullable List<String> values) {
      if (values != null) {
        ArrayNode array = json.putArray(name);
        values.forEach(array::add);
      }
    }
  }

  @Command(
      name = "create",
      description = {
        "Finds the jobs, and shows what running them again would take.",
        "Nothing is run before you confirm it."
      })
  int create(
      @Mixin ConnectionOptions connection,
      @Mixin JobFilter filter,
      @Option(
              names = "--job",
              split = ",",
              paramLabel = "ID",
              description = "These jobs, instead of those that match.")
          @Nullable List<String> jobs,
      @Option(names = "--all", description = "All that are kept, where nothing else says which.")
          boolean all,
      @Option(
              names = "--sample",
              paramLabel = "N|P%%",
              description = "Of them so many, or about so many per cent, drawn by chance.")
          @Nullable String sample,
      @Option(names = "--seed", paramLabel = "N", description = "The same one draws the same jobs.")
          @Nullable Long seed,
      @Option(
              names = "--set",
              paramLabel = "FIELD=VALUE",
              description =
                  "Set model, priority, maxAttempts, attemptTimeout, retry or cache; 'null' takes"
                      + " it away. Repeatable.")
          @Nullable List<String> sets,
      @Option(
              names = "--system",
              paramLabel = "TEXT",
              description = "The system prompt that all of them get.")
          @Nullable String system,
      @Option(
              names = "--patch",
              paramLabel = "FILE",
              description = "A JSON Patch of the jobs' submissions; '-' for standard input.")
          @Nullable String patch,
      @Option(
              names = "--in-flight",
              paramLabel = "N",
              description = "How many of its jobs may be under way at once. Default: 50.")
          @Nullable Integer inFlight,
      @Option(
              names = "--per-second",
              paramLabel = "N",
              description = "How many begin a second at most.")
          @Nullable Double perSecond,
      @Option(
              names = "--id",
              paramLabel = "ID",
              description = "The experiment's id. Default: one that is made up.")
          @Nullable String id,
      @Option(names = "--name", paramLabel = "TEXT", description = "What people call it.")
          @Nullable String name,
      @Option(
              names = "--by",
              paramLabel = "WHO",
              description = "Who asks, for the audit. Default: the user of this process.")
          @Nullable String by)
      throws IOException {
    ObjectNode request = Json.MAPPER.createObjectNode();
    request.put("id", id == null ? newId() : id);
    if (name != null) {
      request.put("name", name);
    }
    request.put("by", who(by));
    ObjectNode selection = request.putObject("selection");
    ObjectNode wanted = filter.json();
    if (jobs != null) {
      if (!wanted.isEmpty() || all) {
        throw CommandContext.usage(spec, "give --job, or what the jobs have in common");
      }
      jobs.forEach(selection.putArray("ids")::add);
    } else if (!wanted.isEmpty() || all) {
      selection.set("filter", wanted);
    } else {
      throw CommandContext.usage(spec, "say which jobs: --since 24h, or --all");
    }
    if (sample != null) {
      selection.set("sample", amount(sample));
    }
    if (seed != null) {
      selection.put("seed", seed);
    }
    if (sets != null) {
      request.set("override", override(sets));
    }
    ArrayNode operations = Json.MAPPER.createArrayNode();
    if (patch != null) {
      patch(patch).forEach(operations::add);
    }
    if (system != null) {
      operations.addObject().put("op", "add").put("path", "/input/system").put("value", system);
    }
    if (!operations.isEmpty()) {
      request.set("patch", operations);
    }
    if (inFlight != null || perSecond != null) {
      ObjectNode pace = request.putObject("pace");
      if (inFlight != null) {
        pace.put("inFlight", inFlight);
      }
      if (perSecond != null) {
        pace.put("perSecond", perSecond);
      }
    }
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode made = api.post(PATH, request);
      return told(connection, settled(api, made.path("id").asString(""), "selecting"));
    }
  }

  @Command(name = "list", description = "Lists the experiments, the newest first.")
  int list(@Mixin ConnectionOptions connection) {
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode all = api.get(PATH).path("experiments");
      if (context.json(connection)) {
        all.forEach(context::printJson);
      } else if (all.isEmpty()) {
        context
            .terminal()
            .err()
            .println("no experiment; make one with 'penstock experiment create'");
      } else {
        text.list(all).forEach(context::print);
      }
    }
    return ExitCode.OK;
  }

  @Command(name = "show", description = "Shows what an experiment would do, or the comparison.")
  int show(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "ID", description = "The experiment's id.") String id,
      @Option(names = "--watch", description = "Until it ends, or waits for someone.")
          boolean watch) {
    try (ApiClient api = context.api(spec, connection)) {
      return told(
          connection, watch ? settled(api, id, "selecting", "running") : api.get(path(id, "")));
    }
  }

  @Command(name = "items", description = "Lists its jobs, each with both answers.")
  int items(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "ID", description = "The experiment's id.") String id,
      @Option(
              names = "--different",
              description = "Only those that ended otherwise or with another output.")
          boolean different,
      @Option(
              names = "--limit",
              paramLabel = "N",
              defaultValue = "50",
              description = "The most that are listed, 1 to 10000. Default: 50.")
          int limit) {
    if (limit < 1 || limit > 10_000) {
      throw CommandContext.usage(spec, "--limit is 1 to 10000");
    }
    try (ApiClient api = context.api(spec, connection)) {
      int listed = 0;
      String cursor = "";
      do {
        JsonNode page =
            api.get(
                path(id, "/items")
                    + "?limit="
                    + Math.min(PAGE, limit - listed)
                    + (different ? "&different=true" : "")
                    + (cursor.isEmpty() ? "" : "&cursor=" + ApiClient.encoded(cursor)));
        for (JsonNode item : page.path("items")) {
          if (context.json(connection)) {
            context.printJson(item);
          } else {
            text.item(item).forEach(context::print);
          }
          listed++;
        }
        cursor = page.path("next").asString("");
      } while (!cursor.isEmpty() && listed < limit);
    }
    return ExitCode.OK;
  }

  @Command(name = "confirm", description = "Lets a draft begin.")
  int confirm(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "ID", description = "The experiment's id.") String id,
      @Option(
              names = "--version",
              paramLabel = "N",
              description = "Only if this is its version, as show tells it.")
          @Nullable Integer version,
      @Option(names = "--by", paramLabel = "WHO", description = "Who asks, for the audit.")
          @Nullable String by) {
    ObjectNode body = Json.MAPPER.createObjectNode().put("by", who(by));
    if (version != null) {
      body.put("version", version);
    }
    return command(connection, id, "confirm", body);
  }

  @Command(
      name = "abort",
      description = "Begins nothing more, and cancels what was begun and has not ended.")
  int abort(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "ID", description = "The experiment's id.") String id,
      @Option(names = "--by", paramLabel = "WHO", description = "Who asks, for the audit.")
          @Nullable String by) {
    return command(connection, id, "abort", Json.MAPPER.createObjectNode().put("by", who(by)));
  }

  private int command(ConnectionOptions connection, String id, String command, ObjectNode body) {
    try (ApiClient api = context.api(spec, connection)) {
      print(connection, api.post(path(id, "/" + command), body));
    }
    return ExitCode.OK;
  }

  private static String path(String id, String behind) {
    return PATH + "/" + ApiClient.encoded(id) + behind;
  }

  private int told(ConnectionOptions connection, JsonNode experiment) {
    print(connection, experiment);
    return experiment.path("state").asString("").equals("aborted")
        ? ExitCode.NOT_SUCCEEDED
        : ExitCode.OK;
  }

  private void print(ConnectionOptions connection, JsonNode experiment) {
    if (context.json(connection)) {
      context.printJson(experiment);
    } else {
      text.experiment(experiment).forEach(context::print);
    }
  }

  /** The experiment when it is in none of these states any more. */
  private static JsonNode settled(ApiClient api, String id, String... moving) {
    while (true) {
      JsonNode experiment = api.get(path(id, ""));
      String state = experiment.path("state").asString("");
      if (Stream.of(moving).noneMatch(state::equals)) {
        return experiment;
      }
      ApiClient.sleep(POLL);
    }
  }

  /** {@code 20} or {@code 5%}. */
  private ObjectNode amount(String value) {
    ObjectNode amount = Json.MAPPER.createObjectNode();
    try {
      return value.endsWith("%")
          ? amount.put("percent", Double.parseDouble(value.substring(0, value.length() - 1)))
          : amount.put("count", Long.parseLong(value));
    } catch (NumberFormatException _) {
      throw CommandContext.usage(spec, "--sample is a number or a share such as 5%");
    }
  }

  /** Values are JSON where they are any, else text. */
  private ObjectNode override(List<String> sets) {
    ObjectNode override = Json.MAPPER.createObjectNode();
    for (String each : sets) {
      int equals = each.indexOf('=');
      if (equals < 1) {
        throw CommandContext.usage(spec, "--set is FIELD=VALUE, such as model=local");
      }
      String value = each.substring(equals + 1);
      JsonNode json;
      try {
        json = Json.MAPPER.readTree(value);
      } catch (JacksonException _) {
        json = Json.MAPPER.getNodeFactory().stringNode(value);
      }
      override.set(each.substring(0, equals), json);
    }
    return override;
  }

  private JsonNode patch(String source) throws IOException {
    byte[] bytes;
    try (var in =
        source.equals("-") ? context.terminal().in() : Files.newInputStream(Path.of(source))) {
      bytes = in.readNBytes(MAX_PATCH_BYTES + 1);
    } catch (NoSuchFileException _) {
      throw CommandContext.usage(spec, "there is no file " + source);
    }
    if (bytes.length > MAX_PATCH_BYTES) {
      throw CommandContext.usage(spec, "the patch has more than " + MAX_PATCH_BYTES + " bytes");
    }
    try {
      JsonNode json = Json.MAPPER.readTree(bytes);
      if (json.isArray()) {
        return json;
      }
    } catch (JacksonException e) {
      throw CommandContext.usage(spec, "the patch is not JSON: " + e.getOriginalMessage());
    }
    throw CommandContext.usage(spec, "the patch is no JSON array");
  }

  /** Made here, so that a request that is sent twice makes one experiment. */
  private static String newId() {
    Instant now = InstantSource.system().instant();
    byte[] chance = new byte[2];
    ThreadLocalRandom.current().nextBytes(chance);
    return STAMP.format(now) + "-" + HexFormat.of().formatHex(chance);
  }

  private static String who(@Nullable String by) {
    String who = by == null ? System.getProperty("user.name", "somebody") : by;
    return who.getBytes(StandardCharsets.UTF_8).length <= 200 ? who : who.substring(0, 50);
  }
}
