package dev.penstock.replay;

import java.util.List;

/** Why a selected dead letter is left as it is. The names are those on the wire. */
public enum Refusal {
  /** It was replayed, discarded or purged before, by whatever plan. */
  ALREADY_RESOLVED("already-resolved"),
  /** Its job has come back as often as the plan allows. */
  RETURNED_TOO_OFTEN("returned-too-often"),
  /** It is a record that can't be read, so there is no job to run again. */
  POISON("poison"),
  /** Its value is no dead letter that this program can read. */
  UNREADABLE("unreadable"),
  /** The job is past its time, so it would end at once. */
  EXPIRED("expired"),
  /** The plan's change does not fit it, or makes it a job that the intake would refuse. */
  INVALID_CHANGE("invalid-change"),
  /** Its record would be larger than its topic takes. */
  TOO_LARGE("too-large"),
  /** It does not stand in the log any more. */
  GONE("gone"),
  /** It can't be purged: its job runs again, and has not ended. */
  STILL_OPEN("still-open");

  private static final List<Refusal> ALL = List.of(values());

  private final String wireName;

  Refusal(String wireName) {
    this.wireName = wireName;
  }

  /** All of them, in the order in which they are told. */
  public static List<Refusal> all() {
    return ALL;
  }

  public String wireName() {
    return wireName;
  }

  /**
   * The one that is called {@code wireName}.
   *
   * @throws IllegalArgumentException when none is
   */
  public static Refusal of(String wireName) {
    for (Refusal refusal : ALL) {
      if (refusal.wireName.equals(wireName)) {
        return refusal;
      }
    }
    throw new IllegalArgumentException("a refusal that this program does not know");
  }
}
