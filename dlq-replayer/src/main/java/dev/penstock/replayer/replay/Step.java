package dev.penstock.replayer.replay;

import dev.penstock.replay.LedgerRecord;
import dev.penstock.replayer.select.OffsetSet;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the decider wants done next. One at a time; each but Wait and Idle is answered. */
public sealed interface Step {
  /**
   * Follow the events of the partition; answered by {@link Decider#watching}.
   *
   * @param from from this offset on, or null for from their end
   */
  record Watch(@Nullable Long from) implements Step {}

  /**
   * Read dead letters; answered by {@link Decider#read}.
   *
   * @param selected which ones
   * @param from of those the ones from this offset on
   * @param max at most so many
   */
  record Read(OffsetSet selected, long from, int max) implements Step {}

  /**
   * Write all of it in one transaction, or nothing; answered by {@link Decider#written} or {@link
   * Decider#notWritten}. Where neither is certain the decider is to be forgotten: the next one
   * reads what came of it.
   */
  record Write(List<LedgerRecord> ledger, List<Successor> successors) implements Step {
    public Write {
      ledger = List.copyOf(ledger);
      successors = List.copyOf(successors);
    }
  }

  /**
   * There is nothing to do but to follow the events.
   *
   * @param until before this moment, unless something happens; null for as long as nothing does
   */
  record Wait(@Nullable Instant until) implements Step {}

  /** There is no plan: the events need not be followed. */
  record Idle() implements Step {}
}
