package dev.penstock.replayer.travel;

import dev.penstock.codec.Json;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.replayer.change.JsonDiff;
import dev.penstock.submission.JobRequest;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What an experiment would do, told before it is confirmed. Not thread-safe. */
final class Outline {
  private static final int MAX_EXAMPLES = 3;
  private static final int MAX_TOLD = 5;
  private static final int MAX_VALUES = 20;
  private static final int MAX_COUNTED = 1_000;
  private static final int MAX_TEXT_CHARS = 1_000;
  private static final int MAX_OPERATIONS = 20;

  private final Experiment experiment;
  private final Map<String, Refused> refused = new LinkedHashMap<>();
  private final Map<String, Map<String, Integer>> by = new LinkedHashMap<>();
  private final ArrayNode examples = Json.MAPPER.createArrayNode();
  private final List<Long> latencies = new ArrayList<>();
  private long costNanos;
  private int priced;

  /** How many ends of jobs were read. */
  long scanned;

  /** Of how many jobs that ended as is wanted the submission is not kept any more. */
  long gone;

  private static final class Refused {
    private final String detail;
    private long count;
    private final List<String> examples = new ArrayList<>();

    Refused(String detail) {
      this.detail = detail;
    }
  }

  Outline(Experiment experiment) {
    this.experiment = experiment;
  }

  void refuse(String reason, String detail, JobId id) {
    Refused one = refused.computeIfAbsent(reason, _ -> new Refused(detail));
    one.count++;
    if (one.examples.size() < MAX_TOLD) {
      one.examples.add(id.toString());
    }
  }

  /** One is selected. */
  void add(Job job, Again.Made made, Ended ended) {
    count("model", job.model());
    count("kind", job.input().kind().wireName());
    count("tenant", job.tenant().name());
    count("state", ended.state().wireName());
    if (!ended.cached() && ended.attempts() > 0) {
      latencies.add(ended.latencyMillis());
      Long cost = ended.costNanos();
      if (cost != null) {
        costNanos += cost;
        priced++;
      }
    }
    if (examples.size() < MAX_EXAMPLES && made instanceof Again.Made.Ready(Job after, _)) {
      ObjectNode example = examples.addObject();
      example.put("original", job.id().toString());
      ArrayNode diff = example.putArray("diff");
      JsonDiff.between(submission(job), submission(after))
          .valueStream()
          .limit(MAX_OPERATIONS)
          .forEach(operation -> diff.add(shortened(operation)));
    }
  }

  private void count(String field, String value) {
    Map<String, Integer> values = by.computeIfAbsent(field, _ -> new HashMap<>());
    if (values.size() < MAX_COUNTED || values.containsKey(value)) {
      values.merge(value, 1, Integer::sum);
    }
  }

  private static JsonNode submission(Job job) {
    return Json.MAPPER.readTree(JobRequest.of(job).canonicalJson());
  }

  /** Values that are long, or have much in them, are told by their beginning. */
  private static ObjectNode shortened(JsonNode operation) {
    ObjectNode shortened = Json.MAPPER.createObjectNode();
    operation
        .properties()
        .forEach(each -> {
          JsonNode value = each.getValue();
          String text = value.isString() ? value.stringValue() : value.toString();
          if (text.length() > MAX_TEXT_CHARS) {
            shortened.put(
                each.getKey(),
                text.substring(0, MAX_TEXT_CHARS) + "… (" + text.length() + " characters)");
          } else {
            shortened.set(each.getKey(), value);
          }
        });
    return shortened;
  }

  ObjectNode toJson(long matched, int selected) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("scanned", scanned).put("matched", matched).put("selected", selected);
    ArrayNode reasons = json.putArray("refused");
    if (gone > 0) {
      reasons
          .addObject()
          .put("reason", "gone")
          .put("count", gone)
          .put("detail", "their submissions are not kept any more");
    }
    refused.forEach((reason, one) -> {
      ObjectNode told =
          reasons
              .addObject()
              .put("reason", reason)
              .put("count", one.count)
              .put("detail", one.detail);
      ArrayNode some = told.putArray("examples");
      one.examples.forEach(some::add);
    });
    ObjectNode fields = json.putObject("by");
    by.forEach((field, values) -> {
      ArrayNode told = fields.putArray(field);
      values.entrySet().stream()
          .sorted(
              Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                  .thenComparing(Map.Entry.comparingByKey()))
          .limit(MAX_VALUES)
          .forEach(
              each -> told.addObject().put("value", each.getKey()).put("count", each.getValue()));
    });
    json.set("expected", expected(selected));
    json.set("examples", examples);
    return json;
  }

  private ObjectNode expected(int selected) {
    ObjectNode json = Json.MAPPER.createObjectNode().put("calls", selected);
    if (priced == 0) {
      json.putNull("costNanos");
    } else {
      json.put("costNanos", Math.round((double) costNanos / priced * selected));
    }
    Double perSecond = experiment.perSecond();
    double byRate = perSecond == null ? 0 : selected / perSecond;
    double byCalls =
        latencies.stream().mapToLong(Long::longValue).average().orElse(0)
            / 1_000
            * Math.ceil((double) selected / experiment.inFlight());
    if (latencies.isEmpty() && perSecond == null) {
      json.putNull("seconds");
    } else {
      json.put(
          "seconds",
          BigDecimal.valueOf(Math.max(byRate, byCalls)).setScale(1, RoundingMode.CEILING));
    }
    return json.put(
        "basis",
        "what the originals' calls cost (known of "
            + priced
            + ") and took (known of "
            + latencies.size()
            + "), so of the former models and prompts; at the experiment's pace, without retries"
            + " and queueing");
  }
}
