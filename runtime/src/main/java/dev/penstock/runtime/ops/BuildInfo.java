package dev.penstock.runtime.ops;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;

/** What was built. */
public final class BuildInfo {
  private static final String FILE = "build.properties";

  private BuildInfo() {}

  /** The version of Penstock that runs, as Maven knows it. */
  public static String version() {
    var properties = new Properties();
    try (var stream = BuildInfo.class.getResourceAsStream(FILE)) {
      if (stream == null) {
        throw new IllegalStateException(FILE + " is not on the class path; build the module again");
      }
      properties.load(stream);
    } catch (IOException e) {
      throw new UncheckedIOException(FILE + " can't be read", e);
    }
    return properties.getProperty("version", "unknown");
  }
}
