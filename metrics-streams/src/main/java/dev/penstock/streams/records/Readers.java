package dev.penstock.streams.records;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.jspecify.annotations.Nullable;

/** The few Kafka readers that requests share, each used by one request at a time. Thread-safe. */
final class Readers implements AutoCloseable {
  private static final int MOST = 2;
  private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);

  private final Supplier<Consumer<byte[], byte[]>> making;
  private final Semaphore free = new Semaphore(MOST);
  private final Deque<Consumer<byte[], byte[]>> idle = new ArrayDeque<>();
  private boolean closed;

  Readers(Supplier<Consumer<byte[], byte[]>> making) {
    this.making = making;
  }

  /** A reader, to be given back; nothing when none gets free in time. */
  Optional<Consumer<byte[], byte[]>> borrow(Duration patience) throws InterruptedException {
    if (!free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
      return Optional.empty();
    }
    boolean borrowed = false;
    try {
      Consumer<byte[], byte[]> reader = takeIdle();
      Consumer<byte[], byte[]> made = reader == null ? making.get() : reader;
      borrowed = true;
      return Optional.of(made);
    } finally {
      if (!borrowed) {
        free.release();
      }
    }
  }

  private synchronized @Nullable Consumer<byte[], byte[]> takeIdle() {
    return idle.poll();
  }

  /**
   * @param sound whether it can be used again
   */
  void giveBack(Consumer<byte[], byte[]> reader, boolean sound) {
    boolean kept = false;
    synchronized (this) {
      if (sound && !closed) {
        idle.push(reader);
        kept = true;
      }
    }
    if (!kept) {
      reader.close(CloseOptions.timeout(CLOSE_WITHIN));
    }
    free.release();
  }

  @Override
  public void close() {
    while (true) {
      Consumer<byte[], byte[]> reader;
      synchronized (this) {
        closed = true;
        reader = idle.poll();
      }
      if (reader == null) {
        return;
      }
      reader.close(CloseOptions.timeout(CLOSE_WITHIN));
    }
  }
}
