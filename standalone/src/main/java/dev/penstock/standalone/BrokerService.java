package dev.penstock.standalone;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.lifecycle.StartException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The embedded broker as a service. */
final class BrokerService implements Service {
  private final Path directory;
  private final int port;
  private @Nullable EmbeddedBroker broker;
  private boolean used;

  /**
   * @param directory where its data is kept
   * @param port where clients connect
   */
  BrokerService(Path directory, int port) {
    this.directory = directory;
    this.port = port;
  }

  @Override
  public String name() {
    return "broker";
  }

  @Override
  public synchronized void start() {
    if (used) {
      return;
    }
    used = true;
    try {
      broker = EmbeddedBroker.start(directory, port);
    } catch (RuntimeException e) {
      throw new StartException(
          "the Kafka broker can't start on port " + port + ": " + deepest(e), e);
    }
  }

  @Override
  public synchronized Health health() {
    return broker == null ? new Health.NotReady("not started") : Health.READY;
  }

  @Override
  public synchronized void close() {
    used = true;
    if (broker != null) {
      keepQuiet();
      broker.close();
      broker = null;
    }
  }

  /** A broker that stops closes its own clients twice, and says so. */
  private static void keepQuiet() {
    if (LoggerFactory.getLogger("org.apache.kafka.clients.NetworkClient")
        instanceof ch.qos.logback.classic.Logger logger) {
      logger.setLevel(ch.qos.logback.classic.Level.ERROR);
    }
  }

  private static String deepest(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage() == null ? cause : cause.getMessage());
  }
}
