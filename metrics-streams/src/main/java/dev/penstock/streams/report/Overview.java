package dev.penstock.streams.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The answer to {@code GET /v1/overview}.
 *
 * @param at when it was made
 * @param partial whether some partition is missing
 * @param states how many jobs there are in each state; finished ones are dropped after a while
 * @param last figures of the last minute ({@code 1m}) and hour ({@code 1h})
 * @param perSecond of the last minute: {@code accepted} and {@code finished}
 * @param successRate of the jobs that ended within the last hour, without the cancelled ones; null
 *     where none did
 * @param spendPerHourNanos what calls of the last hour cost, the wasted ones too
 * @param currency of that; null where no worker tells of prices
 * @param attention what someone has to look after, the most urgent first
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Overview(
    String at,
    boolean partial,
    Map<String, Long> states,
    Backlog backlog,
    Map<String, Point> last,
    PerSecond perSecond,
    @Nullable Double successRate,
    long spendPerHourNanos,
    @Nullable String currency,
    List<Attention> attention) {

  /** Jobs a second. */
  record PerSecond(double accepted, double finished) {}

  /** The same but for the time it was made at. */
  boolean isSameAs(Overview other) {
    return withoutTime().equals(other.withoutTime());
  }

  private Overview withoutTime() {
    return new Overview(
        "",
        partial,
        states,
        backlog.withoutAge(),
        last,
        perSecond,
        successRate,
        spendPerHourNanos,
        currency,
        attention);
  }
}
