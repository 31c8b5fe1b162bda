package dev.penstock.replayer.select;

import dev.penstock.codec.Json;
import dev.penstock.job.Attempt;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.Served;
import dev.penstock.replay.PlanRecord.Pace;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * What replaying is expected to take, by what the calls of these dead letters took before. Of
 * {@link #MAX_MODELS} models at most. Not thread-safe.
 */
final class Expectation {
  static final int MAX_MODELS = 1_000;

  private static final String OTHERS = "(others)";

  private final Map<String, OfModel> models = new HashMap<>();
  private long jobs;

  private static final class OfModel {
    private long calls;
    private double seconds;
    private long priced;
    private double costNanos;
    private long jobs;
  }

  private OfModel of(String model) {
    OfModel known = models.get(model);
    return known != null
        ? known
        : models.computeIfAbsent(models.size() < MAX_MODELS ? model : OTHERS, _ -> new OfModel());
  }

  /** Learns from the calls that were made for one. */
  void learn(DeadLetter dead) {
    for (Attempt attempt : dead.attempts()) {
      Served served = attempt.served();
      if (attempt.reachedProvider() && (served == null || served.cachedAt() == null)) {
        OfModel model = of(dead.job().model());
        model.calls++;
        model.seconds += attempt.latency().toNanos() / 1e9;
        if (served != null && served.costNanos() != null) {
          model.priced++;
          model.costNanos += served.costNanos();
        }
      }
    }
  }

  /** One more job is to run, for that model. */
  void add(String model) {
    jobs++;
    of(model).jobs++;
  }

  ObjectNode toJson(Pace pace) {
    long priced = 0;
    double cost = 0;
    long timed = 0;
    double seconds = 0;
    for (OfModel each : models.values()) {
      if (each.priced > 0) {
        priced += each.jobs;
        cost += each.jobs * (each.costNanos / each.priced);
      }
      if (each.calls > 0) {
        timed += each.jobs;
        seconds += each.jobs * (each.seconds / each.calls);
      }
    }
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("calls", jobs);
    if (priced > 0) {
      json.put("costNanos", Math.round(cost));
    } else {
      json.putNull("costNanos");
    }
    json.putNull("currency");
    Double lasts = lasts(pace, timed, seconds);
    if (lasts == null) {
      json.putNull("seconds");
    } else {
      json.put("seconds", BigDecimal.valueOf(lasts).setScale(1, RoundingMode.CEILING));
    }
    json.put("basis", basis(priced, timed, pace));
    return json;
  }

  /** By the slower of both: the plan's rate, and its jobs in flight one behind the other. */
  private @Nullable Double lasts(Pace pace, long timed, double seconds) {
    Double perSecond = pace.perSecond();
    Double byRate = perSecond == null ? null : Double.valueOf(jobs / perSecond);
    if (timed == 0) {
      return byRate;
    }
    double mean = seconds / timed;
    double byCalls = Math.ceil((double) jobs / pace.inFlight()) * mean;
    return byRate == null ? byCalls : Math.max(byRate, byCalls);
  }

  private String basis(long priced, long timed, Pace pace) {
    return "one call a job; cost: "
        + (priced == 0
            ? "not known of any former call"
            : "the mean of the former calls for the same model, known for "
                + priced
                + " of "
                + jobs
                + " jobs, in the currency of the workers' prices")
        + "; time: "
        + (timed == 0
            ? pace.perSecond() == null ? "no former call tells it" : "the plan's rate"
            : "the mean of the former calls for the same model, known for "
                + timed
                + " of "
                + jobs
                + " jobs, at the plan's pace, without retries and queueing");
  }
}
