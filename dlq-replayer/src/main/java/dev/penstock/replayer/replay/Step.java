package dev.penstock.replayer.replay;

import dev.penstock.job.CancelRequest;
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
  record Write(List<LedgerRecord> ledger, List<Successor> successors, List<Cancel> cancels)
      implements Step {
    public Write {
      ledger = List.copyOf(ledger);
      successors = List.copyOf(successors);
      cancels = List.copyOf(cancels);
    }
  }

  /**
   * Asks for the end of a generation.
   *
   * @param orderingKey in whose line the job stands, or null where it runs without an order
   */
  record Cancel(CancelRequest request, @Nullable String orderingKey) {}

  /**
   * Cut the log of dead letters at its start; answered by {@link Decider#cut} or {@link
   * Decider#notCut}.
   *
   * @param purged what may go: all below the first record that is not among them; not to be kept
   */
  record Cut(OffsetSet purged) implements Step {}

  /**
   * Something is wanted that this decider has let go of: it is to be forgotten, and a new one to
   * read the ledger.
   */
  record Recall() implements Step {}

  /**
   * There is nothing to do but to follow the events.
   *
   * @param until before this moment, unless something happens; null for as long as nothing does
   */
  record Wait(@Nullable Instant until) implements Step {}

  /** There is no plan: the events need not be followed. */
  record Idle() implements Step {}
}
