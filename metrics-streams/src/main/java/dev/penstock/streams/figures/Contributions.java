package dev.penstock.streams.figures;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.JobId;
import dev.penstock.job.JobState;
import dev.penstock.job.Served;
import dev.penstock.job.TenantId;
import dev.penstock.job.Usage;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.JobLife.AttemptLife;
import dev.penstock.streams.view.JobLife.End;
import dev.penstock.streams.view.JobLife.Profile;
import dev.penstock.streams.view.JobLife.Retry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a life adds to the figures: a function of what is known of the job, and of nothing else.
 * Since the fold into a life commutes, so do the figures, which are the sum over all lives.
 *
 * <p>A job whose own record is not known yet adds nothing: nobody knows whose it is. All of it is
 * added when the record is read.
 */
final class Contributions {
  /** 9999-12-31T23:59:59.999Z; a time that no clock shows is taken for the nearest that one can. */
  private static final long MAX_MILLIS = 253_402_300_799_999L;

  private final List<Contribution> all = new ArrayList<>();
  private final JobId id;
  private final Profile profile;
  private final JobLife life;
  private final Subject job;

  private Contributions(JobId id, Profile profile, JobLife life) {
    this.id = id;
    this.profile = profile;
    this.life = life;
    TenantId tenant = profile.tenant() == null ? TenantId.DEFAULT : profile.tenant();
    this.job = new Subject(tenant.name(), profile.model(), profile.kind(), "", "", "");
  }

  /** What a job's present generation adds: what happened, and that the job is where it is. */
  static List<Contribution> ofPresent(JobId id, JobLife life) {
    Profile profile = life.profile();
    if (profile == null) {
      return List.of();
    }
    var made = new Contributions(id, profile, life);
    made.addHistory();
    made.addPresence();
    return made.all;
  }

  /** That the job is where it is, alone. */
  static List<Contribution> ofPresence(JobId id, JobLife life) {
    Profile profile = life.profile();
    if (profile == null) {
      return List.of();
    }
    var made = new Contributions(id, profile, life);
    made.addPresence();
    return made.all;
  }

  /**
   * What a generation adds that is over.
   *
   * @param profile the job's, of whichever generation
   */
  static List<Contribution> ofEarlier(JobId id, @Nullable Profile profile, JobLife life) {
    if (profile == null) {
      return List.of();
    }
    var made = new Contributions(id, profile, life);
    made.addHistory();
    return made.all;
  }

  private void addHistory() {
    Instant entered = life.enteredAt();
    if (entered != null) {
      all.add(new Contribution.Accepted(job, millis(entered)));
    }
    End end = life.end();
    for (AttemptLife attempt : life.attempts()) {
      for (JobLife.Start lost : life.wastedStarts(attempt)) {
        all.add(
            new Contribution.Wasted(
                job.called(lost.provider(), "", Subject.WASTED),
                millis(lost.at()),
                lost.inputCostNanos() == null ? 0 : lost.inputCostNanos()));
      }
      Retry retry = attempt.retry();
      if (retry != null) {
        addAttempt(retry.failed(), retry.at(), true, Subject.RETRIED);
      }
    }
    if (end != null) {
      addEnd(end);
    }
  }

  private void addEnd(End end) {
    List<Attempt> attempts = end.attempts();
    String outcome = end.state().wireName();
    for (int i = 0; i < attempts.size(); i++) {
      Attempt attempt = attempts.get(i);
      boolean last = i == attempts.size() - 1;
      if (retryOf(attempt.number()) == null) {
        addAttempt(attempt, end.at(), !last, last ? outcome : Subject.RETRIED);
      }
    }
    Attempt last = attempts.isEmpty() ? null : attempts.getLast();
    Subject subject =
        last == null
            ? job.called("", "", outcome)
            : job.called(provider(last), providerModel(last), outcome);
    Failure reason = end.failure();
    boolean own = reason != null && !isOf(last, reason);
    Instant entered = life.enteredAt();
    all.add(
        new Contribution.Ended(
            subject,
            millis(end.at()),
            end.state(),
            entered == null ? Contribution.NO_TIME : micros(entered, end.at()),
            own && reason != null ? reason.code() : null));
    if (own && reason != null) {
      all.add(
          new Contribution.Failed(
              reason.code(),
              "",
              profile.model(),
              profile.kind(),
              reason.message(),
              millis(end.at()),
              id));
    }
  }

  private void addAttempt(Attempt attempt, Instant at, boolean retried, String outcome) {
    Served served = attempt.served();
    boolean cached = served != null && served.cachedAt() != null;
    Failure failure = attempt.failure();
    Long cost = served == null ? null : served.costNanos();
    Instant free = freeFrom(attempt.number());
    all.add(
        new Contribution.Attempted(
            job.called(provider(attempt), providerModel(attempt), outcome),
            millis(at),
            retried,
            attempt.reachedProvider(),
            cached,
            failure == null ? null : failure.code(),
            served == null ? Usage.NONE : served.usage(),
            cost == null ? 0 : cost,
            free == null ? Contribution.NO_TIME : micros(free, attempt.startedAt()),
            micros(attempt.latency())));
    if (failure != null) {
      all.add(
          new Contribution.Failed(
              failure.code(),
              provider(attempt),
              profile.model(),
              profile.kind(),
              failure.message(),
              Math.clamp(
                  millis(attempt.startedAt()) + micros(attempt.latency()) / 1_000, 0, MAX_MILLIS),
              id));
    }
  }

  private void addPresence() {
    JobState state = life.state();
    all.add(new Contribution.InState(state, job.tenant(), job.model(), job.kind()));
    Instant entered = life.enteredAt();
    if (state == JobState.QUEUED && entered != null) {
      all.add(new Contribution.QueuedSince(millis(entered) / 1_000));
    }
    End end = life.end();
    if (end != null && end.failure() != null) {
      Failure reason = end.failure();
      Attempt last = end.attempts().isEmpty() ? null : end.attempts().getLast();
      all.add(
          new Contribution.LiesDead(
              reason.code(),
              last != null && isOf(last, reason) ? provider(last) : "",
              job.model(),
              job.kind(),
              reason.message()));
    }
  }

  /** When the call of an attempt could have begun, or null. */
  private @Nullable Instant freeFrom(int number) {
    if (number == 1) {
      Instant entered = life.enteredAt();
      return life.scheduledAt().isPresent() ? life.scheduledAt().get() : entered;
    }
    Retry before = retryOf(number - 1);
    return before == null ? null : before.dueAt();
  }

  private @Nullable Retry retryOf(int number) {
    for (AttemptLife attempt : life.attempts()) {
      if (attempt.number() == number) {
        return attempt.retry();
      }
    }
    return null;
  }

  private static boolean isOf(@Nullable Attempt attempt, Failure reason) {
    return attempt != null && reason.equals(attempt.failure());
  }

  /** Who was called; what a job names that nobody serves is no provider. */
  private static String provider(Attempt attempt) {
    return attempt.reachedProvider() ? attempt.provider() : "";
  }

  private static String providerModel(Attempt attempt) {
    Served served = attempt.served();
    String named = served == null ? null : served.providerModel();
    return named == null ? "" : named;
  }

  /** Since the epoch. */
  static long millis(Instant at) {
    return Math.clamp(at.getEpochSecond(), 0, MAX_MILLIS / 1_000) * 1_000
        + at.getNano() / 1_000_000;
  }

  /** From {@code from} to {@code to}; 0 where that lies before, by clocks that differ. */
  private static long micros(Instant from, Instant to) {
    return micros(Duration.between(from, to));
  }

  private static long micros(Duration duration) {
    long seconds = Math.clamp(duration.getSeconds(), -1, Sketch.MAX_MICROS / 1_000_000);
    return Math.max(0, seconds * 1_000_000 + duration.getNano() / 1_000);
  }
}
