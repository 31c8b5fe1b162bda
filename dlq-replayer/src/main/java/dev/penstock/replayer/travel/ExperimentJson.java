package dev.penstock.replayer.travel;

import dev.penstock.codec.Json;
import dev.penstock.job.JobState;
import dev.penstock.replayer.travel.ExperimentBook.Entry;
import dev.penstock.replayer.travel.ExperimentBook.Figures;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Experiments and their items as they are told over HTTP. Pure. */
final class ExperimentJson {
  private ExperimentJson() {}

  /** The experiment without what it selects and came to. */
  static ObjectNode of(Experiment experiment) {
    ObjectNode json =
        Json.MAPPER
            .createObjectNode()
            .put("id", experiment.id())
            .put("name", experiment.name())
            .put("state", experiment.state().wireName())
            .put("version", experiment.version())
            .put("by", experiment.requestedBy())
            .put("createdAt", experiment.createdAt().toString())
            .put("changedAt", experiment.changedAt().toString())
            .put("tenant", experiment.tenant().name())
            .put("jobs", experiment.count())
            .put("begun", experiment.begun());
    if (experiment.note() != null) {
      json.put("note", experiment.note());
    }
    return json;
  }

  /** All of it, but for its items. */
  static ObjectNode of(Experiment experiment, List<Entry> entries, @Nullable JsonNode preview) {
    ObjectNode json = of(experiment);
    json.set("selection", experiment.selection());
    if (experiment.patch() != null) {
      json.set("patch", Json.MAPPER.readTree(experiment.patch()));
    }
    ObjectNode pace = json.putObject("pace").put("inFlight", experiment.inFlight());
    if (experiment.perSecond() != null) {
      pace.put("perSecond", experiment.perSecond());
    }
    if (preview != null) {
      json.set("preview", preview);
    }
    json.set("comparison", comparison(experiment, entries));
    return json;
  }

  /** What the items have come to together, as far as they have ended. */
  static ObjectNode comparison(Experiment experiment, List<Entry> entries) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    List<Entry> ended = entries.stream().filter(each -> each.after() != null).toList();
    var refused = new TreeMap<String, Integer>();
    for (Entry each : entries) {
      if (each.refused() != null) {
        refused.merge(each.refused(), 1, Integer::sum);
      }
    }
    int decided = ended.size() + refused.values().stream().mapToInt(Integer::intValue).sum();
    json.put("ended", ended.size()).put("open", experiment.begun() - decided);
    ObjectNode reasons = json.putObject("refused");
    refused.forEach(reasons::put);
    json.put("bothSucceeded", count(ended, true, true));
    json.put("newlyFailed", count(ended, true, false));
    json.put("newlySucceeded", count(ended, false, true));
    json.put("bothFailed", count(ended, false, false));
    json.put("same", ended.stream().filter(each -> Boolean.TRUE.equals(each.same())).count());
    json.put("different", ended.stream().filter(each -> Boolean.FALSE.equals(each.same())).count());
    var similarities =
        ended.stream()
            .filter(each -> each.similarity() != null)
            .mapToDouble(each -> each.similarity() == null ? 0 : each.similarity())
            .summaryStatistics();
    if (similarities.getCount() > 0) {
      json.put("similarity", rounded(similarities.getAverage()));
    }
    // What the cache answered says nothing of cost and time.
    List<Entry> called =
        ended.stream().filter(each -> !each.before().cached() && !isCached(each)).toList();
    ObjectNode latency = json.putObject("latencyMillis").put("jobs", called.size());
    latency.set("before", spread(called, each -> each.before().latencyMillis(), false));
    latency.set("after", spread(called, each -> after(each).latencyMillis(), false));
    List<Entry> priced =
        called.stream()
            .filter(each -> each.before().costNanos() != null && after(each).costNanos() != null)
            .toList();
    ObjectNode cost = json.putObject("costNanos").put("jobs", priced.size());
    cost.set("before", spread(priced, each -> cost(each.before()), true));
    cost.set("after", spread(priced, each -> cost(after(each)), true));
    return json;
  }

  private static long cost(Figures figures) {
    Long cost = figures.costNanos();
    return cost == null ? 0 : cost;
  }

  private static boolean isCached(Entry entry) {
    return after(entry).cached();
  }

  private static Figures after(Entry entry) {
    Figures after = entry.after();
    if (after == null) {
      throw new IllegalStateException("item " + entry.number() + " has not ended");
    }
    return after;
  }

  private static long count(List<Entry> ended, boolean before, boolean after) {
    return ended.stream()
        .filter(each ->
            (each.before().state() == JobState.SUCCEEDED) == before
                && (after(each).state() == JobState.SUCCEEDED) == after)
        .count();
  }

  private static ObjectNode spread(
      List<Entry> entries, ToLongFunction<Entry> value, boolean withSum) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    long[] sorted = entries.stream().mapToLong(value).sorted().toArray();
    if (sorted.length > 0) {
      if (withSum) {
        json.put("sum", Arrays.stream(sorted).sum());
      }
      json.put("p50", percentile(sorted, 0.5)).put("p95", percentile(sorted, 0.95));
    }
    return json;
  }

  /** The nearest rank. */
  static long percentile(long[] sorted, double share) {
    return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }

  private static double rounded(double value) {
    return Math.round(value * 10_000) / 10_000.0;
  }

  /**
   * One item with both outputs.
   *
   * @param item as it stands there; null where it was not found
   * @param rerun null while there is none
   */
  static ObjectNode item(
      Experiment experiment, Entry entry, @Nullable Item item, @Nullable Rerun rerun) {
    ObjectNode json =
        Json.MAPPER
            .createObjectNode()
            .put("number", entry.number())
            .put("original", entry.original().toString())
            .put("job", entry.rerun().toString())
            .put("state", state(experiment, entry));
    if (item != null) {
      json.put("generation", item.generation());
      json.set("before", ended(item.before()));
    }
    if (rerun != null) {
      if (rerun.after() != null) {
        json.set("after", ended(rerun.after()));
      }
      if (rerun.detail() != null) {
        json.put("detail", rerun.detail());
      }
      if (rerun.same() != null) {
        json.put("same", rerun.same());
      }
      if (rerun.similarity() != null) {
        json.put("similarity", rounded(rerun.similarity()));
      }
      if (!rerun.paths().isEmpty()) {
        rerun.paths().forEach(json.putArray("paths")::add);
      }
    }
    return json;
  }

  private static String state(Experiment experiment, Entry entry) {
    if (entry.refused() != null) {
      return entry.refused();
    }
    Figures after = entry.after();
    if (after != null) {
      return after.state().wireName();
    }
    return entry.number() < experiment.begun() ? "running" : "waiting";
  }

  private static ObjectNode ended(Ended ended) {
    ObjectNode json =
        Json.MAPPER
            .createObjectNode()
            .put("state", ended.state().wireName())
            .put("at", ended.at().toString())
            .put("attempts", ended.attempts())
            .put("latencyMillis", ended.latencyMillis());
    if (ended.costNanos() != null) {
      json.put("costNanos", ended.costNanos());
    }
    if (ended.cached()) {
      json.put("cached", true);
    }
    if (ended.model() != null) {
      json.put("model", ended.model());
    }
    if (ended.failure() != null) {
      json.put("failure", ended.failure());
    }
    if (ended.output() != null) {
      json.set("output", Json.MAPPER.valueToTree(ended.output()));
    }
    if (ended.cut()) {
      json.put("cut", true);
    }
    if (ended.hash() != null) {
      json.put("hash", ended.hash());
    }
    return json;
  }
}
