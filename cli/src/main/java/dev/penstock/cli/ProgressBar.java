package dev.penstock.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Progress for a person: one line that is redrawn on a terminal, a plain line now and then
 * elsewhere. Thread-safe.
 */
public final class ProgressBar implements AutoCloseable {
  private static final long REDRAW_NANOS = Duration.ofMillis(100).toNanos();
  private static final int MIN_BAR = 8;
  private static final int MAX_BAR = 40;
  private static final String[] EIGHTHS = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

  private final Terminal terminal;
  private final String label;
  private final Optional<Duration> plainPeriod;
  private final Rate rate = new Rate();
  private long lastDrawn;
  private boolean drawn;
  private boolean closed;

  /**
   * @param label what goes on, in a word
   * @param plainPeriod how often a plain line is written where there is no terminal; empty for
   *     never
   */
  public ProgressBar(Terminal terminal, String label, Optional<Duration> plainPeriod) {
    this.terminal = terminal;
    this.label = label;
    this.plainPeriod = plainPeriod;
    this.lastDrawn = System.nanoTime() - REDRAW_NANOS;
  }

  /**
   * Shows how far it is.
   *
   * @param done of {@code total}
   * @param total 0 when it is not known
   * @param counts what to say behind the rate; may have colours
   */
  public synchronized void update(long done, long total, String counts) {
    if (closed) {
      return;
    }
    long now = System.nanoTime();
    rate.add(now, done);
    boolean interactive = terminal.isInteractive(Terminal.Stream.ERR);
    long period =
        interactive ? REDRAW_NANOS : plainPeriod.map(Duration::toNanos).orElse(Long.MAX_VALUE);
    if (now - lastDrawn < period) {
      return;
    }
    lastDrawn = now;
    String line = render(label, done, total, rate, counts, terminal.columns() - 1, interactive);
    if (interactive) {
      terminal.err().print("\r" + line + "\u001b[K");
      terminal.err().flush();
      drawn = true;
    } else {
      terminal.err().println(line);
    }
  }

  /** Writes a line for the person above the progress. */
  public synchronized void note(String line) {
    if (drawn) {
      terminal.err().print("\r\u001b[K");
      drawn = false;
      lastDrawn = System.nanoTime() - REDRAW_NANOS;
    }
    terminal.err().println(line);
  }

  /** Takes the line away, so that what follows starts on a clean one. */
  @Override
  public void close() {
    end();
  }

  /** As {@link #close}. */
  synchronized void end() {
    closed = true;
    if (drawn) {
      // Once: what others write on this line later stays.
      drawn = false;
      terminal.err().print("\r\u001b[K");
      terminal.err().flush();
    }
  }

  /**
   * One line of at most {@code columns}: what does not fit is left out, the bar first, then the
   * counts.
   */
  static String render(
      String label, long done, long total, Rate rate, String counts, int columns, boolean bar) {
    var text = new StringBuilder();
    if (total > 0) {
      text.append(String.format(Locale.ROOT, "%3d%%  %,d/%,d", done * 100 / total, done, total));
    } else {
      text.append(String.format(Locale.ROOT, "%,d", done));
    }
    text.append(String.format(Locale.ROOT, "  %,.0f/s", rate.perSecond()));
    if (total > 0 && done < total) {
      text.append(rate.timeFor(total - done).map(eta -> "  ETA " + clock(eta)).orElse("  ETA –"));
    }
    int width = label.length() + 1 + text.length();
    int countsWidth = counts.isEmpty() ? 0 : 2 + visibleLength(counts);
    boolean withCounts = countsWidth > 0 && width + countsWidth <= columns;
    int left = columns - width - (withCounts ? countsWidth : 0) - 3;
    String drawnBar =
        bar && total > 0 && left >= MIN_BAR ? " " + bar(done, total, Math.min(left, MAX_BAR)) : "";
    return label + drawnBar + " " + text + (withCounts ? "  " + counts : "");
  }

  private static String bar(long done, long total, int width) {
    long eighths = Math.min(done, total) * width * 8 / total;
    int full = (int) (eighths / 8);
    String rest = EIGHTHS[(int) (eighths % 8)];
    return "│" + "█".repeat(full) + rest + " ".repeat(width - full - rest.length()) + "│";
  }

  /** {@code 0:07}, {@code 12:30} or {@code 2:03:00}. */
  static String clock(Duration duration) {
    long seconds = duration.toSeconds();
    return seconds >= 3_600
        ? String.format(
            Locale.ROOT, "%d:%02d:%02d", seconds / 3_600, seconds / 60 % 60, seconds % 60)
        : String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
  }

  private static int visibleLength(String text) {
    return text.replaceAll("\u001b\\[[0-9;]*m", "").length();
  }
}
