package dev.penstock.streams;

import dev.penstock.runtime.process.ServiceProcess;

/** The views as a process. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    ServiceProcess.run("streams", args, StreamsService::of);
  }
}
