package dev.penstock.worker;

import dev.penstock.config.Settings;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.lifecycle.StartException;
import dev.penstock.provider.Provider;
import dev.penstock.runtime.kafka.TopicProvisioner;
import dev.penstock.runtime.ops.HttpEndpoint;
import dev.penstock.runtime.ops.Metrics;
import dev.penstock.runtime.ops.OpsRoutes;
import dev.penstock.worker.core.Breakdown;
import dev.penstock.worker.provider.Providers;
import dev.penstock.worker.settle.Trimmer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker as a service. It runs one {@link Engine} after the other: when one breaks down for a
 * reason that can pass, the next begins from what is committed, after a pause that grows; for a
 * reason that only a person can mend, the service is dead.
 */
public final class WorkerService implements Service {
  private static final Logger log = LoggerFactory.getLogger(WorkerService.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /** How long the core may stand still before the process is to be restarted. */
  private static final Duration STALL = Duration.ofSeconds(60);

  /** An engine that ran this long was well; the pauses begin anew. */
  private static final Duration WELL_AFTER = Duration.ofMinutes(1);

  private static final int HALTED = 70;

  private final WorkerConfig config;
  private final InstantSource clock = InstantSource.system();
  private final Metrics metrics = new Metrics();
  private final Providers providers;
  private final WorkerMetrics workerMetrics;
  private final HttpEndpoint http;
  private final Object lock = new Object();
  private @Nullable Thread supervisor;
  private @Nullable Engine engine;
  private @Nullable Trimmer trimmer;
  private boolean broken;
  private boolean closing;
  private boolean closed;
  private volatile Health health = new Health.NotReady("not started");

  private WorkerService(WorkerConfig config) {
    this.config = config;
    this.providers = new Providers(config.providers());
    var names = new HashSet<String>();
    for (Provider provider : config.providers()) {
      names.add(provider.name());
    }
    this.workerMetrics = new WorkerMetrics(metrics.registry(), config.limits(), names);
    this.http =
        new HttpEndpoint(
            "worker-http",
            config.http(),
            server ->
                server.routing(routing -> routing.register(new OpsRoutes(this::health, metrics))));
  }

  /**
   * A worker with these settings.
   *
   * @throws dev.penstock.config.ConfigException with everything that is wrong with them
   */
  public static WorkerService of(Settings settings) {
    return new WorkerService(WorkerConfig.read(settings));
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
      if (supervisor != null || closing) {
        return;
      }
      health = new Health.NotReady("starting");
      new TopicProvisioner(config.kafka()).ensure();
      checkFeatures();
      http.start();
      providers.warmUp();
      trimmer = new Trimmer(config.kafka(), config.id());
      supervisor = Thread.ofPlatform().daemon().name("worker-supervisor").start(this::supervise);
      log.info(
          "worker {} has {} slots and takes on {} unfinished jobs of a partition; providers: {}",
          config.id(),
          config.limits().slots(),
          config.limits().windowJobs(),
          config.providers().stream().map(Provider::name).sorted().toList());
    }
  }

  /** Ready while it claims; dead when its loop stands still or a person is needed. */
  @Override
  public Health health() {
    Health now = health;
    Engine running;
    synchronized (lock) {
      running = engine;
    }
    if (!(now instanceof Health.Ready) || running == null) {
      return now;
    }
    Duration still = Duration.between(running.turnedAt(), clock.instant());
    if (still.compareTo(STALL) > 0) {
      return new Health.Dead("the core has stood still for " + still.toSeconds() + " s");
    }
    return running.isAssigned() ? now : new Health.NotReady("no partitions are assigned yet");
  }

  private void supervise() {
    Duration pause = FIRST_PAUSE;
    while (true) {
      Instant began = clock.instant();
      runOneEngine();
      synchronized (lock) {
        if (closing || health instanceof Health.Dead) {
          return;
        }
      }
      boolean wasWell = Duration.between(began, clock.instant()).compareTo(WELL_AFTER) > 0;
      pause = wasWell ? FIRST_PAUSE : longer(pause);
      if (!sleep(pause)) {
        return;
      }
    }
  }

  private void runOneEngine() {
    Engine running;
    try {
      running = begin();
    } catch (RuntimeException e) {
      log.warn("the worker can't begin yet: {}", e.getMessage());
      health = new Health.NotReady("can't begin: " + e.getMessage());
      return;
    }
    boolean drain;
    synchronized (lock) {
      while (!broken && !closing) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          closing = true;
        }
      }
      drain = !broken;
      engine = null;
    }
    if (drain) {
      running.drain();
      running.close();
    } else {
      running.abandon();
    }
  }

  private Engine begin() {
    synchronized (lock) {
      broken = false;
    }
    var begun = new Engine(config, providers, workerMetrics, topicIds(), clock, new Reaction());
    synchronized (lock) {
      engine = begun;
      if (!broken) {
        health = Health.READY;
      }
    }
    return begun;
  }

  private Map<String, Uuid> topicIds() {
    try (Admin admin = Admin.create(config.kafka().clientSettings(config.id() + "-admin"))) {
      var topics = config.kafka().topics().claimed();
      var described = admin.describeTopics(topics).allTopicNames().get(30, TimeUnit.SECONDS);
      var ids = new java.util.HashMap<String, Uuid>();
      described.forEach((name, description) -> ids.put(name, description.topicId()));
      return ids;
    } catch (ExecutionException | TimeoutException e) {
      throw new StartException("can't describe the topics: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted while describing the topics", e);
    }
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

  private final class Reaction implements Breakdown {
    @Override
    public void restart(String reason, Throwable cause) {
      synchronized (lock) {
        if (closing || broken) {
          return;
        }
        log.warn("the worker begins anew from what is committed: {}", reason, cause);
        health = new Health.NotReady("begins anew: " + reason);
        broken = true;
        lock.notifyAll();
      }
    }

    @Override
    public void die(String reason) {
      synchronized (lock) {
        log.error("the worker stops: {}", reason);
        health = new Health.Dead(reason);
        broken = true;
        lock.notifyAll();
      }
    }

    @Override
    public void halt(String reason) {
      log.error("the process halts at once: {}", reason);
      Runtime.getRuntime().halt(HALTED);
    }
  }

  private static Duration longer(Duration pause) {
    Duration doubled = pause.multipliedBy(2);
    return doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
  }

  /** Whether the sleep was slept out. */
  private boolean sleep(Duration pause) {
    Instant until = clock.instant().plus(pause);
    synchronized (lock) {
      try {
        for (long left = pause.toMillis();
            left > 0 && !closing;
            left = Duration.between(clock.instant(), until).toMillis()) {
          lock.wait(left);
        }
        return !closing;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  /** Stops claiming, finishes what runs within the drain's grace, commits, leaves. */
  @Override
  public void close() {
    Thread waited;
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      closing = true;
      if (!(health instanceof Health.Dead)) {
        health = new Health.NotReady("stopping");
      }
      waited = supervisor;
      lock.notifyAll();
    }
    if (waited != null) {
      try {
        waited.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    if (trimmer != null) {
      trimmer.close();
    }
    providers.close();
    http.close();
    metrics.close();
  }
}
