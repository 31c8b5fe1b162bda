package dev.penstock.streams.search;

import dev.penstock.job.JobId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.LongField;
import org.apache.lucene.index.ConcurrentMergeScheduler;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The index of one partition on disk. What is written is found after {@link #refresh}, and survives
 * the process after {@link #commit}. One thread writes; any thread searches.
 */
final class PartitionIndex implements AutoCloseable {
  /** Of what is indexed and how; an index of another one is built anew. */
  static final String FORMAT = "1";

  private static final Logger log = LoggerFactory.getLogger(PartitionIndex.class);
  private static final String FORMAT_KEY = "format";
  private static final String TEXTS_KEY = "texts";

  /** What is written is flushed at each refresh anyway. */
  private static final double BUFFER_MB = 16;

  private static final int MAX_MERGES = 3;

  private final Directory directory;
  private final IndexWriter writer;
  private final SearcherManager searchers;
  private final SearchText texts;
  private final Optional<Offsets> committed;

  private PartitionIndex(
      Directory directory,
      IndexWriter writer,
      SearcherManager searchers,
      SearchText texts,
      Optional<Offsets> committed) {
    this.directory = directory;
    this.writer = writer;
    this.searchers = searchers;
    this.texts = texts;
    this.committed = committed;
  }

  /**
   * The index in {@code path} as it was committed last; an empty one where there is none, or one
   * that this version can't go on with.
   */
  static PartitionIndex open(Path path, SearchText texts) throws IOException {
    Files.createDirectories(path);
    PartitionIndex opened = null;
    try {
      opened = open(path, texts, IndexWriterConfig.OpenMode.CREATE_OR_APPEND);
      if (opened.committed.isPresent() || opened.isEmpty()) {
        return opened;
      }
      log.info("the search index in {} is incomplete or of another format: built anew", path);
      opened.close();
    } catch (IOException | IllegalArgumentException e) {
      // Lucene says IllegalArgumentException for fields of another form than they had.
      if (opened != null) {
        throw e;
      }
      log.warn("the search index in {} can't be read and is built anew", path, e);
    }
    return create(path, texts);
  }

  /** An empty index in {@code path}, whatever was there. */
  static PartitionIndex create(Path path, SearchText texts) throws IOException {
    delete(path);
    Files.createDirectories(path);
    return open(path, texts, IndexWriterConfig.OpenMode.CREATE);
  }

  private static PartitionIndex open(
      Path path, SearchText texts, IndexWriterConfig.OpenMode openMode) throws IOException {
    var merges = new ConcurrentMergeScheduler();
    merges.setMaxMergesAndThreads(MAX_MERGES, 1);
    Directory directory = new MMapDirectory(path);
    try {
      var writer =
          new IndexWriter(
              directory,
              new IndexWriterConfig(new Words())
                  .setOpenMode(openMode)
                  .setMergeScheduler(merges)
                  .setRAMBufferSizeMB(BUFFER_MB)
                  // A commit says how far it is; one that came by itself would not.
                  .setCommitOnClose(false));
      try {
        return new PartitionIndex(
            directory, writer, new SearcherManager(writer, null), texts, read(writer, texts));
      } catch (IOException | RuntimeException e) {
        writer.rollback();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  private static Optional<Offsets> read(IndexWriter writer, SearchText texts) {
    var data = new HashMap<String, String>();
    Iterable<Map.Entry<String, String>> live = writer.getLiveCommitData();
    if (live != null) {
      live.forEach(entry -> data.put(entry.getKey(), entry.getValue()));
    }
    return FORMAT.equals(data.get(FORMAT_KEY)) && texts.wireName().equals(data.get(TEXTS_KEY))
        ? Offsets.parse(data)
        : Optional.empty();
  }

  /** Deletes what is in {@code path}. */
  static void delete(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** How far the commit is that it was opened with; nothing for an empty index. */
  Optional<Offsets> committed() {
    return committed;
  }

  /** Writes a job in place of what there was of it. */
  void put(JobId id, Document document) throws IOException {
    writer.updateDocument(JobDocument.term(id), document);
  }

  void remove(JobId id) throws IOException {
    writer.deleteDocuments(JobDocument.term(id));
  }

  /** Removes the jobs that ended before; false when there are none. */
  boolean removeFinishedBefore(Instant before) throws IOException {
    Query ended =
        LongField.newRangeQuery(
            SortKey.FINISHED_AT.field(), Long.MIN_VALUE, before.toEpochMilli() - 1);
    IndexSearcher searcher = searchers.acquire();
    try {
      if (searcher.count(ended) == 0) {
        return false;
      }
    } finally {
      searchers.release(searcher);
    }
    writer.deleteDocuments(ended);
    refresh();
    return true;
  }

  /** What is known of a job since the last refresh, beside its life. */
  Optional<Submitted> submitted(JobId id) throws IOException {
    IndexSearcher searcher = searchers.acquire();
    try {
      TopDocs found = searcher.search(new TermQuery(JobDocument.term(id)), 1);
      return found.scoreDocs.length == 0
          ? Optional.empty()
          : Optional.of(
              JobDocument.submitted(searcher.storedFields().document(found.scoreDocs[0].doc)));
    } finally {
      searchers.release(searcher);
    }
  }

  /** Lets searches find what was written. */
  void refresh() throws IOException {
    searchers.maybeRefreshBlocking();
  }

  /** Keeps what was written, and that it holds everything below {@code offsets}. */
  void commit(Offsets offsets) throws IOException {
    var data = new HashMap<>(offsets.toText());
    data.put(FORMAT_KEY, FORMAT);
    data.put(TEXTS_KEY, texts.wireName());
    writer.setLiveCommitData(List.copyOf(data.entrySet()));
    writer.commit();
  }

  /** The documents that searches find now; to be closed. */
  DirectoryReader reader() throws IOException {
    IndexSearcher searcher = searchers.acquire();
    try {
      var reader = (DirectoryReader) searcher.getIndexReader();
      reader.incRef();
      return reader;
    } finally {
      searchers.release(searcher);
    }
  }

  /** Bytes on disk. */
  long bytes() throws IOException {
    long bytes = 0;
    for (String file : directory.listAll()) {
      try {
        bytes += directory.fileLength(file);
      } catch (java.nio.file.NoSuchFileException _) {
        // Merged away meanwhile.
      }
    }
    return bytes;
  }

  private boolean isEmpty() {
    return writer.getDocStats().maxDoc == 0;
  }

  /** Forgets what was not committed. */
  @Override
  public void close() throws IOException {
    try {
      searchers.close();
    } finally {
      try {
        writer.rollback();
      } finally {
        directory.close();
      }
    }
  }
}
