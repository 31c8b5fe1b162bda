package dev.penstock.chaos.real;

import dev.penstock.bench.process.ChildJvm;
import dev.penstock.bench.process.FreePort;
import dev.penstock.topic.Topics;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A broker and the services of Penstock as separate processes, as an operator would start them.
 * Starting returns at once, so that several can start together; {@link #awaitReady} waits for all.
 */
final class Cluster {
  private static final Duration START = Duration.ofMinutes(2);
  private static final String HOST = "127.0.0.1";

  /** Kafka ends a killed worker's transaction after this. */
  private static final String TRANSACTION_TIMEOUT = "4s";

  private final Processes processes;
  private final Topics topics =
      new Topics("penstock.", 4, Duration.ofDays(30), Duration.ofHours(24));
  private final int brokerPort = FreePort.find();
  private final int apiPort = FreePort.find();
  private final int streamsPort = FreePort.find();
  private final Map<ChildJvm, Integer> unready = new LinkedHashMap<>();

  Cluster(Processes processes) {
    this.processes = processes;
  }

  String bootstrap() {
    return HOST + ":" + brokerPort;
  }

  Topics topics() {
    return topics;
  }

  /** Where jobs are submitted. */
  URI api() {
    return uri(apiPort);
  }

  /** Starts a broker, or starts it again on the same data and port, and waits for it. */
  ChildJvm startBroker() throws InterruptedException {
    ChildJvm broker =
        processes.start(
            "broker",
            "dev.penstock.standalone.BrokerMain",
            "512m",
            List.of(
                "--data",
                processes.directory().resolve("broker").toString(),
                "--port",
                String.valueOf(brokerPort)));
    broker.awaitListening(brokerPort, START);
    return broker;
  }

  ChildJvm startApi() {
    return service(
        "api",
        "dev.penstock.api.Main",
        apiPort,
        "api",
        Map.of("api.streams-url", uri(streamsPort).toString()));
  }

  ChildJvm startStreams() {
    return service(
        "streams",
        "dev.penstock.streams.Main",
        streamsPort,
        "streams",
        Map.of("streams.state-dir", processes.directory().resolve("streams").toString()));
  }

  /** A worker with the simulated provider only. */
  ChildJvm startWorker(String id, Map<String, String> settings) {
    var all =
        new HashMap<>(
            Map.of(
                "worker.id", id,
                "worker.transaction-timeout", TRANSACTION_TIMEOUT,
                "worker.provider.local.enabled", "false"));
    all.putAll(settings);
    return service("worker", "dev.penstock.worker.Main", FreePort.find(), id, all);
  }

  /** Waits until every service that was started since the last time says that it is ready. */
  void awaitReady() throws InterruptedException {
    for (Map.Entry<ChildJvm, Integer> service : unready.entrySet()) {
      service.getKey().awaitReady(uri(service.getValue()).resolve("/readyz"), START);
    }
    unready.clear();
  }

  private ChildJvm service(
      String kind, String mainClass, int port, String name, Map<String, String> settings) {
    var all = new HashMap<>(settings);
    all.put("topics.prefix", topics.prefix());
    all.put("topics.partitions", String.valueOf(topics.partitions()));
    all.put(kind + ".port", String.valueOf(port));
    var arguments = new ArrayList<String>(List.of("--bootstrap", bootstrap()));
    all.forEach((key, value) -> {
      arguments.add("--set");
      arguments.add(key + "=" + value);
    });
    ChildJvm child = processes.start(name, mainClass, "256m", arguments);
    unready.put(child, port);
    return child;
  }

  private static URI uri(int port) {
    return URI.create("http://" + HOST + ":" + port);
  }
}
