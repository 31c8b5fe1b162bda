package dev.penstock.worker.cost;

import dev.penstock.job.Usage;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;

/**
 * What tokens of some models cost from a day on.
 *
 * @param provider whose models, by the provider's name in the configuration
 * @param model which model; one that ends in {@code *} stands for all that begin with what precedes
 * @param from the first day, in UTC
 * @param input for a million input tokens, in units of the table's currency
 * @param cachedInput for a million of those input tokens that the provider had in its cache
 * @param output for a million output tokens
 */
record Price(
    String provider,
    String model,
    LocalDate from,
    BigDecimal input,
    BigDecimal cachedInput,
    BigDecimal output) {
  /** A price for a million, in billionths for one. */
  private static final BigDecimal NANOS_FOR_ONE = BigDecimal.valueOf(1_000);

  boolean fits(String ofProvider, String ofModel) {
    return provider.equals(ofProvider)
        && (isPrefix() ? ofModel.startsWith(prefix()) : ofModel.equals(model));
  }

  /** How narrowly it names its model: of two that fit, the narrower one counts. */
  int narrowness() {
    return isPrefix() ? model.length() - 1 : Integer.MAX_VALUE;
  }

  private boolean isPrefix() {
    return model.endsWith("*");
  }

  private String prefix() {
    return model.substring(0, model.length() - 1);
  }

  /** The cost of {@code usage} in billionths of the table's currency, rounded half up. */
  long costNanos(Usage usage) {
    long cached = Math.min(usage.cachedTokens(), usage.inputTokens());
    return input
        .multiply(BigDecimal.valueOf(usage.inputTokens() - cached))
        .add(cachedInput.multiply(BigDecimal.valueOf(cached)))
        .add(output.multiply(BigDecimal.valueOf(usage.outputTokens())))
        .multiply(NANOS_FOR_ONE)
        .setScale(0, RoundingMode.HALF_UP)
        .longValueExact();
  }
}
