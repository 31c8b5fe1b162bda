package dev.penstock.worker.window;

/**
 * In whose hands a partition is, and how its owners came to their ends. It stands in the metadata
 * of the committed offset, beside the window. A job that kills the process of whoever runs it is
 * found by it: nobody else could tell of such a job.
 *
 * @param process the process that has the partition; 0 when it was handed back in good order
 * @param deaths how many owners were lost since the partition's records last proved harmless
 * @param suspect the offset of a record that was run while no other suspicious one was, or -1
 * @param onTrial whether it may be running now
 * @param suspectDeaths how many owners were lost while it was on trial
 */
public record Custody(int process, int deaths, long suspect, boolean onTrial, int suspectDeaths) {
  /** The highest count that is kept. */
  static final int MAX_DEATHS = 255;

  private static final long NONE = -1;

  /** Nobody has it, and nobody was lost. */
  public static final Custody FREE = new Custody(0, 0, NONE, false, 0);

  public Custody {
    if (deaths < 0 || deaths > MAX_DEATHS || suspectDeaths < 0 || suspectDeaths > MAX_DEATHS) {
      throw new IllegalArgumentException("deaths are counted from 0 to " + MAX_DEATHS);
    }
    if (suspect < NONE) {
      throw new IllegalArgumentException("a suspect is an offset, or -1 for none");
    }
  }

  /**
   * As it is when {@code next} takes the partition over. A process that has it already, and only
   * began anew within itself, was not lost.
   *
   * @param next not 0
   */
  public Custody takenOverBy(int next) {
    if (process == 0 || process == next) {
      return new Custody(next, deaths, suspect, false, suspectDeaths);
    }
    return new Custody(
        next,
        Math.min(MAX_DEATHS, deaths + 1),
        suspect,
        false,
        Math.min(MAX_DEATHS, suspectDeaths + (onTrial ? 1 : 0)));
  }

  /** As it is when it is handed back in good order: what is suspicious stays so. */
  public Custody handedBack() {
    return new Custody(0, deaths, suspect, false, suspectDeaths);
  }

  /** As it is while {@code offset} is run. */
  public Custody trying(long offset) {
    return new Custody(process, deaths, offset, true, offset == suspect ? suspectDeaths : 0);
  }

  /** As it is while the suspect waits for its next trial. */
  public Custody suspended() {
    return new Custody(process, deaths, suspect, false, suspectDeaths);
  }

  /** As it is when the suspect was harmless. */
  public Custody cleared() {
    return new Custody(process, deaths, NONE, false, 0);
  }

  /** The same with another count of deaths. */
  public Custody withDeaths(int count) {
    return new Custody(process, count, suspect, onTrial, suspectDeaths);
  }

  /** Whether there is a suspect. */
  public boolean hasSuspect() {
    return suspect != NONE;
  }
}
