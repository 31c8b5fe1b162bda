package dev.penstock.chaos.real;

import static org.awaitility.Awaitility.await;

import dev.penstock.broker.FreePort;
import dev.penstock.process.ChildJvm;
import dev.penstock.process.GroupMembers;
import dev.penstock.process.PenstockCommands;
import dev.penstock.topic.Topics;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;

/**
 * A broker and the services of Penstock as separate processes, as an operator would start them.
 * Starting returns at once, so that several can start together; {@link #awaitReady} waits for all.
 */
final class Cluster {
  private static final Duration START = Duration.ofMinutes(2);
  private static final String API = "api";
  private static final int BROKER_HEAP_MB = 512;
  private static final int SERVICE_HEAP_MB = 256;

  /** Kafka ends a killed worker's transaction after this. */
  private static final String TRANSACTION_TIMEOUT = "4s";

  private final Processes processes;
  private final Topics topics =
      new Topics("penstock.", 4, Duration.ofDays(30), Duration.ofHours(24));
  private final int brokerPort = FreePort.find();
  private final Map<String, Integer> apiPorts = new HashMap<>();
  private final int streamsPort = FreePort.find();
  private final Map<ChildJvm, Integer> unready = new LinkedHashMap<>();
  private final Set<String> newClaimants = new HashSet<>();

  Cluster(Processes processes) {
    this.processes = processes;
  }

  String bootstrap() {
    return PenstockCommands.HOST + ":" + brokerPort;
  }

  Topics topics() {
    return topics;
  }

  /** Looks at the topics until the test ends. */
  Observer observer() {
    return processes.closing(new Observer(bootstrap(), topics));
  }

  /** Where jobs are submitted when there is one intake. */
  URI api() {
    return api(API);
  }

  /** Where jobs are submitted to one of several intakes. */
  URI api(String name) {
    return uri(apiPort(name));
  }

  private int apiPort(String name) {
    return apiPorts.computeIfAbsent(name, _ -> FreePort.find());
  }

  /** Starts a broker, or starts it again on the same data and port, and waits for it. */
  ChildJvm startBroker() throws InterruptedException {
    ChildJvm broker =
        processes.start(
            PenstockCommands.broker(
                processes.directory().resolve("broker"), brokerPort, BROKER_HEAP_MB));
    broker.awaitListening(brokerPort, START);
    return broker;
  }

  ChildJvm startApi() {
    return startApi(API);
  }

  /** One of several intakes. */
  ChildJvm startApi(String name) {
    return service(
        "api",
        name,
        apiPort(name),
        Map.of(
            "api.streams-url",
            uri(streamsPort).toString(),
            "api.min-schedule-interval",
            "1s",
            "api.idempotency-wait",
            "20s"));
  }

  ChildJvm startStreams() {
    return service(
        "streams",
        "streams",
        streamsPort,
        Map.of("streams.state-dir", processes.directory().resolve("streams").toString()));
  }

  /** A worker with the simulated provider only. */
  ChildJvm startWorker(String id, Map<String, String> settings) {
    var all =
        new HashMap<>(
            Map.of(
                "worker.id", id,
                "worker.transaction-timeout", TRANSACTION_TIMEOUT,
                "worker.providers", "simulated"));
    all.putAll(settings);
    newClaimants.add(id + "-claim");
    return service("worker", id, FreePort.find(), all);
  }

  /** A replayer that listens on {@code port}. */
  ChildJvm startReplayer(String name, int port) {
    return service("replayer", name, port, Map.of());
  }

  /**
   * Waits until every service that was started since the last time says that it is ready, and every
   * worker has its share of the jobs: it is ready as soon as it belongs to the group.
   */
  void awaitReady() throws InterruptedException {
    for (Map.Entry<ChildJvm, Integer> service : unready.entrySet()) {
      service.getKey().awaitReady(uri(service.getValue()).resolve("/readyz"), START);
    }
    unready.clear();
    if (!newClaimants.isEmpty()) {
      try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrap()))) {
        await()
            .atMost(START)
            .until(() ->
                GroupMembers.owners(admin, topics.workerGroup(), topics.jobs())
                    .containsAll(newClaimants));
      }
    }
    newClaimants.clear();
  }

  private ChildJvm service(String kind, String name, int port, Map<String, String> settings) {
    var all = new HashMap<>(settings);
    all.put("kafka.bootstrap", bootstrap());
    all.put("topics.prefix", topics.prefix());
    all.put("topics.partitions", String.valueOf(topics.partitions()));
    ChildJvm child =
        processes.start(PenstockCommands.service(kind, name, port, SERVICE_HEAP_MB, all));
    // What was killed before it was awaited never gets ready.
    unready.keySet().removeIf(service -> !service.isAlive());
    unready.put(child, port);
    return child;
  }

  private static URI uri(int port) {
    return URI.create("http://" + PenstockCommands.HOST + ":" + port);
  }
}
