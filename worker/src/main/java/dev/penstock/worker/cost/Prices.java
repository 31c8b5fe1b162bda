package dev.penstock.worker.cost;

import dev.penstock.job.JobInput;
import dev.penstock.job.Usage;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The price table as its file has it now: looked at again at most once in ten seconds, when a call
 * ends. A file that has become wrong is told of, and the last good table goes on to count.
 * Thread-safe.
 */
public final class Prices {
  /** No prices. */
  public static final Prices NONE = new Prices(null, PriceTable.EMPTY);

  private static final Logger log = LoggerFactory.getLogger(Prices.class);
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(10);

  private final @Nullable Path file;
  private final Object lock = new Object();
  private volatile PriceTable table;
  private volatile Instant lookAgainAt = Instant.EPOCH;
  private @Nullable FileTime seen;

  private Prices(@Nullable Path file, PriceTable table) {
    this.file = file;
    this.table = table;
  }

  /**
   * Prices that stand in a file.
   *
   * @throws IllegalArgumentException when it can't be read or is wrong; the message says where
   */
  public static Prices of(Path file) {
    var prices = new Prices(file, PriceTable.EMPTY);
    try {
      FileTime now = Files.getLastModifiedTime(file);
      prices.table = read(file);
      prices.seen = now;
    } catch (IOException e) {
      throw new IllegalArgumentException(file + " can't be read: " + e, e);
    }
    return prices;
  }

  private static PriceTable read(Path file) throws IOException {
    if (Files.size(file) > PriceTable.MAX_FILE_BYTES) {
      throw new IllegalArgumentException(
          file + " is larger than " + PriceTable.MAX_FILE_BYTES + " bytes");
    }
    try {
      return PriceTable.read(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  /** The currency of all costs; empty where nothing has a price. */
  public String currency() {
    return table.currency();
  }

  /**
   * What a call costs, in billionths of the {@link #currency}; empty where nobody knows: no price,
   * or the provider told no usage.
   *
   * @param target whom it called for what
   * @param report what the provider told
   * @param at when the call began
   */
  public OptionalLong costNanos(Target target, CallReport report, Instant at) {
    if (report.usage().equals(Usage.NONE)) {
      return OptionalLong.empty();
    }
    look(at);
    var models = new ArrayList<String>();
    if (report.model() != null) {
      models.add(report.model());
    }
    models.add(target.model());
    return table.costNanos(
        target.provider(),
        List.copyOf(models),
        LocalDate.ofInstant(at, ZoneOffset.UTC),
        report.usage());
  }

  /**
   * What a call may cost before it is made, in billionths of the {@link #currency}, by the prices
   * that were read last: looks at no file. Empty where no price of its provider is known.
   */
  public OptionalLong expectedNanos(Target target, Usage usage, Instant at) {
    return table.mostNanos(
        target.provider(), target.model(), LocalDate.ofInstant(at, ZoneOffset.UTC), usage);
  }

  /**
   * What the input of a call costs, guessed by its length: what is known of a call whose provider
   * could tell nothing. Empty where no price of its provider is known.
   */
  public OptionalLong inputNanos(Target target, JobInput input, Instant at) {
    return file == null
        ? OptionalLong.empty()
        : expectedNanos(target, new Usage(Math.round(TokenGuess.input(input)), 0, 0), at);
  }

  /** Whether anything has a price. */
  public boolean isEmpty() {
    return file == null;
  }

  private void look(Instant now) {
    if (file == null || now.isBefore(lookAgainAt)) {
      return;
    }
    synchronized (lock) {
      if (now.isBefore(lookAgainAt)) {
        return;
      }
      lookAgainAt = now.plus(LOOK_AGAIN);
      try {
        FileTime modified = Files.getLastModifiedTime(file);
        if (!modified.equals(seen)) {
          seen = modified;
          table = read(file);
          log.info("the prices were read again from {}", file);
        }
      } catch (IOException | IllegalArgumentException e) {
        log.warn("the prices stay as they were, for their file can't be used: {}", e.getMessage());
      }
    }
  }
}
