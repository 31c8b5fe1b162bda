package dev.penstock.streams.report;

import dev.penstock.streams.figures.FigureBoard;
import dev.penstock.streams.report.Attention.Severity;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** Says for a while that something was read so late that it is in no window. Thread-safe. */
final class LateAttention implements AttentionSource {
  private static final Duration TOLD = Duration.ofMinutes(10);

  private final FigureBoard board;
  private final InstantSource clock;
  private double known;
  private Instant grewAt = Instant.MIN;

  LateAttention(FigureBoard board, InstantSource clock) {
    this.board = board;
    this.clock = clock;
  }

  @Override
  public synchronized List<Attention> now() {
    double lost = board.lost();
    Instant now = clock.instant();
    if (lost > known) {
      known = lost;
      grewAt = now;
    }
    if (grewAt.equals(Instant.MIN) || grewAt.plus(TOLD).isBefore(now)) {
      return List.of();
    }
    return List.of(
        new Attention(
            "late_records",
            Severity.WARNING,
            "Records came too late for the figures",
            Math.round(known)
                + " happenings since this instance started lie before all windows that are kept,"
                + " or more than a day ahead of the broker's clock. Look at the clocks of the"
                + " workers.",
            "/#/workers"));
  }
}
