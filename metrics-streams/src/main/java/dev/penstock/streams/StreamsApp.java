package dev.penstock.streams;

import dev.penstock.lifecycle.Health;
import java.time.Duration;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One Kafka Streams application of this process, and how it is. Thread-safe. */
final class StreamsApp implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StreamsApp.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

  private final String name;
  private final KafkaStreams streams;
  private final StreamFailures failures = new StreamFailures(System::nanoTime);
  private volatile Health health = new Health.NotReady("starting");

  /**
   * @param name as it stands in messages: "the views", for example
   */
  StreamsApp(String name, KafkaStreams streams) {
    this.name = name;
    this.streams = streams;
    streams.setStateListener((now, _) -> health = healthIn(now));
    streams.setUncaughtExceptionHandler(this::onFailure);
  }

  void start() {
    streams.start();
  }

  KafkaStreams streams() {
    return streams;
  }

  Health health() {
    return health;
  }

  /** Leaves the group, so that the other instances take over at once. */
  @Override
  public void close() {
    boolean stopped =
        streams.close(
            CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                .withTimeout(CLOSE_TIMEOUT));
    if (!stopped) {
      log.warn("{} did not stop within {}; what was begun is redone", name, CLOSE_TIMEOUT);
    }
  }

  private Health healthIn(KafkaStreams.State state) {
    if (health instanceof Health.Dead dead) {
      return dead;
    }
    return switch (state) {
      case CREATED -> new Health.NotReady("starting");
      case RUNNING -> Health.READY;
      case REBALANCING -> new Health.NotReady(name + ": restoring state or sharing out partitions");
      case PENDING_SHUTDOWN, NOT_RUNNING -> new Health.NotReady("stopped");
      case PENDING_ERROR, ERROR ->
          new Health.Dead(name + ": Kafka Streams has failed; see the log");
    };
  }

  private StreamThreadExceptionResponse onFailure(Throwable failure) {
    return failures
        .fatal(failure)
        .map(reason -> {
          log.error("{}: the end: {}", name, reason, failure);
          health = new Health.Dead(name + ": " + reason);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        })
        .orElseGet(() -> {
          log.warn("{}: a stream thread failed and is replaced", name, failure);
          return StreamThreadExceptionResponse.REPLACE_THREAD;
        });
  }

  @Override
  public String toString() {
    return name;
  }
}
