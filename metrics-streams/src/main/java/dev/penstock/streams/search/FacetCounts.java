package dev.penstock.streams.search;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.SortedSetDocValues;
import org.apache.lucene.search.CollectorManager;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.SimpleCollector;

/** Counts the jobs that match, in all and by the values of facets. Exact. */
final class FacetCounts extends SimpleCollector {
  private final List<Counter> counters = new ArrayList<>();
  private long count;

  private FacetCounts(Set<Facet> facets) {
    facets.forEach(facet -> counters.add(new Counter(facet)));
  }

  /** Of one facet; ordinals are those of a segment. */
  private static final class Counter {
    private final Facet facet;
    private final Map<String, Long> counts = new HashMap<>();
    private SortedSetDocValues values = DocValues.emptySortedSet();
    private int[] byOrdinal = new int[0];

    Counter(Facet facet) {
      this.facet = facet;
    }

    void next(LeafReaderContext segment) throws IOException {
      finish();
      values = DocValues.getSortedSet(segment.reader(), facet.field());
      byOrdinal = new int[Math.toIntExact(values.getValueCount())];
    }

    void count(int document) throws IOException {
      if (values.advanceExact(document)) {
        for (int i = values.docValueCount(); i > 0; i--) {
          byOrdinal[(int) values.nextOrd()]++;
        }
      }
    }

    void finish() throws IOException {
      for (int ordinal = 0; ordinal < byOrdinal.length; ordinal++) {
        if (byOrdinal[ordinal] > 0) {
          counts.merge(
              values.lookupOrd(ordinal).utf8ToString(), (long) byOrdinal[ordinal], Long::sum);
        }
      }
      byOrdinal = new int[0];
    }
  }

  /**
   * What was counted.
   *
   * @param count how many match
   */
  record Counts(long count, Map<Facet, Map<String, Long>> facets) {}

  /** Makes one and says what it counted. */
  static CollectorManager<FacetCounts, Counts> of(Set<Facet> facets) {
    return new CollectorManager<>() {
      @Override
      public FacetCounts newCollector() {
        return new FacetCounts(facets);
      }

      @Override
      public Counts reduce(Collection<FacetCounts> collectors) throws IOException {
        long count = 0;
        var byFacet = new EnumMap<Facet, Map<String, Long>>(Facet.class);
        for (FacetCounts each : collectors) {
          count += each.count;
          for (Counter counter : each.counters) {
            counter.finish();
            Map<String, Long> sum = byFacet.computeIfAbsent(counter.facet, _ -> new HashMap<>());
            counter.counts.forEach((value, some) -> sum.merge(value, some, Long::sum));
          }
        }
        return new Counts(count, byFacet);
      }
    };
  }

  @Override
  protected void doSetNextReader(LeafReaderContext segment) throws IOException {
    for (Counter counter : counters) {
      counter.next(segment);
    }
  }

  @Override
  public void collect(int document) throws IOException {
    count++;
    for (Counter counter : counters) {
      counter.count(document);
    }
  }

  @Override
  public ScoreMode scoreMode() {
    return ScoreMode.COMPLETE_NO_SCORES;
  }
}
