package dev.penstock.replayer.plan;

import dev.penstock.replay.PlanRecord.Share;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Divides what a plan may do at once among the partitions, without any talk between those who
 * decide about them: by how many each of them has of the stage's dead letters.
 */
final class Shares {
  private Shares() {}

  /**
   * How many each partition may have in flight: together {@code whole}, by largest remainder, and
   * at least one each, even where {@code whole} is less than there are partitions.
   *
   * @param stage the shares of one stage
   */
  static Map<Integer, Integer> inFlight(int whole, List<Share> stage) {
    long all = stage.stream().mapToLong(Share::count).sum();
    int free = Math.max(0, whole - stage.size());
    var divided = new TreeMap<Integer, Integer>();
    var remainders = new ArrayList<Map.Entry<Integer, Double>>();
    int given = 0;
    for (Share share : stage) {
      double exact = (double) free * share.count() / all;
      int base = (int) exact;
      divided.put(share.partition(), 1 + base);
      remainders.add(Map.entry(share.partition(), exact - base));
      given += base;
    }
    remainders.sort(
        Comparator.<Map.Entry<Integer, Double>>comparingDouble(each -> -each.getValue())
            .thenComparing(Map.Entry::getKey));
    for (int i = 0; i < Math.min(free - given, remainders.size()); i++) {
      divided.merge(remainders.get(i).getKey(), 1, Integer::sum);
    }
    return divided;
  }
}
