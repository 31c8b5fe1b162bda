package dev.penstock.replayer.travel;

import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.submission.problem.Violation;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Which jobs an experiment runs again: those that ended in a window of time and have all that is
 * named, or those of some ids; and of them perhaps a sample. Immutable and thread-safe.
 *
 * @param from ends that were written before this, by the broker's clock, are not wanted; or null
 * @param to nor those that were written at this or later; or null
 * @param states how they ended
 * @param ids of these only; empty for all
 * @param count so many of those that match, drawn by chance; 0 for all
 * @param percent about so many in a hundred, drawn by chance; 100 for all
 * @param seed the same one draws the same ones
 */
record JobSelection(
    @Nullable Instant from,
    @Nullable Instant to,
    Set<JobState> states,
    Set<String> models,
    Set<String> kinds,
    Set<String> tenants,
    Set<Map.Entry<String, String>> labels,
    Set<JobId> ids,
    int count,
    double percent,
    long seed) {
  JobSelection {
    states = Set.copyOf(states);
    models = Set.copyOf(models);
    kinds = Set.copyOf(kinds);
    tenants = Set.copyOf(tenants);
    labels = Set.copyOf(labels);
    ids = Set.copyOf(ids);
  }

  /**
   * Reads one of which the contract holds.
   *
   * @param violations takes what is wrong nevertheless
   */
  static JobSelection of(JsonNode json, List<Violation> violations) {
    if (json.has("filter") == json.has("ids")) {
      violations.add(new Violation("/selection", "must have one of filter and ids"));
    }
    JsonNode filter = json.path("filter");
    JsonNode sample = json.path("sample");
    if (json.has("sample") && sample.has("count") == sample.has("percent")) {
      violations.add(new Violation("/selection/sample", "has either count or percent"));
    }
    Instant from = instant(filter, "from", violations);
    Instant to = instant(filter, "to", violations);
    if (from != null && to != null && !from.isBefore(to)) {
      violations.add(new Violation("/selection/filter/from", "must be before to"));
    }
    var states = new HashSet<JobState>();
    for (String name : texts(filter.path("state"))) {
      states.add(name.equals("dead-lettered") ? JobState.DEAD_LETTERED : JobState.SUCCEEDED);
    }
    var labels = new HashSet<Map.Entry<String, String>>();
    int index = 0;
    for (String label : texts(filter.path("label"))) {
      int colon = label.indexOf(':');
      if (colon < 1) {
        violations.add(
            new Violation("/selection/filter/label/" + index, "must be a name, ':' and a value"));
      } else {
        labels.add(Map.entry(label.substring(0, colon), label.substring(colon + 1)));
      }
      index++;
    }
    var ids = new HashSet<JobId>();
    for (String id : texts(json.path("ids"))) {
      JobId.parse(id).ifPresent(ids::add);
    }
    return new JobSelection(
        from,
        to,
        json.has("ids")
            ? Set.of(JobState.SUCCEEDED, JobState.DEAD_LETTERED)
            : states.isEmpty() ? Set.of(JobState.SUCCEEDED) : states,
        Set.copyOf(texts(filter.path("model"))),
        Set.copyOf(texts(filter.path("kind"))),
        Set.copyOf(texts(filter.path("tenant"))),
        labels,
        ids,
        sample.path("count").asInt(0),
        sample.path("percent").asDouble(100),
        json.path("seed").asLong(0));
  }

  private static List<String> texts(JsonNode node) {
    if (node.isString()) {
      return List.of(node.stringValue());
    }
    var all = new ArrayList<String>();
    node.valueStream()
        .map(each -> each.asString(""))
        .filter(each -> !all.contains(each))
        .forEach(all::add);
    return all;
  }

  private static @Nullable Instant instant(
      JsonNode filter, String name, List<Violation> violations) {
    if (!filter.has(name)) {
      return null;
    }
    try {
      return Instant.parse(filter.path(name).asString(""));
    } catch (DateTimeException _) {
      violations.add(
          new Violation(
              "/selection/filter/" + name, "must be a date and time such as 2030-01-31T12:00:00Z"));
      return null;
    }
  }

  /** Whether the end of a job is wanted, by what its event tells. */
  boolean wants(JobId id, JobState state) {
    return states.contains(state)
        && (ids.isEmpty() || ids.contains(id))
        && (percent >= 100 || share(id) * 100 < percent);
  }

  /** Whether the job is wanted, by what it is; those of experiments only where they are named. */
  boolean wants(Job job) {
    return (models.isEmpty() || models.contains(job.model()))
        && (kinds.isEmpty() || kinds.contains(job.input().kind().wireName()))
        && (tenants.isEmpty()
            ? !job.tenant().name().startsWith(Experiment.TENANT) || ids.contains(job.id())
            : tenants.contains(job.tenant().name()))
        && job.labels().entrySet().containsAll(labels);
  }

  /** The most that it selects. */
  int most() {
    return count == 0 ? Experiment.MAX_JOBS : count;
  }

  /** The job's place in an order by chance, as an unsigned number. */
  long place(JobId id) {
    long high = mixed(seed + id.value().getMostSignificantBits());
    return mixed(high + id.value().getLeastSignificantBits());
  }

  private double share(JobId id) {
    return (place(id) >>> 11) * 0x1.0p-53;
  }

  /** The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Generators). */
  private static long mixed(long value) {
    long mixed = value + 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }
}
