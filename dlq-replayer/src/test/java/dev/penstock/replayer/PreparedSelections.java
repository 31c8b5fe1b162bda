package dev.penstock.replayer;

import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replayer.Installation.Place;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.replayer.select.Selecting;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Finds what a test says that plans select. Thread-safe. */
final class PreparedSelections implements Selecting {
  private final Map<PlanId, Selected> prepared = new ConcurrentHashMap<>();
  private final Set<PlanId> holding = ConcurrentHashMap.newKeySet();
  private final Map<PlanId, AtomicInteger> held = new ConcurrentHashMap<>();

  /** The plan is to select these. */
  void prepare(PlanId plan, Collection<Place> canary, Collection<Place> rest) {
    prepared.put(
        plan, new Selected(offsets(canary), offsets(rest), new JsonObject("{\"prepared\":true}")));
    holding.remove(plan);
  }

  /** Whoever looks for what the plan selects does not come to an end, unless interrupted. */
  void hold(PlanId plan) {
    holding.add(plan);
  }

  /** How many were held. */
  int held(PlanId plan) {
    AtomicInteger count = held.get(plan);
    return count == null ? 0 : count.get();
  }

  private static Map<Integer, OffsetSet> offsets(Collection<Place> places) {
    var offsets = new TreeMap<Integer, OffsetSet>();
    places.forEach(place ->
        offsets.computeIfAbsent(place.partition(), _ -> new OffsetSet()).add(place.offset()));
    return offsets;
  }

  @Override
  public Selected select(Plan plan) throws InterruptedException {
    if (holding.contains(plan.id())) {
      held.computeIfAbsent(plan.id(), _ -> new AtomicInteger()).incrementAndGet();
      new CountDownLatch(1).await();
    }
    Selected selected = prepared.get(plan.id());
    if (selected == null) {
      throw new IllegalArgumentException("nothing is prepared for " + plan.id());
    }
    return selected;
  }
}
