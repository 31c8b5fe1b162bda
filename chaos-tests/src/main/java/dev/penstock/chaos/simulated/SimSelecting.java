package dev.penstock.chaos.simulated;

import dev.penstock.chaos.simulated.strand.Scheduler;
import dev.penstock.codec.Json;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.replayer.select.Selecting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Finds what people have named one by one, in some time, and now and then not at once. Unlike the
 * real one it leaves nothing out, so that deciders meet what can't be replayed.
 */
final class SimSelecting implements Selecting {
  private static final Duration SEARCH = Duration.ofMillis(300);
  private static final String LETTERS = "letters";

  private final Scheduler scheduler;

  SimSelecting(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /** The selection of these, in this order: {@code 2-17} is offset 17 of partition 2. */
  static JsonObject of(List<String> letters) {
    return new JsonObject(Json.MAPPER.writeValueAsString(Map.of(LETTERS, letters)));
  }

  @Override
  public Selected select(Plan plan) throws InterruptedException {
    scheduler.sleep(scheduler.below(SEARCH.toNanos()));
    if (scheduler.interrupted()) {
      throw new InterruptedException("nobody wants to know any more");
    }
    if (scheduler.below(8) == 0) {
      throw new TimeoutException("simulated: the dead letters can't be read");
    }
    var chosen = new ArrayList<String>();
    for (JsonNode each : Json.MAPPER.readTree(plan.selection().text()).path(LETTERS)) {
      chosen.add(each.asString());
    }
    int first = Math.min(chosen.size(), first(plan.canary(), chosen.size()));
    return new Selected(
        offsets(chosen.subList(0, first)),
        offsets(chosen.subList(first, chosen.size())),
        new JsonObject("{\"selected\":" + chosen.size() + "}"));
  }

  private static int first(@Nullable Canary canary, int all) {
    if (canary == null) {
      return 0;
    }
    Integer count = canary.count();
    Double percent = canary.percent();
    return count != null ? count : (int) Math.ceil(percent == null ? 0 : percent * all / 100);
  }

  private static Map<Integer, OffsetSet> offsets(List<String> letters) {
    var all = new HashMap<Integer, OffsetSet>();
    for (String letter : letters) {
      int dash = letter.indexOf('-');
      all.computeIfAbsent(Integer.parseInt(letter.substring(0, dash)), _ -> new OffsetSet())
          .add(Long.parseLong(letter.substring(dash + 1)));
    }
    return Collections.unmodifiableMap(all);
  }
}
