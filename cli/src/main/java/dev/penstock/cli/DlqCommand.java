package dev.penstock.cli;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
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

/** {@code penstock dlq}: dead letters, and the ways out for them. */
@Command(
    name = "dlq",
    description = "Looks at dead letters and replays, discards or purges them by plans.",
    synopsisSubcommandLabel = "COMMAND",
    footerHeading = "%nExamples:%n",
    footer = {
      "  penstock dlq groups",
      "  penstock dlq list --code overloaded,timeout --since 2h",
      "  penstock dlq plan --fingerprint 0f3a5c7e9b1d2f46 --canary 20 --per-second 50",
      "  penstock dlq plan --code content_refused --set model=local",
      "  penstock dlq confirm ID",
      "  penstock dlq status ID --watch",
      "  penstock dlq undo ID",
      "  penstock dlq audit --verify"
    },
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:done",
      "1:the plan that was watched did not end well, the audit does not hold, or an import is of an"
          + " export that is not whole",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:refused, not found, or not possible in the plan's state"
    })
final class DlqCommand implements Runnable {
  private static final int PAGE = 500;
  private static final int MAX_LISTED = 100_000;
  private static final int MAX_PATCH_BYTES = 200_000;
  private static final Duration POLL = Duration.ofMillis(500);
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

  /** States in which a plan goes on by itself. */
  private static final Set<String> MOVING = Set.of("selecting", "running", "aborting", "undoing");

  private final CommandContext context;
  private final DlqText text;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin final HelpOption help = new HelpOption();

  DlqCommand(CommandContext context) {
    this.context = context;
    this.text = new DlqText(context.terminal());
  }

  @Override
  public void run() {
    throw CommandContext.usage(
        spec,
        "give a command: list, groups, show, decode, export, import, plan, plans, status, confirm,"
            + " pause, resume, go-on, abort, undo, differences or audit");
  }

  @Command(name = "list", description = "Lists dead letters, the newest first.")
  int list(
      @Mixin ConnectionOptions connection,
      @Mixin LetterFilter filter,
      @Option(
              names = "--limit",
              paramLabel = "N",
              defaultValue = "50",
              description = "The most that are listed, 1 to " + MAX_LISTED + ". Default: 50.")
          int limit) {
    if (limit < 1 || limit > MAX_LISTED) {
      throw CommandContext.usage(spec, "--limit is 1 to " + MAX_LISTED);
    }
    try (ApiClient api = context.api(spec, connection)) {
      boolean json = context.json(connection);
      int listed = 0;
      String cursor = "";
      do {
        JsonNode page =
            api.get(
                "/v1/dead-letters?limit="
                    + Math.min(PAGE, limit - listed)
                    + filter.parameters()
                    + cursor(cursor));
        for (JsonNode letter : page.path("letters")) {
          if (json) {
            context.printJson(letter);
          } else {
            if (listed == 0) {
              context.print(text.head());
            }
            context.print(text.line(letter));
          }
          listed++;
        }
        cursor = page.path("next").asString("");
      } while (!cursor.isEmpty() && listed < limit);
      if (!json) {
        note(
            listed == 0
                ? "no dead letter matches"
                : cursor.isEmpty() ? listed + " in all" : listed + "; more with --limit");
      }
    }
    return ExitCode.OK;
  }

  @Command(name = "groups", description = "Counts dead letters by what they have in common.")
  int groups(
      @Mixin ConnectionOptions connection,
      @Mixin LetterFilter filter,
      @Option(
              names = "--by",
              paramLabel = "FIELD",
              defaultValue = "fingerprint",
              description =
                  "fingerprint (what failed, without numbers and ids), code, provider, model,"
                      + " tenant, kind or age. Default: fingerprint.")
          String by) {
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode answer =
          api.get("/v1/dead-letters/groups?by=" + ApiClient.encoded(by) + filter.parameters());
      if (context.json(connection)) {
        context.printJson(answer);
      } else {
        text.groups(answer).forEach(context::print);
      }
    }
    return ExitCode.OK;
  }

  @Command(
      name = "show",
      description = "Shows one dead letter: the job, its attempts, the failure, the record.")
  int show(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "LETTER", description = "Where it stands, such as 3-17.")
          String letter) {
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode answer = api.get("/v1/dead-letters/" + ApiClient.encoded(letter));
      if (context.json(connection)) {
        context.printJson(answer);
      } else {
        text.letter(answer).forEach(context::print);
      }
    }
    return ExitCode.OK;
  }

  @Command(
      name = "decode",
      description = "Reads a record that nobody could read, in a way that you choose.")
  int decode(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "LETTER", description = "Where it stands, such as 3-17.")
          String letter,
      @Option(
              names = "--as",
              paramLabel = "KIND",
              required = true,
              description = "As which kind of record; a wrong one is answered with all there are.")
          String as,
      @Option(
              names = "--codec-version",
              paramLabel = "N",
              description = "In which version of the format. Default: the one that it says.")
          @Nullable Integer version) {
    try (ApiClient api = context.api(spec, connection)) {
      context.printJson(
          api.get(
              "/v1/dead-letters/"
                  + ApiClient.encoded(letter)
                  + "/decoded?codec="
                  + ApiClient.encoded(as)
                  + (version == null ? "" : "&version=" + version)));
    }
    return ExitCode.OK;
  }

  @Command(
      name = "export",
      description = {
        "Writes dead letters whole, one JSON object a line.",
        "The last line is {\"end\":true,...}; without it these are not all."
      })
  int export(
      @Mixin ConnectionOptions connection,
      @Mixin LetterFilter filter,
      @Option(
              names = {"-o", "--to-file"},
              paramLabel = "FILE",
              description = "Where to. Default: standard output.")
          @Nullable Path file)
      throws IOException {
    try (ApiClient api = context.api(spec, connection)) {
      String parameters = filter.parameters();
      String path =
          "/v1/dead-letters/export" + (parameters.isEmpty() ? "" : "?" + parameters.substring(1));
      boolean whole;
      if (file == null) {
        whole = api.copyLines(path, context.terminal().out());
      } else {
        try (OutputStream out = Files.newOutputStream(file)) {
          whole = api.copyLines(path, out);
        }
      }
      if (!whole) {
        context.terminal().err().println("the export broke off before its end: try again");
        return ExitCode.UNAVAILABLE;
      }
    }
    return ExitCode.OK;
  }

  @Command(
      name = "import",
      description = {
        "Submits the jobs of an export anew, here or to another installation.",
        "They are new jobs, with a label '"
            + ImportedLetters.ORIGINAL
            + "'; the same file twice makes each of them once, for as long as idempotency keys are"
            + " remembered. The dead letters stay as they are: see 'dlq plan' to replay those."
      })
  int importing(
      @Mixin ConnectionOptions connection,
      @Parameters(
              paramLabel = "FILE",
              description = "What 'dlq export' wrote; '-' for standard input.")
          String source,
      @Option(
              names = "--as",
              paramLabel = "NAME",
              defaultValue = "import",
              description =
                  "What tells this import from another one of the same dead letters. Default:"
                      + " import.")
          String name,
      @Option(
              names = "--set",
              paramLabel = "FIELD=VALUE",
              description = "Set a field of the jobs; 'null' takes it away. Repeatable.")
          @Nullable List<String> sets)
      throws IOException, InterruptedException {
    if (!name.matches("[a-zA-Z0-9._-]{1,64}")) {
      throw CommandContext.usage(spec, "--as is 1 to 64 letters, digits, '.', '_' and '-'");
    }
    Path file = Path.of(source);
    if (!source.equals("-") && !Files.isRegularFile(file)) {
      throw CommandContext.usage(spec, "there is no file " + source);
    }
    ObjectNode override = sets == null ? Json.MAPPER.createObjectNode() : override(sets);
    try (ApiClient api = context.api(spec, connection);
        var letters =
            new ImportedLetters(
                source.equals("-") ? context.terminal().in() : Files.newInputStream(file),
                name,
                override)) {
      int code = new SubmitMany(context, api, context.json(connection), false).run(letters, 0);
      if (letters.others() > 0) {
        note(letters.others() + " dead letters hold no job that could run, and were left out");
      }
      if (!letters.isWhole()) {
        context
            .terminal()
            .err()
            .println("the last line of a whole export is missing: there may be more dead letters");
        return code == ExitCode.OK ? ExitCode.NOT_SUCCEEDED : code;
      }
      return code;
    }
  }

  /** What a plan does with its dead letters. */
  static final class Deed {
    @Option(
        names = "--discard",
        paramLabel = "REASON",
        description = "Give them up, for this reason.")
    private @Nullable String discard;

    @Option(
        names = "--purge",
        paramLabel = "REASON",
        description = "Give them up and delete what the log can be cut of, for this reason.")
    private @Nullable String purge;
  }

  @Command(
      name = "plan",
      description = {
        "Makes a plan for the dead letters that match now, and shows what it would do.",
        "Nothing happens to them before you confirm it."
      })
  int plan(
      @Mixin ConnectionOptions connection,
      @Mixin LetterFilter filter,
      @Option(
              names = "--letter",
              split = ",",
              paramLabel = "LETTER",
              description = "These dead letters, such as 3-17, instead of those that match.")
          @Nullable List<String> letters,
      @Option(
              names = "--job",
              split = ",",
              paramLabel = "ID",
              description = "The dead letters of these jobs, instead of those that match.")
          @Nullable List<String> jobs,
      @Option(names = "--all", description = "All that are open, where nothing else says which.")
          boolean all,
      @Option(
              names = "--sample",
              paramLabel = "N|P%%",
              description = "Of them so many, or so many per cent, drawn by chance.")
          @Nullable String sample,
      @ArgGroup @Nullable Deed deed,
      @Option(
              names = "--set",
              paramLabel = "FIELD=VALUE",
              description =
                  "Set model, priority, maxAttempts, attemptTimeout, expireAt, retry or cache of"
                      + " the jobs; 'null' takes it away. Repeatable.")
          @Nullable List<String> sets,
      @Option(
              names = "--patch",
              paramLabel = "FILE",
              description = "A JSON Patch of the jobs' submissions; '-' for standard input.")
          @Nullable String patch,
      @Option(
              names = "--canary",
              paramLabel = "N|P%%",
              description = "So many, or so many per cent, first; then stop and report.")
          @Nullable String canary,
      @Option(
              names = "--go-on-at",
              paramLabel = "P%%",
              description = "Go on after the canary where so many of it succeeded.")
          @Nullable String goOnAt,
      @Option(
              names = "--in-flight",
              paramLabel = "N",
              description = "How many of its jobs may be under way at once. Default: 1000.")
          @Nullable Integer inFlight,
      @Option(
              names = "--per-second",
              paramLabel = "N",
              description = "How many are replayed a second at most.")
          @Nullable Double perSecond,
      @Option(
              names = "--max-generation",
              paramLabel = "N",
              description = "Jobs that were replayed so often are refused. Default: 3.")
          @Nullable Integer maxGeneration,
      @Option(names = "--force", description = "Also jobs that came back too often.") boolean force,
      @Option(
              names = "--id",
              paramLabel = "ID",
              description = "The plan's id. Default: one that is made up.")
          @Nullable String id,
      @Option(names = "--name", paramLabel = "TEXT", description = "What people call it.")
          @Nullable String name,
      @Option(
              names = "--by",
              paramLabel = "WHO",
              description = "Who asks, for the audit. Default: the user and host of this process.")
          @Nullable String by,
      @Option(names = "--confirm", description = "Begin at once. To be used with care.")
          boolean confirm)
      throws IOException {
    ObjectNode request = Json.MAPPER.createObjectNode();
    request.put("id", id == null ? newId() : id);
    if (name != null) {
      request.put("name", name);
    }
    request.put("by", who(by));
    request.set("selection", selection(filter, letters, jobs, all, sample));
    if (deed != null && deed.discard != null) {
      request.put("action", "discard").put("reason", deed.discard);
    } else if (deed != null && deed.purge != null) {
      request.put("action", "purge").put("reason", deed.purge);
    }
    if (sets != null) {
      request.set("override", override(sets));
    }
    if (patch != null) {
      request.set("patch", patch(patch));
    }
    if (maxGeneration != null) {
      request.put("maxGeneration", maxGeneration);
    }
    if (force) {
      request.put("force", true);
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
    if (canary != null) {
      ObjectNode first = amount("--canary", canary);
      if (goOnAt != null) {
        first.put("then", "go-on").put("minSucceeded", percent("--go-on-at", goOnAt) / 100);
      }
      request.set("canary", first);
    } else if (goOnAt != null) {
      throw CommandContext.usage(spec, "--go-on-at belongs to --canary");
    }
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode plan = api.planReplay(request);
      String planId = plan.path("id").asString("");
      plan = settled(api, planId, Set.of("selecting"), false);
      if (confirm && plan.path("state").asString("").equals("draft")) {
        plan =
            api.commandReplay(
                planId,
                "confirm",
                Json.MAPPER
                    .createObjectNode()
                    .put("by", who(by))
                    .put("version", plan.path("version").asInt(0)));
      }
      show(connection, plan);
      return plan.path("state").asString("").equals("aborted")
          ? ExitCode.NOT_SUCCEEDED
          : ExitCode.OK;
    }
  }

  private ObjectNode selection(
      LetterFilter filter,
      @Nullable List<String> letters,
      @Nullable List<String> jobs,
      boolean all,
      @Nullable String sample) {
    ObjectNode selection = Json.MAPPER.createObjectNode();
    int ways = (letters == null ? 0 : 1) + (jobs == null ? 0 : 1) + (filter.isEmpty() ? 0 : 1);
    if (ways > 1) {
      throw CommandContext.usage(spec, "give one of --letter, --job and what they have in common");
    }
    if (letters != null) {
      add(selection.putArray("letters"), letters);
    } else if (jobs != null) {
      add(selection.putArray("ids"), jobs);
    } else if (ways == 1 || all) {
      selection.set("filter", filter.json());
    } else {
      throw CommandContext.usage(spec, "say which dead letters: --code overloaded, or --all");
    }
    if (sample != null) {
      selection.set("sample", amount("--sample", sample));
    }
    return selection;
  }

  private static void add(ArrayNode array, List<String> values) {
    values.forEach(array::add);
  }

  /** {@code 20} or {@code 5%}. */
  private ObjectNode amount(String option, String value) {
    ObjectNode amount = Json.MAPPER.createObjectNode();
    if (value.endsWith("%")) {
      return amount.put("percent", percent(option, value));
    }
    try {
      return amount.put("count", Long.parseLong(value));
    } catch (NumberFormatException _) {
      throw CommandContext.usage(spec, option + " is a number or a share such as 5%");
    }
  }

  private double percent(String option, String value) {
    try {
      return Double.parseDouble(
          value.endsWith("%") ? value.substring(0, value.length() - 1) : value);
    } catch (NumberFormatException _) {
      throw CommandContext.usage(spec, option + " is a share such as 5%");
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
      return Json.MAPPER.readTree(bytes);
    } catch (JacksonException e) {
      throw CommandContext.usage(spec, "the patch is not JSON: " + e.getOriginalMessage());
    }
  }

  @Command(name = "plans", description = "Lists the plans, the newest first.")
  int plans(
      @Mixin ConnectionOptions connection,
      @Option(
              names = "--state",
              split = ",",
              paramLabel = "STATE",
              description = "Only those in one of these states.")
          @Nullable List<String> states) {
    try (ApiClient api = context.api(spec, connection)) {
      var query = new StringBuilder("/v1/replays?limit=" + PAGE);
      if (states != null) {
        states.forEach(state -> query.append("&state=").append(ApiClient.encoded(state)));
      }
      var plans = new ArrayList<JsonNode>();
      String cursor = "";
      do {
        JsonNode page = api.get(query + cursor(cursor));
        page.path("replays").forEach(plans::add);
        cursor = page.path("next").asString("");
      } while (!cursor.isEmpty());
      if (context.json(connection)) {
        plans.forEach(context::printJson);
      } else if (plans.isEmpty()) {
        note("no plan; make one with 'penstock dlq plan'");
      } else {
        text.plans(plans).forEach(context::print);
      }
    }
    return ExitCode.OK;
  }

  @Command(
      name = "status",
      description = "Shows a plan: what it selects, what it would do, and how far it has come.")
  int status(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "ID", description = "The plan's id.") String id,
      @Option(
              names = "--watch",
              description = "Until it ends, or waits for someone; the exit code tells how.")
          boolean watch) {
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode plan =
          watch ? settled(api, id, MOVING, true) : api.get("/v1/replays/" + ApiClient.encoded(id));
      show(connection, plan);
      return watch && !isWell(plan) ? ExitCode.NOT_SUCCEEDED : ExitCode.OK;
    }
  }

  private static boolean isWell(JsonNode plan) {
    JsonNode progress = plan.path("progress");
    return progress.path("deadLettered").asLong(0) == 0
        && progress.path("refused").isEmpty()
        && !plan.path("state").asString("").equals("aborted");
  }

  /** The plan when it is in none of these states any more. */
  private JsonNode settled(ApiClient api, String id, Set<String> moving, boolean told) {
    String last = "";
    while (true) {
      JsonNode plan = api.get("/v1/replays/" + ApiClient.encoded(id));
      if (!moving.contains(plan.path("state").asString(""))) {
        return plan;
      }
      String line = text.progress(plan);
      if (told && !line.equals(last)) {
        note(line);
        last = line;
      }
      ApiClient.sleep(POLL);
    }
  }

  @Command(name = "confirm", description = "Lets a draft begin.")
  int confirm(
      @Mixin ConnectionOptions connection,
      @Mixin Asked asked,
      @Parameters(paramLabel = "ID", description = "The plan's id.") String id) {
    return command(connection, asked, id, "confirm");
  }

  @Command(name = "pause", description = "Begins nothing new until it is resumed.")
  int pause(
      @Mixin ConnectionOptions connection,
      @Mixin Asked asked,
      @Parameters(paramLabel = "ID", description = "The plan's id.") String id) {
    return command(connection, asked, id, "pause");
  }

  @Command(name = "resume", description = "Lets a paused plan go on.")
  int resume(
      @Mixin ConnectionOptions connection,
      @Mixin Asked asked,
      @Parameters(paramLabel = "ID", description = "The plan's id.") String id) {
    return command(connection, asked, id, "resume");
  }

  @Command(name = "go-on", description = "Lets the rest follow the canary.")
  int goOn(
      @Mixin ConnectionOptions connection,
      @Mixin Asked asked,
      @Parameters(paramLabel = "ID", description = "The plan's id.") String id) {
    return command(connection, asked, id, "go-on");
  }

  @Command(
      name = "abort",
      description = "Begins nothing new any more; what was begun goes on to its end.")
  int abort(
      @Mixin ConnectionOptions connection,
      @Mixin Asked asked,
      @Parameters(paramLabel = "ID", description = "The plan's id.") String id) {
    return command(connection, asked, id, "abort");
  }

  @Command(
      name = "undo",
      description = {
        "Begins nothing new any more, and cancels what was begun.",
        "A job that ends otherwise before it is cancelled has ended so; the plan counts them."
      })
  int undo(
      @Mixin ConnectionOptions connection,
      @Mixin Asked asked,
      @Parameters(paramLabel = "ID", description = "The plan's id.") String id) {
    return command(connection, asked, id, "undo");
  }

  /** Who asks, and for which version. */
  static final class Asked {
    @Option(
        names = "--version",
        paramLabel = "N",
        description = "Only if this is its version, as status shows it.")
    private @Nullable Integer version;

    @Option(
        names = "--by",
        paramLabel = "WHO",
        description = "Who asks, for the audit. Default: the user and host of this process.")
    private @Nullable String by;
  }

  private int command(ConnectionOptions connection, Asked asked, String id, String command) {
    ObjectNode body = Json.MAPPER.createObjectNode().put("by", who(asked.by));
    if (asked.version != null) {
      body.put("version", asked.version);
    }
    try (ApiClient api = context.api(spec, connection)) {
      show(connection, api.commandReplay(id, command, body));
    }
    return ExitCode.OK;
  }

  @Command(
      name = "differences",
      description = "Lists what a plan had selected and left as it is, with the reason.")
  int differences(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "ID", description = "The plan's id.") String id) {
    try (ApiClient api = context.api(spec, connection)) {
      String cursor = "";
      long told = 0;
      do {
        JsonNode page =
            api.get(
                "/v1/replays/"
                    + ApiClient.encoded(id)
                    + "/differences?limit="
                    + PAGE
                    + cursor(cursor));
        for (JsonNode difference : page.path("differences")) {
          if (context.json(connection)) {
            context.printJson(difference);
          } else {
            context.print(text.difference(difference));
          }
          told++;
        }
        cursor = page.path("next").asString("");
      } while (!cursor.isEmpty());
      if (told == 0 && !context.json(connection)) {
        note("what happened is what the preview said, as far as the plan has come");
      }
    }
    return ExitCode.OK;
  }

  @Command(
      name = "audit",
      description = "Lists who did what with dead letters, the newest first, or checks the list.")
  int audit(
      @Mixin ConnectionOptions connection,
      @Option(names = "--plan", paramLabel = "ID", description = "Only of this plan.")
          @Nullable String plan,
      @Option(
              names = "--limit",
              paramLabel = "N",
              defaultValue = "50",
              description = "The most entries, 1 to " + PAGE + ". Default: 50.")
          int limit,
      @Option(
              names = "--verify",
              description = "Say whether anything was changed, left out or put in.")
          boolean verify) {
    try (ApiClient api = context.api(spec, connection)) {
      if (verify) {
        JsonNode verdict = api.get("/v1/audit/verification");
        boolean sound = verdict.path("sound").asBoolean(false);
        if (context.json(connection)) {
          context.printJson(verdict);
        } else {
          context.print(text.verdict(verdict));
        }
        return sound ? ExitCode.OK : ExitCode.NOT_SUCCEEDED;
      }
      JsonNode page =
          api.get(
              "/v1/audit?limit="
                  + limit
                  + (plan == null ? "" : "&plan=" + ApiClient.encoded(plan)));
      for (JsonNode entry : page.path("entries")) {
        if (context.json(connection)) {
          context.printJson(entry);
        } else {
          context.print(text.entry(entry));
        }
      }
    }
    return ExitCode.OK;
  }

  private void show(ConnectionOptions connection, JsonNode plan) {
    if (context.json(connection)) {
      context.printJson(plan);
    } else {
      text.plan(plan).forEach(context::print);
    }
  }

  private static String cursor(String cursor) {
    return cursor.isEmpty() ? "" : "&cursor=" + ApiClient.encoded(cursor);
  }

  /** Made here, so that a request that is sent twice makes one plan. */
  private static String newId() {
    Instant now = InstantSource.system().instant();
    byte[] chance = new byte[2];
    ThreadLocalRandom.current().nextBytes(chance);
    return STAMP.format(now) + "-" + HexFormat.of().formatHex(chance);
  }

  private String who(@Nullable String by) {
    if (by != null) {
      return by;
    }
    String user = System.getProperty("user.name", "somebody");
    String host = context.environment().getOrDefault("HOSTNAME", "");
    String who = host.isEmpty() ? user : user + "@" + host;
    byte[] bytes = who.getBytes(StandardCharsets.UTF_8);
    return bytes.length <= 200 ? who : who.substring(0, 100);
  }

  private void note(String line) {
    context.terminal().err().println(context.terminal().faint(line));
  }
}
