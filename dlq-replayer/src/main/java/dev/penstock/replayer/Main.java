package dev.penstock.replayer;

import dev.penstock.runtime.process.ServiceProcess;

/** The replayer as a process: {@code penstock replayer}. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceProcess.run("replayer", args, ReplayerService::of);
  }
}
