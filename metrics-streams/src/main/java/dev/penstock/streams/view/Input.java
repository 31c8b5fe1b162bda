package dev.penstock.streams.view;

import dev.penstock.topic.Topics;
import java.util.Optional;

/** The topics that the view is made of. */
public enum Input {
  JOBS,
  /** Jobs with an ordering key, before the sequencer lets them into the jobs. */
  ACCEPTED,
  EVENTS,
  CONTROL;

  /** The topic's full name. */
  public String topic(Topics topics) {
    return switch (this) {
      case JOBS -> topics.jobs();
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
