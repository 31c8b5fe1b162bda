package dev.penstock.streams.view;

import dev.penstock.job.Failure;
import dev.penstock.job.JobState;
import dev.penstock.job.LifePosition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened to a job, as it is told to those who watch it.
 *
 * @param position where in the job's life it stands: the id of the server-sent event
 * @param event accepted, started, retry-scheduled or finished
 */
public record LifeEntry(LifePosition position, String event, Data data) {

  /**
   * What is told.
   *
   * @param state the state that the job entered, as on the wire
   * @param attempt the attempt that this is about; 0 for acceptance; at the end how many there were
   * @param provider who was called, where a call was begun
   * @param worker who called, where a call was begun
   * @param failure why the attempt or the job failed, or null
   * @param dueAt when the next attempt is due, or null
   */
  public record Data(
      String state,
      int generation,
      int attempt,
      Instant at,
      @Nullable String provider,
      @Nullable String worker,
      @Nullable Failure failure,
      @Nullable Instant dueAt) {}

  /** What is known of the current generation, in order. */
  public static List<LifeEntry> of(JobLife life) {
    int generation = life.generation();
    var entries = new ArrayList<LifeEntry>();
    if (life.enteredAt() != null) {
      Instant dueAt = life.scheduledAt().orElse(null);
      JobState state = dueAt == null ? JobState.QUEUED : JobState.SCHEDULED;
      entries.add(
          new LifeEntry(
              LifePosition.accepted(generation),
              "accepted",
              new Data(
                  state.wireName(), generation, 0, life.enteredAt(), null, null, null, dueAt)));
    }
    for (JobLife.AttemptLife attempt : life.attempts()) {
      int number = attempt.number();
      if (!attempt.starts().isEmpty()) {
        JobLife.Start start = attempt.starts().getFirst();
        entries.add(
            new LifeEntry(
                new LifePosition(generation, number, LifePosition.Step.STARTED),
                "started",
                new Data(
                    JobState.RUNNING.wireName(),
                    generation,
                    number,
                    start.at(),
                    start.provider(),
                    start.worker(),
                    null,
                    null)));
      }
      JobLife.Retry retry = attempt.retry();
      if (retry != null) {
        entries.add(
            new LifeEntry(
                new LifePosition(generation, number, LifePosition.Step.RETRY_SCHEDULED),
                "retry-scheduled",
                new Data(
                    JobState.WAITING.wireName(),
                    generation,
                    number,
                    retry.at(),
                    null,
                    null,
                    retry.failed().failure(),
                    retry.dueAt())));
      }
    }
    JobLife.End end = life.end();
    if (end != null) {
      entries.add(
          new LifeEntry(
              LifePosition.finished(generation),
              "finished",
              data(end.state(), generation, end.attempts().size(), end.at(), end.failure())));
    }
    return entries;
  }

  private static Data data(
      JobState state, int generation, int attempt, Instant at, @Nullable Failure failure) {
    return new Data(state.wireName(), generation, attempt, at, null, null, failure, null);
  }
}
