package dev.penstock.streams.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.runtime.ops.Metrics;
import dev.penstock.streams.figures.FigureBoard;
import dev.penstock.streams.figures.Retentions;
import java.time.Clock;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class BacklogGaugesTest {
  @Test
  void aPageThatIsMadeWhileGaugesChangeIsWhole() throws Exception {
    try (var metrics = new Metrics("streams");
        var gauges =
            new BacklogGauges(
                new FigureBoard(Retentions.DEFAULT, metrics.registry()),
                Clock.systemUTC(),
                metrics.registry());
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      gauges.refresh();
      var done = new AtomicBoolean();
      var refreshing =
          threads.submit(() -> {
            while (!done.get()) {
              gauges.refresh();
            }
          });
      try {
        for (int i = 0; i < 500; i++) {
          assertThat(metrics.registry().scrape())
              .contains("penstock_streams_jobs{state=\"queued\"} 0.0");
        }
      } finally {
        done.set(true);
        refreshing.get();
      }
    }
  }
}
