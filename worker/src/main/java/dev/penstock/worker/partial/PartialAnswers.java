package dev.penstock.worker.partial;

import dev.penstock.codec.JsonCodec;
import dev.penstock.job.PartialAnswer;
import dev.penstock.provider.Progress;
import dev.penstock.provider.ProviderCall;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.thread.Threads;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of answers while they are written. Its thread and its Kafka client begin with the first
 * text; nothing that it does holds up a call or the core. A piece that Kafka does not take in time
 * is lost, and counted. Thread-safe.
 *
 * <p>Pieces are written outside of transactions: they are a glimpse, not part of what happened.
 */
public final class PartialAnswers implements Runnable {
  /** Nothing is told. */
  private static final Telling SILENT =
      new Telling() {
        @Override
        public void came(String added, long chars) {}

        @Override
        public void end() {}
      };

  private static final Logger log = LoggerFactory.getLogger(PartialAnswers.class);
  private static final Duration LONGEST_REST = Duration.ofSeconds(1);

  private final Supplier<Producer<byte[], byte[]>> producers;
  private final String topic;
  private final PartialMetrics metrics;
  private final Breakdown breakdown;
  private final Threads threads;
  private final Throttle throttle;
  private final Threads.Signal news;
  private final Object lock = new Object();
  private Threads.@Nullable Task thread;
  private volatile boolean hasNews;
  private volatile boolean stopped;
  private boolean complained;

  /** Takes one answer. */
  public interface Telling extends Progress {
    /** Nothing more of it is told. May be called more than once, from any thread. */
    void end();
  }

  /**
   * @param producers makes the writer, without transactions, and one that does not wait long
   */
  public PartialAnswers(
      Supplier<Producer<byte[], byte[]>> producers,
      String topic,
      PartialMetrics metrics,
      Breakdown breakdown,
      Threads threads) {
    this.producers = producers;
    this.topic = topic;
    this.metrics = metrics;
    this.breakdown = breakdown;
    this.threads = threads;
    this.throttle = new Throttle(metrics);
    this.news = threads.signal();
  }

  /**
   * Takes the answer to a call, to be {@linkplain Telling#end ended} with it.
   *
   * @param wanted whether its job asked for it
   */
  public Telling telling(ProviderCall call, boolean wanted) {
    if (!wanted) {
      return SILENT;
    }
    Throttle.Answer answer = throttle.begin(call.jobId(), call.generation(), call.attempt());
    return new Telling() {
      @Override
      public void came(String added, long chars) {
        if (answer.came(added, chars, threads.nanoTime())) {
          wake();
        }
      }

      @Override
      public void end() {
        answer.end();
      }
    };
  }

  private void wake() {
    hasNews = true;
    synchronized (lock) {
      if (thread == null && !stopped) {
        thread = threads.platform("worker-progress", this);
        thread.start();
      }
    }
    news.give();
  }

  /** Ends the thread; what was not told yet is not told any more. */
  public void stop(Duration patience) throws InterruptedException {
    Threads.Task running;
    synchronized (lock) {
      stopped = true;
      running = thread;
    }
    news.give();
    if (running != null && !running.join(patience)) {
      log.warn("the thread {} did not end within {}", running.name(), patience);
    }
  }

  @Override
  public void run() {
    try {
      Producer<byte[], byte[]> producer = producers.get();
      try {
        while (!stopped) {
          tellAll(producer);
        }
      } finally {
        // What is under way is not waited for.
        producer.close(Duration.ZERO);
      }
    } catch (RuntimeException e) {
      // Jobs go on without: their outcomes do not depend on it.
      log.warn("answers are not told any more while they are written", e);
    } catch (Error e) {
      breakdown.halt("the thread that tells of answers met " + e);
    }
  }

  private void tellAll(Producer<byte[], byte[]> producer) {
    hasNews = false;
    throttle.due(threads.nanoTime()).forEach(piece -> tell(piece, producer));
    long now = threads.nanoTime();
    long rest = Math.min(throttle.nextAt(now) - now, LONGEST_REST.toNanos());
    if (rest > 0) {
      news.await(() -> hasNews || stopped, rest);
    }
  }

  private void tell(PartialAnswer piece, Producer<byte[], byte[]> producer) {
    if (stopped) {
      return;
    }
    metrics.told();
    try {
      var _ =
          producer.send(
              new ProducerRecord<>(
                  topic,
                  piece.jobId().toString().getBytes(StandardCharsets.UTF_8),
                  JsonCodec.PARTIAL_ANSWERS.encode(piece)),
              (_, e) -> {
                if (e != null) {
                  notTold(e);
                }
              });
    } catch (KafkaException e) {
      notTold(e);
    }
  }

  private void notTold(Exception e) {
    metrics.notTold();
    synchronized (lock) {
      if (complained) {
        return;
      }
      complained = true;
    }
    log.warn(
        "a piece of an answer could not be told, and is left out; others are counted: {}",
        e.toString());
  }
}
