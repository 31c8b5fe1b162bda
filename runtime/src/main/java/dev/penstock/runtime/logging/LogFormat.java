package dev.penstock.runtime.logging;

import java.io.Console;
import java.util.Locale;
import java.util.Optional;

/** What a line of the log looks like. */
enum LogFormat {
  /** For people where they look at a terminal, for machines elsewhere. */
  AUTO,
  /** A JSON object in each line. */
  JSON,
  /** For people. */
  TEXT;

  static Optional<LogFormat> of(String text) {
    for (LogFormat format : values()) {
      if (format.name().toLowerCase(Locale.ROOT).equals(text.strip().toLowerCase(Locale.ROOT))) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /**
   * What it comes to in this process. The launch script knows of each stream whether it is a
   * terminal ({@code -Dpenstock.terminal=in,out,err}); Java knows it of all of them together.
   */
  LogFormat resolved() {
    if (this != AUTO) {
      return this;
    }
    String terminal = System.getProperty("penstock.terminal");
    boolean person =
        terminal == null
            ? Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false)
            : terminal.contains("err");
    return person ? TEXT : JSON;
  }
}
