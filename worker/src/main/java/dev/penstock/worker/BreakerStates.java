package dev.penstock.worker;

import dev.penstock.fleet.WorkerReport;
import dev.penstock.provider.Target;
import dev.penstock.worker.admit.Breakers;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which targets are left alone, for people: in the log, in health and in metrics. Thread-safe. */
public final class BreakerStates implements Breakers.Listener {
  private static final Logger log = LoggerFactory.getLogger(BreakerStates.class);

  /** So many are named; more of them say nothing new. */
  private static final int MAX_NAMED = 5;

  private final Map<Target, Known> notClosed = new ConcurrentHashMap<>();

  private record Known(Breakers.State state, Instant since) {}

  @Override
  public void changed(Target target, Breakers.State state, @Nullable Instant since, String why) {
    if (since == null) {
      notClosed.remove(target);
      log.info("the breaker of {} is closed again: {}", target, why);
    } else {
      Known before = notClosed.put(target, new Known(state, since));
      if (before == null) {
        log.warn("the breaker of {} is open, its jobs wait: {}", target, why);
      }
    }
  }

  /** What the breaker of {@code target} lets through. */
  Breakers.State of(Target target) {
    Known known = notClosed.get(target);
    return known == null ? Breakers.State.CLOSED : known.state();
  }

  /** What is known of {@code target}, for a report. */
  WorkerReport.Breaker report(Target target) {
    Known known = notClosed.get(target);
    return new WorkerReport.Breaker(
        WorkerReport.shown(target.toString()),
        switch (known == null ? Breakers.State.CLOSED : known.state()) {
          case CLOSED -> "closed";
          case HALF_OPEN -> "half-open";
          case OPEN -> "open";
        },
        known == null ? null : known.since());
  }

  /** Those that are left alone, or tried again. */
  Set<Target> notClosed() {
    return Set.copyOf(notClosed.keySet());
  }

  /** How many of a provider's targets are left alone. */
  long notClosed(String provider) {
    return notClosed.keySet().stream().filter(each -> each.provider().equals(provider)).count();
  }

  /** Empty when all are closed. */
  String note() {
    if (notClosed.isEmpty()) {
      return "";
    }
    List<String> named =
        new ArrayList<>(
            notClosed.entrySet().stream()
                .sorted(Comparator.comparing(each -> each.getValue().since()))
                .limit(MAX_NAMED)
                .map(each ->
                    "breaker of " + each.getKey() + " open since " + each.getValue().since())
                .toList());
    int more = notClosed.size() - named.size();
    if (more > 0) {
      named.add("and " + more + " more");
    }
    return String.join(", ", named);
  }
}
