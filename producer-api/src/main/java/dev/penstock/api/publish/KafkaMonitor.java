package dev.penstock.api.publish;

import dev.penstock.lifecycle.Health;
import dev.penstock.runtime.kafka.KafkaConfig;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * Asks Kafka about the jobs topic every second, so that readiness is known without a request.
 * Thread-safe.
 */
public final class KafkaMonitor implements AutoCloseable {
  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(3);

  /** Without an answer for this long the intake is not ready. */
  private static final Duration AWAY = Duration.ofSeconds(5);

  private final KafkaConfig kafka;
  private volatile long lastAnswerNanos;
  private @Nullable Admin admin;
  private @Nullable Thread thread;

  public KafkaMonitor(KafkaConfig kafka) {
    this.kafka = kafka;
  }

  /** Begins to ask; Kafka has just answered. */
  public synchronized void start() {
    lastAnswerNanos = System.nanoTime();
    Admin asked = Admin.create(kafka.clientSettings("penstock-intake-monitor"));
    admin = asked;
    thread = Thread.ofVirtual().name("intake-kafka-monitor").start(() -> run(asked));
  }

  /** Whether Kafka has answered lately. */
  public Health health() {
    long silentNanos = System.nanoTime() - lastAnswerNanos;
    return silentNanos < AWAY.toNanos()
        ? Health.READY
        : new Health.NotReady(
            "Kafka at "
                + kafka.bootstrap()
                + " has not answered for "
                + TimeUnit.NANOSECONDS.toSeconds(silentNanos)
                + " s");
  }

  private void run(Admin asked) {
    var options = new DescribeTopicsOptions().timeoutMs((int) ANSWER_TIMEOUT.toMillis());
    try {
      while (true) {
        try {
          var _ =
              asked
                  .describeTopics(java.util.List.of(kafka.topics().jobs()), options)
                  .allTopicNames()
                  .get(ANSWER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
          lastAnswerNanos = System.nanoTime();
        } catch (ExecutionException | TimeoutException | KafkaException _) {
          // health() tells how long ago the last answer was.
        }
        Thread.sleep(PERIOD);
      }
    } catch (InterruptedException _) {
      // closed
    }
  }

  @Override
  public synchronized void close() {
    if (thread != null) {
      thread.interrupt();
    }
    if (admin != null) {
      admin.close(Duration.ofSeconds(1));
    }
  }
}
