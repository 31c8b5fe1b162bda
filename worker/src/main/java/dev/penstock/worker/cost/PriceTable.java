package dev.penstock.worker.cost;

import dev.penstock.codec.Json;
import dev.penstock.job.Usage;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What providers' tokens cost, by model and day. Read from JSON:
 *
 * <pre>{@code
 * {"currency": "USD",
 *  "prices": [{"provider": "openai", "model": "gpt-x*", "from": "2026-07-01",
 *              "input": 0.25, "cachedInput": 0.025, "output": 2}]}
 * }</pre>
 *
 * Prices are for a million tokens, from the day {@code from} (UTC) on, until a later one of the
 * same model; {@code cachedInput} is {@code input} where it is left out. Immutable.
 */
public final class PriceTable {
  /** Nothing has a price. */
  public static final PriceTable EMPTY = new PriceTable("", List.of());

  static final int MAX_PRICES = 5_000;
  static final int MAX_FILE_BYTES = 2_000_000;
  private static final int MAX_ERRORS = 20;
  private static final int MAX_CANDIDATES = 1_000;
  private static final int MAX_NAME_CHARS = 200;
  private static final BigDecimal MAX_PRICE = BigDecimal.valueOf(1_000_000);
  private static final int MAX_DECIMALS = 12;
  private static final Pattern CURRENCY = Pattern.compile("[A-Z]{3}");
  private static final Set<String> TABLE_FIELDS = Set.of("currency", "prices");
  private static final Set<String> PRICE_FIELDS =
      Set.of("provider", "model", "from", "input", "cachedInput", "output");

  private final String currency;
  private final List<Price> prices;

  /** What was looked for, so that it is not looked for again for each call. */
  private final Map<Asked, List<Price>> candidates = new ConcurrentHashMap<>();

  private record Asked(String provider, String model, LocalDate day) {}

  private PriceTable(String currency, List<Price> prices) {
    this.currency = currency;
    this.prices = List.copyOf(prices);
  }

  /**
   * The table that {@code json} says.
   *
   * @throws IllegalArgumentException with what is wrong, each with its place
   */
  public static PriceTable read(String json) {
    JsonNode tree;
    try {
      tree = Json.MAPPER.readTree(json);
    } catch (JacksonException e) {
      var at = e.getLocation();
      throw new IllegalArgumentException(
          "it is not JSON (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")", e);
    }
    var errors = new ArrayList<String>();
    unknown(tree, TABLE_FIELDS, "", errors);
    String currency = tree.path("currency").asString("");
    if (!CURRENCY.matcher(currency).matches()) {
      errors.add(
          "currency is '" + currency + "', but must be three capital letters, as in ISO 4217");
    }
    JsonNode rows = tree.path("prices");
    if (!rows.isArray() || rows.size() > MAX_PRICES) {
      errors.add("prices must be an array of at most " + MAX_PRICES);
    }
    var prices = new ArrayList<Price>();
    for (int i = 0; i < rows.size() && errors.size() < MAX_ERRORS; i++) {
      price(rows.get(i), "prices[" + i + "]", errors).ifPresent(prices::add);
    }
    var known = new TreeSet<String>();
    for (Price price : prices) {
      String row = price.provider() + ":" + price.model() + " from " + price.from();
      if (!known.add(row)) {
        errors.add("there are two prices of " + row);
      }
    }
    if (!errors.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", errors));
    }
    return new PriceTable(currency, prices);
  }

  private static Optional<Price> price(JsonNode row, String at, List<String> errors) {
    int before = errors.size();
    unknown(row, PRICE_FIELDS, at, errors);
    String provider = name(row, "provider", at, errors);
    String model = name(row, "model", at, errors);
    LocalDate from = LocalDate.EPOCH;
    try {
      from = LocalDate.parse(row.path("from").asString(""));
    } catch (DateTimeException _) {
      errors.add(at + ".from must be a day such as 2026-07-01");
    }
    BigDecimal input = amount(row, "input", at, errors);
    BigDecimal cached = row.has("cachedInput") ? amount(row, "cachedInput", at, errors) : input;
    BigDecimal output = amount(row, "output", at, errors);
    return errors.size() > before
        ? Optional.empty()
        : Optional.of(new Price(provider, model, from, input, cached, output));
  }

  private static void unknown(JsonNode node, Set<String> known, String at, List<String> errors) {
    if (!node.isObject()) {
      errors.add((at.isEmpty() ? "it" : at) + " must be an object");
      return;
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (!known.contains(field.getKey())) {
        errors.add(
            (at.isEmpty() ? "" : at + ".")
                + field.getKey()
                + " is not a known field; known are "
                + new TreeSet<>(known));
      }
    }
  }

  private static String name(JsonNode row, String field, String at, List<String> errors) {
    String name = row.path(field).asString("");
    if (name.isBlank() || name.length() > MAX_NAME_CHARS) {
      errors.add(at + "." + field + " must be a text of 1 to " + MAX_NAME_CHARS + " characters");
    }
    return name;
  }

  private static BigDecimal amount(JsonNode row, String field, String at, List<String> errors) {
    JsonNode node = row.path(field);
    if (node.isNumber()) {
      BigDecimal amount = node.decimalValue().stripTrailingZeros();
      if (amount.signum() >= 0
          && amount.compareTo(MAX_PRICE) <= 0
          && amount.scale() <= MAX_DECIMALS) {
        return amount;
      }
    }
    errors.add(
        at
            + "."
            + field
            + " must be a number from 0 to "
            + MAX_PRICE
            + " with at most "
            + MAX_DECIMALS
            + " decimals: the price of a million tokens");
    return BigDecimal.ZERO;
  }

  /**
   * What a call that uses this much may cost, in billionths of the currency: by the price of the
   * model, and where that has none by the dearest of its provider's, for providers may tell another
   * name of the model than they were asked for. Empty where the provider has no prices.
   */
  OptionalLong mostNanos(String provider, String model, LocalDate day, Usage usage) {
    if (candidates.size() > MAX_CANDIDATES) {
      candidates.clear();
    }
    return candidates.computeIfAbsent(new Asked(provider, model, day), this::candidates).stream()
        .mapToLong(each -> each.costNanos(usage))
        .max();
  }

  /** The one price that counts, or all of the provider's. */
  private List<Price> candidates(Asked asked) {
    Optional<Price> known = price(asked.provider(), asked.model(), asked.day());
    return known.isPresent()
        ? List.of(known.get())
        : prices.stream()
            .filter(each ->
                each.provider().equals(asked.provider()) && !each.from().isAfter(asked.day()))
            .toList();
  }

  private Optional<Price> price(String provider, String model, LocalDate day) {
    return prices.stream()
        .filter(each -> each.fits(provider, model) && !each.from().isAfter(day))
        .max(Comparator.comparingInt(Price::narrowness).thenComparing(Price::from));
  }

  /** The currency of all costs, as in ISO 4217; empty where the table is. */
  public String currency() {
    return currency;
  }

  /**
   * What a call costs, in billionths of the currency; empty where no price is known.
   *
   * @param provider whom it called
   * @param models names of the model, the one that says most first: as the provider told it, as it
   *     was asked for
   * @param day when, in UTC
   */
  public OptionalLong costNanos(String provider, List<String> models, LocalDate day, Usage usage) {
    for (String model : models) {
      Optional<Price> price = price(provider, model, day);
      if (price.isPresent()) {
        return OptionalLong.of(price.get().costNanos(usage));
      }
    }
    return OptionalLong.empty();
  }
}
