package dev.penstock.runtime.kafka;

import dev.penstock.lifecycle.StartException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.KafkaFuture;

/** Waits for what a broker answers to an admin client, while a service starts. */
final class Answers {
  static final Duration TIMEOUT = Duration.ofSeconds(30);

  private Answers() {}

  /**
   * The answer.
   *
   * @param what completes "can't ..." for the message
   * @throws StartException when it is an error or does not come in time; its cause is the broker's
   */
  static <T> T of(KafkaFuture<T> future, String what) {
    try {
      return future.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new StartException("can't " + what + ": " + cause.getMessage(), cause);
    } catch (TimeoutException e) {
      throw new StartException("can't " + what + ": Kafka did not answer within " + TIMEOUT, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted while trying to " + what, e);
    }
  }
}
