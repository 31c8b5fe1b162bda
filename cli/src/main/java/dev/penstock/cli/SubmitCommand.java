package dev.penstock.cli;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code penstock submit}: one job from options, or many from a file of JSON lines. */
@Command(
    name = "submit",
    description = {
      "Submits one job, or with --jsonl many of them, and prints their ids.",
      "A job is safe on Kafka once its id is printed."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  penstock submit --kind summarize --file report.txt --wait",
      "  echo 'Guten Morgen, wie geht es Ihnen?' | penstock submit --kind detect-language",
      "  penstock submit --kind classify --text 'The engine stalls' --class motor --class wheels",
      "  penstock submit --jsonl jobs.jsonl > ids.jsonl"
    },
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      PenstockCommand.EXIT_OK,
      PenstockCommand.EXIT_NOT_SUCCEEDED + " (with --wait)",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:refused, or with --jsonl at least one line refused"
    })
final class SubmitCommand implements Callable<Integer> {
  private final CommandContext context;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  private static final int MAX_SCHEMA_BYTES = 4 * JobInput.MAX_SCHEMA_CHARS;

  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description = "summarize, classify, embed, detect-language, generate or extract.")
  private @Nullable String kind;

  @Option(names = "--text", paramLabel = "TEXT", description = "The text to work on.")
  private @Nullable String text;

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "Where the text is; '-' for standard input, which is also the default.")
  private @Nullable String file;

  @Option(
      names = "--class",
      paramLabel = "NAME",
      description = "For classify: one of the labels to choose from. Give at least two.")
  private @Nullable List<String> classes;

  @Option(
      names = "--max-sentences",
      paramLabel = "N",
      description = "For summarize: how long the summary may be. Default: 3.")
  private @Nullable Integer maxSentences;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "For generate: what the model is to be and to heed.")
  private @Nullable String system;

  @Option(
      names = "--max-output-tokens",
      paramLabel = "N",
      description = "For generate: after how many tokens the answer is cut. Default: 1024.")
  private @Nullable Integer maxOutputTokens;

  @Option(
      names = "--schema",
      paramLabel = "FILE",
      description = "For extract: where the JSON Schema is that says what is to be found.")
  private @Nullable Path schema;

  @Option(
      names = "--jsonl",
      paramLabel = "FILE",
      description =
          "Submit many: each line is a job as the API takes it, '-' for standard input. Lines say"
              + " everything about their job themselves.")
  private @Nullable String jsonl;

  @Option(
      names = "--model",
      paramLabel = "PROVIDER[:MODEL]",
      description = "Who is to do it. Default: the server's.")
  private @Nullable String model;

  @Option(
      names = "--label",
      paramLabel = "NAME=VALUE",
      description = "A name and value of your own that stays with the job. Repeatable.")
  private @Nullable LinkedHashMap<String, String> labels;

  @Option(
      names = "--idempotency-key",
      paramLabel = "KEY",
      description = "The same job under the same key again is accepted only once.")
  private @Nullable String idempotencyKey;

  @Option(
      names = "--max-attempts",
      paramLabel = "N",
      description = "How many calls to the provider the job may take.")
  private @Nullable Integer maxAttempts;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      description = "How long one call may take, for example 30s or 5m.")
  private @Nullable Duration timeout;

  @Option(
      names = "--expire-at",
      paramLabel = "TIME",
      description =
          "From when on no result is wanted: 2027-01-31T12:00:00Z, or +10m for in ten minutes.")
  private @Nullable String expireAt;

  @Option(
      names = "--run-at",
      paramLabel = "TIME",
      description =
          "Not to be run before: 2027-01-31T12:00:00Z, or +2h for in two hours; at most 30 days.")
  private @Nullable String runAt;

  @Option(
      names = "--ordering-key",
      paramLabel = "KEY",
      description =
          "Jobs with the same key are run one after the other, in the order of submission.")
  private @Nullable String orderingKey;

  @Option(
      names = "--on-dead-letter",
      paramLabel = "release|block",
      description =
          "Whether those behind it in the line of its ordering key run when it is dead-lettered."
              + " Default: release.")
  private @Nullable String onDeadLetter;

  @Option(
      names = "--priority",
      paramLabel = "PRIORITY",
      description = "high, normal or low. Default: normal.")
  private @Nullable String priority;

  @Option(
      names = "--progress",
      description = {
        "Have the answer told while it is written, where its provider does that;",
        "with --wait on a terminal it is shown as it grows."
      })
  private boolean progress;

  @Option(
      names = "--tenant",
      paramLabel = "TENANT",
      description = "On whose behalf it is run. Default: default.")
  private @Nullable String tenant;

  @Option(
      names = "--cache-ttl",
      paramLabel = "DURATION",
      description =
          "Share the answer with identical jobs: how old one may be, and how long its own is kept,"
              + " 1s to 30d.")
  private @Nullable Duration cacheTtl;

  @Option(
      names = "--cache-tag",
      paramLabel = "TAG",
      description = "What the kept answer can be invalidated by, such as kb/articles/17.")
  private @Nullable List<String> cacheTags;

  @Option(names = "--no-cache", description = "Share no answer, whatever the model's route does.")
  private boolean noCache;

  @Option(
      names = "--wait",
      description = "Wait until the jobs ended, show progress, and print their results.")
  private boolean wait;

  SubmitCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    String lines = jsonl;
    if (lines != null) {
      refuseJobOptions();
      try (ApiClient api = context.api(spec, connection);
          InputStream source = open(lines)) {
        return new SubmitMany(context, api, context.json(connection), wait)
            .run(source, lines.equals("-") ? 0 : Files.size(Path.of(lines)));
      }
    }
    try (ApiClient api = context.api(spec, connection)) {
      return submitOne(api, job());
    }
  }

  private int submitOne(ApiClient api, ObjectNode job) throws InterruptedException {
    JsonNode accepted = api.submit(job, Optional.ofNullable(idempotencyKey));
    JobId id = api.jobId(accepted);
    boolean json = context.json(connection);
    if (json) {
      context.printJson(accepted);
      context.terminal().flush();
    } else if (wait) {
      context.terminal().err().println("accepted " + id);
    } else {
      context.print(id.toString());
      context
          .terminal()
          .err()
          .println(context.terminal().faint("follow it with: penstock watch " + id));
    }
    if (!wait) {
      return ExitCode.OK;
    }
    boolean live = progress && !json && context.terminal().isInteractive(Terminal.Stream.OUT);
    try (var bar = new ProgressBar(context.terminal(), "running", Optional.empty());
        LiveAnswer answer = live ? new LiveAnswer(api, id, context.terminal(), bar::end) : null) {
      var watcher = new JobWatcher(api, _ -> {}, _ -> {});
      watcher.add(id);
      watcher.complete();
      Tally tally = watcher.run(now -> bar.update(now.done(), now.total(), ""));
      bar.end();
      JsonNode result = api.result(id);
      if (json) {
        context.printJson(result);
      } else if (answer == null || !isShown(result, answer)) {
        JobText.of(context.terminal()).result(result).forEach(context::print);
      }
      return tally.allSucceeded() ? ExitCode.OK : ExitCode.NOT_SUCCEEDED;
    }
  }

  /** Shows the rest of the answer; false when it has to be shown anew. */
  private static boolean isShown(JsonNode result, LiveAnswer answer) {
    String text = result.path("output").path("text").asString("");
    if (!text.isEmpty() && answer.complete(text)) {
      return true;
    }
    answer.close();
    return false;
  }

  private ObjectNode job() throws IOException {
    if (kind == null) {
      throw CommandContext.usage(spec, "give --kind and a text, or --jsonl FILE");
    }
    if (text != null && file != null) {
      throw CommandContext.usage(spec, "give --text or --file, not both");
    }
    ObjectNode job = Json.MAPPER.createObjectNode().put("kind", kind);
    ObjectNode input = job.putObject("input").put("text", text());
    List<String> choices = classes;
    if (choices != null) {
      ArrayNode array = input.putArray("labels");
      choices.forEach(array::add);
    }
    if (maxSentences != null) {
      input.put("maxSentences", maxSentences);
    }
    if (system != null) {
      input.put("system", system);
    }
    if (maxOutputTokens != null) {
      input.put("maxOutputTokens", maxOutputTokens);
    }
    if (schema != null) {
      input.set("schema", schema(schema));
    }
    if (model != null) {
      job.put("model", model);
    }
    if (maxAttempts != null) {
      job.put("maxAttempts", maxAttempts);
    }
    if (timeout != null) {
      job.put("attemptTimeout", Durations.withUnit(timeout));
    }
    if (expireAt != null) {
      job.put("expireAt", instant("--expire-at", expireAt).toString());
    }
    if (runAt != null) {
      job.put("runAt", instant("--run-at", runAt).toString());
    }
    if (orderingKey != null) {
      job.put("orderingKey", orderingKey);
    }
    if (onDeadLetter != null) {
      job.put("onDeadLetter", onDeadLetter);
    }
    if (priority != null) {
      job.put("priority", priority);
    }
    if (progress) {
      job.put("progress", true);
    }
    if (tenant != null) {
      job.put("tenant", tenant);
    }
    cache(job);
    Map<String, String> own = labels;
    if (own != null) {
      ObjectNode object = job.putObject("labels");
      own.forEach(object::put);
    }
    return job;
  }

  private void cache(ObjectNode job) {
    if (noCache) {
      if (cacheTtl != null || cacheTags != null) {
        throw CommandContext.usage(
            spec, "--no-cache can't stand beside --cache-ttl or --cache-tag");
      }
      job.put("cache", false);
      return;
    }
    if (cacheTtl != null || cacheTags != null) {
      ObjectNode cache = job.putObject("cache");
      if (cacheTtl != null) {
        cache.put("ttl", Durations.withUnit(cacheTtl));
      }
      if (cacheTags != null) {
        ArrayNode tags = cache.putArray("tags");
        cacheTags.forEach(tags::add);
      }
    }
  }

  private JsonNode schema(Path path) throws IOException {
    if (Files.size(path) > MAX_SCHEMA_BYTES) {
      throw CommandContext.usage(
          spec, path + " is too long: a schema has at most " + MAX_SCHEMA_BYTES + " bytes");
    }
    try {
      return Json.MAPPER.readTree(Files.readString(path));
    } catch (JacksonException e) {
      var at = e.getLocation();
      throw CommandContext.usage(
          spec,
          path
              + " is not JSON (line "
              + at.getLineNr()
              + ", column "
              + at.getColumnNr()
              + "); it is to hold a JSON Schema");
    }
  }

  private String text() throws IOException {
    if (text != null) {
      return text;
    }
    if (file == null && context.terminal().isInteractive(Terminal.Stream.IN)) {
      throw CommandContext.usage(spec, "give the text with --text, --file or a pipe");
    }
    String source = file == null ? "-" : file;
    // No text of this many characters is longer in UTF-8.
    int maxBytes = 4 * JobInput.MAX_TEXT_CHARS;
    byte[] bytes;
    try (InputStream stream = open(source)) {
      bytes = stream.readNBytes(maxBytes + 1);
    }
    String name = source.equals("-") ? "standard input" : source;
    if (bytes.length > maxBytes) {
      throw CommandContext.usage(
          spec,
          name + " is too long: a text has at most " + JobInput.MAX_TEXT_CHARS + " characters");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException _) {
      throw CommandContext.usage(spec, name + " is not UTF-8 text");
    }
  }

  private InputStream open(String source) throws IOException {
    if (source.equals("-")) {
      return context.terminal().in();
    }
    Path path = Path.of(source);
    if (Files.isDirectory(path)) {
      throw CommandContext.usage(spec, source + " is a directory, not a file");
    }
    try {
      return Files.newInputStream(path);
    } catch (NoSuchFileException _) {
      throw CommandContext.usage(spec, "there is no file " + source);
    }
  }

  private Instant instant(String option, String time) {
    try {
      return time.startsWith("+")
          ? Instant.now().plus(Durations.parse(time.substring(1)))
          : Instant.parse(time);
    } catch (DateTimeParseException _) {
      throw CommandContext.usage(
          spec, option + " is '" + time + "', but must be like 2027-01-31T12:00:00Z or +10m");
    }
  }

  private void refuseJobOptions() {
    for (var option : spec.commandLine().getParseResult().matchedOptionsSet()) {
      if (!List.of("--jsonl", "--wait", "--url", "--output").contains(option.longestName())) {
        throw CommandContext.usage(
            spec,
            option.longestName() + " can't be combined with --jsonl: each line says it itself");
      }
    }
  }
}
