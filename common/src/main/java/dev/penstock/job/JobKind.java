package dev.penstock.job;

import java.util.List;
import java.util.Optional;

/** What a job asks for. The names are those on the wire. */
public enum JobKind {
  SUMMARIZE("summarize"),
  CLASSIFY("classify"),
  EMBED("embed"),
  DETECT_LANGUAGE("detect-language"),
  GENERATE("generate"),
  EXTRACT("extract");

  private static final List<JobKind> ALL = List.of(values());

  private final String wireName;

  JobKind(String wireName) {
    this.wireName = wireName;
  }

  /** The name in JSON, in metrics and on the command line. */
  public String wireName() {
    return wireName;
  }

  public static Optional<JobKind> ofWireName(String name) {
    for (JobKind kind : ALL) {
      if (kind.wireName.equals(name)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }
}
