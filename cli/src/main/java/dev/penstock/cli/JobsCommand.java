package dev.penstock.cli;

import dev.penstock.job.JobId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code penstock jobs}: finds jobs, and does something about those that match. */
@Command(
    name = "jobs",
    description = {
      "Finds jobs.",
      "Several values of one option mean any of them; different options have to fit all."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  penstock jobs --state dead-lettered --facet code",
      "  penstock jobs --query '\"exact phrase\" pens*' --since 24h",
      "  penstock jobs --tenant acme --sort=-costNanos --limit 10",
      "  penstock jobs --state queued --label batch:7 --cancel",
      "  penstock jobs --state waiting --code overloaded --retry-now"
    },
    exitCodeListHeading = PenstockCommand.EXIT_CODES_HEADING,
    exitCodeList = {
      "0:found, however many; with --cancel or --retry-now: asked for all of them",
      "1:with --cancel or --retry-now: not all could be asked for, or nobody said yes",
      PenstockCommand.EXIT_USAGE,
      PenstockCommand.EXIT_UNAVAILABLE,
      "4:the search is refused"
    })
final class JobsCommand implements Callable<Integer> {
  private static final int PAGE = 500;

  /** The most jobs that one command lists or asks for. */
  private static final int MAX_JOBS = 100_000;

  /** How many requests are under way at once. */
  private static final int AT_ONCE = 8;

  /** How many failures are told one by one. */
  private static final int MAX_TOLD = 20;

  private final CommandContext context;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything runs
  private CommandSpec spec;

  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Option(names = "--state", split = ",", paramLabel = "STATE", description = "queued, running, …")
  private final List<String> states = new ArrayList<>();

  @Option(names = "--kind", split = ",", paramLabel = "KIND", description = "generate, embed, …")
  private final List<String> kinds = new ArrayList<>();

  @Option(names = "--tenant", split = ",", paramLabel = "TENANT", description = "Whose jobs.")
  private final List<String> tenants = new ArrayList<>();

  @Option(
      names = "--model",
      split = ",",
      paramLabel = "MODEL",
      description = "Their model or route.")
  private final List<String> models = new ArrayList<>();

  @Option(
      names = "--provider",
      split = ",",
      paramLabel = "NAME",
      description = "Who was called last.")
  private final List<String> providers = new ArrayList<>();

  @Option(
      names = "--code",
      split = ",",
      paramLabel = "CODE",
      description = "The code of the failure.")
  private final List<String> codes = new ArrayList<>();

  @Option(names = "--label", paramLabel = "NAME:VALUE", description = "A label that they have.")
  private final List<String> labels = new ArrayList<>();

  @Option(
      names = "--priority",
      split = ",",
      paramLabel = "PRIORITY",
      description = "high, normal or low.")
  private final List<String> priorities = new ArrayList<>();

  @Option(
      names = {"-q", "--query"},
      paramLabel = "TEXT",
      description = "Words in input, output, failure, labels or id: \"a phrase\", like~, begin*.")
  private @Nullable String query;

  @Option(names = "--from", paramLabel = "TIME", description = "Accepted at this time or later.")
  private @Nullable String from;

  @Option(names = "--to", paramLabel = "TIME", description = "Accepted before this time.")
  private @Nullable String to;

  @Option(
      names = "--since",
      paramLabel = "DURATION",
      description = "Accepted within this time: 90s, 15m, 24h.")
  private @Nullable Duration since;

  @Option(
      names = "--sort",
      paramLabel = "FIELD",
      description =
          "-acceptedAt (default), acceptedAt, -finishedAt, -costNanos or -durationMillis.")
  private @Nullable String sort;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "50",
      description = "The most jobs that are listed, 1 to " + MAX_JOBS + ". Default: 50.")
  private int limit;

  @Option(
      names = "--facet",
      split = ",",
      paramLabel = "FIELD",
      description =
          "Count the values of state, kind, tenant, model, provider, code, label or priority"
              + " instead of listing.")
  private final List<String> facets = new ArrayList<>();

  @Option(
      names = "--cancel",
      description = "Ask for the end of all that match, after it was told how many they are.")
  private boolean cancel;

  @Option(
      names = "--retry-now",
      description =
          "Run the next attempt of all that match and wait now, after it was told how many match.")
  private boolean retryNow;

  @Option(names = "--yes", description = "With --cancel or --retry-now: do not ask back.")
  private boolean yes;

  /** What can be asked for all that match. */
  private enum Asked {
    CANCEL("cancel", "", "already_finished", "ended", "had ended already"),
    RETRY_NOW("retry", " now", "job_not_waiting", "notWaiting", "did not wait");

    private final String verb;
    private final String adverb;

    /** The problem that says that it is not possible with a job, which is no failure. */
    private final String impossible;

    /** The name of their number. */
    private final String counted;

    private final String because;

    Asked(String verb, String adverb, String impossible, String counted, String because) {
      this.verb = verb;
      this.adverb = adverb;
      this.impossible = impossible;
      this.counted = counted;
      this.because = because;
    }
  }

  JobsCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    check();
    try (ApiClient api = context.api(spec, connection)) {
      if (cancel || retryNow) {
        return ask(api, cancel ? Asked.CANCEL : Asked.RETRY_NOW);
      }
      if (!facets.isEmpty()) {
        count(api);
      } else {
        list(api);
      }
      return ExitCode.OK;
    }
  }

  private void check() {
    if (limit < 1 || limit > MAX_JOBS) {
      throw CommandContext.usage(spec, "--limit is 1 to " + MAX_JOBS);
    }
    if (since != null && from != null) {
      throw CommandContext.usage(spec, "give one of --since and --from");
    }
    if (yes && !cancel && !retryNow) {
      throw CommandContext.usage(spec, "--yes belongs to --cancel or --retry-now");
    }
    if ((cancel && retryNow) || ((cancel || retryNow) && !facets.isEmpty())) {
      throw CommandContext.usage(spec, "give one of --cancel, --retry-now and --facet");
    }
  }

  /** What selects jobs, as parameters. */
  private String selection() {
    var text = new StringBuilder();
    parameters(text, "state", states);
    parameters(text, "kind", kinds);
    parameters(text, "tenant", tenants);
    parameters(text, "model", models);
    parameters(text, "provider", providers);
    parameters(text, "code", codes);
    parameters(text, "label", labels);
    parameters(text, "priority", priorities);
    parameter(text, "q", query);
    parameter(text, "from", from);
    parameter(text, "to", to);
    if (since != null) {
      Instant start = InstantSource.system().instant().minus(since);
      parameter(text, "from", Instant.ofEpochMilli(start.toEpochMilli()).toString());
    }
    return text.toString();
  }

  private static void parameters(StringBuilder text, String name, List<String> values) {
    values.forEach(value -> parameter(text, name, value));
  }

  private static void parameter(StringBuilder text, String name, @Nullable String value) {
    if (value != null) {
      text.append('&').append(name).append('=').append(ApiClient.encoded(value));
    }
  }

  private void list(ApiClient api) {
    String selection = selection();
    var table = new JobTable(context.terminal());
    boolean json = context.json(connection);
    String cursor = "";
    int listed = 0;
    long matching;
    do {
      JsonNode page =
          api.jobs(
              "limit="
                  + Math.min(PAGE, limit - listed)
                  + selection
                  + (sort == null ? "" : "&sort=" + ApiClient.encoded(sort))
                  + (cursor.isEmpty() ? "" : "&cursor=" + ApiClient.encoded(cursor)));
      matching = matching(page);
      for (JsonNode job : page.path("jobs")) {
        if (json) {
          context.printJson(job);
        } else {
          if (listed == 0) {
            context.print(table.head());
          }
          context.print(table.line(job));
        }
        listed++;
      }
      cursor = page.path("next").asString("");
    } while (!cursor.isEmpty() && listed < limit);
    if (!json) {
      note(
          matching == 0
              ? "no job matches"
              : listed < matching
                  ? listed + " of " + matching + "; more with --limit"
                  : jobs(matching));
    }
  }

  private void count(ApiClient api) {
    var text = new StringBuilder("limit=1").append(selection());
    facets.forEach(facet -> parameter(text, "facets", facet));
    JsonNode page = api.jobs(text.toString());
    if (context.json(connection)) {
      context.printJson(page.path("facets"));
      return;
    }
    new JobTable(context.terminal()).facets(page.path("facets")).forEach(context::print);
    note(jobs(matching(page)) + " in all");
  }

  /** Finds them first, so that exactly those are asked for of which it was told. */
  private int ask(ApiClient api, Asked asked) throws IOException {
    String selection = selection();
    if (selection.isEmpty()) {
      throw CommandContext.usage(spec, "say which jobs, with --state queued for example");
    }
    Set<JobId> jobs = new LinkedHashSet<>();
    String cursor = "";
    do {
      JsonNode page =
          api.jobs(
              "limit="
                  + PAGE
                  + selection
                  + (cursor.isEmpty() ? "" : "&cursor=" + ApiClient.encoded(cursor)));
      if (matching(page) > MAX_JOBS) {
        throw CommandContext.usage(
            spec,
            matching(page) + " jobs match; " + asked.verb + " at most " + MAX_JOBS + " at once");
      }
      for (JsonNode job : page.path("jobs")) {
        jobs.add(api.jobId(job));
      }
      cursor = page.path("next").asString("");
    } while (!cursor.isEmpty());
    if (jobs.isEmpty()) {
      note("no job matches");
      return ExitCode.OK;
    }
    if (!isWanted(asked, jobs.size())) {
      note("nothing was asked for");
      return ExitCode.NOT_SUCCEEDED;
    }
    return ask(api, asked, List.copyOf(jobs));
  }

  private boolean isWanted(Asked asked, int count) throws IOException {
    if (yes) {
      return true;
    }
    if (!context.terminal().isInteractive(Terminal.Stream.IN)) {
      throw CommandContext.usage(
          spec,
          jobs(count) + (count == 1 ? " matches" : " match") + "; say --yes to " + asked.verb);
    }
    var err = context.terminal().err();
    err.print(asked.verb + " " + jobs(count) + asked.adverb + "? [y/N] ");
    err.flush();
    String answer =
        new BufferedReader(new InputStreamReader(context.terminal().in(), StandardCharsets.UTF_8))
            .readLine();
    return answer != null && (answer.strip().equalsIgnoreCase("y") || answer.strip().equals("yes"));
  }

  private int ask(ApiClient api, Asked asked, List<JobId> jobs) {
    int requested = 0;
    int impossible = 0;
    int failed = 0;
    try (ExecutorService calls =
        Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().factory())) {
      var answers = new ArrayList<Future<@Nullable ApiException>>();
      for (JobId job : jobs) {
        answers.add(calls.submit(() -> refusal(api, asked, job)));
      }
      for (int i = 0; i < jobs.size(); i++) {
        ApiException refusal = await(answers.get(i));
        if (refusal == null) {
          requested++;
        } else if (refusal instanceof ApiException.Refused refused
            && refused.problem().code().equals(asked.impossible)) {
          impossible++;
        } else if (++failed <= MAX_TOLD) {
          context.terminal().err().println(jobs.get(i) + ": " + refusal.getMessage());
        }
      }
    }
    String summary =
        requested + " requested, " + impossible + " " + asked.because + ", " + failed + " failed";
    if (context.json(connection)) {
      context.printJson(
          dev.penstock.codec.Json.MAPPER
              .createObjectNode()
              .put("matching", jobs.size())
              .put("requested", requested)
              .put(asked.counted, impossible)
              .put("failed", failed));
    } else {
      context.print(summary);
    }
    return failed == 0 ? ExitCode.OK : ExitCode.NOT_SUCCEEDED;
  }

  private static @Nullable ApiException refusal(ApiClient api, Asked asked, JobId job) {
    try {
      switch (asked) {
        case CANCEL -> api.cancel(job);
        case RETRY_NOW -> api.retryNow(job);
      }
      return null;
    } catch (ApiException e) {
      return e;
    }
  }

  private static @Nullable ApiException await(Future<@Nullable ApiException> answer) {
    try {
      return answer.get();
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static String jobs(long count) {
    return count == 1 ? "1 job" : count + " jobs";
  }

  private static long matching(JsonNode page) {
    return page.path("total").path("count").asLong(0);
  }

  private void note(String text) {
    context.terminal().err().println(context.terminal().faint(text));
  }
}
