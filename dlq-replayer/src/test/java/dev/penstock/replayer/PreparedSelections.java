package dev.penstock.replayer;

import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replayer.Installation.Place;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.replayer.select.Selecting;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Finds what a test says that plans select. Thread-safe. */
final class PreparedSelections implements Selecting {
  final AtomicInteger begun = new AtomicInteger();
  final AtomicInteger interrupted = new AtomicInteger();
  private final Map<PlanId, Selected> prepared = new ConcurrentHashMap<>();
  private final CountDownLatch gate;

  /** One that finds at once. */
  PreparedSelections() {
    this(new CountDownLatch(0));
  }

  /** One that finds when the gate is open. */
  PreparedSelections(CountDownLatch gate) {
    this.gate = gate;
  }

  PreparedSelections with(PlanId plan, Collection<Place> canary, Collection<Place> rest) {
    prepared.put(
        plan, new Selected(offsets(canary), offsets(rest), new JsonObject("{\"prepared\":true}")));
    return this;
  }

  private static Map<Integer, OffsetSet> offsets(Collection<Place> places) {
    var offsets = new TreeMap<Integer, OffsetSet>();
    places.forEach(place ->
        offsets.computeIfAbsent(place.partition(), _ -> new OffsetSet()).add(place.offset()));
    return offsets;
  }

  @Override
  public Selected select(Plan plan) throws InterruptedException {
    begun.incrementAndGet();
    try {
      gate.await();
    } catch (InterruptedException e) {
      interrupted.incrementAndGet();
      throw e;
    }
    Selected selected = prepared.get(plan.id());
    if (selected == null) {
      throw new IllegalArgumentException("nothing is prepared for " + plan.ends());
    }
    return selected;
  }

  static List<Place> none() {
    return List.of();
  }
}
