package dev.penstock.worker.core;

/**
 * Who a worker is.
 *
 * @param worker its id, the same after a restart
 * @param process a number that another process does not have, nor the same worker after a restart;
 *     not 0
 */
public record Incarnation(String worker, int process) {
  public Incarnation {
    if (process == 0) {
      throw new IllegalArgumentException("0 stands for no process");
    }
  }
}
