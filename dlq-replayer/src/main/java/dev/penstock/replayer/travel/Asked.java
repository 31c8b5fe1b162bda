package dev.penstock.replayer.travel;

import dev.penstock.replayer.plan.Companion;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What someone wants of experiments. */
sealed interface Asked extends Companion.Wish {
  /** A new one; one that is there as it was asked for is told as it is. */
  record Create(Experiment experiment) implements Asked {
    @Override
    public String who() {
      return experiment.requestedBy();
    }
  }

  /**
   * That one is moved on.
   *
   * @param version that they have seen: another one is refused; null for whichever it is
   */
  record Move(String id, Command command, String who, @Nullable Integer version) implements Asked {}

  /** How one is moved on by people. */
  enum Command {
    /** A draft begins. */
    CONFIRM,
    /** Nothing more begins, and what was begun is cancelled. */
    ABORT;

    String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }

    static Optional<Command> ofWireName(String name) {
      return Arrays.stream(values()).filter(each -> each.wireName().equals(name)).findFirst();
    }
  }
}
