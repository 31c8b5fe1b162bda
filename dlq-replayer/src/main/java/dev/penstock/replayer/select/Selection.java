package dev.penstock.replayer.select;

import dev.penstock.job.JobId;
import dev.penstock.replayer.look.InvalidQueryException;
import dev.penstock.replayer.look.LetterId;
import dev.penstock.replayer.look.LetterQuery;
import dev.penstock.submission.problem.Violation;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Which dead letters a plan is about, in the words of the request: one of {@code filter}, {@code
 * letters} and {@code ids}, and with it perhaps a {@code sample} of what matches.
 *
 * @param sample how many of those that match, drawn by chance, or null for all
 * @param seed the same one draws the same, or null where any will do
 */
public record Selection(What what, @Nullable Portion sample, @Nullable Long seed) {
  /** The most letters or ids that one selection names. */
  public static final int MAX_NAMED = 10_000;

  /** The most dead letters of a sample that is counted. */
  public static final int MAX_SAMPLE = 100_000;

  private static final Set<String> FIELDS = Set.of("filter", "letters", "ids", "sample", "seed");

  /** What has to hold for a dead letter. */
  public sealed interface What {
    record Filter(LetterQuery query) implements What {}

    /** It is one of these. */
    record Letters(Set<LetterId> letters) implements What {
      public Letters {
        letters = Set.copyOf(letters);
      }
    }

    /** It is of one of these jobs, whichever generation. */
    record Ids(Set<JobId> ids) implements What {
      public Ids {
        ids = Set.copyOf(ids);
      }
    }
  }

  /**
   * Reads a selection.
   *
   * @throws InvalidQueryException with all that is wrong, by JSON Pointers from the selection on
   */
  public static Selection parse(JsonNode json) {
    var violations = new ArrayList<Violation>();
    if (!json.isObject()) {
      throw new InvalidQueryException(List.of(new Violation("", "must be an object")));
    }
    for (String name : json.propertyNames()) {
      if (!FIELDS.contains(name)) {
        violations.add(
            new Violation(
                "/" + printable(name),
                "is not known; there are filter, letters, ids, sample and seed"));
      }
    }
    What what = what(json, violations);
    Portion sample = json.has("sample") ? sample(json.get("sample"), violations) : null;
    Long seed = null;
    if (json.has("seed")) {
      JsonNode given = json.get("seed");
      if (given.isIntegralNumber() && given.canConvertToLong()) {
        seed = given.longValue();
      } else {
        violations.add(new Violation("/seed", "must be a whole number of 64 bits"));
      }
    }
    if (!violations.isEmpty() || what == null) {
      throw new InvalidQueryException(violations);
    }
    return new Selection(what, sample, seed);
  }

  private static @Nullable What what(JsonNode json, List<Violation> violations) {
    List<String> given = List.of("filter", "letters", "ids").stream().filter(json::has).toList();
    if (given.size() != 1) {
      violations.add(new Violation("", "must have one of filter, letters and ids"));
      return null;
    }
    String name = given.getFirst();
    JsonNode value = json.get(name);
    return switch (name) {
      case "filter" -> filter(value, violations);
      case "letters" ->
          new What.Letters(
              named("/letters", value, LetterId::parse, "must be PARTITION-OFFSET", violations));
      default ->
          new What.Ids(named("/ids", value, JobId::parse, "must be the id of a job", violations));
    };
  }

  private static @Nullable What filter(JsonNode value, List<Violation> violations) {
    try {
      return new What.Filter(LetterQuery.ofJson(value, "/filter"));
    } catch (InvalidQueryException e) {
      violations.addAll(e.violations());
      return null;
    }
  }

  private static <T> Set<T> named(
      String at,
      JsonNode value,
      Function<String, Optional<T>> reader,
      String rule,
      List<Violation> violations) {
    var all = new LinkedHashSet<T>();
    if (!value.isArray() || value.isEmpty() || value.size() > MAX_NAMED) {
      violations.add(new Violation(at, "must be a list of 1 to " + MAX_NAMED));
      return all;
    }
    for (int i = 0; i < value.size(); i++) {
      Optional<T> read =
          value.get(i).isString() ? reader.apply(value.get(i).stringValue()) : Optional.empty();
      if (read.isPresent()) {
        all.add(read.get());
      } else {
        violations.add(new Violation(at + "/" + i, rule));
      }
    }
    return all;
  }

  private static @Nullable Portion sample(JsonNode json, List<Violation> violations) {
    if (json.isObject() && json.size() == 1) {
      JsonNode count = json.path("count");
      if (count.isIntegralNumber()
          && count.canConvertToInt()
          && count.intValue() >= 1
          && count.intValue() <= MAX_SAMPLE) {
        return new Portion.Count(count.intValue());
      }
      JsonNode percent = json.path("percent");
      if (percent.isNumber() && percent.doubleValue() > 0 && percent.doubleValue() <= 100) {
        return new Portion.Percent(percent.doubleValue());
      }
    }
    violations.add(
        new Violation(
            "/sample",
            "must have a count from 1 to "
                + MAX_SAMPLE
                + ", or a percent of more than 0 and at most 100"));
    return null;
  }

  /** What is said back is bounded and has no control characters. */
  private static String printable(String name) {
    String plain = name.replaceAll("[^A-Za-z0-9._-]", "?");
    return plain.length() <= 40 ? plain : plain.substring(0, 40);
  }
}
