package dev.penstock.worker;

import dev.penstock.runtime.process.ServiceProcess;

/** The worker as a process: {@code penstock worker}. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceProcess.run("worker", args, WorkerService::of);
  }
}
