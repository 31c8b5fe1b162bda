package dev.penstock.streams.search;

import java.util.Optional;

/** One stay of a partition on this instance. Thread-safe. */
interface Stay {
  int partition();

  /** Up to where the stores hold the inputs; nothing while that is not known of each. */
  Optional<Offsets> positions();

  /** Whether what is found of it may be told: it is here, and this instance is in touch. */
  boolean holds();

  JobStates states();
}
