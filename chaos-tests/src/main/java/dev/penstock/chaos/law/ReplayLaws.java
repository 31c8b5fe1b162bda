package dev.penstock.chaos.law;

import dev.penstock.codec.Decoded;
import dev.penstock.codec.JsonCodec;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobState;
import dev.penstock.job.OrderedRecord;
import dev.penstock.replay.AuditEntry;
import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.LedgerRecord.Progress;
import dev.penstock.replay.LedgerRecord.Replayed;
import dev.penstock.replay.PlanId;
import dev.penstock.replay.PlanRecord;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.Share;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Tally;
import dev.penstock.replayer.audit.AuditChain;
import dev.penstock.replayer.select.OffsetSet;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Rule 13: what replays promise. Judges what the topics tell, whether they were compacted meanwhile
 * or not: where a plan's offsets are not kept any more, only their number can be held against it.
 */
final class ReplayLaws {
  private static final Set<State> ENDED_BY_PEOPLE = EnumSet.of(State.ABORTED, State.UNDONE);

  private final History history;
  private final Violations violated;
  private final Map<Life.Name, Life> lives = new HashMap<>();
  private final Map<Place, DeadLetter> letters = new HashMap<>();

  /** What became of each dead letter, in the order of the ledger. */
  private final Map<Place, List<Recorded<LedgerRecord.Resolution>>> resolutions = new TreeMap<>();

  private final Map<PlanId, Story> plans = new TreeMap<>(Comparator.comparing(PlanId::text));

  /** Where a dead letter stands. */
  private record Place(int partition, long offset) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int byPartition = Integer.compare(partition, other.partition);
      return byPartition != 0 ? byPartition : Long.compare(offset, other.offset);
    }

    @Override
    public String toString() {
      return "dead letter " + partition + "-" + offset;
    }
  }

  /** Some offsets of a plan. */
  private record Part(int stage, int partition) {}

  /** All that was recorded of one plan, in the order of the logs. */
  private static final class Story {
    final PlanId id;
    final List<Recorded<Plan>> versions = new ArrayList<>();
    final Map<Part, TreeMap<Integer, String>> offsets = new HashMap<>();
    final Map<Part, OffsetSet> selected = new HashMap<>();

    /** What was decided, and how far it had come. */
    final List<Recorded<LedgerRecord>> ledger = new ArrayList<>();

    Story(PlanId id) {
      this.id = id;
    }

    Plan last() {
      return versions.getLast().value();
    }

    /** The stage that selects a dead letter; -1 where none does, or nobody knows. */
    int stage(Place place) {
      for (Map.Entry<Part, OffsetSet> each : selected.entrySet()) {
        if (each.getKey().partition() == place.partition()
            && each.getValue().contains(place.offset())) {
          return each.getKey().stage();
        }
      }
      return -1;
    }

    /** Where a partition of dead letters ended when the plan was asked for. */
    long end(int partition) {
      return partition < last().ends().size() ? last().ends().get(partition) : 0;
    }

    /** Whether it is known what it selects. */
    boolean isKnown() {
      return last().shares().stream()
          .allMatch(share -> selected.containsKey(new Part(share.stage(), share.partition())));
    }

    /** The latest version that was said to be obeyed before something was decided. */
    int seenBefore(Recorded<LedgerRecord> decision) {
      return ledger.stream()
          .filter(
              each -> each.partition() == decision.partition() && each.offset() < decision.offset())
          .mapToInt(each -> each.value() instanceof Progress progress ? progress.seen() : 0)
          .max()
          .orElse(0);
    }

    List<Recorded<LedgerRecord>> decisions() {
      return ledger.stream().filter(each -> !(each.value() instanceof Progress)).toList();
    }
  }

  /** Is told of what is wrong. */
  interface Violations {
    void found(Law law, String subject, String finding, String story);
  }

  ReplayLaws(History history, List<Life> all, Violations violated) {
    this.history = history;
    this.violated = violated;
    all.forEach(life -> lives.put(life.name(), life));
    history
        .deadLetters()
        .forEach(each -> letters.put(new Place(each.partition(), each.offset()), each.value()));
    collectPlans();
    collectLedger();
  }

  private void collectPlans() {
    inOrder(history.plans())
        .forEach(each -> {
          Story story = plans.computeIfAbsent(each.value().id(), Story::new);
          if (each.value() instanceof Plan plan) {
            story.versions.add(as(each, plan));
          } else if (each.value() instanceof PlanRecord.Offsets part) {
            story
                .offsets
                .computeIfAbsent(new Part(part.stage(), part.partition()), _ -> new TreeMap<>())
                .put(part.number(), part.offsets());
          }
        });
    plans.values().removeIf(story -> story.versions.isEmpty());
    for (Story story : plans.values()) {
      for (Share share : story.last().shares()) {
        var part = new Part(share.stage(), share.partition());
        Map<Integer, String> parts = story.offsets.getOrDefault(part, new TreeMap<>());
        if (parts.size() == share.parts()) {
          story.selected.put(part, OffsetSet.ofParts(parts.values()));
        }
      }
    }
  }

  private void collectLedger() {
    inOrder(history.ledger())
        .forEach(each -> {
          Story story = plans.get(each.value().plan());
          if (story == null) {
            found(
                Law.PLANS_ARE_OBEYED,
                "plan " + each.value().plan(),
                "has decisions in the ledger, but there is no such plan",
                "    " + each + "\n");
            return;
          }
          story.ledger.add(each);
          if (each.value() instanceof LedgerRecord.Resolution resolution) {
            resolutions
                .computeIfAbsent(
                    new Place(each.partition(), resolution.offset()), _ -> new ArrayList<>())
                .add(as(each, resolution));
          }
        });
  }

  private static <T> List<Recorded<T>> inOrder(List<Recorded<T>> records) {
    return records.stream()
        .sorted(
            Comparator.<Recorded<T>>comparingInt(Recorded::partition)
                .thenComparingLong(Recorded::offset))
        .toList();
  }

  private static <T> Recorded<T> as(Recorded<?> record, T value) {
    return new Recorded<>(
        record.topic(),
        record.partition(),
        record.offset(),
        record.appendedAt(),
        record.visibleAt(),
        value);
  }

  void check() {
    replayedOnce();
    for (Story story : plans.values()) {
      movesAsItMay(story);
      decidesWhatItSelects(story);
      reasonsAreTrue(story);
      obeys(story);
      endsWhenItsWorkHas(story);
      progressIsNotAhead(story);
      tellsTheTruth(story);
    }
    auditIsWhole();
  }

  // Each new generation follows from exactly one resolution

  private void replayedOnce() {
    var entered = new TreeMap<Life.Name, List<String>>();
    history.jobs().stream()
        .filter(each -> each.value().generation() > 0 && each.value().job().ordering() == null)
        .forEach(each ->
            entered
                .computeIfAbsent(
                    new Life.Name(each.value().job().id(), each.value().generation()),
                    _ -> new ArrayList<>())
                .add(each.place()));
    history
        .ordered()
        .forEach(each -> {
          if (each.value() instanceof OrderedRecord.Enter enter && enter.generation() > 0) {
            entered
                .computeIfAbsent(
                    new Life.Name(enter.jobId(), enter.generation()), _ -> new ArrayList<>())
                .add(each.place());
          }
        });
    var replayed = new TreeMap<Life.Name, List<Place>>();
    resolutions.forEach((place, all) ->
        all.forEach(each -> {
          if (each.value() instanceof Replayed resolution) {
            replayed
                .computeIfAbsent(
                    new Life.Name(resolution.jobId(), resolution.newGeneration()),
                    _ -> new ArrayList<>())
                .add(place);
          }
        }));
    var names = new TreeSet<Life.Name>(entered.keySet());
    names.addAll(replayed.keySet());
    for (Life.Name name : names) {
      List<String> records = entered.getOrDefault(name, List.of());
      List<Place> places = replayed.getOrDefault(name, List.of());
      if (records.size() != 1 || places.size() != 1) {
        found(
            Law.REPLAYED_ONCE,
            name.toString(),
            "entered "
                + records.size()
                + " times, at "
                + records
                + ", and the ledger tells of "
                + places.size()
                + " replays, of "
                + places,
            story(name));
      }
      places.forEach(place -> isOfTheRightLetter(name, place));
    }
    resolutions.forEach((place, all) -> {
      long purges = all.stream().filter(each -> isPurge(each.value())).count();
      if (purges > 1 || all.size() - purges > 1) {
        found(
            Law.REPLAYED_ONCE,
            place.toString(),
            "was resolved " + (all.size() - purges) + " times, and purged " + purges + " times",
            lines(all));
      } else if (purges == 1 && !isPurge(all.getLast().value())) {
        found(Law.REPLAYED_ONCE, place.toString(), "was resolved after its purge", lines(all));
      }
    });
  }

  private static boolean isPurge(LedgerRecord record) {
    return record instanceof LedgerRecord.Purged;
  }

  private void isOfTheRightLetter(Life.Name name, Place place) {
    DeadLetter letter = letters.get(place);
    if (letter == null
        || !letter.job().id().equals(name.job())
        || letter.generation() != name.generation() - 1) {
      found(
          Law.REPLAYED_ONCE,
          name.toString(),
          "is said to follow from " + place + ", which is not of the generation before",
          story(name));
    }
  }

  // What a plan selects is decided once, for a reason that is true

  /** Versions follow each other, along the arrows of a plan's life. */
  private void movesAsItMay(Story story) {
    for (int i = 1; i < story.versions.size(); i++) {
      Plan before = story.versions.get(i - 1).value();
      Plan after = story.versions.get(i).value();
      if (after.version() != before.version() + 1
          || !follows(before.state()).contains(after.state())) {
        found(
            Law.PLANS_ARE_OBEYED,
            story,
            "was "
                + before.state()
                + " in version "
                + before.version()
                + ", and "
                + after.state()
                + " in version "
                + after.version()
                + " after that");
      }
    }
  }

  private static Set<State> follows(State state) {
    return switch (state) {
      case SELECTING -> EnumSet.of(State.DRAFT, State.ABORTED);
      case DRAFT -> EnumSet.of(State.RUNNING, State.ABORTED);
      case RUNNING ->
          EnumSet.of(
              State.RUNNING,
              State.PAUSED,
              State.CANARY_REPORT,
              State.DONE,
              State.ABORTING,
              State.UNDOING);
      case CANARY_REPORT, PAUSED -> EnumSet.of(State.RUNNING, State.ABORTING, State.UNDOING);
      case ABORTING -> EnumSet.of(State.ABORTED, State.UNDOING);
      case ABORTED -> EnumSet.of(State.UNDOING);
      case UNDOING -> EnumSet.of(State.UNDONE);
      case UNDONE, DONE -> EnumSet.noneOf(State.class);
    };
  }

  private void decidesWhatItSelects(Story story) {
    var decided = new HashMap<Place, Integer>();
    for (Recorded<LedgerRecord> each : story.decisions()) {
      Place place = place(each);
      decided.merge(place, 1, Integer::sum);
      if (story.isKnown()
          && (story.stage(place) < 0 || place.offset() >= story.end(place.partition()))) {
        found(
            Law.SELECTED_IS_DECIDED_ONCE, story, "decided about " + place + ", but selects it not");
      }
      if (decided.getOrDefault(place, 0) > 1) {
        found(Law.SELECTED_IS_DECIDED_ONCE, story, "decided about " + place + " more than once");
      }
      if (!fits(story.last().action(), each.value())) {
        found(
            Law.SELECTED_IS_DECIDED_ONCE,
            story,
            "decided otherwise about " + place + " than it was to: " + each.value());
      }
    }
    long selected = story.last().shares().stream().mapToLong(Share::count).sum();
    if (story.last().state() == State.DONE && decided.size() != selected) {
      found(
          Law.SELECTED_IS_DECIDED_ONCE,
          story,
          "is done, but decided about " + decided.size() + " of " + selected);
    }
  }

  private static boolean fits(Action action, LedgerRecord decision) {
    return switch (decision) {
      case Replayed replayed ->
          action instanceof Action.Replay replay && replayed.generation() < replay.maxGeneration();
      case LedgerRecord.Discarded _ -> action instanceof Action.Discard;
      case LedgerRecord.Purged _ -> action instanceof Action.Purge;
      case LedgerRecord.Refused _, Progress _ -> true;
    };
  }

  private static Place place(Recorded<LedgerRecord> decision) {
    return new Place(
        decision.partition(),
        switch (decision.value()) {
          case LedgerRecord.Resolution resolution -> resolution.offset();
          case LedgerRecord.Refused refused -> refused.offset();
          case Progress _ -> throw new IllegalArgumentException("progress is no decision");
        });
  }

  /** Nothing is refused that could have been replayed. */
  private void reasonsAreTrue(Story story) {
    for (Recorded<LedgerRecord> each : story.decisions()) {
      if (each.value() instanceof LedgerRecord.Refused refused
          && !isTrue(story.last().action(), each, refused)) {
        found(
            Law.SELECTED_IS_DECIDED_ONCE,
            story,
            "refused " + place(each) + " for a reason that does not hold: " + refused.reason());
      }
    }
  }

  private boolean isTrue(
      Action action, Recorded<LedgerRecord> decision, LedgerRecord.Refused refused) {
    Place place = place(decision);
    @Nullable DeadLetter letter = letters.get(place);
    @Nullable Instant deadline = letter == null ? null : letter.job().expireAt();
    return switch (refused.reason()) {
      case ALREADY_RESOLVED ->
          resolutions.getOrDefault(place, List.of()).stream()
              .anyMatch(each ->
                  each.offset() < decision.offset()
                      && (isPurge(each.value()) || !(action instanceof Action.Purge)));
      case STILL_OPEN ->
          action instanceof Action.Purge
              && resolutions.getOrDefault(place, List.of()).stream()
                  .anyMatch(each ->
                      each.offset() < decision.offset() && each.value() instanceof Replayed);
      case RETURNED_TOO_OFTEN ->
          letter != null
              && action instanceof Action.Replay replay
              && letter.generation() >= replay.maxGeneration();
      case POISON, UNREADABLE, GONE -> letter == null;
      case EXPIRED -> deadline != null && !refused.at().isBefore(deadline);
      case INVALID_CHANGE -> action instanceof Action.Replay replay && replay.patch() != null;
      case TOO_LARGE -> letter != null;
    };
  }

  // People have the say

  /**
   * Nothing is decided before it was wanted, nor after it was said that it is not any more, nor
   * after an abort or undo was final.
   */
  private void obeys(Story story) {
    Optional<Recorded<Plan>> over =
        story.versions.stream()
            .filter(each -> ENDED_BY_PEOPLE.contains(each.value().state()))
            .findFirst();
    int first = story.last().shares().stream().mapToInt(Share::stage).min().orElse(0);
    for (Recorded<LedgerRecord> each : story.decisions()) {
      int stage = Math.max(first, story.stage(place(each)));
      int seen = story.seenBefore(each);
      List<Recorded<Plan>> wanted =
          story.versions.stream()
              .filter(version ->
                  version.value().state() == State.RUNNING
                      && version.value().version() >= seen
                      && !each.appendedAt().isBefore(millis(version.visibleAt())))
              .toList();
      if (wanted.isEmpty()) {
        found(
            Law.PLANS_ARE_OBEYED,
            story,
            "decided about " + place(each) + " although it was not to in version " + seen);
      } else if (wanted.stream().noneMatch(version -> version.value().stage() >= stage)) {
        found(
            Law.CANARY_GOES_FIRST,
            story,
            "decided about " + place(each) + " before anyone wanted its stage " + stage);
      }
      if (over.isPresent() && each.appendedAt().isAfter(over.get().appendedAt())) {
        found(
            Law.PLANS_ARE_OBEYED,
            story,
            "decided about " + place(each) + " after it was " + over.get().value().state());
      }
    }
  }

  private static Instant millis(Instant instant) {
    return instant.truncatedTo(ChronoUnit.MILLIS);
  }

  /**
   * Of a stage that is said to have ended, everything is decided and every generation over; and of
   * a plan that has, every generation is.
   */
  private void endsWhenItsWorkHas(Story story) {
    for (int i = 1; i < story.versions.size(); i++) {
      Recorded<Plan> version = story.versions.get(i);
      Plan before = story.versions.get(i - 1).value();
      boolean further = version.value().stage() > before.stage() && before.state() != State.DRAFT;
      boolean stageEnded =
          further
              || version.value().state() == State.CANARY_REPORT
              || version.value().state() == State.DONE;
      if (!stageEnded && !version.value().state().isEnd()) {
        continue;
      }
      Law law = version.value().state().isEnd() ? Law.PLANS_TELL_THE_TRUTH : Law.CANARY_GOES_FIRST;
      List<Recorded<LedgerRecord>> decided =
          story.decisions().stream()
              .filter(each -> !each.appendedAt().isAfter(version.appendedAt()))
              .toList();
      long wanted =
          version.value().shares().stream()
              .filter(share -> share.stage() <= before.stage())
              .mapToLong(Share::count)
              .sum();
      if (stageEnded && decided.size() < wanted) {
        found(
            law,
            story,
            "came to its version "
                + version.value().version()
                + " when "
                + decided.size()
                + " of "
                + wanted
                + " were decided");
      }
      for (Recorded<LedgerRecord> each : decided) {
        if (each.value() instanceof Replayed replayed
            && outcome(replayed)
                .filter(end -> !end.appendedAt().isAfter(version.appendedAt()))
                .isEmpty()) {
          found(
              law,
              story,
              "came to its version "
                  + version.value().version()
                  + " before "
                  + name(replayed)
                  + " had ended");
        }
      }
      if (further && before.state() == State.RUNNING) {
        canaryHasPassed(story, version.value(), decided);
      }
    }
  }

  /** Nobody was asked. */
  private void canaryHasPassed(Story story, Plan plan, List<Recorded<LedgerRecord>> decided) {
    List<Replayed> replayed =
        decided.stream()
            .map(Recorded::value)
            .filter(Replayed.class::isInstance)
            .map(Replayed.class::cast)
            .toList();
    long succeeded =
        replayed.stream().filter(each -> end(each).equals(Optional.of(JobState.SUCCEEDED))).count();
    PlanRecord.@Nullable Canary canary = plan.canary();
    if (canary == null
        || canary.then() != PlanRecord.Canary.Then.GO_ON
        || replayed.isEmpty()
        || succeeded < canary.minSucceeded() * replayed.size()) {
      found(
          Law.CANARY_GOES_FIRST,
          story,
          "went on by itself when " + succeeded + " of " + replayed.size() + " had succeeded");
    }
  }

  private Optional<JobState> end(Replayed replayed) {
    return outcome(replayed)
        .map(Recorded::value)
        .filter(JobEvent.Finished.class::isInstance)
        .map(event -> ((JobEvent.Finished) event).outcome().state());
  }

  private static Life.Name name(Replayed replayed) {
    return new Life.Name(replayed.jobId(), replayed.newGeneration());
  }

  private Optional<Recorded<JobEvent>> outcome(Replayed replayed) {
    Life life = lives.get(name(replayed));
    return life == null ? Optional.empty() : life.outcomes().stream().findFirst();
  }

  // What is told of plans

  /** All that a stage selects below where it has come to was decided by then. */
  private void progressIsNotAhead(Story story) {
    var decidedAt = new HashMap<Place, Long>();
    story.decisions().forEach(each -> decidedAt.merge(place(each), each.offset(), Math::min));
    // What was decided before one progress was decided before all that follow.
    var checkedTo = new HashMap<Part, Long>();
    for (Recorded<LedgerRecord> each : story.ledger) {
      if (!(each.value() instanceof Progress progress)) {
        continue;
      }
      var part = new Part(progress.stage(), each.partition());
      OffsetSet offsets = story.selected.get(part);
      if (offsets == null) {
        continue;
      }
      long end = progress.complete() ? Long.MAX_VALUE : progress.nextOffset();
      for (OptionalLong next = offsets.nextFrom(checkedTo.getOrDefault(part, 0L));
          next.isPresent() && next.getAsLong() < end;
          next = offsets.nextFrom(next.getAsLong() + 1)) {
        var place = new Place(part.partition(), next.getAsLong());
        checkedTo.put(part, place.offset() + 1);
        if (decidedAt.getOrDefault(place, Long.MAX_VALUE) >= each.offset()) {
          found(
              Law.SELECTED_IS_DECIDED_ONCE,
              story,
              "has come further than " + place + ", but has not decided about it");
        }
      }
    }
  }

  /** What a plan is said to have come to is what the topics tell. */
  private void tellsTheTruth(Story story) {
    var last = new HashMap<Integer, Recorded<LedgerRecord>>();
    for (Recorded<LedgerRecord> each : story.ledger) {
      if (each.value() instanceof Progress) {
        last.put(each.partition(), each);
      }
    }
    var cameTo = new HashMap<Integer, Tally>();
    for (Recorded<LedgerRecord> each : story.ledger) {
      if (each.value() instanceof Progress progress) {
        Tally known = cameTo.getOrDefault(each.partition(), Tally.NONE);
        tellsTheTruth(
            story, each, progress.tally(), known, each.equals(last.get(each.partition())));
      } else {
        cameTo.merge(each.partition(), known(each.value()), Tally::plus);
      }
    }
  }

  /** What follows from a decision, with its outcome, whenever that came. */
  private Tally known(LedgerRecord decision) {
    Tally count = count(decision);
    return decision instanceof Replayed replayed
        ? end(replayed).map(count::with).orElse(count)
        : count;
  }

  /**
   * @param known what was decided before, with all outcomes
   * @param last whether nothing is told of it later, in that partition
   */
  private void tellsTheTruth(
      Story story, Recorded<LedgerRecord> record, Tally told, Tally known, boolean last) {
    if (!decided(told).equals(decided(known))) {
      found(
          Law.PLANS_TELL_THE_TRUTH,
          story,
          "is said at " + record.place() + " to have come to " + told + ", but came to " + known);
      return;
    }
    boolean over = story.last().state().isEnd() && last;
    if (told.cancelled() > known.cancelled()) {
      found(
          Law.UNDONE_ONLY_BY_OUTCOME,
          story,
          "is said at "
              + record.place()
              + " to have had "
              + told.cancelled()
              + " cancelled, but that is the outcome of "
              + known.cancelled());
    } else if (over
        ? told.unknown() == 0 && !withoutAsked(told).equals(known)
        : isMore(told, known)) {
      found(
          Law.PLANS_TELL_THE_TRUTH,
          story,
          "is said at " + record.place() + " to have come to " + told + ", but came to " + known);
    }
  }

  private static Tally withoutAsked(Tally told) {
    return new Tally(
        told.replayed(),
        told.discarded(),
        told.purged(),
        told.refused(),
        told.succeeded(),
        told.deadLettered(),
        told.cancelled(),
        told.expired(),
        told.unknown(),
        0);
  }

  /** What was decided, without what came of it. */
  private static Tally decided(Tally told) {
    return new Tally(
        told.replayed(), told.discarded(), told.purged(), told.refused(), 0, 0, 0, 0, 0, 0);
  }

  private static boolean isMore(Tally told, Tally known) {
    return told.succeeded() > known.succeeded()
        || told.deadLettered() > known.deadLettered()
        || told.expired() > known.expired();
  }

  private static Tally count(LedgerRecord decision) {
    return switch (decision) {
      case Replayed _ -> Tally.ofReplayed(1);
      case LedgerRecord.Discarded _ -> Tally.ofDiscarded(1);
      case LedgerRecord.Purged _ -> Tally.ofPurged(1);
      case LedgerRecord.Refused refused -> Tally.ofRefused(refused.reason(), 1);
      case Progress _ -> Tally.NONE;
    };
  }

  // The audit

  /** Each entry follows from the one before, and there is one of each change of a plan. */
  private void auditIsWhole() {
    AuditChain chain = AuditChain.EMPTY;
    var told = new HashMap<PlanId, List<Plan>>();
    for (Recorded<AuditEntry> each : inOrder(history.audit())) {
      AuditEntry entry = each.value();
      Optional<String> problem = chain.problem(entry);
      if (problem.isPresent()) {
        found(Law.AUDIT_IS_WHOLE, "the audit", problem.get() + ", at " + each.place(), "");
      }
      chain = AuditChain.endingWith(entry);
      @Nullable PlanId plan = entry.plan();
      if (plan != null
          && entry.detail() != null
          && JsonCodec.PLANS.decode(entry.detail().text().getBytes(StandardCharsets.UTF_8))
              instanceof Decoded.Value<PlanRecord>(Plan changed)) {
        told.computeIfAbsent(plan, _ -> new ArrayList<>()).add(changed);
      }
    }
    for (Story story : plans.values()) {
      List<Plan> entries = told.getOrDefault(story.id, List.of());
      for (int i = 0; i < entries.size(); i++) {
        if (entries.get(i).version() != i + 1) {
          found(
              Law.AUDIT_IS_WHOLE,
              story,
              "has version " + entries.get(i).version() + " in the place of " + (i + 1));
        }
      }
      for (Recorded<Plan> version : story.versions) {
        if (entries.stream().filter(version.value()::equals).count() != 1) {
          found(
              Law.AUDIT_IS_WHOLE,
              story,
              "has not exactly one entry of its version " + version.value().version());
        }
      }
      if (entries.size() != story.last().version()) {
        found(
            Law.AUDIT_IS_WHOLE,
            story,
            "has " + entries.size() + " entries and " + story.last().version() + " versions");
      }
    }
  }

  // Telling

  private void found(Law law, Story story, String finding) {
    var lines = new ArrayList<Recorded<?>>(story.versions);
    lines.addAll(story.ledger);
    found(law, "plan " + story.id, finding, lines(lines));
  }

  private void found(Law law, String subject, String finding, String story) {
    violated.found(law, subject, finding, story);
  }

  /** What was recorded of a job's generation, of the one before, and of its replay. */
  private String story(Life.Name name) {
    List<Recorded<?>> replays =
        resolutions.values().stream()
            .flatMap(List::stream)
            .filter(
                each -> each.value() instanceof Replayed replayed && name(replayed).equals(name))
            .<Recorded<?>>map(each -> each)
            .toList();
    return Stream.of(new Life.Name(name.job(), name.generation() - 1), name)
            .map(lives::get)
            .filter(Objects::nonNull)
            .map(Life::story)
            .reduce("", String::concat)
        + lines(replays);
  }

  private static String lines(List<? extends Recorded<?>> records) {
    var lines = new StringBuilder();
    records.stream()
        .sorted(
            Comparator.<Recorded<?>, Instant>comparing(Recorded::appendedAt)
                .thenComparing(Recorded::place))
        .forEach(each ->
            lines
                .append("    ")
                .append(each.appendedAt())
                .append("  ")
                .append(each.place())
                .append("  ")
                .append(tell(each.value()))
                .append('\n'));
    return lines.toString();
  }

  private static String tell(Object value) {
    return value instanceof Plan plan
        ? "version "
            + plan.version()
            + ": "
            + plan.state()
            + " in stage "
            + plan.stage()
            + ", "
            + plan.action()
            + " of "
            + plan.shares()
        : String.valueOf(value);
  }
}
