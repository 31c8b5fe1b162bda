package dev.penstock.replayer.select;

import dev.penstock.codec.Json;
import dev.penstock.replay.PlanRecord.Action;
import dev.penstock.replay.PlanRecord.Canary;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replayer.change.Change;
import dev.penstock.replayer.change.PatchedSubmission;
import dev.penstock.replayer.look.LedgerBehindException;
import dev.penstock.replayer.look.LetterLog;
import dev.penstock.replayer.look.LetterLog.Session;
import dev.penstock.replayer.look.LetterLog.Span;
import dev.penstock.replayer.look.Standings;
import dev.penstock.submission.SubmissionReader;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Finds what a plan selects, in one pass over the dead letters. What it holds is a bitmap of the
 * offsets, and else does not grow with how many there are. Thread-safe.
 */
public final class Selector implements Selecting {
  /** So long one pass may take. */
  private static final Duration LIMIT = Duration.ofHours(6);

  private static final Duration LEDGER_PATIENCE = Duration.ofSeconds(30);

  private final LetterLog log;
  private final Standings standings;
  private final SubmissionReader reader;
  private final InstantSource clock;

  /**
   * @param standings which someone else runs and closes
   * @param reader the intake's, for jobs that plans change
   */
  public Selector(
      LetterLog log, Standings standings, SubmissionReader reader, InstantSource clock) {
    this.log = log;
    this.standings = standings;
    this.reader = reader;
    this.clock = clock;
  }

  @Override
  public Selected select(Plan plan) throws InterruptedException {
    Selection selection = selection(plan);
    Long seed = selection.seed();
    // Whoever makes the selection anew draws the same.
    var draw = new Draw(seed == null ? plan.id().text().hashCode() : seed);
    var judge = new Judge(plan.action(), change(plan.action()), clock.instant());
    if (!standings.catchUp(LEDGER_PATIENCE)) {
      throw new LedgerBehindException();
    }
    var pass = new Pass(selection, draw, judge, standings);
    try (Session session = log.open()) {
      if (!session.read(spans(session, selection, plan.ends()), LIMIT, pass)) {
        throw new IllegalStateException(
            "the dead letters could not be looked through within " + LIMIT.toHours() + " hours");
      }
    }
    // Of a sample by chance another order is drawn: of the same one these are the first already.
    boolean byChance = selection.sample() instanceof Portion.Percent;
    return selected(plan, byChance ? new Draw(~draw.seed()) : draw, pass);
  }

  private static Selection selection(Plan plan) {
    try {
      return Selection.parse(Json.MAPPER.readTree(plan.selection().text()));
    } catch (JacksonException e) {
      throw new IllegalArgumentException("the selection of the plan is no JSON that is read", e);
    }
  }

  private Change change(Action action) {
    return switch (action) {
      case Action.Discard _, Action.Purge _ -> Change.NONE;
      case Action.Replay(_, String patch) ->
          patch == null ? Change.NONE : new PatchedSubmission(reader, patch);
    };
  }

  /** Below the plan's ends, all that can match. */
  private static Map<Integer, Span> spans(Session session, Selection selection, List<Long> ends)
      throws InterruptedException {
    List<Long> starts = session.starts();
    var spans = new HashMap<Integer, Span>();
    for (int p = 0; p < Math.min(starts.size(), ends.size()); p++) {
      spans.put(p, new Span(starts.get(p), ends.get(p)));
    }
    if (selection.what() instanceof Selection.What.Letters(var letters)) {
      var wanted = new HashMap<Integer, Span>();
      letters.forEach(id ->
          wanted.merge(
              id.partition(),
              new Span(id.offset(), id.offset() + 1),
              (one, other) ->
                  new Span(Math.min(one.from(), other.from()), Math.max(one.end(), other.end()))));
      spans.keySet().retainAll(wanted.keySet());
      spans.replaceAll((partition, all) -> {
        Span some = wanted.getOrDefault(partition, all);
        return new Span(Math.max(all.from(), some.from()), Math.min(all.end(), some.end()));
      });
    }
    return spans;
  }

  private static Selected selected(Plan plan, Draw draw, Pass pass) {
    Preview preview = pass.end();
    Map<Integer, OffsetSet> all = preview.selected();
    Map<Integer, OffsetSet> canary = canary(plan.canary(), draw, all);
    var rest = new TreeMap<Integer, OffsetSet>();
    all.forEach((partition, offsets) -> {
      OffsetSet first = canary.get(partition);
      OffsetSet follows = first == null ? offsets : offsets.without(first);
      if (follows.count() > 0) {
        rest.put(partition, follows);
      }
    });
    return new Selected(
        canary,
        rest,
        preview.toJson(
            pass.scanned(),
            pass.matched(),
            canary.values().stream().mapToLong(OffsetSet::count).sum(),
            pass.examples().toJson(all),
            plan.action() instanceof Action.Replay
                ? pass.expectation().toJson(plan.pace())
                : Preview.nothingExpected()));
  }

  private static Map<Integer, OffsetSet> canary(
      @Nullable Canary canary, Draw draw, Map<Integer, OffsetSet> all) {
    if (canary == null) {
      return Map.of();
    }
    Integer count = canary.count();
    Double percent = canary.percent();
    Portion portion =
        count != null
            ? new Portion.Count(count)
            : new Portion.Percent(percent == null ? 100 : percent);
    return draw.first(all, portion);
  }
}
