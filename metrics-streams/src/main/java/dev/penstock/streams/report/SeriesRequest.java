package dev.penstock.streams.report;

import dev.penstock.streams.figures.Dimension;
import dev.penstock.streams.figures.SeriesQuery;
import dev.penstock.streams.figures.WindowSize;
import dev.penstock.streams.query.Problem.Violation;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What {@code GET /v1/metrics} is asked.
 *
 * @param query the windows
 * @param top how many series are told; the others are added up to one
 */
record SeriesRequest(SeriesQuery query, int top) {
  /** The most windows of one series. */
  static final int MAX_WINDOWS = 3_000;

  static final int MAX_TOP = 100;

  private static final int DEFAULT_TOP = 20;
  private static final int DEFAULT_WINDOWS = 60;
  private static final int MAX_VALUES = 100;

  /** The parameters were wrong. */
  static final class InvalidException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Violation> violations;

    InvalidException(List<Violation> violations) {
      super(violations.toString());
      this.violations = violations;
    }

    List<Violation> violations() {
      return violations;
    }
  }

  /**
   * Reads the parameters.
   *
   * @param parameters all values of each
   * @param now the default end
   */
  static SeriesRequest read(Map<String, List<String>> parameters, Instant now)
      throws InvalidException {
    var reading = new Reading(parameters);
    SeriesRequest request = reading.read(now);
    if (!reading.wrong.isEmpty()) {
      throw new InvalidException(List.copyOf(reading.wrong));
    }
    return request;
  }

  /** The same request for another instance, with its times. */
  String toQueryString() {
    var parts = new ArrayList<String>();
    parts.add("window=" + query.size().wireName());
    parts.add("from=" + Instant.ofEpochMilli(query.fromMillis()));
    parts.add("to=" + Instant.ofEpochMilli(query.toMillis()));
    if (!query.by().isEmpty()) {
      parts.add(
          "by=" + query.by().stream().map(Dimension::wireName).collect(Collectors.joining(",")));
    }
    query
        .only()
        .forEach((dimension, values) ->
            values.forEach(value ->
                parts.add(
                    dimension.wireName()
                        + "="
                        + URLEncoder.encode(value, StandardCharsets.UTF_8))));
    return String.join("&", parts);
  }

  /** One reading of parameters, and what is wrong with them. */
  private static final class Reading {
    private final Map<String, List<String>> parameters;
    private final List<Violation> wrong = new ArrayList<>();

    Reading(Map<String, List<String>> parameters) {
      this.parameters = parameters;
    }

    SeriesRequest read(Instant now) {
      WindowSize size = WindowSize.MINUTE;
      Instant to = now;
      Instant from = null;
      int top = DEFAULT_TOP;
      var by = new LinkedHashSet<Dimension>();
      var only = new EnumMap<Dimension, Set<String>>(Dimension.class);
      for (Map.Entry<String, List<String>> each : parameters.entrySet()) {
        String name = each.getKey();
        String value = each.getValue().isEmpty() ? "" : each.getValue().getLast();
        switch (name) {
          case "window" ->
              size =
                  WindowSize.ofWireName(value)
                      .orElseGet(() -> wrong(name, "is 10s, 1m or 1h", WindowSize.MINUTE));
          case "from" -> from = time(name, value, now);
          case "to" -> to = time(name, value, now);
          case "top" -> top = number(name, value);
          case "by" -> {
            for (String part : values(each.getValue())) {
              Dimension.ofWireName(part)
                  .ifPresentOrElse(
                      by::add,
                      () ->
                          wrong(
                              name,
                              "is a list of tenant, model, provider, providerModel, kind and"
                                  + " outcome",
                              0));
            }
          }
          default ->
              Dimension.ofWireName(name)
                  .ifPresentOrElse(
                      dimension -> only.put(dimension, filter(name, each.getValue())),
                      () -> wrong(name, "is not known here", 0));
        }
      }
      return of(size, from, to, top, by, only);
    }

    private SeriesRequest of(
        WindowSize size,
        @org.jspecify.annotations.Nullable Instant from,
        Instant to,
        int top,
        Set<Dimension> by,
        Map<Dimension, Set<String>> only) {
      long toMillis = to.toEpochMilli();
      long fromMillis =
          from == null ? toMillis - DEFAULT_WINDOWS * size.millis() : from.toEpochMilli();
      if (fromMillis >= toMillis) {
        wrong("from", "lies before to", 0);
      } else if ((toMillis - fromMillis) / size.millis() > MAX_WINDOWS) {
        wrong("from", "lies at most " + MAX_WINDOWS + " windows before to", 0);
      }
      return new SeriesRequest(
          new SeriesQuery(size, size.startOf(fromMillis), toMillis, List.copyOf(by), only), top);
    }

    private Set<String> filter(String name, List<String> given) {
      var values = new HashSet<>(values(given));
      if (values.size() > MAX_VALUES) {
        wrong(name, "has at most " + MAX_VALUES + " values", 0);
      }
      return values;
    }

    private static List<String> values(List<String> given) {
      return given.stream().flatMap(each -> List.of(each.split(",", -1)).stream()).toList();
    }

    private Instant time(String name, String value, Instant otherwise) {
      try {
        Instant time = Instant.parse(value);
        if (time.getEpochSecond() >= 0 && time.getEpochSecond() < 253_402_300_800L) {
          return time;
        }
      } catch (DateTimeException _) {
        // falls through to the one error below
      }
      return wrong(name, "is a time such as 2026-11-21T08:00:00Z", otherwise);
    }

    private int number(String name, String value) {
      try {
        int number = Integer.parseInt(value);
        if (number >= 1 && number <= MAX_TOP) {
          return number;
        }
      } catch (NumberFormatException _) {
        // falls through to the one error below
      }
      return wrong(name, "is 1 to " + MAX_TOP, DEFAULT_TOP);
    }

    private <T> T wrong(String name, String rule, T otherwise) {
      wrong.add(new Violation("/" + name, name + " " + rule));
      return otherwise;
    }
  }
}
