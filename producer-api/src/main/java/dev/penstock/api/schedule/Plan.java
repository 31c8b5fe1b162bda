package dev.penstock.api.schedule;

import dev.penstock.job.CancelRequest;
import dev.penstock.job.JobId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is to be done about a schedule now. */
sealed interface Plan {
  /** More late times are not counted one by one. */
  int MAX_COUNTED = 10_000;

  /** Nothing is due. */
  record Nothing() implements Plan {}

  /** Whether it may fire depends on this job. */
  record Ask(JobId former) implements Plan {}

  /**
   * A former job is to end.
   *
   * @param orderingKey whose line it is in, or null
   */
  record Cancel(CancelRequest request, @Nullable String orderingKey) {}

  /**
   * Some of the times that are due fire, the others never will.
   *
   * @param fire the times that fire, in rising order
   * @param misfired how many do not because they are late
   * @param overlapped how many do not because the former job has not ended
   * @param settledUntil the last of all of them
   * @param cancel what is to be cancelled, with the first that fires
   */
  record Settle(
      List<Instant> fire,
      int misfired,
      int overlapped,
      Instant settledUntil,
      Optional<Cancel> cancel)
      implements Plan {

    /** This with only {@code some} of its times, because of what has not ended. */
    private Settle firing(List<Instant> some, Optional<Cancel> cancelled) {
      return new Settle(
          some, misfired, overlapped + fire.size() - some.size(), settledUntil, cancelled);
    }
  }

  /**
   * Decides.
   *
   * @param former what is known of the former firing's job since something became due; null when it
   *     was not asked
   * @param max how many times fire at most; what is left is decided about next
   */
  static Plan of(Schedule schedule, Instant now, @Nullable FormerJob former, int max) {
    Instant due = schedule.due();
    if (due == null || due.isAfter(now)) {
      return new Nothing();
    }
    ScheduleRequest request = schedule.request();
    Instant from = due.minusNanos(1);
    Instant until = request.toEnd(now);
    Instant lateUntil = request.toEnd(now.minus(request.misfireAfter()).minusNanos(1));
    List<Instant> late = due.isAfter(lateUntil) ? List.of() : rescued(request, from, lateUntil);
    var fire = new ArrayList<>(late.subList(0, Math.min(max, late.size())));
    if (fire.size() == late.size()) {
      Instant after = lateUntil.isAfter(from) ? lateUntil : from;
      fire.addAll(request.times().oldest(after, until, max - fire.size()));
    }
    if (!fire.isEmpty() && mustAsk(schedule, former)) {
      return new Ask(Objects.requireNonNull(schedule.progress().last()).jobId());
    }
    int misfired =
        due.isAfter(lateUntil)
            ? 0
            : request.times().oldest(from, lateUntil, MAX_COUNTED).size() - late.size();
    if (fire.isEmpty()) {
      Instant last = request.times().newest(from, lateUntil, 1).getLast();
      return new Settle(List.of(), misfired, 0, last, Optional.empty());
    }
    return overlapping(
        schedule, former, new Settle(fire, misfired, 0, fire.getLast(), Optional.empty()), now);
  }

  private static boolean mustAsk(Schedule schedule, @Nullable FormerJob former) {
    return schedule.request().overlap() != Overlap.ALLOW
        && schedule.progress().last() != null
        && (former == null || former instanceof FormerJob.Unknown);
  }

  /** The late times that fire all the same. */
  private static List<Instant> rescued(ScheduleRequest request, Instant from, Instant lateUntil) {
    return switch (request.misfire()) {
      case SKIP -> List.of();
      case FIRE_ONCE -> request.times().newest(from, lateUntil, 1);
      case FIRE_ALL -> request.times().newest(from, lateUntil, request.misfireLimit());
    };
  }

  /** Of several times at once one fires: the others would find its job unended. */
  private static Settle overlapping(
      Schedule schedule, @Nullable FormerJob former, Settle all, Instant now) {
    Overlap overlap = schedule.request().overlap();
    if (overlap == Overlap.ALLOW) {
      return all;
    }
    Progress.Firing last = schedule.progress().last();
    Optional<Cancel> unended =
        last != null && former instanceof FormerJob.Unended(int generation, String orderingKey)
            ? Optional.of(new Cancel(new CancelRequest(last.jobId(), generation, now), orderingKey))
            : Optional.empty();
    if (overlap == Overlap.CANCEL_PREVIOUS) {
      return all.firing(List.of(all.fire().getLast()), unended);
    }
    return unended.isEmpty()
        ? all.firing(List.of(all.fire().getFirst()), Optional.empty())
        : all.firing(List.of(), Optional.empty());
  }
}
