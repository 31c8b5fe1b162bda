package dev.penstock.job;

/** Where a job is in its life, as the views tell it. The names are those on the wire. */
public enum JobState {
  /** Accepted, and not to run before a stated time; until its first call begins. */
  SCHEDULED("scheduled"),
  QUEUED("queued"),
  RUNNING("running"),
  WAITING("waiting"),
  SUCCEEDED("succeeded"),
  DEAD_LETTERED("dead-lettered"),
  CANCELLED("cancelled"),
  EXPIRED("expired");

  private final String wireName;

  JobState(String wireName) {
    this.wireName = wireName;
  }

  public String wireName() {
    return wireName;
  }

  /** Whether an outcome is committed: nothing follows in this generation. */
  public boolean isTerminal() {
    return switch (this) {
      case SCHEDULED, QUEUED, RUNNING, WAITING -> false;
      case SUCCEEDED, DEAD_LETTERED, CANCELLED, EXPIRED -> true;
    };
  }
}
