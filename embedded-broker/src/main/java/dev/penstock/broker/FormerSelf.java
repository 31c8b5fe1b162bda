package dev.penstock.broker;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.BrokerIdNotRegisteredException;
import org.apache.kafka.common.utils.Time;

/**
 * What a broker that was killed leaves behind: a registration that its controller believes in for a
 * whole session (9 s). Until it has run out the broker can't register anew; and when it runs out,
 * the broker, which by then has begun to end the transactions of its former self, loses the leaders
 * of all partitions for a moment. Kafka 4.3.1 takes partitions without a leader for deleted ({@code
 * KRaftMetadataCache.getPartitionLeaderEndpoint} is empty for leader -1, and {@code
 * TransactionMarkerChannelManager} then drops their markers), so that a transaction can hang for
 * ever and its readers and its group's offsets with it.
 *
 * <p>So the controller is started alone first and told to forget the former self. The broker that
 * starts then registers at once, and is no coordinator before all partitions have leaders.
 */
final class FormerSelf {
  /** Written by a broker that was stopped in good order, deleted by the next one at its start. */
  private static final String CLEAN_SHUTDOWN = ".kafka_cleanshutdown";

  private static final String FORMATTED = "meta.properties";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private FormerSelf() {}

  /** Whether the broker that had this directory last was killed. */
  static boolean wasKilled(Path logs) {
    return Files.exists(logs.resolve(FORMATTED)) && !Files.exists(logs.resolve(CLEAN_SHUTDOWN));
  }

  /**
   * Has the controller forget it.
   *
   * @param combined the settings of the broker and controller that will be started
   * @param nodeId of the broker
   * @param controller {@code host:port} of the controller in these settings
   * @throws IllegalStateException when the controller does not do it in time
   */
  static void forget(Properties combined, int nodeId, String controller) {
    var settings = new Properties();
    settings.putAll(combined);
    settings.setProperty("process.roles", "controller");
    settings.setProperty("listeners", "CONTROLLER://" + controller);
    settings.remove("advertised.listeners");
    settings.remove("inter.broker.listener.name");
    var server = new KafkaRaftServer(new KafkaConfig(settings, false), Time.SYSTEM);
    server.startup();
    try (Admin admin = Admin.create(Map.of("bootstrap.controllers", controller))) {
      admin.unregisterBroker(nodeId).all().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      // It was killed before it had registered.
      if (!(e.getCause() instanceof BrokerIdNotRegisteredException)) {
        throw new IllegalStateException("the controller can't forget the killed broker", e);
      }
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "the controller did not forget the killed broker within " + PATIENCE, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a killed broker was forgotten", e);
    } finally {
      server.shutdown();
      server.awaitShutdown();
    }
  }
}
