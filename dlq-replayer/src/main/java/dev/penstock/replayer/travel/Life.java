package dev.penstock.replayer.travel;

import dev.penstock.replayer.travel.Asked.Command;
import dev.penstock.replayer.travel.Experiment.State;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of experiments: {@code selecting → draft → running → done}, and to {@code aborted}
 * from each of them but the last. Pure.
 */
final class Life {
  /** How many may be there that have not ended. */
  static final int MAX_OPEN = 10;

  /** How many of those that have ended are kept. */
  static final int MAX_ENDED = 20;

  private Life() {}

  /** What follows from a command. */
  sealed interface Answer {
    /** It becomes this. */
    record Changed(Experiment experiment) implements Answer {}

    /** It is so already. */
    record Already() implements Answer {}

    /** It can't be. */
    record Refused(String reason) implements Answer {}
  }

  /**
   * What follows from a command.
   *
   * @param version that the sender saw, or null
   * @param from where the events end now, by partition
   */
  static Answer obey(
      Experiment there, Command command, @Nullable Integer version, List<Long> from, Instant now) {
    boolean already =
        switch (command) {
          case CONFIRM -> there.state() == State.RUNNING || there.state() == State.DONE;
          case ABORT -> there.state() == State.ABORTED;
        };
    if (already) {
      return new Answer.Already();
    }
    if (version != null && version != there.version()) {
      return new Answer.Refused(
          "it has changed since: its version is " + there.version() + ", not " + version);
    }
    return switch (command) {
      case CONFIRM ->
          there.state() != State.DRAFT
              ? new Answer.Refused("it is " + there.state().wireName() + "; only a draft begins")
              : there.count() == 0
                  ? new Answer.Refused("it selects no job")
                  : new Answer.Changed(there.running(from, now));
      case ABORT ->
          there.state() == State.DONE
              ? new Answer.Refused("it is done")
              : new Answer.Changed(there.in(State.ABORTED, now, null));
    };
  }

  /** Why a new one can't be made, where so many are there. */
  static Optional<String> refusal(Collection<Experiment> all) {
    return all.stream().filter(each -> !each.state().isEnd()).count() < MAX_OPEN
        ? Optional.empty()
        : Optional.of(
            MAX_OPEN + " experiments have not ended; abort those that nobody wants any more");
  }

  /** Which one is not kept any more, if any. */
  static Optional<Experiment> notKept(Collection<Experiment> all) {
    List<Experiment> ended =
        all.stream()
            .filter(each -> each.state().isEnd())
            .sorted(Comparator.comparing(Experiment::changedAt))
            .toList();
    return ended.size() > MAX_ENDED ? Optional.of(ended.getFirst()) : Optional.empty();
  }
}
