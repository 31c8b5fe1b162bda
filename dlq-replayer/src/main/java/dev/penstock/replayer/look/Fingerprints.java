package dev.penstock.replayer.look;

import dev.penstock.job.FailureGroup;
import java.util.HashMap;
import java.util.Map;

/**
 * Groups of failures and their fingerprints; those of the same words are worked out once, while
 * there is room. Not thread-safe: each scan has its own.
 */
public final class Fingerprints {
  private static final int MAX_REMEMBERED = 5_000;

  private final Map<String, String> normalised = new HashMap<>();
  private final Map<FailureGroup, String> fingerprints = new HashMap<>();

  /** The group of a dead letter, as the views make it. */
  FailureGroup group(LetterFacts facts) {
    if (normalised.size() >= MAX_REMEMBERED) {
      normalised.clear();
    }
    return new FailureGroup(
        facts.code(),
        facts.failedCall() ? facts.provider() : "",
        facts.model(),
        facts.kind(),
        normalised.computeIfAbsent(facts.message(), FailureGroup::normalised));
  }

  /** The name of its group. */
  public String of(LetterFacts facts) {
    if (fingerprints.size() >= MAX_REMEMBERED) {
      fingerprints.clear();
    }
    return fingerprints.computeIfAbsent(group(facts), FailureGroup::fingerprint);
  }
}
