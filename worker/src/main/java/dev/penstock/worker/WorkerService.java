package dev.penstock.worker;

import dev.penstock.config.Settings;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.lifecycle.StartException;
import dev.penstock.runtime.kafka.TopicProvisioner;
import dev.penstock.runtime.ops.HttpEndpoint;
import dev.penstock.runtime.ops.Metrics;
import dev.penstock.runtime.ops.OpsRoutes;
import dev.penstock.runtime.telemetry.Traces;
import dev.penstock.worker.cost.PricedProvider;
import dev.penstock.worker.cost.UsageMeter;
import dev.penstock.worker.provider.Providers;
import dev.penstock.worker.run.Interceptors;
import dev.penstock.worker.settle.Trimmer;
import dev.penstock.worker.thread.SystemThreads;
import java.time.InstantSource;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The worker as a service: a {@link Supervisor}, and what surrounds it in a process of its own. */
public final class WorkerService implements Service {
  private static final Logger log = LoggerFactory.getLogger(WorkerService.class);
  private static final int HALTED = 70;

  private final WorkerConfig config;
  private final Metrics metrics = new Metrics("worker");
  private final Providers providers;
  private final Traces traces;
  private final Supervisor supervisor;
  private final Presence presence;
  private final HttpEndpoint http;
  private final Object lock = new Object();
  private @Nullable Trimmer trimmer;
  private @Nullable Backlog backlog;
  private volatile boolean started;
  private boolean closed;

  private WorkerService(WorkerConfig config) {
    this.config = config;
    var priced =
        PricedProvider.all(
            config.providers().providers(),
            config.providers().prices(),
            new UsageMeter(metrics.registry()),
            InstantSource.system());
    this.providers = new Providers(priced, Interceptors.load());
    this.traces = Traces.of(config.telemetry());
    var machine = machine(traces);
    var clients = new RealKafkaClients(config.kafka(), config.id());
    var measured =
        new WorkerMetrics(
            metrics.registry(),
            config.limits(),
            config.kafka().topics(),
            config.providers().names(),
            config.admission().routes(),
            new WasteMeter(
                metrics.registry(), config.providers().names(), config.providers().prices()));
    this.supervisor = new Supervisor(config, providers, machine, clients, measured);
    this.http =
        new HttpEndpoint(
            "worker-http",
            config.http(),
            server ->
                server.routing(routing -> routing.register(new OpsRoutes(this::health, metrics))));
    this.presence =
        new Presence(
            config, machine, clients, supervisor, measured, metrics.registry(), http::port);
  }

  /**
   * A worker with these settings.
   *
   * @throws dev.penstock.config.ConfigException with everything that is wrong with them
   */
  public static WorkerService of(Settings settings) {
    return new WorkerService(WorkerConfig.read(settings));
  }

  private static Machine machine(Traces traces) {
    RandomGenerator random =
        new RandomGenerator() {
          @Override
          public long nextLong() {
            return ThreadLocalRandom.current().nextLong();
          }
        };
    return new Machine(
        new SystemThreads(),
        InstantSource.system(),
        random,
        random.nextInt() | 1,
        _ -> Runtime.getRuntime().halt(HALTED),
        traces);
  }

  /** Where health and metrics are served; 0 before the start. */
  public int port() {
    return http.port();
  }

  @Override
  public String name() {
    return "worker";
  }

  @Override
  public void start() {
    synchronized (lock) {
      if (started || closed) {
        return;
      }
      new TopicProvisioner(config.kafka()).ensure();
      checkFeatures();
      http.start();
      presence.start();
      providers.warmUp();
      if (!config.budgets().isEmpty() && config.providers().prices().isEmpty()) {
        log.warn(
            "there are budgets (worker.budget.*) but no prices: only calls of providers that tell"
                + " their cost themselves count; set worker.prices-file");
      }
      trimmer = new Trimmer(config.kafka(), config.id());
      backlog = new Backlog(config.kafka(), config.id(), metrics.registry());
      supervisor.start();
      started = true;
      log.info(
          "worker {} has {} slots and takes on {} unfinished jobs of a partition, and {} that wait"
              + " for their due time; providers: {}",
          config.id(),
          config.limits().slots(),
          config.limits().windowJobs(),
          config.limits().waiting().jobs(),
          config.providers().names().stream().sorted().toList());
    }
  }

  /** Ready while it claims; dead when its loop stands still or a person is needed. */
  @Override
  public Health health() {
    return started ? supervisor.health() : new Health.NotReady("not started");
  }

  /**
   * Without the second version of transactions a late request of a dead producer could join its
   * successor's transaction.
   */
  private void checkFeatures() {
    try (Admin admin = Admin.create(config.kafka().clientSettings(config.id() + "-admin"))) {
      var features =
          admin.describeFeatures().featureMetadata().get(30, TimeUnit.SECONDS).finalizedFeatures();
      var transactions = features.get("transaction.version");
      if (transactions == null || transactions.maxVersionLevel() < 2) {
        throw new StartException(
            "the cluster's transaction.version is below 2; raise it with kafka-features.sh upgrade"
                + " --feature transaction.version=2");
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new StartException("can't read the cluster's features: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted while reading the cluster's features", e);
    }
  }

  /** Stops claiming, finishes what runs within the drain's grace, commits, leaves. */
  @Override
  public void close() {
    Trimmer begun;
    Backlog watched;
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      begun = trimmer;
      watched = backlog;
    }
    presence.stopping();
    supervisor.close();
    presence.stop();
    if (begun != null) {
      begun.close();
    }
    if (watched != null) {
      watched.close();
    }
    providers.close();
    http.close();
    metrics.close();
    traces.close();
  }
}
