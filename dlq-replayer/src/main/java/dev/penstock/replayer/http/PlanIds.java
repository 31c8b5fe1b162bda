package dev.penstock.replayer.http;

import dev.penstock.replay.PlanId;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * Ids for plans that come without one: the second, and some chance. Thread-safe.
 *
 * @param clock for the time in them
 */
public record PlanIds(InstantSource clock, SecureRandom chance) implements Supplier<PlanId> {
  private static final int CHANCE_BYTES = 3;
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

  @Override
  public PlanId get() {
    byte[] some = new byte[CHANCE_BYTES];
    chance.nextBytes(some);
    return new PlanId(SECOND.format(clock.instant()) + "-" + HexFormat.of().formatHex(some));
  }
}
