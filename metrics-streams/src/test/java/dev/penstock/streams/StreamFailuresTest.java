package dev.penstock.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.StreamsException;
import org.junit.jupiter.api.Test;

final class StreamFailuresTest {
  private final AtomicLong now = new AtomicLong();
  private final StreamFailures failures = new StreamFailures(now::get);

  @Test
  void whatPassesReplacesTheThread() {
    for (Exception passing :
        List.of(
            new StreamsException(new TimeoutException("slow")),
            new DisconnectException("gone"),
            new IllegalStateException("odd"))) {
      assertThat(failures.fatal(passing)).isEmpty();
    }
  }

  @Test
  void whatComesBackEndsTheService() {
    for (Throwable fatal :
        List.of(
            new OutOfMemoryError("heap"),
            new StreamsException(new TopicAuthorizationException("jobs")),
            new StreamsException(new RuntimeException(new NoSuchMethodError("x"))),
            new FencedInstanceIdException("taken"),
            new MissingSourceTopicException("events"),
            new ProcessorStateException("disk full"))) {
      assertThat(failures.fatal(fatal)).as(fatal.toString()).isPresent();
    }
  }

  @Test
  void tooManyPassingFailuresEndTheServiceUntilTheyAreOld() {
    var passing = new StreamsException("again");
    for (int i = 0; i < StreamFailures.MAX_REPLACED; i++) {
      assertThat(failures.fatal(passing)).isEmpty();
    }
    assertThat(failures.fatal(passing)).isPresent();
    now.addAndGet(StreamFailures.WINDOW.plus(Duration.ofSeconds(1)).toNanos());
    assertThat(failures.fatal(passing)).isEmpty();
  }
}
