package dev.penstock.replayer.look;

import dev.penstock.codec.Json;
import dev.penstock.job.Job;
import dev.penstock.job.JobKind;
import dev.penstock.job.Priority;
import dev.penstock.submission.problem.Violation;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which dead letters are wanted: those that fulfil everything it names. The same names stand in
 * query strings and in the JSON of a selection. Immutable and thread-safe.
 *
 * @param values for each field the values of which a dead letter has one
 * @param from the earliest time at which it failed, or null
 * @param to before when it failed, or null
 * @param minGeneration the least generation that failed; 0 for any
 * @param words all of them stand in the failure's message, in upper or lower case
 * @param standings what became of it is one of these
 */
public record LetterQuery(
    Map<Field, Set<String>> values,
    @Nullable Instant from,
    @Nullable Instant to,
    int minGeneration,
    List<String> words,
    Set<Standing> standings) {
  /** The most values that one field has. */
  public static final int MAX_VALUES = 50;

  /** The most words. */
  static final int MAX_WORDS = 20;

  private static final int MAX_Q_CHARS = 500;
  private static final int MAX_GENERATION = 1_000_000;
  private static final String ANY = "any";
  private static final String STANDING = "standing";
  private static final Instant EARLIEST = Instant.EPOCH;
  private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z");
  private static final Pattern FINGERPRINT = Pattern.compile("[0-9a-f]{16}");
  private static final Pattern SPACE = Pattern.compile("\\s+");

  /** A label's name, a colon and its value. */
  private static final int MAX_LABEL_CHARS = 2 * Job.MAX_LABEL_CHARS + 1;

  /** All dead letters of which nothing became yet. */
  public static final LetterQuery OPEN =
      new LetterQuery(Map.of(), null, null, 0, List.of(), Set.of(Standing.OPEN));

  /** Whatever has become of them. */
  public static final LetterQuery ALL =
      new LetterQuery(Map.of(), null, null, 0, List.of(), EnumSet.allOf(Standing.class));

  /** What can have several values. */
  public enum Field {
    CODE("code"),
    PROVIDER("provider"),
    MODEL("model"),
    TENANT("tenant"),
    KIND("kind"),
    PRIORITY("priority"),
    FINGERPRINT("fingerprint"),
    LABEL("label"),
    TYPE("type");

    private static final List<Field> ALL = List.of(values());

    private final String wireName;

    Field(String wireName) {
      this.wireName = wireName;
    }

    public String wireName() {
      return wireName;
    }

    static Optional<Field> ofWireName(String name) {
      return ALL.stream().filter(each -> each.wireName.equals(name)).findFirst();
    }
  }

  public LetterQuery {
    var copies = new EnumMap<Field, Set<String>>(Field.class);
    values.forEach((field, some) -> copies.put(field, Set.copyOf(some)));
    values = Collections.unmodifiableMap(copies);
    words = List.copyOf(words);
    standings = Collections.unmodifiableSet(EnumSet.copyOf(standings));
  }

  /**
   * Reads the parameters of a query string; commas part the values of one, but for labels.
   *
   * @param parameters decoded, each with all its values; none but those of a query
   * @throws InvalidQueryException with all that is wrong
   */
  public static LetterQuery ofParameters(Map<String, List<String>> parameters) {
    var reader = new Reader();
    parameters.forEach((name, values) -> {
      for (String value : values) {
        reader.parameter(name, value);
      }
    });
    return reader.query();
  }

  /**
   * Reads a filter: an object whose fields are strings, or lists of strings where there can be
   * several; {@code minGeneration} is a number.
   *
   * @param at the JSON Pointer of it, for what is said of what is wrong
   * @throws InvalidQueryException with all that is wrong
   */
  public static LetterQuery ofJson(JsonNode filter, String at) {
    if (!filter.isObject()) {
      throw new InvalidQueryException(List.of(new Violation(at, "must be an object")));
    }
    var reader = new Reader();
    filter.properties().forEach(each -> reader.json(each.getKey(), each.getValue(), at));
    return reader.query();
  }

  /** The filter that {@link #ofJson} reads as this. */
  public ObjectNode toJson() {
    ObjectNode json = Json.MAPPER.createObjectNode();
    values.forEach((field, some) -> {
      var array = json.putArray(field.wireName());
      some.stream().sorted().forEach(array::add);
    });
    if (from != null) {
      json.put("from", from.toString());
    }
    if (to != null) {
      json.put("to", to.toString());
    }
    if (minGeneration > 0) {
      json.put("minGeneration", minGeneration);
    }
    if (!words.isEmpty()) {
      json.put("q", String.join(" ", words));
    }
    var array = json.putArray("standing");
    standings.forEach(each -> array.add(each.wireName()));
    return json;
  }

  /**
   * Whether a dead letter is wanted. What its headers tell comes first; only what they leave open
   * is read.
   *
   * @param became what became of it
   * @param fingerprints of the scan that it is part of
   */
  public boolean matches(LetterRecord letter, Standing became, Fingerprints fingerprints) {
    if (!standings.contains(became)) {
      return false;
    }
    if (letter.isPoison() && !canBe(LetterType.POISON)) {
      return false;
    }
    if (!letter.isPoison() && !canBe(LetterType.JOB) && !canBe(LetterType.UNREADABLE)) {
      return false;
    }
    if (values.isEmpty() && from == null && to == null && minGeneration == 0 && words.isEmpty()) {
      return true;
    }
    return matches(LetterFacts.of(letter), fingerprints);
  }

  private boolean canBe(LetterType type) {
    Set<String> wanted = values.get(Field.TYPE);
    return wanted == null || wanted.contains(type.wireName());
  }

  private boolean matches(LetterFacts facts, Fingerprints fingerprints) {
    if ((from != null && facts.failedAt().isBefore(from))
        || (to != null && !facts.failedAt().isBefore(to))
        || (minGeneration > 0 && (facts.job() == null || facts.generation() < minGeneration))) {
      return false;
    }
    for (Map.Entry<Field, Set<String>> each : values.entrySet()) {
      if (!has(facts, each.getKey(), each.getValue(), fingerprints)) {
        return false;
      }
    }
    if (words.isEmpty()) {
      return true;
    }
    String message = facts.message().toLowerCase(Locale.ROOT);
    return words.stream().allMatch(message::contains);
  }

  private static boolean has(
      LetterFacts facts, Field field, Set<String> wanted, Fingerprints fingerprints) {
    return switch (field) {
      case CODE -> wanted.contains(facts.code());
      case PROVIDER -> wanted.contains(facts.provider());
      case MODEL -> wanted.contains(facts.model());
      case TENANT -> wanted.contains(facts.tenant());
      case KIND -> wanted.contains(facts.kind());
      case PRIORITY -> facts.job() != null && wanted.contains(facts.job().priority().wireName());
      case FINGERPRINT -> wanted.contains(fingerprints.of(facts));
      case LABEL ->
          facts.job() != null
              && facts.job().labels().entrySet().stream()
                  .anyMatch(label -> wanted.contains(label.getKey() + ":" + label.getValue()));
      case TYPE -> wanted.contains(facts.type().wireName());
    };
  }

  /** Takes in what is asked for, and all that is wrong with it. */
  private static final class Reader {
    private static final String NAMES =
        "code, provider, model, tenant, kind, priority, fingerprint, label, type, from, to,"
            + " minGeneration, q and standing";
    private static final String TIME =
        "must be a time in ISO 8601, in UTC, such as 2026-11-21T18:30:00Z";

    private final Map<Field, Set<String>> values = new EnumMap<>(Field.class);
    private final List<Violation> violations = new ArrayList<>();
    private final Set<String> seen = new LinkedHashSet<>();
    private @Nullable Instant from;
    private @Nullable Instant to;
    private int minGeneration;
    private List<String> words = List.of();
    private final Set<Standing> standings = EnumSet.noneOf(Standing.class);

    void parameter(String name, String value) {
      Optional<Field> field = Field.ofWireName(name);
      if (field.isPresent()) {
        // A label's value may hold a comma: several labels are several parameters.
        List<String> some =
            field.get() == Field.LABEL ? List.of(value) : Arrays.asList(value.split(",", -1));
        some.forEach(one -> value(field.get(), one.strip(), "/" + name));
      } else if (name.equals(STANDING)) {
        Arrays.asList(value.split(",", -1)).forEach(one -> standing(one.strip(), "/" + name));
      } else if (!seen.add(name)) {
        wrong("/" + printable(name), "must not stand there twice");
      } else {
        single(name, value, "/" + printable(name));
      }
    }

    void json(String name, JsonNode value, String above) {
      String at = above + "/" + printable(name);
      Optional<Field> field = Field.ofWireName(name);
      if (field.isPresent()) {
        list(value, at, (one, pointer) -> value(field.get(), one, pointer));
      } else if (name.equals(STANDING)) {
        list(value, at, this::standing);
      } else if (name.equals("minGeneration") && value.isIntegralNumber()) {
        single(name, value.asString(), at);
      } else if (value.isString() && !name.equals("minGeneration")) {
        single(name, value.stringValue(), at);
      } else {
        wrong(at, name.equals("minGeneration") ? generationRule() : knownOrString(name));
      }
    }

    private static String knownOrString(String name) {
      return switch (name) {
        case "from", "to", "q" -> "must be a string";
        default -> unknown();
      };
    }

    private void list(JsonNode value, String at, BiConsumer<String, String> each) {
      if (value.isString()) {
        each.accept(value.stringValue(), at);
      } else if (value.isArray() && value.size() > MAX_VALUES) {
        wrong(at, "must have at most " + MAX_VALUES + " values");
      } else if (value.isArray() && !value.isEmpty()) {
        for (int i = 0; i < value.size(); i++) {
          JsonNode one = value.get(i);
          if (one.isString()) {
            each.accept(one.stringValue(), at + "/" + i);
          } else {
            wrong(at + "/" + i, "must be a string");
          }
        }
      } else {
        wrong(at, "must be a string or a list of strings");
      }
    }

    private void standing(String value, String at) {
      if (value.equals(ANY)) {
        standings.addAll(EnumSet.allOf(Standing.class));
        return;
      }
      Standing.ofWireName(value)
          .ifPresentOrElse(
              standings::add,
              () -> wrong(at, "must be one of open, replayed, discarded, purged, any"));
    }

    private void value(Field field, String value, String at) {
      Set<String> some = values.computeIfAbsent(field, _ -> new LinkedHashSet<>());
      if (some.size() == MAX_VALUES && !some.contains(value)) {
        wrong("/" + field.wireName(), "must have at most " + MAX_VALUES + " values");
        return;
      }
      some.add(value);
      switch (field) {
        case KIND -> oneOf(at, value, Arrays.stream(JobKind.values()).map(JobKind::wireName));
        case PRIORITY -> oneOf(at, value, Priority.all().stream().map(Priority::wireName));
        case TYPE -> oneOf(at, value, Arrays.stream(LetterType.values()).map(LetterType::wireName));
        case FINGERPRINT -> {
          if (!FINGERPRINT.matcher(value).matches()) {
            wrong(at, "must be 16 hexadecimal digits in lower case");
          }
        }
        case LABEL -> {
          if (value.indexOf(':') < 1 || value.length() > MAX_LABEL_CHARS) {
            wrong(
                at,
                "must be a label's name, a colon and its value, of at most "
                    + MAX_LABEL_CHARS
                    + " characters");
          }
        }
        case CODE, PROVIDER, MODEL, TENANT -> {
          if (value.isEmpty() || value.length() > Job.MAX_MODEL_CHARS) {
            wrong(at, "must have 1 to " + Job.MAX_MODEL_CHARS + " characters");
          }
        }
      }
    }

    private void oneOf(String at, String value, java.util.stream.Stream<String> names) {
      List<String> all = names.toList();
      if (!all.contains(value)) {
        wrong(at, "must be one of " + String.join(", ", all));
      }
    }

    private void single(String name, String value, String at) {
      switch (name) {
        case "from" -> from = time(value, at);
        case "to" -> to = time(value, at);
        case "q" -> words(value, at);
        case "minGeneration" -> {
          try {
            minGeneration = Integer.parseInt(value);
          } catch (NumberFormatException _) {
            minGeneration = -1;
          }
          if (minGeneration < 0 || minGeneration > MAX_GENERATION) {
            wrong(at, generationRule());
          }
        }
        default -> wrong(at, unknown());
      }
    }

    private static String unknown() {
      return "is not known; there are " + NAMES;
    }

    private static String generationRule() {
      return "must be a whole number from 0 to " + MAX_GENERATION;
    }

    private void words(String value, String at) {
      words =
          Arrays.stream(SPACE.split(value.toLowerCase(Locale.ROOT)))
              .filter(word -> !word.isEmpty())
              .toList();
      if (value.length() > MAX_Q_CHARS || words.size() > MAX_WORDS) {
        wrong(at, "must have at most " + MAX_WORDS + " words and " + MAX_Q_CHARS + " characters");
      }
    }

    private @Nullable Instant time(String text, String at) {
      try {
        Instant time = Instant.parse(text);
        if (time.isAfter(EARLIEST) && time.isBefore(LATEST)) {
          return time;
        }
        // falls through to the one error below
      } catch (DateTimeException _) {
        // falls through to the one error below
      }
      wrong(at, TIME);
      return null;
    }

    private void wrong(String at, String rule) {
      var violation = new Violation(at, rule);
      if (!violations.contains(violation)) {
        violations.add(violation);
      }
    }

    /** What is said back is bounded and has no control characters. */
    private static String printable(String name) {
      String plain = name.replaceAll("[^A-Za-z0-9._-]", "?");
      return plain.length() <= 40 ? plain : plain.substring(0, 40);
    }

    LetterQuery query() {
      if (violations.isEmpty() && from != null && to != null && !from.isBefore(to)) {
        wrong("/to", "must be later than from");
      }
      if (!violations.isEmpty()) {
        throw new InvalidQueryException(violations);
      }
      if (standings.isEmpty()) {
        standings.add(Standing.OPEN);
      }
      return new LetterQuery(values, from, to, minGeneration, words, standings);
    }
  }
}
