package dev.penstock.replayer.look;

import dev.penstock.codec.Json;
import dev.penstock.job.FailureGroup;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Dead letters in groups. What it takes does not grow with the number of dead letters: {@link
 * #MAX_GROUPS} groups are told apart, and those that come later are others. Not thread-safe.
 */
final class GroupTable {
  /** So many groups are told apart. */
  static final int MAX_GROUPS = 10_000;

  /** So many groups are told, those of the most dead letters. */
  static final int MAX_TOLD = 500;

  private static final int MAX_EXAMPLES = 5;

  /** By what they are grouped. The names are those on the wire. */
  enum By {
    FINGERPRINT("fingerprint"),
    CODE("code"),
    PROVIDER("provider"),
    MODEL("model"),
    TENANT("tenant"),
    KIND("kind"),
    AGE("age");

    private static final List<By> ALL = List.of(values());

    private final String wireName;

    By(String wireName) {
      this.wireName = wireName;
    }

    static Optional<By> ofWireName(String name) {
      return ALL.stream().filter(each -> each.wireName.equals(name)).findFirst();
    }

    static String names() {
      return String.join(", ", ALL.stream().map(each -> each.wireName).toList());
    }
  }

  private static final class Group {
    private final FailureGroup like;
    private long count;
    private Instant first = Instant.MAX;
    private Instant last = Instant.MIN;
    private final List<LetterId> examples = new ArrayList<>(1);

    Group(FailureGroup like) {
      this.like = like;
    }

    void add(LetterId id, Instant failedAt) {
      count++;
      first = failedAt.isBefore(first) ? failedAt : first;
      last = failedAt.isAfter(last) ? failedAt : last;
      if (examples.size() < MAX_EXAMPLES) {
        examples.add(id);
      }
    }
  }

  private final By by;
  private final Instant now;
  private final Fingerprints fingerprints;
  private final Map<Object, Group> groups = new HashMap<>();
  private long matched;
  private long other;

  /**
   * @param now of which ages are counted
   */
  GroupTable(By by, Instant now, Fingerprints fingerprints) {
    this.by = by;
    this.now = now;
    this.fingerprints = fingerprints;
  }

  void add(LetterRecord letter) {
    LetterFacts facts = LetterFacts.of(letter);
    FailureGroup like = fingerprints.group(facts);
    Object key =
        switch (by) {
          case FINGERPRINT -> like;
          case CODE -> facts.code();
          case PROVIDER -> facts.provider();
          case MODEL -> facts.model();
          case TENANT -> facts.tenant();
          case KIND -> facts.kind();
          case AGE -> age(Duration.between(facts.failedAt(), now));
        };
    matched++;
    Group group = groups.get(key);
    if (group == null) {
      if (groups.size() == MAX_GROUPS) {
        other++;
        return;
      }
      group = new Group(like);
      groups.put(key, group);
    }
    group.add(letter.id(), facts.failedAt());
  }

  private static String age(Duration age) {
    if (age.compareTo(Duration.ofHours(1)) < 0) {
      return "up to 1 hour";
    }
    if (age.compareTo(Duration.ofDays(1)) < 0) {
      return "up to 1 day";
    }
    if (age.compareTo(Duration.ofDays(7)) < 0) {
      return "up to 7 days";
    }
    return age.compareTo(Duration.ofDays(30)) < 0 ? "up to 30 days" : "over 30 days";
  }

  ObjectNode toJson(long scanned, boolean complete) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("by", by.wireName);
    ArrayNode told = json.putArray("groups");
    long untold = other;
    List<Map.Entry<Object, Group>> sorted =
        groups.entrySet().stream()
            .sorted(
                Comparator.<Map.Entry<Object, Group>>comparingLong(each -> each.getValue().count)
                    .reversed()
                    .thenComparing(each -> each.getKey().toString()))
            .toList();
    for (Map.Entry<Object, Group> each : sorted) {
      if (told.size() < MAX_TOLD) {
        told.add(json(each.getKey(), each.getValue()));
      } else {
        untold += each.getValue().count;
      }
    }
    json.put("other", untold);
    json.put("matched", matched);
    json.put("scanned", scanned);
    json.put("complete", complete);
    return json;
  }

  private ObjectNode json(Object key, Group group) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    if (by == By.FINGERPRINT) {
      json.put("value", group.like.fingerprint());
      json.put("code", group.like.code());
      json.put("provider", group.like.provider());
      json.put("model", group.like.model());
      json.put("kind", group.like.kind());
      json.put("message", group.like.message());
    } else {
      json.put("value", key.toString());
    }
    json.put("count", group.count);
    json.put("firstAt", group.first.toString());
    json.put("lastAt", group.last.toString());
    ArrayNode examples = json.putArray("examples");
    group.examples.forEach(id -> examples.add(id.toString()));
    return json;
  }
}
