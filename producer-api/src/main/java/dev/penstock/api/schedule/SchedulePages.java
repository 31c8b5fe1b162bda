package dev.penstock.api.schedule;

import dev.penstock.codec.Json;
import dev.penstock.runtime.ownership.Neighbours;
import dev.penstock.runtime.ownership.PartitionOwnership;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Lists schedules by name, page by page: asks the owners of all partitions and puts together what
 * they say. A page is never without a partition's schedules. Thread-safe.
 */
public final class SchedulePages {
  public static final int MAX_LIMIT = 200;
  public static final int DEFAULT_LIMIT = 50;

  /** Names the partitions that another intake is asked for. */
  public static final String PARTITIONS = "Penstock-Partitions";

  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final Schedules schedules;
  private final PartitionOwnership ownership;
  private final Neighbours neighbours;
  private final Duration patience;

  SchedulePages(
      Schedules schedules, PartitionOwnership ownership, Neighbours neighbours, Duration patience) {
    this.schedules = schedules;
    this.ownership = ownership;
    this.neighbours = neighbours;
    this.patience = patience;
  }

  /**
   * One page.
   *
   * @param after only names after this one; empty for all
   * @param limit the most on the page
   * @param asked the partitions that another intake asks for, with commas; empty when a client asks
   * @throws dev.penstock.submission.problem.ProblemException when not every owner answers
   */
  public ScheduleAnswer page(String after, int limit, Optional<String> asked) {
    long deadline = System.nanoTime() + patience.toNanos();
    var missing =
        new TreeSet<>(
            asked
                .map(this::numbers)
                .orElseGet(() ->
                    IntStream.range(0, schedules.partitionCount())
                        .boxed()
                        .collect(Collectors.toSet())));
    // One more than is shown tells whether there are more.
    int wanted = limit + 1;
    var found = new TreeMap<String, JsonNode>();
    try {
      while (true) {
        ownedHere(missing, new Command.Page(after, wanted), found, deadline);
        if (missing.isEmpty()) {
          return answer(found, limit);
        }
        if (asked.isEmpty()) {
          ownedThere(missing, after, wanted, found, deadline);
        }
        if (missing.isEmpty()) {
          return answer(found, limit);
        }
        if (asked.isPresent() || System.nanoTime() > deadline) {
          throw Schedules.noOwner();
        }
        Thread.sleep(LOOK_AGAIN);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw Schedules.noOwner();
    }
  }

  private Set<Integer> numbers(String text) {
    return Arrays.stream(text.split(",", schedules.partitionCount() + 1))
        .map(String::strip)
        .filter(number -> number.matches("[0-9]{1,4}"))
        .map(Integer::valueOf)
        .collect(Collectors.toSet());
  }

  private void ownedHere(
      Set<Integer> missing, Command.Page page, Map<String, JsonNode> found, long deadline)
      throws InterruptedException {
    for (int partition : List.copyOf(missing)) {
      if (ownership.owns(partition)
          && schedules.here(partition, page, deadline).orElse(null)
              instanceof Command.Listed(List<ObjectNode> listed)) {
        listed.forEach(each -> found.put(each.path("name").asString(""), each));
        missing.remove(partition);
      }
    }
  }

  private void ownedThere(
      Set<Integer> missing, String after, int wanted, Map<String, JsonNode> found, long deadline)
      throws InterruptedException {
    var owners = new HashMap<URI, Set<Integer>>();
    for (int partition : missing) {
      ownership
          .owner(partition)
          .ifPresent(owner -> owners.computeIfAbsent(owner, _ -> new TreeSet<>()).add(partition));
    }
    for (Map.Entry<URI, Set<Integer>> owner : owners.entrySet()) {
      String path =
          Schedules.PATH + "?limit=" + wanted + (after.isEmpty() ? "" : "&after=" + after);
      HttpRequest.Builder request =
          HttpRequest.newBuilder(owner.getKey().resolve(path))
              .header(
                  PARTITIONS,
                  owner.getValue().stream().map(String::valueOf).collect(Collectors.joining(",")))
              .GET();
      Duration left = Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
      Optional<HttpResponse<byte[]>> response =
          neighbours.send(
              request, left.compareTo(Schedules.ONE_OWNER) > 0 ? Schedules.ONE_OWNER : left);
      if (response.isPresent() && response.get().statusCode() == 200) {
        add(response.get().body(), found);
        missing.removeAll(owner.getValue());
      }
    }
  }

  private static void add(byte[] page, Map<String, JsonNode> found) {
    try {
      for (JsonNode each : Json.MAPPER.readTree(page).path("schedules")) {
        found.put(each.path("name").asString(""), each);
      }
    } catch (JacksonException e) {
      throw new IllegalStateException("an intake gave a list that can't be read", e);
    }
  }

  private static ScheduleAnswer answer(Map<String, JsonNode> found, int limit) {
    ObjectNode page = Json.MAPPER.createObjectNode();
    ArrayNode list = page.putArray("schedules");
    for (Map.Entry<String, JsonNode> each : found.entrySet()) {
      if (list.size() == limit) {
        page.put("next", list.get(limit - 1).path("name").asString(""));
        break;
      }
      list.add(each.getValue());
    }
    return new ScheduleAnswer(200, Optional.empty(), Json.MAPPER.writeValueAsString(page));
  }
}
