package dev.penstock.api;

import dev.penstock.broker.EmbeddedBroker;
import dev.penstock.config.Settings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A broker, two intakes that share its partitions, and a client of each. */
final class TwoIntakes implements AutoCloseable {
  static final int PARTITIONS = 4;

  final EmbeddedBroker broker;
  final IntakeService one;
  final IntakeService two;
  final Client first;
  final Client second;

  /**
   * Starts them all.
   *
   * @param settings on top of those that reach the broker
   */
  TwoIntakes(Path directory, Map<String, String> settings) {
    broker = EmbeddedBroker.start(directory, 0);
    one = intake(settings);
    two = intake(settings);
    first = new Client(one.port());
    second = new Client(two.port());
  }

  /** One more, started; its caller closes it. */
  IntakeService intake(Map<String, String> settings) {
    var all = new HashMap<>(settings);
    all.put("kafka.bootstrap", broker.bootstrapServers());
    all.put("topics.partitions", String.valueOf(PARTITIONS));
    all.put("api.port", "0");
    // The broker is near and has little to do: nobody waits long before asking again.
    all.put("kafka.client.retry-backoff-ms", "10");
    all.put("kafka.client.fetch-max-wait-ms", "50");
    all.put("api.idempotency-wait", "60s");
    var intake = IntakeService.of(Settings.of(all));
    intake.start();
    return intake;
  }

  @Override
  public void close() {
    first.close();
    second.close();
    two.close();
    one.close();
    broker.close();
  }
}
