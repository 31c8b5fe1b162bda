package dev.penstock.worker.thread;

import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that reads a log and writes to it. It and its Kafka clients begin when they are first
 * needed. Thread-safe.
 */
public final class LogThread {
  private static final Logger log = LoggerFactory.getLogger(LogThread.class);

  private final String name;
  private final Supplier<Consumer<byte[], byte[]>> consumers;
  private final Supplier<Producer<byte[], byte[]>> producers;
  private final Threads threads;
  private final Runnable body;
  private final Object lock = new Object();
  private Threads.@Nullable Task thread;
  private @Nullable Consumer<byte[], byte[]> reading;
  private volatile boolean stopped;

  /**
   * @param consumers makes the reader
   * @param producers makes the writer
   * @param body what the thread does; ends soon after {@link #isStopped}
   */
  public LogThread(
      String name,
      Supplier<Consumer<byte[], byte[]>> consumers,
      Supplier<Producer<byte[], byte[]>> producers,
      Threads threads,
      Runnable body) {
    this.name = name;
    this.consumers = consumers;
    this.producers = producers;
    this.threads = threads;
    this.body = body;
  }

  /** Begins the thread, or wakes its reader where it has begun. Never blocks. */
  public void wake() {
    synchronized (lock) {
      if (stopped) {
        return;
      }
      if (thread == null) {
        thread = threads.platform(name, body);
        thread.start();
      } else if (reading != null) {
        reading.wakeup();
      }
    }
  }

  /** Whether it is to end. */
  public boolean isStopped() {
    return stopped;
  }

  /** Ends the thread. */
  public void stop(Duration patience) throws InterruptedException {
    Threads.Task running;
    synchronized (lock) {
      stopped = true;
      running = thread;
      if (reading != null) {
        reading.wakeup();
      }
    }
    if (running != null && !running.join(patience)) {
      log.warn("the thread {} did not end within {}", running.name(), patience);
    }
  }

  /**
   * Makes the clients and closes them afterwards. Called by the body.
   *
   * @param following reads and writes until the thread is stopped; only it is woken
   * @param last writes what is left
   */
  public void withClients(
      BiConsumer<Consumer<byte[], byte[]>, Producer<byte[], byte[]>> following,
      java.util.function.Consumer<Producer<byte[], byte[]>> last) {
    try (Consumer<byte[], byte[]> consumer = consumers.get();
        Producer<byte[], byte[]> producer = producers.get()) {
      synchronized (lock) {
        reading = consumer;
      }
      try {
        following.accept(consumer, producer);
      } finally {
        synchronized (lock) {
          reading = null;
        }
      }
      last.accept(producer);
    }
  }
}
