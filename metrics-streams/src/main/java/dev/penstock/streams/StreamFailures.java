package dev.penstock.streams;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.TopologyException;

/**
 * Decides what becomes of a stream thread that failed. Fatal is what a new thread would meet again:
 * errors of the JVM, refused credentials, a missing topic, a taken instance id, state that can't be
 * read or written, a version that does not fit; the service is then dead, and its process is
 * started anew by whoever runs it. Everything else counts as passing (Kafka was away or slow, the
 * member was fenced), and the thread is replaced, unless that happened too often lately.
 * Thread-safe.
 */
final class StreamFailures {
  static final int MAX_REPLACED = 10;
  static final Duration WINDOW = Duration.ofMinutes(10);

  private static final int MAX_CAUSES = 20;

  private static final List<Class<? extends Throwable>> FATAL =
      List.of(
          Error.class,
          AuthenticationException.class,
          AuthorizationException.class,
          FencedInstanceIdException.class,
          InvalidConfigurationException.class,
          InvalidTopicException.class,
          MissingSourceTopicException.class,
          ProcessorStateException.class,
          SerializationException.class,
          TopologyException.class,
          UnsupportedVersionException.class);

  private final LongSupplier nanoTime;
  private final Deque<Long> replacedAt = new ArrayDeque<>();

  StreamFailures(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Why the service can't go on after {@code failure}, or nothing when its thread is replaced. */
  synchronized Optional<String> fatal(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++, cause = cause.getCause()) {
      for (Class<? extends Throwable> type : FATAL) {
        if (type.isInstance(cause)) {
          return Optional.of("a stream thread failed for good: " + cause);
        }
      }
    }
    long now = nanoTime.getAsLong();
    while (!replacedAt.isEmpty() && now - replacedAt.getFirst() > WINDOW.toNanos()) {
      replacedAt.removeFirst();
    }
    replacedAt.addLast(now);
    return replacedAt.size() > MAX_REPLACED
        ? Optional.of(
            "stream threads failed more than "
                + MAX_REPLACED
                + " times within "
                + WINDOW
                + ", the last one with "
                + failure)
        : Optional.empty();
  }
}
