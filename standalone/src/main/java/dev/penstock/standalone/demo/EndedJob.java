package dev.penstock.standalone.demo;

import dev.penstock.job.Attempt;
import dev.penstock.job.JobOutput;
import dev.penstock.job.JobResult;
import dev.penstock.job.JobView;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** A job of the demo that ended, as the API tells it. */
record EndedJob(DemoJob job, JobView view, JobResult result) {

  /** What it was answered, when it succeeded with an output of that type. */
  <T extends JobOutput> Optional<T> output(Class<T> type) {
    return type.isInstance(result.output())
        ? Optional.of(type.cast(result.output()))
        : Optional.empty();
  }

  /** From its acceptance until its first call began. */
  Optional<Duration> queueWait() {
    return firstAttempt().map(first -> Duration.between(view.acceptedAt(), first.startedAt()));
  }

  /** How long its calls took together. */
  Duration running() {
    return view.attempts().stream().map(Attempt::latency).reduce(Duration.ZERO, Duration::plus);
  }

  /** From its acceptance until its outcome was decided. */
  Duration whole() {
    return Duration.between(
        view.acceptedAt(), Objects.requireNonNullElse(view.finishedAt(), view.acceptedAt()));
  }

  private Optional<Attempt> firstAttempt() {
    List<Attempt> attempts = view.attempts();
    return attempts.isEmpty() ? Optional.empty() : Optional.of(attempts.getFirst());
  }
}
