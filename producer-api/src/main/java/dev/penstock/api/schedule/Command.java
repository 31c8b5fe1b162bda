package dev.penstock.api.schedule;

import dev.penstock.submission.problem.Problem;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.node.ObjectNode;

/**
 * Something that the owner of a partition is asked to do.
 *
 * @param answer completes, never exceptionally
 */
record Command(Work work, CompletableFuture<Answer> answer) {
  Command(Work work) {
    this(work, new CompletableFuture<>());
  }

  sealed interface Work {}

  /**
   * Creates or replaces.
   *
   * @param uid tells the schedule from others, if it is a new one
   */
  record Put(String name, ScheduleRequest request, Precondition precondition, String uid)
      implements Work {}

  record Pause(String name, boolean paused) implements Work {}

  record Delete(String name, Precondition precondition) implements Work {}

  record Read(String name) implements Work {}

  /** The first schedules whose names come after {@code after}. */
  record Page(String after, int limit) implements Work {}

  /** Looks whether something can be fired now. */
  record Look() implements Work {}

  sealed interface Answer {}

  record Looked() implements Answer {}

  /** The schedule as it stands now. */
  record Found(Schedule schedule, boolean created) implements Answer {}

  /** It is gone. */
  record Deleted(String name) implements Answer {}

  /** Schedules by name, without their jobs. */
  record Listed(List<ObjectNode> schedules) implements Answer {}

  record Refused(Problem problem) implements Answer {}

  /** Another intake owns the partition now; ask there. */
  record Moved() implements Answer {}
}
