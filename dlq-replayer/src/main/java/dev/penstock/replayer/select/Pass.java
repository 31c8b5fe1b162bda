package dev.penstock.replayer.select;

import dev.penstock.job.DeadLetter;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.replay.Refusal;
import dev.penstock.replayer.look.Fingerprints;
import dev.penstock.replayer.look.LetterContent;
import dev.penstock.replayer.look.LetterFacts;
import dev.penstock.replayer.look.LetterId;
import dev.penstock.replayer.look.LetterLog.Visitor;
import dev.penstock.replayer.look.LetterQuery;
import dev.penstock.replayer.look.LetterRecord;
import dev.penstock.replayer.look.Standing;
import dev.penstock.replayer.look.Standings;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One pass over dead letters: each that matches, and is drawn where there is a sample, is judged.
 * Used by one thread.
 */
final class Pass implements Visitor {
  private static final int MAX_NAMES = 10_000;
  private static final int MAX_TOLD = 5;

  private final Selection selection;
  private final Draw draw;
  private final Judge judge;
  private final Standings standings;
  private final Fingerprints fingerprints = new Fingerprints();
  private final Preview preview = new Preview();
  private final Expectation expectation = new Expectation();
  private final Examples examples = new Examples();

  /** The last of the draw first; only where a sample is counted. */
  private final PriorityQueue<Drawn> sample =
      new PriorityQueue<>(
          Comparator.<Drawn>comparingLong(each -> each.place() ^ Long.MIN_VALUE).reversed());

  /** The names of providers and models come again and again. */
  private final Map<String, String> names = new HashMap<>();

  /** What is named and was not seen. */
  private final Set<Object> missing = new HashSet<>();

  private long scanned;
  private long matched;

  Pass(Selection selection, Draw draw, Judge judge, Standings standings) {
    this.selection = selection;
    this.draw = draw;
    this.judge = judge;
    this.standings = standings;
    switch (selection.what()) {
      case Selection.What.Filter _ -> {
        // Nothing is named.
      }
      case Selection.What.Letters(Set<LetterId> letters) -> missing.addAll(letters);
      case Selection.What.Ids(Set<JobId> ids) -> missing.addAll(ids);
    }
  }

  @Override
  public void visit(LetterRecord letter) {
    scanned++;
    Standing standing = standings.of(letter.partition(), letter.offset());
    if (!matches(letter, standing)) {
      return;
    }
    matched++;
    long place = draw.place(letter.partition(), letter.offset());
    switch (selection.sample()) {
      case null -> preview.add(drawn(letter, standing, place), expectation);
      case Portion.Percent(double percent) -> {
        if (Draw.isWithin(place, percent)) {
          preview.add(drawn(letter, standing, place), expectation);
        }
      }
      case Portion.Count(int count) -> {
        if (sample.size() < count
            || Long.compareUnsigned(place, Objects.requireNonNull(sample.peek()).place()) < 0) {
          sample.add(drawn(letter, standing, place));
          if (sample.size() > count) {
            sample.remove();
          }
        }
      }
    }
  }

  private boolean matches(LetterRecord letter, Standing standing) {
    return switch (selection.what()) {
      case Selection.What.Filter(LetterQuery query) ->
          query.matches(letter, standing, fingerprints);
      case Selection.What.Letters(Set<LetterId> letters) -> {
        LetterId id = letter.id();
        missing.remove(id);
        yield letters.contains(id);
      }
      case Selection.What.Ids(Set<JobId> ids) -> {
        // Dead letters of jobs have the job's id as their key.
        JobId job = jobId(letter.keyText());
        if (job == null || !ids.contains(job)) {
          yield false;
        }
        missing.remove(job);
        yield true;
      }
    };
  }

  private static @Nullable JobId jobId(@Nullable String key) {
    return key == null ? null : JobId.parse(key).orElse(null);
  }

  private Drawn drawn(LetterRecord letter, Standing standing, long place) {
    LetterFacts facts = LetterFacts.of(letter);
    Job runs = null;
    Refusal refused = null;
    String detail = null;
    switch (judge.judge(letter, standing)) {
      case Judge.Verdict.Done(Job after) -> runs = after;
      case Judge.Verdict.Refused(Refusal reason, String why) -> {
        refused = reason;
        detail = why;
      }
    }
    if (letter.content() instanceof LetterContent.OfJob(DeadLetter dead)) {
      expectation.learn(dead);
      if (runs != null) {
        examples.add(place, letter.id(), dead.job(), runs);
      }
    }
    return new Drawn(
        place,
        letter.id(),
        refused,
        detail,
        name(facts.code()),
        name(facts.provider()),
        name(facts.model()),
        name(facts.tenant()),
        name(facts.kind()),
        facts.failedAt(),
        runs == null ? null : name(runs.model()));
  }

  private String name(String text) {
    String known = names.get(text);
    if (known == null && names.size() < MAX_NAMES) {
      names.put(text, text);
    }
    return known == null ? text : known;
  }

  /** When all were seen: what it came to. */
  Preview end() {
    sample.forEach(each -> preview.add(each, expectation));
    sample.clear();
    if (!missing.isEmpty()) {
      List<LetterId> letters =
          missing.stream()
              .filter(LetterId.class::isInstance)
              .map(LetterId.class::cast)
              .sorted(
                  Comparator.comparingInt(LetterId::partition).thenComparingLong(LetterId::offset))
              .toList();
      preview.leave(
          Refusal.GONE,
          letters.isEmpty()
              ? "no dead letter is of " + told(missing)
              : "no dead letter stands there",
          missing.size(),
          letters);
      missing.clear();
    }
    return preview;
  }

  private static String told(Set<Object> ids) {
    String some =
        ids.stream()
            .map(Object::toString)
            .sorted()
            .limit(MAX_TOLD)
            .collect(Collectors.joining(", "));
    return "the jobs " + some + (ids.size() > MAX_TOLD ? " and others" : "");
  }

  Examples examples() {
    return examples;
  }

  Expectation expectation() {
    return expectation;
  }

  long scanned() {
    return scanned;
  }

  long matched() {
    return matched;
  }
}
