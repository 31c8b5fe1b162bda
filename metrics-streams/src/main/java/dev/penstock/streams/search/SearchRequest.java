package dev.penstock.streams.search;

import dev.penstock.job.Job;
import dev.penstock.job.JobKind;
import dev.penstock.job.JobState;
import dev.penstock.job.Priority;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.lucene.document.KeywordField;
import org.apache.lucene.document.LongField;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.util.BytesRef;
import org.jspecify.annotations.Nullable;

/**
 * Which jobs are wanted, and how.
 *
 * @param filters for each facet the values of which a job has one
 * @param from the least time of acceptance, to the millisecond, or null
 * @param to before when a job was accepted, or null
 * @param q its full text, which {@link QueryText} can read, or null
 * @param after after which place the page begins, or null for the first one
 * @param facets what is counted beside
 */
record SearchRequest(
    Map<Facet, List<String>> filters,
    @Nullable Instant from,
    @Nullable Instant to,
    @Nullable String q,
    Order order,
    int limit,
    @Nullable Place after,
    Set<Facet> facets) {
  static final int DEFAULT_LIMIT = 50;
  static final int MAX_LIMIT = 500;

  /** The most values that one parameter has. */
  static final int MAX_VALUES = 50;

  static final int MAX_QUERY_STRING_CHARS = 16_000;

  private static final Instant EARLIEST = Instant.EPOCH;
  private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z");

  /** A label's name, a colon and its value. */
  private static final int MAX_LABEL_CHARS = 2 * Job.MAX_LABEL_CHARS + 1;

  private static final String NAMES =
      "state, kind, tenant, model, provider, code, label, priority, from, to, q, sort, limit,"
          + " cursor and facets";

  SearchRequest {
    filters = Map.copyOf(filters);
    facets = Set.copyOf(facets);
  }

  /**
   * Reads a query string, as it stands in a URI.
   *
   * @throws InvalidParameterException with the first thing that is wrong with it
   */
  static SearchRequest parse(String queryString) {
    if (queryString.length() > MAX_QUERY_STRING_CHARS) {
      throw new InvalidParameterException(
          "q", "and the other parameters have at most " + MAX_QUERY_STRING_CHARS + " characters");
    }
    var reader = new Reader();
    for (String pair : queryString.split("&", -1)) {
      if (!pair.isEmpty()) {
        int equals = pair.indexOf('=');
        String name = decoded(equals < 0 ? pair : pair.substring(0, equals));
        reader.take(name, equals < 0 ? "" : decoded(pair.substring(equals + 1)));
      }
    }
    return reader.request();
  }

  /** The same selection from another place on. */
  SearchRequest page(@Nullable Place from, int size) {
    return new SearchRequest(filters, this.from, to, q, order, size, from, Set.of());
  }

  /** The query string that {@link #parse} reads as this. */
  String toQueryString() {
    var text = new StringBuilder("limit=" + limit + "&sort=" + order.wireName());
    filters.forEach(
        (facet, values) -> values.forEach(value -> parameter(text, facet.wireName(), value)));
    parameter(text, "from", from);
    parameter(text, "to", to);
    parameter(text, "q", q);
    parameter(text, "cursor", after == null ? null : Cursor.text(order, after));
    for (Facet facet : facets) {
      parameter(text, "facets", facet.wireName());
    }
    return text.toString();
  }

  private static void parameter(StringBuilder text, String name, @Nullable Object value) {
    if (value != null) {
      text.append('&')
          .append(name)
          .append('=')
          .append(URLEncoder.encode(value.toString(), StandardCharsets.UTF_8));
    }
  }

  /** What a document has to fulfil. */
  Query lucene() {
    var all = new BooleanQuery.Builder();
    filters.forEach((facet, values) ->
        all.add(
            values.size() == 1
                ? KeywordField.newExactQuery(facet.field(), values.getFirst())
                : KeywordField.newSetQuery(facet.field(), bytes(values)),
            BooleanClause.Occur.FILTER));
    if (from != null || to != null) {
      long least = from == null ? Long.MIN_VALUE : from.toEpochMilli();
      long below = to == null ? Long.MAX_VALUE : ceilingMillis(to);
      all.add(
          LongField.newRangeQuery(SortKey.ACCEPTED_AT.field(), least, below - 1),
          BooleanClause.Occur.FILTER);
    }
    if (q != null) {
      all.add(QueryText.parse(q), BooleanClause.Occur.FILTER);
    }
    BooleanQuery made = all.build();
    return made.clauses().isEmpty() ? new MatchAllDocsQuery() : made;
  }

  private static Collection<BytesRef> bytes(List<String> values) {
    return values.stream().map(BytesRef::new).toList();
  }

  private static long ceilingMillis(Instant at) {
    long millis = at.toEpochMilli();
    return Instant.ofEpochMilli(millis).equals(at) ? millis : millis + 1;
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      throw new InvalidParameterException("query", "has to be percent-encoded UTF-8");
    }
  }

  private static final class Reader {
    private final Map<Facet, Set<String>> filters = new EnumMap<>(Facet.class);
    private final Map<String, String> single = new java.util.HashMap<>();
    private final Set<Facet> facets = new LinkedHashSet<>();

    void take(String name, String value) {
      Optional<Facet> facet = Facet.ofWireName(name);
      if (facet.isPresent()) {
        filter(facet.get(), value);
        return;
      }
      switch (name) {
        case "facets" -> {
          for (String each : value.split(",", -1)) {
            facets.add(
                Facet.ofWireName(each.strip())
                    .orElseThrow(() ->
                        new InvalidParameterException(
                            "facets",
                            "are some of "
                                + String.join(
                                    ", ",
                                    Arrays.stream(Facet.values()).map(Facet::wireName).toList()))));
          }
        }
        case "from", "to", "q", "sort", "limit", "cursor" -> {
          if (single.put(name, value) != null) {
            throw new InvalidParameterException(name, "stands there twice");
          }
        }
        default ->
            throw new InvalidParameterException(
                printable(name), "is not known; the parameters are " + NAMES);
      }
    }

    /** What is said back is bounded and has no control characters. */
    private static String printable(String name) {
      String plain = name.replaceAll("[^A-Za-z0-9._-]", "?");
      return plain.length() <= 40 ? plain : plain.substring(0, 40);
    }

    private void filter(Facet facet, String value) {
      Set<String> values = filters.computeIfAbsent(facet, _ -> new LinkedHashSet<>());
      // A label's value may hold a comma: several labels are several parameters.
      List<String> each =
          facet == Facet.LABEL ? List.of(value) : Arrays.asList(value.split(",", -1));
      for (String one : each) {
        values.add(checked(facet, one.strip()));
      }
      if (values.size() > MAX_VALUES) {
        throw new InvalidParameterException(
            facet.wireName(), "has at most " + MAX_VALUES + " values");
      }
    }

    private static String checked(Facet facet, String value) {
      switch (facet) {
        case STATE -> {
          if (Arrays.stream(JobState.values()).noneMatch(s -> s.wireName().equals(value))) {
            throw oneOf(facet, Arrays.stream(JobState.values()).map(JobState::wireName).toList());
          }
        }
        case KIND -> {
          if (JobKind.ofWireName(value).isEmpty()) {
            throw oneOf(facet, Arrays.stream(JobKind.values()).map(JobKind::wireName).toList());
          }
        }
        case PRIORITY -> {
          if (Priority.ofWireName(value).isEmpty()) {
            throw oneOf(facet, Priority.all().stream().map(Priority::wireName).toList());
          }
        }
        case LABEL -> {
          if (value.indexOf(':') < 1 || value.length() > MAX_LABEL_CHARS) {
            throw new InvalidParameterException(
                "label",
                "is a label's name, a colon and its value, of at most "
                    + MAX_LABEL_CHARS
                    + " characters");
          }
        }
        case TENANT, MODEL, PROVIDER, CODE -> {
          if (value.isEmpty() || value.length() > Job.MAX_MODEL_CHARS) {
            throw new InvalidParameterException(
                facet.wireName(), "has 1 to " + Job.MAX_MODEL_CHARS + " characters");
          }
        }
      }
      return value;
    }

    private static InvalidParameterException oneOf(Facet facet, List<String> names) {
      return new InvalidParameterException(
          facet.wireName(), "is one of " + String.join(", ", names));
    }

    SearchRequest request() {
      Instant from = time("from");
      Instant to = time("to");
      if (from != null && to != null && !from.isBefore(to)) {
        throw new InvalidParameterException("to", "is later than from");
      }
      String q = single.get("q");
      if (q != null && q.isBlank()) {
        q = null;
      }
      if (q != null) {
        QueryText.parse(q);
      }
      String sort = single.get("sort");
      Order order =
          sort == null
              ? Order.NEWEST
              : Order.parse(sort)
                  .orElseThrow(
                      () -> new InvalidParameterException("sort", "is one of " + Order.names()));
      String cursor = single.get("cursor");
      var values = new EnumMap<Facet, List<String>>(Facet.class);
      filters.forEach((facet, some) -> values.put(facet, new ArrayList<>(some)));
      return new SearchRequest(
          values,
          from,
          to,
          q,
          order,
          limit(),
          cursor == null ? null : Cursor.parse(cursor, order),
          facets);
    }

    private int limit() {
      String text = single.get("limit");
      if (text == null) {
        return DEFAULT_LIMIT;
      }
      try {
        int limit = Integer.parseInt(text);
        if (limit >= 1 && limit <= MAX_LIMIT) {
          return limit;
        }
      } catch (NumberFormatException _) {
        // falls through to the one error below
      }
      throw new InvalidParameterException("limit", "is a number from 1 to " + MAX_LIMIT);
    }

    private @Nullable Instant time(String name) {
      String text = single.get(name);
      if (text == null) {
        return null;
      }
      try {
        Instant at = Instant.parse(text);
        if (at.isAfter(EARLIEST) && at.isBefore(LATEST)) {
          return at;
        }
        // falls through to the one error below
      } catch (DateTimeException _) {
        // falls through to the one error below
      }
      throw new InvalidParameterException(
          name, "is a time in ISO 8601, in UTC, such as 2026-11-21T18:30:00Z");
    }
  }
}
