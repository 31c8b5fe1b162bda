package dev.penstock.replayer.plan;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JsonObject;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replayer.change.Change;
import dev.penstock.replayer.change.PatchedSubmission;
import dev.penstock.replayer.replay.Order;
import dev.penstock.replayer.replay.Order.Want;
import dev.penstock.replayer.select.OffsetSet;
import dev.penstock.submission.SubmissionReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All plans, as their topic tells them, and what follows for each partition. Takes in the records
 * of the topic in its order, compacted or not. Thread-safe.
 */
public final class PlanBook {
  private static final Logger log = LoggerFactory.getLogger(PlanBook.class);

  private final SubmissionReader reader;
  private final Map<PlanId, Entry> entries = new LinkedHashMap<>();
  private long version;

  private static final class Entry {
    private @Nullable Plan plan;

    /** By stage, partition and number. */
    private final Map<Place, TreeMap<Integer, String>> offsets = new HashMap<>();

    private final Map<Place, OffsetSet> selected = new HashMap<>();
    private @Nullable Change change;
    private @Nullable JsonObject preview;
  }

  private record Place(int stage, int partition) {}

  /**
   * @param reader the intake's, for jobs that plans change
   */
  public PlanBook(SubmissionReader reader) {
    this.reader = reader;
  }

  /**
   * Takes in a record.
   *
   * @throws IllegalStateException when it can't be read: what is wanted is not known then
   */
  public synchronized void take(ConsumerRecord<byte[], byte[]> record) {
    if (record.value() == null) {
      takeBack(record);
      return;
    }
    switch (JsonCodec.PLANS.decode(record.value())) {
      case Decoded.Value<PlanRecord>(PlanRecord part) -> take(part);
      case Decoded.Refused<PlanRecord>(String reason) ->
          throw new IllegalStateException(
              record.topic()
                  + " has a record at offset "
                  + record.offset()
                  + " that can't be read: "
                  + reason
                  + "; nothing is replayed before a program that can read it is started");
    }
  }

  /** What an ended plan had selected is taken back, and what nobody needs of old plans. */
  private void takeBack(ConsumerRecord<byte[], byte[]> record) {
    String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
    if (PlanId.isId(key)) {
      version++;
      entries.remove(new PlanId(key));
    }
  }

  /** Takes in a part of a plan. */
  synchronized void take(PlanRecord record) {
    version++;
    Entry entry = entries.computeIfAbsent(record.id(), _ -> new Entry());
    switch (record) {
      case PlanRecord.Offsets part -> {
        var place = new Place(part.stage(), part.partition());
        entry
            .offsets
            .computeIfAbsent(place, _ -> new TreeMap<>())
            .put(part.number(), part.offsets());
        entry.selected.remove(place);
      }
      case PlanRecord.Preview preview -> entry.preview = preview.preview();
      case Plan plan -> {
        entry.plan = plan;
        if (plan.state().isEnd()) {
          entry.offsets.clear();
          entry.selected.clear();
          entry.change = null;
        }
      }
    }
  }

  /** Grows with every record that is taken in. */
  public synchronized long version() {
    return version;
  }

  /** The plan of that id. */
  public synchronized Optional<Plan> plan(PlanId id) {
    Entry entry = entries.get(id);
    return entry == null ? Optional.empty() : Optional.ofNullable(entry.plan);
  }

  /** What people are shown of the plan before they confirm it; nothing while there is none. */
  public synchronized Optional<JsonObject> preview(PlanId id) {
    Entry entry = entries.get(id);
    return entry == null ? Optional.empty() : Optional.ofNullable(entry.preview);
  }

  /** All plans, in the order in which they were made. */
  public synchronized List<Plan> plans() {
    var all = new ArrayList<Plan>();
    for (Entry entry : entries.values()) {
      if (entry.plan != null) {
        all.add(entry.plan);
      }
    }
    return all;
  }

  /** Whether a plan that was confirmed and has not ended has to do with this partition. */
  public synchronized boolean hasWork(int partition) {
    return entries.values().stream().anyMatch(entry -> isAtWork(entry.plan, partition));
  }

  private static boolean isAtWork(@Nullable Plan plan, int partition) {
    return plan != null
        && plan.state() != State.SELECTING
        && plan.state() != State.DRAFT
        && !plan.state().isEnd()
        && plan.shares().stream().anyMatch(share -> share.partition() == partition);
  }

  /** What the plans want of this partition now. */
  public synchronized List<Order> orders(int partition) {
    var orders = new ArrayList<Order>();
    for (Entry entry : entries.values()) {
      Plan plan = entry.plan;
      if (plan != null && isAtWork(plan, partition)) {
        orders.add(order(entry, plan, partition));
      }
    }
    return orders;
  }

  private Order order(Entry entry, Plan plan, int partition) {
    List<Share> stage =
        plan.shares().stream().filter(share -> share.stage() == plan.stage()).toList();
    long all = stage.stream().mapToLong(Share::count).sum();
    Optional<Share> ours =
        stage.stream().filter(share -> share.partition() == partition).findFirst();
    // Not known is another thing than none: a stage without any is complete at once.
    OffsetSet selected = ours.isEmpty() ? new OffsetSet() : selected(entry, ours.get());
    Change change = change(entry, plan);
    Double perSecond = plan.pace().perSecond();
    return new Order(
        plan.id(),
        plan.version(),
        plan.stage(),
        selected == null ? new OffsetSet() : selected,
        plan.action(),
        change == null ? Change.NONE : change,
        Shares.inFlight(plan.pace().inFlight(), stage).getOrDefault(partition, 0),
        perSecond == null || ours.isEmpty() ? null : perSecond * ours.get().count() / all,
        want(plan.state(), selected != null && change != null));
  }

  private static Want want(State state, boolean known) {
    return switch (state) {
      case RUNNING -> known ? Want.GO_ON : Want.HOLD;
      case ABORTING -> Want.STOP;
      case UNDOING -> Want.UNDO;
      case SELECTING, DRAFT, CANARY_REPORT, PAUSED, ABORTED, UNDONE, DONE -> Want.HOLD;
    };
  }

  /** Null while not all of it was read, and where it is not what the plan says. */
  private static @Nullable OffsetSet selected(Entry entry, Share share) {
    var place = new Place(share.stage(), share.partition());
    OffsetSet known = entry.selected.get(place);
    TreeMap<Integer, String> parts = entry.offsets.get(place);
    if (known != null || parts == null || parts.size() != share.parts()) {
      return known;
    }
    try {
      OffsetSet told = OffsetSet.ofParts(parts.values());
      if (told.count() == share.count()) {
        entry.selected.put(place, told);
        return told;
      }
      log.error("{} of a plan tells {} offsets: it does not run there", share, told.count());
    } catch (IllegalArgumentException e) {
      log.error("{} of a plan can't be read: it does not run there", share, e);
    }
    return null;
  }

  /** Null where it can't be made: then the plan must not run here. */
  private @Nullable Change change(Entry entry, Plan plan) {
    if (entry.change == null) {
      entry.change =
          switch (plan.action()) {
            case Action.Discard _, Action.Purge _ -> Change.NONE;
            case Action.Replay(_, String patch) ->
                patch == null ? Change.NONE : patched(plan, patch);
          };
    }
    return entry.change;
  }

  private @Nullable Change patched(Plan plan, String patch) {
    try {
      return new PatchedSubmission(reader, patch);
    } catch (IllegalArgumentException e) {
      log.error("the plan {} can't run: its change can't be read: {}", plan.id(), e.getMessage());
      return null;
    }
  }
}
