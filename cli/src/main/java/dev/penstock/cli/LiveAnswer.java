package dev.penstock.cli;

import dev.penstock.job.JobId;
import java.io.UncheckedIOException;
import java.time.Duration;

/**
 * Shows a job's answer on the terminal while it is written, as far as that is told: a glimpse, for
 * only the result says what the answer is. When the server tells nothing, nothing is shown.
 * Thread-safe.
 */
final class LiveAnswer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Terminal terminal;
  private final Runnable onFirst;
  private final StringBuilder shown = new StringBuilder();
  private final Thread thread;
  private int attempt;
  private boolean hasGap;
  private boolean closed;

  /**
   * Begins to follow.
   *
   * @param onFirst done before the first text is shown
   */
  LiveAnswer(ApiClient api, JobId id, Terminal terminal, Runnable onFirst) {
    this.terminal = terminal;
    this.onFirst = onFirst;
    this.thread = Thread.ofVirtual().name("live-answer").start(() -> follow(api, id));
  }

  private void follow(ApiClient api, JobId id) {
    try {
      api.follow(id, this::show);
    } catch (ApiException | UncheckedIOException _) {
      // How the job ends is asked for in another way.
    }
  }

  private synchronized void show(ApiClient.Piece piece) {
    if (closed) {
      return;
    }
    if (attempt == 0) {
      onFirst.run();
    }
    if (attempt != 0 && (piece.attempt() != attempt || piece.from() < shown.length())) {
      terminal.out().println();
      terminal.out().println(terminal.faint("— begins again: attempt " + piece.attempt() + " —"));
      shown.setLength(0);
      hasGap = false;
    }
    attempt = piece.attempt();
    if (piece.from() > shown.length() && !hasGap) {
      hasGap = true;
      terminal.out().print(terminal.faint(" … "));
    }
    shown.append(piece.text());
    terminal.out().print(JobText.shown(piece.text()));
    terminal.out().flush();
  }

  /**
   * Ends it.
   *
   * @param whole the answer as the result has it
   * @return whether all of it has been shown now
   */
  boolean complete(String whole) {
    await();
    synchronized (this) {
      boolean fits = !closed && attempt != 0 && !hasGap && whole.startsWith(shown.toString());
      if (fits) {
        closed = true;
        terminal.out().println(JobText.shown(whole.substring(shown.length())));
      }
      return fits;
    }
  }

  /** Shows nothing more, and goes to a new line where something was shown. */
  @Override
  public void close() {
    await();
    synchronized (this) {
      if (!closed) {
        closed = true;
        if (attempt != 0) {
          terminal.out().println();
        }
      }
    }
  }

  /** The server ends the stream with the job; what is left of it is not waited for long. */
  private void await() {
    try {
      if (!thread.join(PATIENCE)) {
        thread.interrupt();
      }
    } catch (InterruptedException _) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
  }
}
