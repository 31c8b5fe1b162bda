package dev.penstock.cli;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** {@code penstock watch}: waits for the end of jobs and shows how far they are. */
@Command(
    name = "watch",
    description = {
      "Waits until jobs have ended, with live progress on a terminal. There, of a single job that"
          + " was",
      "submitted with --progress, the answer is shown while it is written.",
      "As JSON: one line for each job when it ends, in the order in which that is noticed."
    },
    footerHeading = "%nExample:%n",
    footer = "  penstock submit --jsonl jobs.jsonl | penstock watch --jsonl-ids -",
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      PenstockCommand.EXIT_OK,
      PenstockCommand.EXIT_NOT_SUCCEEDED,
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:at least one job is not known to the server"
    })
final class WatchCommand implements Callable<Integer> {
  private static final int MAX_SHOWN = 20;
  private static final int MAX_LINE_CHARS = 100_000;

  private final CommandContext context;
  private final List<JsonNode> notSucceeded = new ArrayList<>();

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Parameters(arity = "0..*", paramLabel = "ID", description = "The jobs to watch.")
  private @Nullable List<JobId> ids;

  @Option(
      names = "--jsonl-ids",
      paramLabel = "FILE",
      description =
          "Read the ids from a file, '-' for standard input: each line an id, or an object with an"
              + " \"id\" as submit prints it. Refused lines are passed over.")
  private @Nullable String idFile;

  WatchCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (ids == null && idFile == null) {
      throw CommandContext.usage(spec, "give the ids of jobs, or --jsonl-ids FILE");
    }
    boolean json = context.json(connection);
    try (ApiClient api = context.api(spec, connection)) {
      Tally tally;
      try (var bar = new ProgressBar(context.terminal(), "watching", Optional.empty());
          var _ = live(api, json, bar)) {
        var watcher =
            new JobWatcher(
                api,
                view -> ended(view, json),
                id -> bar.note(spec.qualifiedName() + ": there is no job " + id));
        List<JobId> given = ids == null ? List.of() : ids;
        given.forEach(watcher::add);
        if (idFile != null) {
          readIds(idFile, watcher);
        }
        watcher.complete();
        tally =
            watcher.run(
                now -> bar.update(now.done(), now.total(), now.describe(context.terminal())));
      }
      if (!json) {
        report(tally);
      }
      if (tally.unknown() > 0) {
        return ExitCode.REFUSED;
      }
      return tally.allSucceeded() ? ExitCode.OK : ExitCode.NOT_SUCCEEDED;
    }
  }

  /** Shows the answer of a single job while it is written. */
  private @Nullable LiveAnswer live(ApiClient api, boolean json, ProgressBar bar) {
    return ids != null
            && ids.size() == 1
            && idFile == null
            && !json
            && context.terminal().isInteractive(Terminal.Stream.OUT)
        ? new LiveAnswer(api, ids.getFirst(), context.terminal(), bar::end)
        : null;
  }

  private void ended(JsonNode view, boolean json) {
    if (json) {
      context.printJson(view);
      context.terminal().flush();
    } else if (!view.path("state").asString("").equals(JobState.SUCCEEDED.wireName())
        && notSucceeded.size() < MAX_SHOWN) {
      notSucceeded.add(view);
    }
  }

  private void report(Tally tally) {
    var text = JobText.of(context.terminal());
    notSucceeded.forEach(view -> context.print(text.line(view)));
    long more = tally.done() - tally.in(JobState.SUCCEEDED) - tally.unknown() - notSucceeded.size();
    if (more > 0) {
      context.print("… and " + more + " more that did not succeed");
    }
    String counts = tally.describe(context.terminal());
    context.print(counts.isEmpty() ? "no jobs" : counts);
  }

  private void readIds(String source, JobWatcher watcher) throws IOException {
    try (InputStream stream =
            source.equals("-") ? context.terminal().in() : Files.newInputStream(Path.of(source));
        var lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      long number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (!line.isBlank()) {
          id(line.strip(), number).ifPresent(watcher::add);
        }
      }
    } catch (NoSuchFileException _) {
      throw CommandContext.usage(spec, "there is no file " + source);
    }
  }

  /** The id on a line; nothing when the line tells of a refusal. */
  private Optional<JobId> id(String line, long number) {
    Optional<JobId> plain = JobId.parse(line);
    if (plain.isPresent()) {
      return plain;
    }
    if (line.startsWith("{") && line.length() <= MAX_LINE_CHARS) {
      try {
        JsonNode json = Json.MAPPER.readTree(line);
        Optional<JobId> id = JobId.parse(json.path("id").asString(""));
        if (id.isPresent() || json.has("error")) {
          return id;
        }
      } catch (JacksonException _) {
        // falls through to the one error below
      }
    }
    throw CommandContext.usage(
        spec, "line " + number + " of the ids is neither a job id nor an object with an \"id\"");
  }
}
