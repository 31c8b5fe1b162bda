package dev.penstock.streams.view;

import dev.penstock.job.Priority;
import dev.penstock.topic.Topics;
import java.util.List;
import java.util.Optional;

/** The topics that the view is made of. */
public enum Input {
  JOBS_HIGH,
  JOBS,
  JOBS_LOW,
  /** Jobs with an ordering key, before the sequencer lets them into the jobs. */
  ACCEPTED,
  EVENTS,
  CONTROL;

  private static final List<Input> SUBMISSIONS = List.of(JOBS_HIGH, JOBS, JOBS_LOW, ACCEPTED);

  /** Where jobs enter: by their priority, and those with an ordering key. */
  public static List<Input> submissions() {
    return SUBMISSIONS;
  }

  /** The topic's full name. */
  public String topic(Topics topics) {
    return switch (this) {
      case JOBS_HIGH -> topics.jobs(Priority.HIGH);
      case JOBS -> topics.jobs();
      case JOBS_LOW -> topics.jobs(Priority.LOW);
      case ACCEPTED -> topics.accepted();
      case EVENTS -> topics.events();
      case CONTROL -> topics.control();
    };
  }

  /** The input that is read from {@code topic}, if it is one. */
  public static Optional<Input> of(Topics topics, String topic) {
    for (Input input : values()) {
      if (input.topic(topics).equals(topic)) {
        return Optional.of(input);
      }
    }
    return Optional.empty();
  }
}
