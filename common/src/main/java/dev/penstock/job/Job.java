package dev.penstock.job;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A job as it was accepted; it never changes afterwards.
 *
 * @param id its identity
 * @param model who is to do it: {@code provider} or {@code provider:model}, for example {@code
 *     local}
 * @param input the kind of work and what it works on
 * @param maxAttempts how many calls may be made before it is dead-lettered, 1 to {@link
 *     #MAX_ATTEMPTS}
 * @param attemptTimeout how long one call may take
 * @param acceptedAt when the intake took it
 * @param expireAt from when on no result is wanted, or null
 * @param labels the submitter's own names and values, kept and shown but not acted upon
 * @param runAt not to be run before, or null for at once
 * @param retry how its retries are spaced, or null for as the workers have it
 * @param ordering after which jobs it is run, or null for whenever there is room
 * @param priority how urgent it is beside others
 * @param progress whether its answer is to be told while it is written
 * @param tenant on whose behalf it is run
 * @param cache whether answers are shared with identical jobs, or null for as its route has it
 */
public record Job(
    JobId id,
    String model,
    JobInput input,
    int maxAttempts,
    Duration attemptTimeout,
    Instant acceptedAt,
    @Nullable Instant expireAt,
    Map<String, String> labels,
    @Nullable Instant runAt,
    @Nullable RetryRule retry,
    @Nullable Ordering ordering,
    Priority priority,
    boolean progress,
    TenantId tenant,
    @Nullable CacheRule cache) {
  public static final int MAX_ATTEMPTS = 20;
  public static final Duration MAX_ATTEMPT_TIMEOUT = Duration.ofMinutes(30);

  /** How far ahead {@code runAt} may lie. */
  public static final Duration MAX_DELAY = Duration.ofDays(30);

  public static final int MAX_MODEL_CHARS = 200;
  public static final int MAX_LABELS = 16;
  public static final int MAX_LABEL_CHARS = 200;

  public Job {
    labels = Map.copyOf(labels);
    check(
        !model.isBlank() && model.length() <= MAX_MODEL_CHARS,
        "model has 1 to " + MAX_MODEL_CHARS + " characters");
    check(maxAttempts >= 1 && maxAttempts <= MAX_ATTEMPTS, "maxAttempts is 1 to " + MAX_ATTEMPTS);
    check(
        attemptTimeout.isPositive() && attemptTimeout.compareTo(MAX_ATTEMPT_TIMEOUT) <= 0,
        "attemptTimeout is more than 0 and at most " + MAX_ATTEMPT_TIMEOUT);
    check(labels.size() <= MAX_LABELS, "there are at most " + MAX_LABELS + " labels");
    check(ordering == null || runAt == null, "a job with an ordering key has no runAt");
  }

  /** A job of normal priority that may run at once, with retries as the workers have them. */
  public Job(
      JobId id,
      String model,
      JobInput input,
      int maxAttempts,
      Duration attemptTimeout,
      Instant acceptedAt,
      @Nullable Instant expireAt,
      Map<String, String> labels) {
    this(
        id,
        model,
        input,
        maxAttempts,
        attemptTimeout,
        acceptedAt,
        expireAt,
        labels,
        null,
        null,
        null,
        Priority.NORMAL);
  }

  /**
   * A job of {@link TenantId#DEFAULT} whose answer is wanted as a whole, and shared as its route
   * has it.
   */
  public Job(
      JobId id,
      String model,
      JobInput input,
      int maxAttempts,
      Duration attemptTimeout,
      Instant acceptedAt,
      @Nullable Instant expireAt,
      Map<String, String> labels,
      @Nullable Instant runAt,
      @Nullable RetryRule retry,
      @Nullable Ordering ordering,
      Priority priority) {
    this(
        id,
        model,
        input,
        maxAttempts,
        attemptTimeout,
        acceptedAt,
        expireAt,
        labels,
        runAt,
        retry,
        ordering,
        priority,
        false,
        TenantId.DEFAULT,
        null);
  }

  /** The same job, accepted at another time. */
  public Job acceptedAt(Instant at) {
    return new Job(
        id,
        model,
        input,
        maxAttempts,
        attemptTimeout,
        at,
        expireAt,
        labels,
        runAt,
        retry,
        ordering,
        priority,
        progress,
        tenant,
        cache);
  }

  /** The name of the provider that {@link #model} asks for. */
  public String providerName() {
    int colon = model.indexOf(':');
    return colon < 0 ? model : model.substring(0, colon);
  }

  private static void check(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(rule);
    }
  }
}
