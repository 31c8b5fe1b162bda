package dev.penstock.cli;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

/** {@code penstock cache}: answers that identical jobs share. */
@Command(
    name = "cache",
    description = "Invalidates kept answers, and keeps answers that are known from elsewhere.",
    synopsisSubcommandLabel = "COMMAND",
    footerHeading = "%nExamples:%n",
    footer = {
      "  penstock cache invalidate kb/articles",
      "  penstock cache invalidate kb --tenant acme",
      "  penstock cache warm answers.jsonl",
      "",
      "A line of answers.jsonl:",
      "  {\"request\":{\"kind\":\"generate\",\"model\":\"fast\",\"input\":{\"text\":\"Why?\"},"
          + "\"cache\":{\"ttl\":\"7d\"}},",
      "   \"output\":{\"kind\":\"generate\",\"text\":\"Because.\"}}   (on one line)"
    },
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:done",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:refused; of a file, at least one line"
    })
final class CacheCommand implements Runnable {
  /** So much goes into one request at most; a server takes a megabyte. */
  private static final int MAX_ENTRIES = 200;

  private static final int MAX_BYTES = 600_000;

  private static final Pattern ENTRY = Pattern.compile("/entries/([0-9]{1,4})(/.*)?");

  private final CommandContext context;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "This text.")
  boolean help;

  CacheCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public void run() {
    throw CommandContext.usage(spec, "give a command: invalidate or warm");
  }

  @Command(
      name = "invalidate",
      description = {
        "Invalidates the kept answers with a tag, or with one below it.",
        "kb/articles also hits kb/articles/17, but not kb/articles2."
      })
  int invalidate(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "TAG", description = "The tag.") String tag,
      @Option(
              names = "--tenant",
              paramLabel = "NAME",
              description = "Whose answers. Default: the tenant of jobs that name none.")
          @Nullable String tenant) {
    try (ApiClient api = context.api(spec, connection)) {
      JsonNode answer = api.invalidateCache(tag, Optional.ofNullable(tenant));
      if (context.json(connection)) {
        context.printJson(answer);
      } else {
        context.print(
            "invalidated "
                + answer.path("tag").asString("")
                + " of tenant "
                + answer.path("tenant").asString(""));
      }
    }
    return ExitCode.OK;
  }

  @Command(
      name = "warm",
      description = {
        "Keeps answers that are known from elsewhere, one a line:",
        "{\"request\": a job as POST /v1/jobs takes it, with cache.ttl, \"output\": what it would"
            + " come to}",
        "A line that is refused is named and harms no other."
      })
  int warm(
      @Mixin ConnectionOptions connection,
      @Parameters(paramLabel = "FILE", description = "Where the lines are; '-' for standard input.")
          String source)
      throws IOException {
    try (InputStream in = open(source);
        ApiClient api = context.api(spec, connection)) {
      var warming = new Warming(api);
      var lines = new JobLines(in);
      for (Optional<JobLines.Batch> next = lines.next(); next.isPresent(); next = lines.next()) {
        warming.take(next.get());
      }
      warming.send();
      if (context.json(connection)) {
        context.printJson(
            Json.MAPPER
                .createObjectNode()
                .put("entries", warming.kept)
                .put("refused", warming.refused));
      } else {
        context.print("kept " + warming.kept + ", refused " + warming.refused);
      }
      return warming.refused == 0 ? ExitCode.OK : ExitCode.REFUSED;
    }
  }

  private InputStream open(String source) throws IOException {
    try {
      return source.equals("-") ? context.terminal().in() : Files.newInputStream(Path.of(source));
    } catch (NoSuchFileException _) {
      throw CommandContext.usage(spec, "there is no file " + source);
    }
  }

  /** Lines on their way to the server, some at a time. */
  private final class Warming {
    private final ApiClient api;
    private final List<Line> waiting = new ArrayList<>();
    private int waitingBytes;
    private long kept;
    private long refused;

    private record Line(long number, JsonNode entry) {}

    Warming(ApiClient api) {
      this.api = api;
    }

    void take(JobLines.Batch batch) {
      batch.tooLong().forEach(number -> refuse(number, "is longer than a job may be"));
      String[] texts =
          new String(batch.bytes(), 0, batch.length(), StandardCharsets.UTF_8).split("\n", -1);
      for (int i = 1; i <= batch.count(); i++) {
        String text = texts[i - 1];
        long number = batch.lineNumber(i);
        try {
          JsonNode entry = Json.MAPPER.readTree(text);
          if (entry.isObject()) {
            add(new Line(number, entry), text.length());
          } else {
            refuse(number, "is not a JSON object");
          }
        } catch (JacksonException e) {
          refuse(number, "is not JSON: " + e.getOriginalMessage());
        }
      }
    }

    private void add(Line line, int bytes) {
      if (waitingBytes + bytes > MAX_BYTES || waiting.size() == MAX_ENTRIES) {
        send();
      }
      waiting.add(line);
      waitingBytes += bytes;
    }

    /** Sends what waits; without those lines that the server finds wrong, until it takes all. */
    void send() {
      while (!waiting.isEmpty()) {
        ObjectNode body = Json.MAPPER.createObjectNode();
        ArrayNode entries = body.putArray("entries");
        waiting.forEach(line -> entries.add(line.entry()));
        try {
          api.warmCache(body);
          kept += waiting.size();
          waiting.clear();
        } catch (ApiException.Refused e) {
          if (!takeOut(e.problem())) {
            throw e;
          }
        }
      }
      waitingBytes = 0;
    }

    /** Takes the lines out that the server named; false when it named none. */
    private boolean takeOut(Problem problem) {
      var wrong = new TreeSet<Integer>();
      for (Problem.Violation violation : problem.violations()) {
        Matcher entry = ENTRY.matcher(violation.pointer());
        int index = entry.matches() ? Integer.parseInt(entry.group(1)) : waiting.size();
        if (index < waiting.size()) {
          String where = entry.group(2) == null ? "" : entry.group(2) + ": ";
          complain(waiting.get(index).number(), where + violation.message());
          wrong.add(index);
        }
      }
      refused += wrong.size();
      wrong.descendingSet().forEach(index -> waiting.remove((int) index));
      return !wrong.isEmpty();
    }

    private void refuse(long number, String what) {
      refused++;
      complain(number, what);
    }

    private void complain(long number, String what) {
      context.terminal().err().println("line " + number + ": " + what.replaceAll("\\s+", " "));
    }
  }
}
