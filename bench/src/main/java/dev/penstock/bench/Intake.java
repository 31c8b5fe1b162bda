package dev.penstock.bench;

import java.net.URI;
import java.util.List;

/** The intake in a JVM of its own. */
final class Intake {
  private static final String MAIN = "dev.penstock.api.Main";

  private Intake() {}

  /** Returns the port where it listens. */
  static int start(Lab lab, String prefix, int partitions, int heapMb) throws InterruptedException {
    var settings = lab.installationSettings(prefix, partitions);
    URI uri = lab.startService("api", MAIN, List.of("-Xmx" + heapMb + "m"), settings);
    return uri.getPort();
  }
}
