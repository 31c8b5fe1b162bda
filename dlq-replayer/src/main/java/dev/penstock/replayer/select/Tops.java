package dev.penstock.replayer.select;

import dev.penstock.codec.Json;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Counts values, and tells the most frequent ones. What comes when {@link #MAX_VALUES} are known is
 * counted as one more. Not thread-safe.
 */
final class Tops {
  static final int MAX_VALUES = 5_000;
  static final int MAX_TOLD = 20;

  private static final String OTHERS = "(others)";

  private final Map<String, Long> counts = new HashMap<>();

  void add(String value) {
    if (!value.isEmpty()) {
      boolean known = counts.size() < MAX_VALUES || counts.containsKey(value);
      counts.merge(known ? value : OTHERS, 1L, Long::sum);
    }
  }

  ArrayNode toJson() {
    ArrayNode told = Json.MAPPER.createArrayNode();
    counts.entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(MAX_TOLD)
        .forEach(each -> {
          ObjectNode one = told.addObject();
          one.put("value", each.getKey());
          one.put("count", each.getValue());
        });
    return told;
  }
}
