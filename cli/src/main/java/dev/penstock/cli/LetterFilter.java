package dev.penstock.cli;

import dev.penstock.codec.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Which dead letters; the same options for all commands that look for some. */
final class LetterFilter {
  @Option(
      names = "--code",
      split = ",",
      paramLabel = "CODE",
      description = "Failed with one of these codes.")
  private final List<String> codes = new ArrayList<>();

  @Option(
      names = "--provider",
      split = ",",
      paramLabel = "NAME",
      description = "Called last at one of these.")
  private final List<String> providers = new ArrayList<>();

  @Option(
      names = "--model",
      split = ",",
      paramLabel = "MODEL",
      description = "Their own model or route.")
  private final List<String> models = new ArrayList<>();

  @Option(
      names = "--tenant",
      split = ",",
      paramLabel = "NAME",
      description = "Of one of these tenants.")
  private final List<String> tenants = new ArrayList<>();

  @Option(
      names = "--kind",
      split = ",",
      paramLabel = "KIND",
      description = "Of one of these kinds.")
  private final List<String> kinds = new ArrayList<>();

  @Option(
      names = "--priority",
      split = ",",
      paramLabel = "PRIORITY",
      description = "Of one of these priorities.")
  private final List<String> priorities = new ArrayList<>();

  @Option(
      names = "--label",
      paramLabel = "NAME:VALUE",
      description = "With one of these labels. Repeatable.")
  private final List<String> labels = new ArrayList<>();

  @Option(
      names = "--fingerprint",
      split = ",",
      paramLabel = "HEX",
      description = "Of one of these groups, as 'dlq groups' tells them.")
  private final List<String> fingerprints = new ArrayList<>();

  @Option(
      names = "--type",
      split = ",",
      paramLabel = "TYPE",
      description = "job, poison or unreadable. Default: all.")
  private final List<String> types = new ArrayList<>();

  @Option(
      names = "--standing",
      paramLabel = "STANDING",
      description = "open, replayed, discarded, purged or any. Default: open.")
  private @Nullable String standing;

  @Option(
      names = "--min-generation",
      paramLabel = "N",
      description = "Replayed so often before, or more often.")
  private @Nullable Integer minGeneration;

  @Option(
      names = "--since",
      paramLabel = "DURATION",
      description = "Dead-lettered in the last so long, such as 2h.")
  private @Nullable Duration since;

  @Option(
      names = "--from",
      paramLabel = "TIME",
      description = "Dead-lettered then or later: 2026-11-22T08:00:00Z.")
  private @Nullable String from;

  @Option(names = "--to", paramLabel = "TIME", description = "Dead-lettered before.")
  private @Nullable String to;

  @Option(
      names = {"-q", "--query"},
      paramLabel = "WORDS",
      description = "With these words in the failure's message.")
  private @Nullable String query;

  private Map<String, List<String>> lists() {
    var lists = new LinkedHashMap<String, List<String>>();
    lists.put("code", codes);
    lists.put("provider", providers);
    lists.put("model", models);
    lists.put("tenant", tenants);
    lists.put("kind", kinds);
    lists.put("priority", priorities);
    lists.put("label", labels);
    lists.put("fingerprint", fingerprints);
    lists.put("type", types);
    lists.values().removeIf(List::isEmpty);
    return lists;
  }

  private Map<String, String> texts() {
    var texts = new LinkedHashMap<String, String>();
    if (since != null) {
      Instant start = InstantSource.system().instant().minus(since);
      texts.put("from", Instant.ofEpochMilli(start.toEpochMilli()).toString());
    }
    put(texts, "from", from);
    put(texts, "to", to);
    put(texts, "q", query);
    put(texts, "standing", standing);
    return texts;
  }

  private static void put(Map<String, String> texts, String name, @Nullable String value) {
    if (value != null) {
      texts.put(name, value);
    }
  }

  /** Whether it says nothing. */
  boolean isEmpty() {
    return lists().isEmpty() && texts().isEmpty() && minGeneration == null;
  }

  /** As parameters of a query, each with {@code &} before it. */
  String parameters() {
    var all = new ArrayList<String>();
    lists()
        .forEach((name, values) ->
            values.forEach(value -> all.add(name + "=" + ApiClient.encoded(value))));
    texts().forEach((name, value) -> all.add(name + "=" + ApiClient.encoded(value)));
    if (minGeneration != null) {
      all.add("minGeneration=" + minGeneration);
    }
    return all.stream().map(each -> "&" + each).collect(Collectors.joining());
  }

  /** As the filter of a selection. */
  ObjectNode json() {
    ObjectNode filter = Json.MAPPER.createObjectNode();
    lists()
        .forEach((name, values) -> {
          ArrayNode array = filter.putArray(name);
          values.forEach(array::add);
        });
    texts().forEach(filter::put);
    if (minGeneration != null) {
      filter.put("minGeneration", minGeneration);
    }
    return filter;
  }
}
