package dev.penstock.fleet;

import java.time.Instant;

/**
 * What an operator wants of a worker. The latest one stands; it holds over restarts of the worker.
 *
 * @param worker whom it is for
 * @param drain whether it is to finish what it runs and claim nothing more; else it is to work
 * @param requestedAt when that was asked for
 */
public record WorkerCommand(String worker, boolean drain, Instant requestedAt) {
  private static final String KEY = "command/";

  public WorkerCommand {
    WorkerReport.checkId(worker);
  }

  /** The key of its record; no report has such a key, because no worker's id has a slash. */
  public String key() {
    return KEY + worker;
  }

  /** Whether {@code key} is that of a command. */
  public static boolean isKey(String key) {
    return key.startsWith(KEY);
  }
}
