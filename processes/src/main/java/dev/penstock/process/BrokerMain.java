package dev.penstock.process;

import dev.penstock.broker.EmbeddedBroker;
import java.nio.file.Path;

/** The embedded broker alone, until SIGTERM. */
final class BrokerMain {
  private BrokerMain() {}

  /**
   * Starts the broker; its threads keep the process running.
   *
   * @param args the data directory and the port where clients connect
   */
  public static void main(String[] args) {
    EmbeddedBroker broker = EmbeddedBroker.start(Path.of(args[0]), Integer.parseInt(args[1]));
    Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "broker-stop"));
  }
}
