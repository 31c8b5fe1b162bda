package dev.penstock.job;

/**
 * That a job is run after all jobs that were accepted with the same key before it, retries
 * included.
 *
 * @param key 1 to {@link #MAX_KEY_CHARS} printable ASCII characters
 * @param onDeadLetter what becomes of those behind it when it is dead-lettered
 */
public record Ordering(String key, OnDeadLetter onDeadLetter) {
  public static final int MAX_KEY_CHARS = 255;

  /** What a dead letter means for the jobs behind it. The names are those on the wire. */
  public enum OnDeadLetter {
    /** The next one is run. */
    RELEASE("release"),
    /** They wait until someone releases the key or replays the job. */
    BLOCK("block");

    private final String wireName;

    OnDeadLetter(String wireName) {
      this.wireName = wireName;
    }

    public String wireName() {
      return wireName;
    }

    /**
     * The one that is called {@code wireName}.
     *
     * @throws IllegalArgumentException when none is
     */
    public static OnDeadLetter of(String wireName) {
      return switch (wireName) {
        case "release" -> RELEASE;
        case "block" -> BLOCK;
        default -> throw new IllegalArgumentException("onDeadLetter is release or block");
      };
    }
  }

  public Ordering {
    if (!isKey(key)) {
      throw new IllegalArgumentException(
          "an ordering key has 1 to " + MAX_KEY_CHARS + " printable ASCII characters");
    }
  }

  /** Whether {@code text} can be a key. */
  public static boolean isKey(String text) {
    return !text.isEmpty()
        && text.length() <= MAX_KEY_CHARS
        && text.chars().allMatch(c -> c >= ' ' && c <= '~');
  }

  /** Whether {@code outcome} lets the next one run. */
  public boolean isReleasedBy(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Succeeded _, Outcome.Cancelled _, Outcome.Expired _ -> true;
      case Outcome.DeadLettered _ -> onDeadLetter == OnDeadLetter.RELEASE;
    };
  }
}
