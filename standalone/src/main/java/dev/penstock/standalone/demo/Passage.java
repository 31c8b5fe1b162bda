package dev.penstock.standalone.demo;

import dev.penstock.codec.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A piece of text in the public domain; {@code SOURCES.md} beside the file says where each is from.
 *
 * @param id its name
 * @param language ISO 639-1
 * @param source the key of the work
 * @param text one paragraph or a few
 */
record Passage(String id, String language, String source, String text) {
  private static final String RESOURCE = "/demo/passages.jsonl";

  /** All passages that are shipped, the works taking turns. */
  static List<Passage> all() {
    return takingTurns(read());
  }

  private static List<Passage> read() {
    try (var lines =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(Passage.class.getResourceAsStream(RESOURCE), RESOURCE),
                StandardCharsets.UTF_8))) {
      return lines.lines().map(line -> Json.MAPPER.readValue(line, Passage.class)).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One of each source, then the next of each, as long as there are any. */
  static List<Passage> takingTurns(List<Passage> passages) {
    Map<String, Deque<Passage>> bySource = new LinkedHashMap<>();
    passages.forEach(passage ->
        bySource.computeIfAbsent(passage.source(), _ -> new ArrayDeque<>()).add(passage));
    var mixed = new ArrayList<Passage>();
    while (mixed.size() < passages.size()) {
      for (Deque<Passage> left : bySource.values()) {
        if (!left.isEmpty()) {
          mixed.add(left.removeFirst());
        }
      }
    }
    return mixed;
  }
}
