package dev.penstock.replayer.plan;

import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replayer.select.OffsetSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a plan selects, in the records that keep it.
 *
 * @param shares how many of which stage and partition
 * @param records which ones, and the preview
 */
record Frozen(List<Share> shares, List<PlanRecord> records) {
  /** In the worst case, of one offset in 65,536, they take about 600 KB. */
  private static final int OFFSETS_PER_PART = 20_000;

  Frozen {
    shares = List.copyOf(shares);
    records = List.copyOf(records);
  }

  /**
   * The records of what was found.
   *
   * @param canary by partition
   * @param rest by partition
   * @throws IllegalArgumentException when a plan can't have that; the message says why
   */
  static Frozen of(
      PlanId plan,
      Map<Integer, OffsetSet> canary,
      Map<Integer, OffsetSet> rest,
      JsonObject preview) {
    canary.forEach((partition, first) -> {
      OffsetSet follows = rest.get(partition);
      if (follows != null && !first.isDisjoint(follows)) {
        throw new IllegalArgumentException("the canary and the rest share an offset");
      }
    });
    var shares = new ArrayList<Share>();
    var records = new ArrayList<PlanRecord>();
    add(plan, Draft.CANARY, canary, shares, records);
    add(plan, Draft.REST, rest, shares, records);
    records.add(new PlanRecord.Preview(plan, preview));
    return new Frozen(shares, records);
  }

  private static void add(
      PlanId plan,
      int stage,
      Map<Integer, OffsetSet> selected,
      List<Share> shares,
      List<PlanRecord> records) {
    new TreeMap<>(selected)
        .forEach((partition, offsets) -> {
          if (offsets.count() > 0) {
            List<String> parts = offsets.parts(OFFSETS_PER_PART);
            shares.add(new Share(stage, partition, offsets.count(), parts.size()));
            for (int number = 0; number < parts.size(); number++) {
              records.add(
                  new PlanRecord.Offsets(plan, stage, partition, number, parts.get(number)));
            }
          }
        });
  }
}
