package dev.penstock.fake;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Counts everything. Bounded: the last calls, the last idempotency keys and two hours of seconds
 * are kept. Thread-safe.
 */
final class Ledger {
  /** Calls that are kept one by one. */
  static final int MAX_CALLS = 100_000;

  private static final int MAX_SECONDS = 7_200;
  private static final int MAX_IDEMPOTENCY_KEYS = 200_000;
  private static final int MAX_KEYS = 10_000;
  private static final int SHOWN_IDEMPOTENCY_KEYS = 1_000;

  private final ArrayDeque<CallRecord> calls = new ArrayDeque<>();
  private final Map<String, Long> outcomes = new TreeMap<>();
  private final Map<Integer, Long> statuses = new TreeMap<>();
  private final Map<String, Use> keys = new LinkedHashMap<>();
  private final List<long[]> seconds = new ArrayList<>();
  private final LinkedHashMap<String, Integer> idempotencyKeys = new LinkedHashMap<>();
  private Instant since;
  private long sinceNanos;
  private long began;
  private long ended;
  private long inputTokens;
  private long outputTokens;
  private int inFlight;
  private int peak;

  /** Columns of a second. */
  private static final int CALLS = 0;

  private static final int ADMITTED = 1;
  private static final int ANSWERED = 2;
  private static final int LIMITED = 3;
  private static final int FAILED = 4;
  private static final int TOKENS = 5;

  /** What one key used. */
  private static final class Use {
    private long calls;
    private long admitted;
    private long limited;
    private long tokens;
    private long firstNanos;
    private long lastNanos;
  }

  Ledger(Instant since, long sinceNanos) {
    this.since = since;
    this.sinceNanos = sinceNanos;
  }

  /** Forgets everything but the calls that are being answered. */
  synchronized void reset(Instant now, long nowNanos) {
    calls.clear();
    outcomes.clear();
    statuses.clear();
    keys.clear();
    seconds.clear();
    idempotencyKeys.clear();
    since = now;
    sinceNanos = nowNanos;
    began = 0;
    ended = 0;
    inputTokens = 0;
    outputTokens = 0;
    peak = inFlight;
  }

  /** A call came. Returns its number. */
  synchronized long came(String key, @Nullable String idempotencyKey, long nowNanos) {
    Use use = use(key);
    if (use.calls++ == 0) {
      use.firstNanos = nowNanos;
    }
    use.lastNanos = nowNanos;
    second(nowNanos)[CALLS]++;
    if (idempotencyKey != null) {
      idempotencyKeys.merge(idempotencyKey, 1, Integer::sum);
      if (idempotencyKeys.size() > MAX_IDEMPOTENCY_KEYS) {
        idempotencyKeys.pollFirstEntry();
      }
    }
    return ++began;
  }

  /** A call was let in and is being answered. */
  synchronized void admitted(String key, int tokens, long nowNanos) {
    inFlight++;
    peak = Math.max(peak, inFlight);
    inputTokens += tokens;
    Use use = use(key);
    use.admitted++;
    use.tokens += tokens;
    second(nowNanos)[ADMITTED]++;
    second(nowNanos)[TOKENS] += tokens;
  }

  /** A call that was let in has its answer. */
  synchronized void settled(String key, int tokens, long nowNanos) {
    inFlight--;
    outputTokens += tokens;
    use(key).tokens += tokens;
    second(nowNanos)[TOKENS] += tokens;
  }

  /** A call has ended. */
  synchronized void ended(CallRecord call, long nowNanos) {
    ended++;
    outcomes.merge(call.outcome(), 1L, Long::sum);
    if (call.status() > 0) {
      statuses.merge(call.status(), 1L, Long::sum);
    }
    second(nowNanos)[call.answered() ? ANSWERED : call.limited() ? LIMITED : FAILED]++;
    if (call.limited()) {
      use(call.key()).limited++;
    }
    calls.addLast(call);
    if (calls.size() > MAX_CALLS) {
      calls.removeFirst();
    }
  }

  /** The last calls that ended, in the order of their ends. */
  synchronized List<CallRecord> calls() {
    return List.copyOf(calls);
  }

  /**
   * All of it.
   *
   * @param limits what each key may use
   */
  synchronized Stats stats(Limits limits, long nowNanos) {
    var perSecond = new ArrayList<Stats.Second>(seconds.size());
    for (int i = 0; i < seconds.size(); i++) {
      long[] s = seconds.get(i);
      perSecond.add(
          new Stats.Second(
              i, s[CALLS], s[ADMITTED], s[ANSWERED], s[LIMITED], s[FAILED], s[TOKENS]));
    }
    var uses = new ArrayList<Stats.KeyUse>();
    keys.forEach((key, use) -> uses.add(shown(key, use, limits)));
    var again = new HashMap<String, Integer>();
    for (var seen : idempotencyKeys.entrySet()) {
      if (seen.getValue() > 1 && again.size() < SHOWN_IDEMPOTENCY_KEYS) {
        again.put(seen.getKey(), seen.getValue());
      }
    }
    return new Stats(
        since,
        (nowNanos - sinceNanos) / 1e9,
        ended,
        inFlight,
        peak,
        outcomes.getOrDefault("answered", 0L),
        uses.stream().mapToLong(Stats.KeyUse::limited).sum(),
        inputTokens,
        outputTokens,
        Map.copyOf(outcomes),
        Map.copyOf(statuses),
        List.copyOf(uses),
        List.copyOf(perSecond),
        Map.copyOf(again));
  }

  private static Stats.KeyUse shown(String key, Use use, Limits limits) {
    double seconds = (use.lastNanos - use.firstNanos) / 1e9;
    return new Stats.KeyUse(
        key,
        use.calls,
        use.admitted,
        use.limited,
        use.tokens,
        seconds,
        limits.requestsPerMinute(),
        limits.tokensPerMinute(),
        share(use.admitted, limits.requestsPerMinute(), seconds),
        share(use.tokens, limits.tokensPerMinute(), seconds));
  }

  private static double share(long used, long perMinute, double seconds) {
    return perMinute == 0 || seconds <= 0 ? 0 : used / (perMinute * seconds / 60);
  }

  private Use use(String key) {
    // Beyond the bound all further keys are counted as one.
    return keys.computeIfAbsent(keys.size() < MAX_KEYS ? key : "others", _ -> new Use());
  }

  private long[] second(long nowNanos) {
    int second = Math.clamp((nowNanos - sinceNanos) / 1_000_000_000L, 0, MAX_SECONDS - 1);
    while (seconds.size() <= second) {
      seconds.add(new long[TOKENS + 1]);
    }
    return seconds.get(second);
  }
}
