package dev.penstock.replayer.travel;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.JobId;
import dev.penstock.job.TenantId;
import dev.penstock.replay.PlanId;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * An experiment as it is written to the topic of experiments under its id: jobs that have ended are
 * run again in another way, for a tenant of their own. What it selects and what came of that stands
 * in {@link Item}s and {@link Rerun}s beside it.
 *
 * @param id up to {@link #MAX_ID_CHARS} characters that a plan's id can have
 * @param name for people
 * @param requestedBy who asked for it
 * @param selection which jobs, in the words of the request
 * @param ends where the partitions of events ended when it was asked for: later ends are not in it
 * @param patch a JSON Patch of the submissions, or null where they run as they were
 * @param inFlight how many of its jobs may run or wait at once
 * @param perSecond how many begin a second at most, or null for as many as can
 * @param state where it is in its life
 * @param count how many items it has; while it is being selected, how many are written
 * @param begun items below this number are decided: their jobs are on the way, or were refused
 * @param watched up to where the events were heard for it, by partition
 * @param version counts what was written of it, from 1
 * @param note why it is where it is, or null
 */
record Experiment(
    String id,
    String name,
    String requestedBy,
    Instant createdAt,
    JsonNode selection,
    List<Long> ends,
    @Nullable String patch,
    int inFlight,
    @Nullable Double perSecond,
    State state,
    int count,
    int begun,
    List<Long> watched,
    int version,
    Instant changedAt,
    @Nullable String note) {
  static final JsonCodec<Experiment> CODEC = new JsonCodec<>(Experiment.class);

  /** The most jobs of one. */
  static final int MAX_JOBS = 10_000;

  static final int MAX_IN_FLIGHT = 1_000;
  static final int DEFAULT_IN_FLIGHT = 50;

  /** What the names of the tenants of experiments begin with. */
  static final String TENANT = "x.";

  /** With what is before it, it is the name of a tenant. */
  static final int MAX_ID_CHARS = TenantId.MAX_CHARS - TENANT.length();

  /** The label by which a job of an experiment names the one that it runs again. */
  static final String ORIGINAL = "penstock.original";

  /** Where an experiment is in its life. */
  enum State {
    /** What it selects is being looked for. */
    SELECTING,
    /** It can be looked at; nothing has happened. */
    DRAFT,
    /** Its jobs are run. */
    RUNNING,
    /** All of its jobs have ended. */
    DONE,
    /** Nothing more begins; what was begun was asked to be cancelled. */
    ABORTED;

    String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }

    boolean isEnd() {
      return this == DONE || this == ABORTED;
    }

    static Optional<State> ofWireName(String name) {
      return List.of(values()).stream().filter(each -> each.wireName().equals(name)).findFirst();
    }
  }

  Experiment {
    ends = List.copyOf(ends);
    watched = List.copyOf(watched);
    if (!isId(id)) {
      throw new IllegalArgumentException(
          "the id of an experiment is 1 to "
              + MAX_ID_CHARS
              + " lower-case letters, digits and '-', the first no '-'");
    }
    if (inFlight < 1 || inFlight > MAX_IN_FLIGHT) {
      throw new IllegalArgumentException("inFlight is 1 to " + MAX_IN_FLIGHT);
    }
    if (begun < 0 || begun > count || count > MAX_JOBS) {
      throw new IllegalArgumentException("an experiment has no such counts");
    }
  }

  static boolean isId(String text) {
    return text.length() <= MAX_ID_CHARS && PlanId.isId(text);
  }

  /** For whom its jobs are run: what they spend, and their answers, are apart from all others. */
  TenantId tenant() {
    return new TenantId(TENANT + id);
  }

  /** The id of the job that runs {@code original} again: the same whoever makes it, and when. */
  JobId rerunOf(JobId original) {
    return JobId.ofKey(createdAt, "experiment " + id + " " + original);
  }

  /** The same one, whatever has become of it since. */
  boolean isAskedAs(Experiment other) {
    return id.equals(other.id)
        && name.equals(other.name)
        && requestedBy.equals(other.requestedBy)
        && selection.equals(other.selection)
        && Objects.equals(patch, other.patch)
        && inFlight == other.inFlight
        && Objects.equals(perSecond, other.perSecond);
  }

  /** The same one, as it was asked for, with where the events end now. */
  Experiment asked(List<Long> ends, Instant now) {
    return new Experiment(
        id,
        name,
        requestedBy,
        now,
        selection,
        ends,
        patch,
        inFlight,
        perSecond,
        State.SELECTING,
        0,
        0,
        List.of(),
        1,
        now,
        null);
  }

  Experiment withCount(int counted) {
    return next(state, counted, begun, watched, changedAt, note);
  }

  Experiment withProgress(int decided, List<Long> heard) {
    return next(state, count, decided, heard, changedAt, note);
  }

  Experiment running(List<Long> from, Instant now) {
    return next(State.RUNNING, count, 0, from, now, null);
  }

  Experiment in(State other, Instant now, @Nullable String why) {
    return next(other, count, begun, watched, now, why);
  }

  private Experiment next(
      State other, int counted, int decided, List<Long> heard, Instant now, @Nullable String why) {
    return new Experiment(
        id,
        name,
        requestedBy,
        createdAt,
        selection,
        ends,
        patch,
        inFlight,
        perSecond,
        other,
        counted,
        decided,
        heard,
        version + 1,
        now,
        why);
  }
}
