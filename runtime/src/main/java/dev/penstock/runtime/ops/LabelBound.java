package dev.penstock.runtime.ops;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Bounds what people can make of a metric by naming things: of each label of each metric the first
 * {@value #MAX_VALUES} values stand for themselves, and all others are {@code other}. Meters bound
 * themselves by what they know (providers that there are, routes); this is what holds whatever they
 * do. Thread-safe.
 */
final class LabelBound implements MeterFilter {
  static final int MAX_VALUES = 200;
  static final String OTHER = "other";

  private final Map<String, Set<String>> values = new ConcurrentHashMap<>();

  @Override
  public Meter.Id map(Meter.Id id) {
    var bounded = new ArrayList<Tag>();
    boolean changed = false;
    for (Tag tag : id.getTagsAsIterable()) {
      String value = bound(id.getName(), tag);
      changed |= !value.equals(tag.getValue());
      bounded.add(Tag.of(tag.getKey(), value));
    }
    return changed ? id.replaceTags(bounded) : id;
  }

  private String bound(String metric, Tag tag) {
    Set<String> known =
        values.computeIfAbsent(metric + " " + tag.getKey(), _ -> ConcurrentHashMap.newKeySet());
    String value = tag.getValue();
    if (known.contains(value) || (known.size() < MAX_VALUES && known.add(value))) {
      return value;
    }
    return OTHER;
  }
}
