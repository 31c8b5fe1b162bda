package dev.penstock.cli;

import dev.penstock.codec.Json;
import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobResult;
import dev.penstock.job.JobState;
import dev.penstock.job.JobView;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/** Jobs and results as text for people. */
final class JobText {
  /** Control characters but for tab and line feed, and those that turn the direction of text. */
  private static final Pattern NOT_SHOWN =
      Pattern.compile("[\\p{Cc}\u202a-\u202e\u2066-\u2069&&[^\\t\\n]]");

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS xxx", Locale.ROOT);
  private static final int VECTOR_SHOWN = 6;
  private static final int SCORE_BAR = 20;

  private final Terminal terminal;
  private final ZoneId zone;

  private JobText(Terminal terminal, ZoneId zone) {
    this.terminal = terminal;
    this.zone = zone;
  }

  static JobText of(Terminal terminal) {
    return new JobText(terminal, ZoneId.systemDefault());
  }

  /** The job on one line: for lists of what did not go well. */
  String line(JsonNode json) {
    JobView view = read(json, JobView.class);
    String failure = view.failure() == null ? "" : "  " + describe(view.failure());
    return view.id() + "  " + colored(view.state()) + failure;
  }

  /** The job, field by field. */
  List<String> view(JsonNode json) {
    JobView view = read(json, JobView.class);
    var lines = new ArrayList<String>();
    field(lines, "job", terminal.bold(view.id().toString()));
    field(
        lines,
        "state",
        colored(view.state()) + (view.cancelRequested() ? ", cancel requested" : ""));
    field(lines, "kind", view.kind());
    field(lines, "model", view.model());
    if (view.tenant() != null && !view.tenant().equals(TenantId.DEFAULT)) {
      field(lines, "tenant", view.tenant().name());
    }
    if (view.orderingKey() != null) {
      field(lines, "ordering key", view.orderingKey());
    }
    field(lines, "accepted", time(view.acceptedAt()));
    field(
        lines,
        "due",
        time(view.dueAt()) + (view.retryNowRequestedAt() == null ? "" : ", asked to run now"));
    field(lines, "expires", time(view.expireAt()));
    if (view.finishedAt() != null) {
      field(
          lines,
          "finished",
          time(view.finishedAt())
              + ", after "
              + Durations.describe(
                  java.time.Duration.between(view.acceptedAt(), view.finishedAt())));
    }
    if (view.generation() > 0) {
      field(lines, "generation", String.valueOf(view.generation()));
    }
    view.labels().entrySet().stream()
        .sorted(java.util.Map.Entry.comparingByKey())
        .forEach(label -> field(lines, "label", label.getKey() + "=" + label.getValue()));
    if (view.failure() != null) {
      field(lines, "failure", describe(view.failure()));
    }
    for (Attempt attempt : view.attempts()) {
      field(lines, "attempt " + attempt.number(), describe(attempt, view.maxAttempts()));
    }
    if (view.costNanos() != null) {
      field(lines, "cost", amount(view.costNanos()));
    }
    if (view.wastedCalls() > 0) {
      String cost =
          view.wastedCostNanos() == null
              ? ""
              : "; their input cost about " + amount(view.wastedCostNanos());
      field(
          lines,
          "wasted",
          (view.wastedCalls() == 1
                  ? "1 call that was lost with its worker and made again"
                  : view.wastedCalls() + " calls that were lost with their worker and made again")
              + cost);
    }
    if (view.runningAttempt() != null) {
      field(
          lines,
          "attempt " + view.runningAttempt(),
          "runs (of at most " + view.maxAttempts() + ")");
    }
    return lines;
  }

  /** What the job came to; for one that succeeded only the output. */
  List<String> result(JsonNode json) {
    JobResult result = read(json, JobResult.class);
    if (result.output() != null) {
      return output(result.output());
    }
    return List.of(
        colored(result.state())
            + (result.failure() == null ? "" : ": " + describe(result.failure())));
  }

  private List<String> output(JobOutput output) {
    return switch (output) {
      case JobOutput.Summary summary -> summary.sentences();
      case JobOutput.Classification classification -> scores(classification.labels());
      case JobOutput.DetectedLanguages detected -> scores(detected.languages());
      case JobOutput.Text text -> text.text().lines().toList();
      case JobOutput.Extracted extracted -> List.of(extracted.value().text());
      case JobOutput.Embedding embedding -> {
        float[] vector = embedding.vector();
        String head =
            IntStream.range(0, Math.min(VECTOR_SHOWN, vector.length))
                .mapToObj(i -> String.format(Locale.ROOT, "%.4f", vector[i]))
                .collect(Collectors.joining(" "));
        yield List.of(
            "vector of " + vector.length + " dimensions: " + head + " … (all with --output json)");
      }
    };
  }

  private static List<String> scores(List<JobOutput.ScoredLabel> labels) {
    int width = labels.stream().mapToInt(label -> label.label().length()).max().orElse(0);
    return labels.stream()
        .map(label ->
            String.format(
                Locale.ROOT,
                "%-" + Math.max(width, 1) + "s  %5.1f%%  %s",
                label.label(),
                label.score() * 100,
                "█".repeat((int) Math.round(label.score() * SCORE_BAR))))
        .toList();
  }

  private String describe(Attempt attempt, int maxAttempts) {
    String what =
        attempt.failure() == null
            ? terminal.green("succeeded")
            : terminal.red("failed") + ", " + describe(attempt.failure());
    return what
        + " after "
        + Durations.describe(attempt.latency())
        + " at "
        + attempt.provider()
        + " (of at most "
        + maxAttempts
        + ", worker "
        + attempt.worker()
        + ")"
        + describe(attempt.served());
  }

  private String describe(@Nullable Served served) {
    if (served == null) {
      return "";
    }
    var parts = new ArrayList<String>();
    if (served.insteadOf() != null) {
      parts.add("instead of " + served.insteadOf());
    }
    if (served.cachedAt() != null) {
      parts.add("from the cache, kept " + time(served.cachedAt()));
    }
    if (served.providerModel() != null) {
      parts.add("model " + served.providerModel());
    }
    Usage usage = served.usage();
    if (!usage.equals(Usage.NONE)) {
      parts.add(
          usage.inputTokens()
              + (usage.cachedTokens() > 0 ? " (" + usage.cachedTokens() + " cached)" : "")
              + " + "
              + usage.outputTokens()
              + " tokens");
    }
    if (served.costNanos() != null) {
      parts.add("cost " + amount(served.costNanos()));
    }
    if (served.requestId() != null) {
      parts.add("request " + served.requestId());
    }
    return parts.isEmpty() ? "" : "; " + String.join(", ", parts);
  }

  /** Billionths as people write amounts. */
  private static String amount(long nanos) {
    return BigDecimal.valueOf(nanos, 9).stripTrailingZeros().toPlainString();
  }

  private static String describe(Failure failure) {
    return failure.code() + ": " + failure.message();
  }

  String colored(String state) {
    if (state.equals(JobState.SUCCEEDED.wireName())) {
      return terminal.green(state);
    }
    if (state.equals(JobState.DEAD_LETTERED.wireName())) {
      return terminal.red(state);
    }
    return state.equals(JobState.CANCELLED.wireName()) || state.equals(JobState.EXPIRED.wireName())
        ? terminal.yellow(state)
        : state;
  }

  private static void field(List<String> lines, String name, String value) {
    if (!value.isEmpty()) {
      lines.add(String.format(Locale.ROOT, "%-11s %s", name, value));
    }
  }

  private String time(@Nullable Instant instant) {
    return instant == null ? "" : TIME.format(instant.truncatedTo(ChronoUnit.MILLIS).atZone(zone));
  }

  private static <T> T read(JsonNode json, Class<T> type) {
    try {
      return Json.MAPPER.treeToValue(shown(json), type);
    } catch (JacksonException e) {
      throw new ApiException.Unreachable(
          "the server's answer is not one that this version can show ("
              + e.getOriginalMessage()
              + "); --output json shows it as it is",
          e);
    }
  }

  /**
   * The same without what a terminal would take for commands: texts of models, submitters and
   * providers are only ever shown.
   */
  private static JsonNode shown(JsonNode json) {
    return switch (json) {
      case StringNode text -> StringNode.valueOf(shown(text.stringValue()));
      case ObjectNode object -> {
        ObjectNode same = Json.MAPPER.createObjectNode();
        object
            .properties()
            .forEach(field -> same.set(shown(field.getKey()), shown(field.getValue())));
        yield same;
      }
      case ArrayNode array -> {
        ArrayNode same = Json.MAPPER.createArrayNode();
        array.forEach(element -> same.add(shown(element)));
        yield same;
      }
      default -> json;
    };
  }

  /** What may be shown of a text that others wrote. */
  static String shown(String text) {
    return NOT_SHOWN.matcher(text).replaceAll("\ufffd");
  }
}
