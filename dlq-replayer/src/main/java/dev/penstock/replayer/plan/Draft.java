package dev.penstock.replayer.plan;

import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Pace;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replayer.select.OffsetSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A plan that is to be made: nothing happens before it is confirmed.
 *
 * @param selection what was asked for, in the words of the request
 * @param canary what is replayed first, by partition; empty where nothing is
 * @param rest what follows, by partition; has no offset that the canary has
 */
public record Draft(
    PlanId id,
    String name,
    String requestedBy,
    JsonObject selection,
    Action action,
    Pace pace,
    Map<Integer, OffsetSet> canary,
    Map<Integer, OffsetSet> rest) {
  static final int CANARY = 0;
  static final int REST = 1;

  /** In the worst case, of one offset in 65,536, they take about 600 KB. */
  private static final int OFFSETS_PER_PART = 20_000;

  public Draft {
    canary = new TreeMap<>(canary);
    rest = new TreeMap<>(rest);
    for (Map.Entry<Integer, OffsetSet> each : canary.entrySet()) {
      OffsetSet follows = rest.get(each.getKey());
      if (follows != null && !each.getValue().isDisjoint(follows)) {
        throw new IllegalArgumentException("the canary and the rest share an offset");
      }
    }
  }

  /** Its records: the offsets first, then the plan. */
  List<PlanRecord> records(Instant now) {
    var records = new ArrayList<PlanRecord>();
    var shares = new ArrayList<Share>();
    add(CANARY, canary, shares, records);
    add(REST, rest, shares, records);
    records.add(
        new Plan(
            id,
            name,
            requestedBy,
            now,
            selection,
            List.of(),
            action,
            pace,
            null,
            shares,
            State.DRAFT,
            shares.isEmpty() ? REST : shares.getFirst().stage(),
            1,
            now,
            null));
    return records;
  }

  private void add(
      int stage, Map<Integer, OffsetSet> selected, List<Share> shares, List<PlanRecord> records) {
    selected.forEach((partition, offsets) -> {
      if (offsets.count() > 0) {
        List<String> parts = offsets.parts(OFFSETS_PER_PART);
        shares.add(new Share(stage, partition, offsets.count(), parts.size()));
        for (int number = 0; number < parts.size(); number++) {
          records.add(new PlanRecord.Offsets(id, stage, partition, number, parts.get(number)));
        }
      }
    });
  }
}
