package dev.penstock.streams.topology;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/**
 * Bounds what RocksDB takes outside the heap: all stores of this JVM share one block cache, which
 * also holds the write buffers, indexes and filters. Without this each store takes up to 100 MB of
 * its own.
 */
public final class RocksDbMemory implements RocksDBConfigSetter {
  /** All of it. */
  static final long TOTAL_BYTES = 64L << 20;

  /** The part of it that write buffers may take before the largest is flushed. */
  static final long WRITE_BUFFER_BYTES = 24L << 20;

  private static final long BUFFER_BYTES = 4L << 20;
  private static final int BUFFERS_PER_STORE = 2;
  private static final long BLOCK_BYTES = 8L << 10;

  /**
   * Made at the first use, because it loads the native library; never closed, as stores share it.
   */
  private static final class Shared {
    static {
      RocksDB.loadLibrary();
    }

    static final Cache CACHE = new LRUCache(TOTAL_BYTES, -1, false, 0.1);
    static final WriteBufferManager BUFFERS = new WriteBufferManager(WRITE_BUFFER_BYTES, CACHE);
  }

  /** Loads the native library now rather than when the first store is opened. */
  public static void load() {
    Shared.CACHE.getUsage();
  }

  @Override
  public void setConfig(String storeName, Options options, Map<String, Object> configs) {
    var table = (BlockBasedTableConfig) options.tableFormatConfig();
    table.setBlockCache(Shared.CACHE);
    table.setBlockSize(BLOCK_BYTES);
    table.setCacheIndexAndFilterBlocks(true);
    table.setCacheIndexAndFilterBlocksWithHighPriority(true);
    table.setPinTopLevelIndexAndFilter(true);
    options.setTableFormatConfig(table);
    options.setWriteBufferManager(Shared.BUFFERS);
    options.setWriteBufferSize(BUFFER_BYTES);
    options.setMaxWriteBufferNumber(BUFFERS_PER_STORE);
  }

  @Override
  public void close(String storeName, Options options) {
    // Cache and buffers belong to all stores.
  }
}
