package dev.penstock.chaos.law;

import dev.penstock.job.CancelRequest;
import dev.penstock.job.DeadLetter;
import dev.penstock.job.JobEvent;
import dev.penstock.job.JobId;
import dev.penstock.job.JobRecord;
import dev.penstock.job.RetryNowRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * All that was recorded of one generation of one job. Lists are in the order of their partition.
 */
record Life(
    Name name,
    List<Recorded<JobRecord>> jobs,
    List<Recorded<JobRecord>> retries,
    List<Recorded<JobRecord>> held,
    List<Recorded<JobEvent>> events,
    List<Recorded<CancelRequest>> cancels,
    List<Recorded<RetryNowRequest>> hurries,
    List<Recorded<DeadLetter>> deadLetters,
    List<Call> calls) {

  /** Whose life it is. */
  record Name(JobId job, int generation) implements Comparable<Name> {
    @Override
    public int compareTo(Name other) {
      int byJob = job.compareTo(other.job);
      return byJob != 0 ? byJob : Integer.compare(generation, other.generation);
    }

    @Override
    public String toString() {
      return "job " + job + (generation == 0 ? "" : " generation " + generation);
    }
  }

  /** Every life that left a record, in the order of the ids. */
  static List<Life> of(History history) {
    var lives = new TreeMap<Name, Life>();
    collect(history.jobs(), lives, Life::name, Life::jobs);
    collect(history.retries(), lives, Life::name, Life::retries);
    collect(history.held(), lives, Life::name, Life::held);
    collect(
        history.events(),
        lives,
        event -> new Name(event.jobId(), event.generation()),
        Life::events);
    collect(
        history.cancels(),
        lives,
        cancel -> new Name(cancel.jobId(), cancel.generation()),
        Life::cancels);
    collect(
        history.hurries(),
        lives,
        hurry -> new Name(hurry.jobId(), hurry.generation()),
        Life::hurries);
    collect(
        history.deadLetters(),
        lives,
        letter -> new Name(letter.job().id(), letter.generation()),
        Life::deadLetters);
    history.calls().stream()
        .sorted(Comparator.comparing(Call::beganAt))
        .forEach(call ->
            lives
                .computeIfAbsent(new Name(call.job(), call.generation()), Life::empty)
                .calls()
                .add(call));
    return List.copyOf(lives.values());
  }

  private static Name name(JobRecord job) {
    return new Name(job.job().id(), job.generation());
  }

  private static <T> void collect(
      List<Recorded<T>> records,
      Map<Name, Life> lives,
      Function<T, Name> name,
      Function<Life, List<Recorded<T>>> list) {
    records.stream()
        .sorted(
            Comparator.<Recorded<T>>comparingInt(Recorded::partition)
                .thenComparingLong(Recorded::offset))
        .forEach(record ->
            list.apply(lives.computeIfAbsent(name.apply(record.value()), Life::empty)).add(record));
  }

  private static Life empty(Name name) {
    return new Life(
        name,
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>());
  }

  /** The records in which it waits for its next attempt, in the order of time. */
  List<Recorded<JobRecord>> waiting() {
    return Stream.concat(retries.stream(), held.stream())
        .sorted(
            Comparator.<Recorded<JobRecord>>comparingInt(record -> record.value().nextAttempt())
                .thenComparing(Recorded::appendedAt)
                .thenComparing(Recorded::visibleAt))
        .toList();
  }

  /** The first request to run it now, of those for the wait after so many attempts. */
  Optional<Recorded<RetryNowRequest>> hurried(int attempts) {
    return hurries.stream()
        .filter(hurry -> hurry.value().attempts() == attempts)
        .min(Comparator.comparing(Recorded::appendedAt));
  }

  /** When it may be run after so many attempts: at {@code due}, or since someone asked for that. */
  Instant due(int attempts, Instant due) {
    return hurried(attempts)
        .map(Recorded::appendedAt)
        .filter(asked -> asked.isBefore(due))
        .orElse(due);
  }

  /** When it is to be run after so many attempts at the latest, as whoever runs it can know. */
  Instant dueToAll(int attempts, Instant due) {
    return hurried(attempts)
        .map(Recorded::visibleAt)
        .filter(asked -> asked.isBefore(due))
        .orElse(due);
  }

  /** Its outcomes; at quiescence there is one. */
  List<Recorded<JobEvent>> outcomes() {
    return events.stream().filter(event -> event.value() instanceof JobEvent.Finished).toList();
  }

  /** The outcomes themselves. */
  List<JobEvent.Finished> finished() {
    return only(JobEvent.Finished.class);
  }

  List<JobEvent.AttemptStarted> started() {
    return only(JobEvent.AttemptStarted.class);
  }

  List<JobEvent.RetryScheduled> retriesScheduled() {
    return only(JobEvent.RetryScheduled.class);
  }

  private <E extends JobEvent> List<E> only(Class<E> type) {
    return events.stream().map(Recorded::value).filter(type::isInstance).map(type::cast).toList();
  }

  /** Everything recorded, as lines in the order of time. */
  String story() {
    var lines = new ArrayList<Line>();
    jobs.forEach(r ->
        lines.add(Line.of(r, "submitted, " + r.value().job().maxAttempts() + " attempts allowed")));
    retries.forEach(r ->
        lines.add(
            Line.of(
                r, "waits for attempt " + r.value().nextAttempt() + ", due " + r.value().dueAt())));
    held.forEach(r ->
        lines.add(
            Line.of(
                r,
                "is held for attempt " + r.value().nextAttempt() + ", due " + r.value().dueAt())));
    events.forEach(r -> lines.add(Line.of(r, tell(r.value()))));
    cancels.forEach(r -> lines.add(Line.of(r, "cancel requested")));
    hurries.forEach(r ->
        lines.add(
            Line.of(r, "to be run now, if it waits after " + r.value().attempts() + " attempts")));
    deadLetters.forEach(r -> lines.add(Line.of(r, "dead letter: " + r.value().reason())));
    calls.forEach(call -> {
      String caller =
          call.worker() + "." + call.life() + (call.owned() ? "" : ", no owner any more,");
      lines.add(new Line(call.beganAt(), "", 0, caller + " calls, attempt " + call.attempt()));
      if (call.end() != Call.End.NEVER) {
        lines.add(
            new Line(
                call.endedAt(),
                "",
                1,
                caller + " is back from attempt " + call.attempt() + ": " + call.end()));
      }
    });
    var story = new StringBuilder();
    lines.stream()
        .sorted(
            Comparator.comparing(Line::at)
                .thenComparing(Line::place)
                .thenComparingLong(Line::offset))
        .forEach(line ->
            story
                .append("    ")
                .append(line.at)
                .append("  ")
                .append(line.place)
                .append("  ")
                .append(line.text)
                .append('\n'));
    return story.toString();
  }

  private record Line(Instant at, String place, long offset, String text) {
    static Line of(Recorded<?> record, String text) {
      boolean late = !record.visibleAt().equals(record.appendedAt());
      return new Line(
          record.appendedAt(),
          record.place(),
          record.offset(),
          late ? text + " (visible from " + record.visibleAt() + ")" : text);
    }
  }

  private static String tell(JobEvent event) {
    return switch (event) {
      case JobEvent.AttemptStarted e -> "attempt " + e.attempt() + " started by " + e.worker();
      case JobEvent.RetryScheduled e ->
          "attempt " + e.failed().number() + " failed, next due " + e.dueAt();
      case JobEvent.Finished e ->
          "finished after " + e.attempts().size() + " attempts: " + e.outcome();
    };
  }
}
