package dev.penstock.standalone.demo;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which passages are nearest to each other by the cosine of their vectors. */
final class Neighbours {
  private final List<Passage> passages = new ArrayList<>();
  private final List<float[]> vectors = new ArrayList<>();

  /**
   * @param vectorOf the vector of each passage, of unit length
   */
  Neighbours(Map<Passage, float[]> vectorOf) {
    new LinkedHashMap<>(vectorOf)
        .forEach((passage, vector) -> {
          passages.add(passage);
          vectors.add(vector);
        });
  }

  /** A passage and how near it is, -1 to 1. */
  record Near(Passage passage, double cosine) {}

  List<Passage> passages() {
    return passages;
  }

  /** The {@code count} nearest to {@code passage}, the nearest first. */
  List<Near> of(Passage passage, int count) {
    int own = passages.indexOf(passage);
    var all = new ArrayList<Near>();
    for (int i = 0; i < passages.size(); i++) {
      if (i != own) {
        all.add(new Near(passages.get(i), cosine(vectors.get(own), vectors.get(i))));
      }
    }
    all.sort(Comparator.comparingDouble(Near::cosine).reversed());
    return all.subList(0, Math.min(count, all.size()));
  }

  /** The share of passages whose nearest one is from the same work, 0 to 1. */
  double fromSameWork() {
    long same =
        passages.stream()
            .filter(passage ->
                of(passage, 1).stream()
                    .anyMatch(near -> near.passage().source().equals(passage.source())))
            .count();
    return passages.isEmpty() ? 0 : (double) same / passages.size();
  }

  /** What that share would be if the nearest were chosen by lot. */
  double byChance() {
    var works = new HashMap<String, Integer>();
    passages.forEach(passage -> works.merge(passage.source(), 1, Integer::sum));
    int n = passages.size();
    return n < 2
        ? 0
        : works.values().stream().mapToDouble(count -> (double) count * (count - 1)).sum()
            / ((double) n * (n - 1));
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    for (int i = 0; i < Math.min(a.length, b.length); i++) {
      dot += a[i] * b[i];
    }
    return dot;
  }
}
