package dev.penstock.api;

import dev.penstock.runtime.process.ServiceProcess;

/** The intake as a process. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceProcess.run("api", args, IntakeService::of);
  }
}
