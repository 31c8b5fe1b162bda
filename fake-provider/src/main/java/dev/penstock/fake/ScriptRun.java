package dev.penstock.fake;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/** A script at work: numbers the calls and says what happens to each. Thread-safe. */
final class ScriptRun {
  private final Script script;
  private final long startedNanos;
  private final AtomicLong calls = new AtomicLong();
  private final AtomicLongArray hits;

  /**
   * What happens to a call.
   *
   * @param number from 1, since the script was set
   * @param mixed what all that looks random about the call follows from
   * @param does what goes wrong, or null for nothing
   * @param latency how long the answer takes; an error comes at once unless its rule says otherwise
   */
  record Decision(long number, long mixed, @Nullable Misbehaviour does, Duration latency) {}

  ScriptRun(Script script, long startedNanos) {
    this.script = script;
    this.startedNanos = startedNanos;
    this.hits = new AtomicLongArray(script.rules().size());
  }

  Script script() {
    return script;
  }

  Decision decide(Asked asked, String path, long nowNanos) {
    long number = calls.incrementAndGet();
    long mixed = Mix.of(script.seed(), number);
    Duration elapsed = Duration.ofNanos(nowNanos - startedNanos);
    Misbehaviour does = null;
    Latency latency = script.latency();
    for (int i = 0; i < script.rules().size(); i++) {
      Rule rule = script.rules().get(i);
      double drawn = Mix.share(Mix.of(mixed, i));
      if (rule.when().holds(number, elapsed, asked, path, drawn) && counts(i, rule)) {
        does = rule.does();
        if (rule.latency() != null) {
          latency = rule.latency();
        } else if (does instanceof Misbehaviour.Refusal) {
          latency = Latency.NONE;
        }
        break;
      }
    }
    return new Decision(number, mixed, does, latency.of(Mix.of(mixed, -1)));
  }

  /** Whether the rule has not had all its calls yet. */
  private boolean counts(int index, Rule rule) {
    return hits.incrementAndGet(index) <= rule.when().times() || rule.when().times() == 0;
  }
}
