package dev.penstock.streams.view;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.penstock.job.Attempt;
import dev.penstock.job.CancelRequest;
import dev.penstock.job.Failure;
import dev.penstock.job.Job;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobRecord;
import dev.penstock.job.JobState;
import dev.penstock.job.LifePosition;
import dev.penstock.job.Outcome;
import dev.penstock.job.RetryNowRequest;
import dev.penstock.job.TenantId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Everything the view knows of one job, folded from the records of three topics. The fold commutes:
 * whatever the order in which the topics are read, and however often a record is read, the result
 * is the same. It holds the highest generation only; what is told of an earlier one is ignored,
 * except for the profile, which all generations share.
 *
 * <p>A life may be partial: a worker's events can be read before the job's own record. Such a life
 * has no profile and is not shown.
 *
 * <p>Immutable. Each fold returns an equal life when it learnt nothing.
 *
 * @param generation the highest generation of which something is known
 * @param profile what was submitted, without its input; null until a job record was read
 * @param enteredAt when this generation entered; null until its job record was read
 * @param attempts what is known of each attempt, by rising number
 * @param end how this generation ended, or null
 * @param cancelGeneration the highest generation that someone asked to end, or -1
 * @param hurry the latest wait that someone asked to end, or null
 */
public record JobLife(
    int generation,
    @Nullable Profile profile,
    @Nullable Instant enteredAt,
    List<AttemptLife> attempts,
    @Nullable End end,
    int cancelGeneration,
    @Nullable Hurry hurry) {
  /** Nothing is known. */
  public static final JobLife UNKNOWN = new JobLife(0, null, null, List.of(), null, -1, null);

  /** The most begun calls of one attempt that are kept, the earliest ones; more are not counted. */
  static final int MAX_STARTS = 16;

  public JobLife {
    attempts = List.copyOf(attempts);
  }

  /**
   * What was submitted.
   *
   * @param generation the generation whose record told it; the highest wins
   * @param runAt not to be run before, or null
   * @param orderingKey after whose earlier jobs it is run, or null
   * @param tenant on whose behalf it is run, or null for {@link TenantId#DEFAULT}
   * @param origin where the record stands that told it: of several of one generation the least;
   *     null in what an earlier version kept
   * @param traceId the trace of the submission, or null
   */
  public record Profile(
      int generation,
      String kind,
      String model,
      int maxAttempts,
      Instant acceptedAt,
      @Nullable Instant expireAt,
      Map<String, String> labels,
      @Nullable Instant runAt,
      @Nullable String orderingKey,
      @Nullable TenantId tenant,
      @Nullable Origin origin,
      @Nullable String traceId) {
    public Profile {
      labels = Map.copyOf(labels);
    }

    static Profile of(Fact.Accepted fact) {
      JobRecord record = fact.value();
      Job job = record.job();
      return new Profile(
          record.generation(),
          job.input().kind().wireName(),
          job.model(),
          job.maxAttempts(),
          job.acceptedAt(),
          job.expireAt(),
          job.labels(),
          record.dueAt(),
          job.ordering() == null ? null : job.ordering().key(),
          job.tenant().equals(TenantId.DEFAULT) ? null : job.tenant(),
          fact.origin(),
          fact.traceId());
    }

    /** Whether this is to be kept where {@code other} was told too. */
    private boolean outranks(Profile other) {
      if (generation != other.generation) {
        return generation > other.generation;
      }
      if (origin == null || other.origin == null) {
        return true;
      }
      return origin.compareTo(other.origin) <= 0;
    }
  }

  /**
   * One attempt.
   *
   * @param starts the calls that were begun for it, by rising time; more than one means that the
   *     earlier ones were lost with their workers
   * @param retry what followed its failure, or null
   */
  public record AttemptLife(int number, List<Start> starts, @Nullable Retry retry) {
    public AttemptLife {
      starts = List.copyOf(starts);
    }

    private AttemptLife withStart(Start start) {
      if (starts.contains(start)) {
        return this;
      }
      var all = new ArrayList<>(starts);
      all.add(start);
      all.sort(Start.ORDER);
      if (all.size() > MAX_STARTS) {
        Start dropped = all.removeLast();
        if (dropped.equals(start)) {
          return this;
        }
      }
      return new AttemptLife(number, all, retry);
    }

    private AttemptLife withRetry(Retry other) {
      return retry == null ? new AttemptLife(number, starts, other) : this;
    }
  }

  /**
   * A call that was begun.
   *
   * @param inputCostNanos what its input costs, or null where that is not known
   */
  public record Start(String provider, String worker, Instant at, @Nullable Long inputCostNanos) {
    private static final Comparator<Start> ORDER =
        Comparator.comparing(Start::at).thenComparing(Start::worker).thenComparing(Start::provider);
  }

  /** An attempt failed and another one is due. */
  public record Retry(Attempt failed, Instant dueAt, Instant at) {}

  /**
   * Someone asked for the next attempt now.
   *
   * @param attempts behind how many attempts of the generation it waits
   * @param at when they asked; the first time counts
   */
  public record Hurry(int generation, int attempts, Instant at) {
    private static final Comparator<Hurry> ORDER =
        Comparator.comparingInt(Hurry::generation)
            .thenComparingInt(Hurry::attempts)
            .thenComparing(Hurry::at, Comparator.reverseOrder());

    /** Whether this is to be kept where {@code other} was asked too. */
    private boolean outranks(Hurry other) {
      return ORDER.compare(this, other) >= 0;
    }
  }

  /** The generation ended. */
  public record End(List<Attempt> attempts, JobState state, @Nullable Failure failure, Instant at) {
    public End {
      attempts = List.copyOf(attempts);
    }

    static End of(JobEvent.Finished event) {
      Failure failure =
          switch (event.outcome()) {
            case Outcome.DeadLettered(Failure reason) -> reason;
            case Outcome.Succeeded _, Outcome.Cancelled _, Outcome.Expired _ -> null;
          };
      return new End(event.attempts(), event.outcome().state(), failure, event.at());
    }
  }

  /**
   * A job record was read. When the broker appended it is when a generation after the first
   * entered.
   */
  public JobLife accepted(Fact.Accepted fact) {
    JobRecord record = fact.value();
    JobLife life = reaching(record.generation()).withProfile(Profile.of(fact));
    if (record.generation() < life.generation) {
      return life;
    }
    Instant at = record.generation() == 0 ? record.job().acceptedAt() : fact.appendedAt();
    if (life.enteredAt != null && !at.isBefore(life.enteredAt)) {
      return life;
    }
    return new JobLife(
        life.generation,
        life.profile,
        at,
        life.attempts,
        life.end,
        life.cancelGeneration,
        life.hurry);
  }

  /** An event was read. */
  public JobLife happened(JobEvent event) {
    if (event.generation() < generation) {
      return this;
    }
    JobLife life = reaching(event.generation());
    return switch (event) {
      case JobEvent.AttemptStarted e ->
          life.withAttempt(
              life.attempt(e.attempt())
                  .withStart(new Start(e.provider(), e.worker(), e.at(), e.inputCostNanos())));
      case JobEvent.RetryScheduled e ->
          life.withAttempt(
              life.attempt(e.failed().number())
                  .withRetry(new Retry(e.failed(), e.dueAt(), e.at())));
      // There is one outcome for each generation; should a second one ever appear, the first stays.
      case JobEvent.Finished e -> life.end == null ? life.withEnd(End.of(e)) : life;
    };
  }

  /** A request to cancel was read. */
  public JobLife cancelRequested(CancelRequest request) {
    return request.generation() <= cancelGeneration
        ? this
        : new JobLife(generation, profile, enteredAt, attempts, end, request.generation(), hurry);
  }

  /** A request to run the next attempt now was read. */
  public JobLife retryNowRequested(RetryNowRequest request) {
    var asked = new Hurry(request.generation(), request.attempts(), request.requestedAt());
    return hurry != null && hurry.outranks(asked)
        ? this
        : new JobLife(generation, profile, enteredAt, attempts, end, cancelGeneration, asked);
  }

  /** Whether a job record was read, so that there is something true to show. */
  @JsonIgnore
  public boolean isShown() {
    return profile != null;
  }

  /** The highest place of this life that is known. */
  @JsonIgnore
  public LifePosition position() {
    if (end != null) {
      return LifePosition.finished(generation);
    }
    if (attempts.isEmpty()) {
      return LifePosition.accepted(generation);
    }
    AttemptLife last = attempts.getLast();
    return new LifePosition(
        generation,
        last.number,
        last.retry == null ? LifePosition.Step.STARTED : LifePosition.Step.RETRY_SCHEDULED);
  }

  @JsonIgnore
  public JobState state() {
    if (end != null) {
      return end.state;
    }
    return switch (position().step()) {
      case ACCEPTED -> scheduledAt().isPresent() ? JobState.SCHEDULED : JobState.QUEUED;
      case STARTED -> JobState.RUNNING;
      case RETRY_SCHEDULED -> JobState.WAITING;
      case FINISHED -> throw new IllegalStateException("a life that has not ended");
    };
  }

  /** Before when this generation was not to run, where that was said. */
  @JsonIgnore
  public Optional<Instant> scheduledAt() {
    return profile == null || profile.generation != generation
        ? Optional.empty()
        : Optional.ofNullable(profile.runAt);
  }

  /** Whether someone asked for the end of this generation. */
  @JsonIgnore
  public boolean isCancelRequested() {
    return cancelGeneration == generation;
  }

  /** When someone asked for an end of the wait that the job is in; null where nobody did. */
  @JsonIgnore
  public @Nullable Instant retryNowRequestedAt() {
    int behind =
        switch (state()) {
          case SCHEDULED -> 0;
          case WAITING -> attempts.getLast().number();
          case QUEUED, RUNNING, SUCCEEDED, DEAD_LETTERED, CANCELLED, EXPIRED -> -1;
        };
    return hurry != null && hurry.generation == generation && hurry.attempts == behind
        ? hurry.at
        : null;
  }

  /** Calls of this generation that were begun and lost with their worker, so were made again. */
  @JsonIgnore
  public int wastedCalls() {
    return attempts.stream().mapToInt(this::wasted).sum();
  }

  /** Those of {@link #wastedCalls} that were begun for {@code attempt}, by rising time. */
  public List<Start> wastedStarts(AttemptLife attempt) {
    return attempt.starts.subList(0, wasted(attempt));
  }

  /**
   * Of the calls that were begun for an attempt the last one is not wasted, unless the job ended
   * without it: served from the cache, or cancelled, expired or refused before it was made again.
   */
  private int wasted(AttemptLife attempt) {
    boolean used =
        end == null
            || end.attempts.stream()
                .anyMatch(each ->
                    each.number() == attempt.number
                        && (each.served() == null || each.served().cachedAt() == null));
    return Math.max(0, attempt.starts.size() - (used ? 1 : 0));
  }

  /** What the input of the {@link #wastedCalls} cost; null where that is known of none. */
  @JsonIgnore
  public @Nullable Long wastedCostNanos() {
    Long sum = null;
    for (AttemptLife attempt : attempts) {
      for (Start lost : attempt.starts.subList(0, wasted(attempt))) {
        Long cost = lost.inputCostNanos;
        if (cost != null) {
          sum = sum == null ? cost : Long.valueOf(Math.addExact(sum, cost));
        }
      }
    }
    return sum;
  }

  /** The time of the latest event, where one is known. */
  @JsonIgnore
  public Optional<Instant> lastEventAt() {
    Instant last = end == null ? Instant.MIN : end.at;
    for (AttemptLife attempt : attempts) {
      last = attempt.retry == null ? last : later(last, attempt.retry.at);
      last = attempt.starts.isEmpty() ? last : later(last, attempt.starts.getLast().at);
    }
    return last.equals(Instant.MIN) ? Optional.empty() : Optional.of(last);
  }

  private static Instant later(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }

  private JobLife reaching(int other) {
    return other <= generation
        ? this
        : new JobLife(other, profile, null, List.of(), null, cancelGeneration, hurry);
  }

  private JobLife withProfile(Profile other) {
    return profile != null && profile.outranks(other)
        ? this
        : new JobLife(generation, other, enteredAt, attempts, end, cancelGeneration, hurry);
  }

  private JobLife withEnd(End other) {
    return new JobLife(generation, profile, enteredAt, attempts, other, cancelGeneration, hurry);
  }

  private AttemptLife attempt(int number) {
    for (AttemptLife attempt : attempts) {
      if (attempt.number == number) {
        return attempt;
      }
    }
    return new AttemptLife(number, List.of(), null);
  }

  private JobLife withAttempt(AttemptLife changed) {
    var all = new ArrayList<AttemptLife>(attempts.size() + 1);
    boolean placed = false;
    for (AttemptLife attempt : attempts) {
      if (attempt.number == changed.number) {
        if (attempt.equals(changed)) {
          return this;
        }
        all.add(changed);
        placed = true;
      } else {
        if (attempt.number > changed.number && !placed) {
          all.add(changed);
          placed = true;
        }
        all.add(attempt);
      }
    }
    if (!placed) {
      all.add(changed);
    }
    return new JobLife(generation, profile, enteredAt, all, end, cancelGeneration, hurry);
  }
}
