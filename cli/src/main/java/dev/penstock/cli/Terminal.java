package dev.penstock.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The three streams of a process and what is behind them. Text is UTF-8.
 *
 * @param in where input comes from
 * @param out for results; buffered, so {@link #flush} before the process ends
 * @param err for errors and progress
 * @param interactive which of them a person looks at
 * @param columns how wide the person's window is
 * @param color whether escape sequences for colours are welcome
 */
public record Terminal(
    InputStream in,
    PrintStream out,
    PrintStream err,
    Set<Stream> interactive,
    int columns,
    boolean color) {
  /** The narrowest and the widest window that text is laid out for. */
  private static final int MIN_COLUMNS = 40;

  private static final int MAX_COLUMNS = 200;
  private static final int DEFAULT_COLUMNS = 80;
  private static final int OUT_BUFFER_BYTES = 1 << 16;

  /** One of the standard streams. */
  public enum Stream {
    IN,
    OUT,
    ERR
  }

  public Terminal {
    interactive = Set.copyOf(interactive);
    columns = Math.clamp(columns, MIN_COLUMNS, MAX_COLUMNS);
  }

  /**
   * The terminal of this process. Java can only tell whether in and out are a terminal both, so the
   * launch script says it for each ({@code -Dpenstock.terminal=in,out,err}), and how wide it is
   * ({@code -Dpenstock.columns=N}).
   */
  public static Terminal ofProcess() {
    Set<Stream> interactive = interactive(System.getProperty("penstock.terminal"));
    boolean terminal = interactive.contains(Stream.OUT);
    var out = new FileOutputStream(FileDescriptor.out);
    return new Terminal(
        new FileInputStream(FileDescriptor.in),
        terminal
            ? new PrintStream(out, true, StandardCharsets.UTF_8)
            : new PrintStream(
                new java.io.BufferedOutputStream(out, OUT_BUFFER_BYTES),
                false,
                StandardCharsets.UTF_8),
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
        interactive,
        columns(System.getProperty("penstock.columns")),
        wantsColor(System.getenv(), interactive));
  }

  /** Whether a person looks at {@code stream}. */
  public boolean isInteractive(Stream stream) {
    return interactive.contains(stream);
  }

  /** {@code text} in bold where that is welcome. */
  public String bold(String text) {
    return styled("1", text);
  }

  /** {@code text} less prominent where that is welcome. */
  public String faint(String text) {
    return styled("2", text);
  }

  /** {@code text} as good news where colours are welcome. */
  public String green(String text) {
    return styled("32", text);
  }

  /** {@code text} as bad news where colours are welcome. */
  public String red(String text) {
    return styled("31", text);
  }

  /** {@code text} as a warning where colours are welcome. */
  public String yellow(String text) {
    return styled("33", text);
  }

  /** Writes out what is buffered. */
  public void flush() {
    out.flush();
    err.flush();
  }

  private String styled(String code, String text) {
    return color ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }

  private static Set<Stream> interactive(@Nullable String told) {
    if (told == null) {
      return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent()
          ? EnumSet.allOf(Stream.class)
          : EnumSet.noneOf(Stream.class);
    }
    Collection<String> names = Arrays.asList(told.split(","));
    var streams = EnumSet.noneOf(Stream.class);
    for (Stream stream : Stream.values()) {
      if (names.contains(stream.name().toLowerCase(java.util.Locale.ROOT))) {
        streams.add(stream);
      }
    }
    return streams;
  }

  private static int columns(@Nullable String told) {
    try {
      int columns = told == null ? 0 : Integer.parseInt(told.strip());
      return columns > 0 ? columns : DEFAULT_COLUMNS;
    } catch (NumberFormatException _) {
      return DEFAULT_COLUMNS;
    }
  }

  /** NO_COLOR: https://no-color.org, any value but the empty one. */
  static boolean wantsColor(Map<String, String> environment, Set<Stream> interactive) {
    return interactive.contains(Stream.OUT)
        && environment.getOrDefault("NO_COLOR", "").isEmpty()
        && !environment.getOrDefault("TERM", "").equals("dumb");
  }
}
