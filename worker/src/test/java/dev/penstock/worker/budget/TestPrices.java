package dev.penstock.worker.budget;

import dev.penstock.worker.cost.Prices;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What calls cost in tests: the calls of {@link Spenders#job} 1 cent each. */
final class TestPrices {
  /** What one call costs, in billionths. */
  static final long COST = 10_000_000;

  private TestPrices() {}

  static Prices in(Path directory) {
    Path file = directory.resolve("prices.json");
    try {
      Files.writeString(
          file,
          """
          {"currency": "EUR",
           "prices": [
             {"provider": "paid", "model": "model", "from": "2026-01-01", "input": 10, "output": 10},
             {"provider": "free", "model": "*", "from": "2026-01-01", "input": 0, "output": 0}]}
          """);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Prices.of(file);
  }
}
