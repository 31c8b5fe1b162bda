package dev.penstock.replayer;

import dev.penstock.replay.LedgerRecord;
import dev.penstock.replay.PlanRecord.Plan;
import dev.penstock.replay.PlanRecord.State;
import dev.penstock.replay.Refusal;
import dev.penstock.replayer.look.LedgerView;
import dev.penstock.replayer.plan.PlanBook;
import dev.penstock.replayer.plan.PlanLife;
import dev.penstock.replayer.replay.Step;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * What the deciders of this process did, and how plans stand, in figures. Thread-safe.
 *
 * <p>Decisions are counted where they are made, so those of all replayers add up; of plans every
 * replayer tells the same.
 */
final class ReplayMeters {
  private static final String DECISIONS = "penstock.replayer.decisions";
  private static final String NO_REASON = "";

  private final Counter replayed;
  private final Counter discarded;
  private final Counter purged;
  private final Map<Refusal, Counter> refused = new EnumMap<>(Refusal.class);
  private final Counter cancels;

  ReplayMeters(MeterRegistry registry, PlanBook book, LedgerView ledger) {
    replayed = decisions(registry, "replayed", NO_REASON);
    discarded = decisions(registry, "discarded", NO_REASON);
    purged = decisions(registry, "purged", NO_REASON);
    for (Refusal reason : Refusal.all()) {
      refused.put(reason, decisions(registry, "refused", reason.wireName()));
    }
    cancels =
        Counter.builder("penstock.replayer.cancels")
            .description("Jobs that were asked to end because their plan was undone")
            .register(registry);
    for (State state : State.values()) {
      Gauge.builder("penstock.replayer.plans", book, plans -> count(plans, state))
          .description("Plans by state; every replayer tells the same")
          .tag("state", state.wireName())
          .register(registry);
    }
    Gauge.builder("penstock.replayer.open.jobs", book, plans -> open(plans, ledger))
        .description(
            "Jobs that plans have replayed and that have not ended; every replayer tells the same")
        .register(registry);
  }

  private static Counter decisions(MeterRegistry registry, String decision, String reason) {
    return Counter.builder(DECISIONS)
        .description("Dead letters that this replayer has decided about, for whatever plan")
        .tag("decision", decision)
        .tag("reason", reason)
        .register(registry);
  }

  private static double count(PlanBook book, State state) {
    return book.plans().stream().filter(plan -> plan.state() == state).count();
  }

  private static double open(PlanBook book, LedgerView ledger) {
    return book.plans().stream()
        .filter(plan -> !plan.state().isEnd())
        .map(Plan::id)
        .mapToLong(plan -> PlanLife.tally(ledger.progress(plan)).open())
        .sum();
  }

  /** All of it is committed. */
  void committed(Step.Write write) {
    for (LedgerRecord record : write.ledger()) {
      switch (record) {
        case LedgerRecord.Replayed _ -> replayed.increment();
        case LedgerRecord.Discarded _ -> discarded.increment();
        case LedgerRecord.Purged _ -> purged.increment();
        case LedgerRecord.Refused left ->
            Objects.requireNonNull(refused.get(left.reason())).increment();
        case LedgerRecord.Progress _ -> {
          // It counts what was counted above.
        }
      }
    }
    cancels.increment(write.cancels().size());
  }
}
