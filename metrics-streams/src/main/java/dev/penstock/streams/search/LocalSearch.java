package dev.penstock.streams.search;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.MultiReader;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.search.FieldDoc;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopFieldCollectorManager;
import org.apache.lucene.search.TopFieldDocs;

/** Searches the partitions that are here, bounded in time and in number. Thread-safe. */
final class LocalSearch {
  /** How many searches run at once; the others wait for their turn. */
  private static final int MAX_SEARCHES = 8;

  private final Supplier<List<PartitionIndexer>> indexes;
  private final Duration limit;
  private final Semaphore turns = new Semaphore(MAX_SEARCHES);

  /** The search can't be done now. */
  static final class NotReadyException extends Exception {
    private static final long serialVersionUID = 1L;

    NotReadyException(String message) {
      super(message);
    }
  }

  /**
   * @param indexes those of the partitions that are here
   * @param limit how long one search may take
   */
  LocalSearch(Supplier<List<PartitionIndexer>> indexes, Duration limit) {
    this.indexes = indexes;
    this.limit = limit;
  }

  /** What is found in the partitions that are here, all of them. */
  Part search(SearchRequest request) throws NotReadyException, InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    if (!turns.tryAcquire(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new NotReadyException("More searches are asked for than can be done.");
    }
    try {
      return search(request, deadline);
    } catch (IOException e) {
      throw new NotReadyException("The search index can't be read (" + e.getMessage() + ").");
    } finally {
      turns.release();
    }
  }

  private Part search(SearchRequest request, long deadline) throws IOException, NotReadyException {
    List<PartitionIndexer> here = indexes.get();
    var readers = new ArrayList<DirectoryReader>();
    try {
      // Looked at before the documents: they are no older.
      Instant indexedAt = Instant.MAX;
      for (PartitionIndexer each : here) {
        Instant its = each.indexedAt();
        indexedAt = its.isBefore(indexedAt) ? its : indexedAt;
        Optional<DirectoryReader> reader = each.reader();
        if (reader.isEmpty()) {
          throw new NotReadyException(each.why());
        }
        readers.add(reader.get());
      }
      if (here.isEmpty()) {
        return new Part(List.of(), 0, List.of(), Map.of(), Instant.EPOCH);
      }
      Part part = search(request, here, readers, indexedAt, deadline);
      for (PartitionIndexer each : here) {
        if (!each.stay().holds()) {
          throw new NotReadyException(
              "Partition " + each.stay().partition() + " moves to another instance.");
        }
      }
      return part;
    } finally {
      for (DirectoryReader reader : readers) {
        reader.decRef();
      }
    }
  }

  private static Part search(
      SearchRequest request,
      List<PartitionIndexer> here,
      List<DirectoryReader> readers,
      Instant indexedAt,
      long deadline)
      throws IOException, NotReadyException {
    try (var all = new MultiReader(readers.toArray(IndexReader[]::new), false)) {
      var searcher = new IndexSearcher(all);
      searcher.setTimeout(() -> System.nanoTime() - deadline > 0);
      Query query = searcher.rewrite(request.lucene());
      FacetCounts.Counts counts =
          request.facets().isEmpty()
              ? new FacetCounts.Counts(searcher.count(query), Map.of())
              : searcher.search(query, FacetCounts.of(request.facets()));
      List<Part.Hit> hits = counts.count() == 0 ? List.of() : hits(searcher, query, request);
      if (searcher.timedOut()) {
        throw new NotReadyException(
            "The search took too long; ask for less, or with fewer prefixes and similar words.");
      }
      var facets = new HashMap<String, Map<String, Long>>();
      counts.facets().forEach((facet, values) -> facets.put(facet.wireName(), values));
      return new Part(
          here.stream().map(each -> each.stay().partition()).toList(),
          counts.count(),
          hits,
          facets,
          indexedAt);
    }
  }

  private static List<Part.Hit> hits(IndexSearcher searcher, Query query, SearchRequest request)
      throws IOException {
    Place after = request.after();
    FieldDoc last =
        after == null
            ? null
            : new FieldDoc(
                Integer.MAX_VALUE,
                Float.NaN,
                new Object[] {
                  after.value(),
                  after.id().value().getMostSignificantBits(),
                  after.id().value().getLeastSignificantBits()
                });
    TopFieldDocs found =
        searcher.search(
            query,
            new TopFieldCollectorManager(
                request.order().sort(), request.limit() + 1, last, request.limit() + 1));
    StoredFields stored = searcher.storedFields();
    var hits = new ArrayList<Part.Hit>(found.scoreDocs.length);
    for (ScoreDoc each : found.scoreDocs) {
      var document = (FieldDoc) each;
      hits.add(
          new Part.Hit((Long) document.fields[0], JobDocument.summary(stored.document(each.doc))));
    }
    return hits;
  }
}
