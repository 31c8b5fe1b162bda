package dev.penstock.standalone;

import java.nio.file.Files;
import java.nio.file.Path;

/** The working copy that the tests run in. */
final class Repository {
  private Repository() {}

  /** Its root: the directory above this module that has the gate's script. */
  static Path root() {
    for (Path path = Path.of("").toAbsolutePath(); path != null; path = path.getParent()) {
      if (Files.isExecutable(path.resolve("penstock")) && Files.exists(path.resolve(".ci/run"))) {
        return path;
      }
    }
    throw new IllegalStateException(
        "no directory above " + Path.of("").toAbsolutePath() + " has ./penstock and .ci/run");
  }
}
