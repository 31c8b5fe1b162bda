package dev.penstock.streams.search;

import dev.penstock.codec.Json;
import dev.penstock.streams.query.Peers;
import dev.penstock.streams.search.LocalSearch.NotReadyException;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.streams.errors.StreamsException;
import tools.jackson.core.JacksonException;

/**
 * Searches all partitions: those that are here, and through the other instances those that they
 * have. An answer holds each partition once; where one is missing, or two instances claim one,
 * there is no answer. Thread-safe.
 */
final class JobSearch {
  /** Where an instance tells what it finds itself. */
  static final String LOCAL_PATH = "/internal/v1/search";

  /** The most values of a facet that are told. */
  private static final int MAX_FACET_VALUES = 100;

  private final LocalSearch local;
  private final Peers peers;
  private final int partitions;

  JobSearch(LocalSearch local, Peers peers, int partitions) {
    this.local = local;
    this.peers = peers;
    this.partitions = partitions;
  }

  /** The page that is asked for. */
  JobPage search(SearchRequest request) throws NotReadyException, InterruptedException {
    var parts = new ArrayList<Part>();
    try {
      Peers.Asked asked = peers.ask(LOCAL_PATH + "?" + request.toQueryString());
      parts.add(local.search(request));
      for (HttpResponse<byte[]> answer : asked.all()) {
        parts.add(part(answer));
      }
    } catch (Peers.SilentException e) {
      throw new NotReadyException(String.valueOf(e.getMessage()));
    } catch (StreamsException | IllegalStateException e) {
      throw new NotReadyException(
          "It is not known which instances there are (" + e.getMessage() + ").");
    }
    parts.removeIf(part -> part.partitions().isEmpty());
    checkComplete(parts);
    return join(request, parts);
  }

  private static Part part(HttpResponse<byte[]> answer) throws NotReadyException {
    try {
      if (answer.statusCode() == 200) {
        return Json.MAPPER.readValue(answer.body(), Part.class);
      }
      throw new NotReadyException(
          Json.MAPPER
              .readTree(answer.body())
              .path("detail")
              .asString("Another instance has a fault."));
    } catch (JacksonException _) {
      throw new NotReadyException(
          "The instance at " + answer.uri().getAuthority() + " gives no answer of this version.");
    }
  }

  private void checkComplete(List<Part> parts) throws NotReadyException {
    var seen = new BitSet(partitions);
    for (Part part : parts) {
      for (int partition : part.partitions()) {
        if (seen.get(partition)) {
          throw new NotReadyException("Partition " + partition + " moves between instances.");
        }
        seen.set(partition);
      }
    }
    if (seen.cardinality() != partitions) {
      throw new NotReadyException(
          "No instance has partition " + seen.nextClearBit(0) + " at the moment.");
    }
  }

  private static JobPage join(SearchRequest request, List<Part> parts) {
    var hits = new ArrayList<Part.Hit>();
    long count = 0;
    Instant indexedAt = Instant.MAX;
    var counts = new TreeMap<String, Map<String, Long>>();
    for (Part part : parts) {
      hits.addAll(part.hits());
      count += part.count();
      indexedAt = part.indexedAt().isBefore(indexedAt) ? part.indexedAt() : indexedAt;
      part.facets()
          .forEach((facet, values) -> {
            Map<String, Long> sum = counts.computeIfAbsent(facet, _ -> new HashMap<>());
            values.forEach((value, some) -> sum.merge(value, some, Long::sum));
          });
    }
    hits.sort(Comparator.comparing(Part.Hit::place, request.order().comparator()));
    boolean more = hits.size() > request.limit();
    List<Part.Hit> page = more ? hits.subList(0, request.limit()) : hits;
    Map<String, List<JobPage.ValueCount>> facets = null;
    if (!request.facets().isEmpty()) {
      facets = new TreeMap<>();
      for (Facet facet : request.facets()) {
        facets.put(facet.wireName(), mostFrequent(counts.getOrDefault(facet.wireName(), Map.of())));
      }
    }
    return new JobPage(
        page.stream().map(Part.Hit::job).toList(),
        more ? Cursor.text(request.order(), page.getLast().place()) : null,
        new JobPage.Total(count, true),
        facets,
        indexedAt);
  }

  private static List<JobPage.ValueCount> mostFrequent(Map<String, Long> counts) {
    return counts.entrySet().stream()
        .map(each -> new JobPage.ValueCount(each.getKey(), each.getValue()))
        .sorted(
            Comparator.comparingLong(JobPage.ValueCount::count)
                .reversed()
                .thenComparing(JobPage.ValueCount::value))
        .limit(MAX_FACET_VALUES)
        .toList();
  }
}
