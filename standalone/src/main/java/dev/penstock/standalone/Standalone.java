package dev.penstock.standalone;

import dev.penstock.api.IntakeService;
import dev.penstock.config.ConfigException;
import dev.penstock.config.Secret;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.lifecycle.ServiceGroup;
import dev.penstock.lifecycle.StartException;
import dev.penstock.replayer.ReplayerService;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.kafka.TopicProvisioner;
import dev.penstock.runtime.logging.Logging;
import dev.penstock.streams.StreamsService;
import dev.penstock.worker.WorkerService;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All of Penstock in one JVM: a Kafka broker on a data directory, and the services on that broker.
 * After a {@code kill -9} it goes on where it was when it is started on the same directory.
 *
 * <p>The broker starts while the services read their settings and load their classes; then the
 * topics are made; then the services start at once.
 */
public final class Standalone implements Service {
  private static final Logger log = LoggerFactory.getLogger(Standalone.class);
  private static final int API_PORT = 8080;
  private static final int WORKER_PORT = 8081;
  private static final int STREAMS_PORT = 8082;
  private static final int REPLAYER_PORT = 8083;
  private static final int MAX_PORT = 65_535;
  private static final Duration READY_WITHIN = Duration.ofMinutes(2);
  private static final Duration READY_POLL = Duration.ofMillis(5);

  private final DataDirectory data;
  private final Supplier<Settings> given;
  private final StartupTimes times;
  private @Nullable ServiceGroup group;
  private @Nullable Addresses addresses;
  private boolean used;
  private volatile boolean closing;

  /**
   * Where things are.
   *
   * @param api the API's address, without a path
   * @param worker where the worker's health and metrics are
   * @param streams where the views' health and metrics are
   * @param replayer where the replayer's health and metrics are
   * @param bootstrap the broker, for Kafka's own tools
   * @param data the data directory
   */
  public record Addresses(
      String api, String worker, String streams, String replayer, String bootstrap, Path data) {}

  private Standalone(Path data, Supplier<Settings> given, StartupTimes times) {
    this.data = new DataDirectory(data);
    this.given = given;
    this.times = times;
  }

  /**
   * A system that keeps everything in {@code data}; nothing runs yet.
   *
   * @param given reads the settings of all services; where the broker is and how the services find
   *     each other is not theirs to say
   * @param times is told what the start-up takes
   */
  static Standalone of(Path data, Supplier<Settings> given, StartupTimes times) {
    return new Standalone(data, given, times);
  }

  @Override
  public String name() {
    return "standalone";
  }

  /** Where things are, once it has started. */
  synchronized Addresses addresses() {
    return Objects.requireNonNull(addresses, "not started");
  }

  /**
   * Returns when jobs are taken, run, and can be read.
   *
   * @throws StartException when a port or the directory is taken, or something does not become
   *     ready; everything is stopped again
   * @throws ConfigException with what is wrong with the settings
   */
  @Override
  public synchronized void start() {
    if (used) {
      return;
    }
    used = true;
    Settings asked = given.get();
    Logging.apply(asked);
    var ports = new Ports();
    Addresses found;
    try {
      found = chooseAddresses(asked, ports);
    } catch (ConfigException e) {
      throw withTheServices(e, asked);
    }
    Settings settings = settings(asked, found);
    // The services' classes are loaded on another processor while the broker starts.
    CompletableFuture<List<Service>> prepared =
        CompletableFuture.supplyAsync(() -> services(settings));
    Service topics;
    try {
      topics = topics(settings);
    } catch (ConfigException e) {
      ports.release();
      throw withTheServices(e, asked);
    }
    var running =
        new ServiceGroup(
            "standalone",
            List.of(
                data,
                new Timed(new BrokerService(data.path(), port(found.bootstrap())), times),
                new Timed(topics, times),
                new Timed(new StartedTogether("services", () -> ready(prepared, ports)), times)));
    group = running;
    try {
      running.start();
      times.time("until ready", () -> awaitReady(running));
    } catch (RuntimeException e) {
      ports.release();
      running.close();
      throw e;
    }
    addresses = found;
    log.info("everything runs on {}: {}", found.data(), times.describe());
  }

  @Override
  public synchronized Health health() {
    return group == null ? new Health.NotReady("not started") : group.health();
  }

  /** Stops the services, then the broker; each within its own bound. */
  @Override
  public void close() {
    closing = true;
    synchronized (this) {
      used = true;
      if (group != null) {
        group.close();
      }
    }
  }

  private Addresses chooseAddresses(Settings asked, Ports ports) {
    SettingsReader reader = asked.reader();
    int api = reader.integer("api.port", API_PORT, 0, MAX_PORT);
    int worker = reader.integer("worker.port", -1, 0, MAX_PORT);
    int streams = reader.integer("streams.port", -1, 0, MAX_PORT);
    int replayer = reader.integer("replayer.port", -1, 0, MAX_PORT);
    int broker = reader.integer("standalone.broker-port", 0, 0, MAX_PORT);
    return reader.build(() ->
        new Addresses(
            local(ports.reserve(ports.exactly(api, "the API", "--port"))),
            local(chosen(ports, worker, WORKER_PORT, "worker.port")),
            local(chosen(ports, streams, STREAMS_PORT, "streams.port")),
            local(chosen(ports, replayer, REPLAYER_PORT, "replayer.port")),
            "127.0.0.1:"
                + ports.exactly(broker, "the Kafka broker", "--set standalone.broker-port=PORT"),
            data.path()));
  }

  /** What was asked for, or else the usual port, or else any that is free. */
  private static int chosen(Ports ports, int asked, int usual, String key) {
    return ports.reserve(
        asked < 0 ? ports.preferably(usual) : ports.exactly(asked, key, "--set " + key + "=PORT"));
  }

  private static Settings settings(Settings asked, Addresses found) {
    var fixed = new HashMap<String, String>();
    fixed.put("kafka.bootstrap", found.bootstrap());
    fixed.put("api.port", String.valueOf(port(found.api())));
    fixed.put("worker.port", String.valueOf(port(found.worker())));
    fixed.put("streams.port", String.valueOf(port(found.streams())));
    fixed.put("replayer.port", String.valueOf(port(found.replayer())));
    fixed.put("api.streams-url", found.streams());
    fixed.put("api.replayer-url", found.replayer());
    fixed.put("streams.api-url", found.api());
    // The API passes on what workers are told, so it has to show the token too.
    Secret token = asked.reader().secret("streams.dashboard-token");
    if (!token.isEmpty()) {
      fixed.put("api.streams-token", token.reveal());
    }
    return asked
        .withDefaults(
            Map.of(
                "topics.partitions", "4",
                // What waits in Kafka waits better than what waits for a thread of the model.
                "worker.slots", "16",
                // The same after a restart, so that it ends at once what a killed one left open.
                "worker.id", "standalone",
                // There is no other worker, and a start ends when this one works.
                "worker.drain-outlives-restart", "false",
                "streams.state-dir", found.data().resolve("streams").toString()))
        .with(fixed);
  }

  /**
   * The services, which are not started.
   *
   * @throws ConfigException with what is wrong with the settings of any of them
   */
  private static List<Service> services(Settings settings) {
    var services = new ArrayList<Service>();
    var errors = new LinkedHashSet<String>();
    List<Function<Settings, Service>> kinds =
        List.of(StreamsService::of, WorkerService::of, ReplayerService::of, IntakeService::of);
    for (Function<Settings, Service> kind : kinds) {
      try {
        services.add(kind.apply(settings));
      } catch (ConfigException e) {
        // They share settings; what is wrong with those is said once.
        errors.addAll(e.errors());
      }
    }
    if (!errors.isEmpty()) {
      throw new ConfigException(List.copyOf(errors));
    }
    return services;
  }

  /** What is wrong already, and with the settings of the services too. */
  private ConfigException withTheServices(ConfigException found, Settings asked) {
    var errors = new LinkedHashSet<>(found.errors());
    String any = local(0);
    try {
      var _ =
          services(settings(asked, new Addresses(any, any, any, any, "127.0.0.1:0", data.path())));
    } catch (ConfigException e) {
      errors.addAll(e.errors());
    }
    return new ConfigException(List.copyOf(errors));
  }

  private static Service topics(Settings settings) {
    SettingsReader reader = settings.reader();
    KafkaConfig kafka = KafkaConfig.read(reader);
    return new TopicsStep(new TopicProvisioner(reader.build(() -> kafka)));
  }

  /** The services, for which the ports are free from now on. */
  private static List<Service> ready(CompletableFuture<List<Service>> prepared, Ports ports) {
    try {
      List<Service> services = prepared.join();
      ports.release();
      return services;
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private void awaitReady(Service service) {
    long deadline = System.nanoTime() + READY_WITHIN.toNanos();
    while (true) {
      switch (service.health()) {
        case Health.Ready _ -> {
          return;
        }
        case Health.Dead(String reason) -> throw new StartException(reason);
        case Health.NotReady(String reason) -> {
          if (closing) {
            throw new StartException("stopped while starting");
          }
          if (System.nanoTime() > deadline) {
            throw new StartException(
                "not ready within " + READY_WITHIN.toSeconds() + " s: " + reason);
          }
          pause();
        }
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(READY_POLL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted while starting", e);
    }
  }

  private static String local(int port) {
    return "http://127.0.0.1:" + port;
  }

  private static int port(String address) {
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }
}
