package dev.penstock.job;

import java.util.Arrays;
import java.util.Optional;

/** What a job asks for. The names are those on the wire. */
public enum JobKind {
  SUMMARIZE("summarize"),
  CLASSIFY("classify"),
  EMBED("embed"),
  DETECT_LANGUAGE("detect-language");

  private final String wireName;

  JobKind(String wireName) {
    this.wireName = wireName;
  }

  /** The name in JSON, in metrics and on the command line. */
  public String wireName() {
    return wireName;
  }

  public static Optional<JobKind> ofWireName(String name) {
    return Arrays.stream(values()).filter(kind -> kind.wireName.equals(name)).findFirst();
  }
}
