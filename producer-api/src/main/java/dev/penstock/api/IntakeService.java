package dev.penstock.api;

import dev.penstock.api.http.ApiServer;
import dev.penstock.api.http.FormerJobViews;
import dev.penstock.api.http.Intake;
import dev.penstock.api.http.ServiceClient;
import dev.penstock.api.idempotency.KeyedIntake;
import dev.penstock.api.publish.Acceptance;
import dev.penstock.api.publish.JobPublisher;
import dev.penstock.api.publish.KafkaMonitor;
import dev.penstock.api.publish.PlainIntake;
import dev.penstock.api.publish.TraceContext;
import dev.penstock.api.schedule.Schedules;
import dev.penstock.config.Settings;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.runtime.kafka.TopicProvisioner;
import dev.penstock.runtime.ops.Metrics;
import dev.penstock.runtime.ownership.Neighbours;
import dev.penstock.runtime.ownership.PartitionOwnership;
import dev.penstock.runtime.telemetry.Span;
import dev.penstock.runtime.telemetry.SpanKind;
import dev.penstock.runtime.telemetry.Traces;
import dev.penstock.submission.Contract;
import dev.penstock.submission.JobRequest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Takes jobs over HTTP and makes them durable. Read this first: it names every part and the order
 * in which they start. Thread-safe.
 */
public final class IntakeService implements Service {
  private final ApiConfig config;
  private final InstantSource clock;
  private final KafkaMonitor monitor;
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private boolean used;
  private volatile @Nullable ApiServer server;
  private volatile boolean stopping;

  private IntakeService(ApiConfig config, InstantSource clock) {
    this.config = config;
    this.clock = clock;
    this.monitor = new KafkaMonitor(config.kafka());
  }

  /**
   * An intake that is not started.
   *
   * @throws dev.penstock.config.ConfigException with everything that is wrong with the settings
   */
  public static IntakeService of(Settings settings) {
    return new IntakeService(ApiConfig.read(settings), InstantSource.system());
  }

  @Override
  public String name() {
    return "api";
  }

  /** The port that it listens on; 0 before the start. */
  public int port() {
    ApiServer started = server;
    return started == null ? 0 : started.port();
  }

  /** {@code METHOD /path} of every operation that it serves; none before the start. */
  List<String> operations() {
    ApiServer started = server;
    return started == null ? List.of() : started.operations();
  }

  @Override
  public synchronized void start() {
    if (used) {
      return;
    }
    used = true;
    try {
      run();
    } catch (RuntimeException e) {
      try {
        close();
      } catch (RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private void run() {
    new TopicProvisioner(config.kafka()).ensure();
    Traces traces = opened(Traces.of(config.telemetry()));
    var metrics = opened(new Metrics("api"));
    opened(monitor).start();
    var publisher =
        opened(new JobPublisher(config.kafka(), config.publishTimeout(), metrics.registry()));
    var plain = new PlainIntake(publisher, clock, config.defaultModel());
    var neighbours = opened(new Neighbours());
    var ownership =
        new PartitionOwnership(
            config.kafka(),
            new PartitionOwnership.Role(
                config.kafka().topics().intakeGroup(),
                config.kafka().topics().idempotency(),
                "intake",
                "keys and schedules"));
    var keyed =
        opened(
            new KeyedIntake(
                new KeyedIntake.Settings(
                    config.kafka(),
                    config.defaultModel(),
                    config.publishTimeout(),
                    config.keys().patience(),
                    config.keys().maxPerPartition()),
                clock,
                ownership,
                neighbours));
    var contract = Contract.load();
    Thread.ofVirtual().name("intake-contract").start(contract::warmUp);
    var views = opened(ServiceClient.ofViews(config.streams(), config.streamsToken()));
    var replayers = opened(ServiceClient.ofReplayers(config.replayers()));
    var schedules =
        opened(
            new Schedules(
                new Schedules.Settings(
                    config.kafka(),
                    config.defaultModel(),
                    config.publishTimeout(),
                    config.keys().patience(),
                    config.recurring().maxPerPartition(),
                    config.recurring().minInterval()),
                new Schedules.Parts(
                    contract,
                    clock,
                    ownership,
                    neighbours,
                    new FormerJobViews(views),
                    metrics.registry(),
                    () -> newTrace(traces))));
    // Closed before those who are told what it owns: the group knows first.
    opened(ownership);
    var parts =
        new ApiServer.Parts(
            contract,
            traced(new Submissions(plain, keyed), traces),
            publisher,
            schedules,
            views,
            replayers,
            metrics,
            config.defaultModel(),
            this::health,
            traces);
    var http = opened(ApiServer.of(config.http(), config.limits(), clock, parts));
    http.start();
    server = http;
    ownership.start(
        config
            .advertised()
            .orElseGet(() -> config.http().reachableAt(http.port(), "api.advertised-url")));
  }

  private Intake traced(Intake intake, Traces traces) {
    return traces.isOn()
        ? new TracedIntake(intake, traces, config.kafka().topics(), clock)
        : intake;
  }

  /** Of a job that nobody submits: its schedule fires it. */
  private String newTrace(Traces traces) {
    if (!traces.isOn()) {
      return TraceContext.continueOrStart("");
    }
    Instant now = clock.instant();
    Span span = traces.begin(SpanKind.INTERNAL, "fire", null, now);
    span.end(now);
    return span.traceparent();
  }

  private <T extends AutoCloseable> T opened(T part) {
    running.push(part);
    return part;
  }

  @Override
  public Health health() {
    ApiServer started = server;
    if (stopping) {
      return new Health.NotReady("stopping");
    }
    if (started == null) {
      return new Health.NotReady("starting");
    }
    return started.health() instanceof Health.Ready ? monitor.health() : started.health();
  }

  @Override
  public synchronized void close() {
    used = true;
    stopping = true;
    RuntimeException failure = null;
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("the intake did not stop cleanly", e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Jobs without a key go straight to their topic. */
  private record Submissions(PlainIntake plain, KeyedIntake keyed) implements Intake {
    @Override
    public CompletableFuture<Acceptance> begin(
        JobRequest request, Optional<String> key, String traceparent, boolean forwarded) {
      return key.isPresent()
          ? keyed.submit(request, key.get(), traceparent, forwarded)
          : plain.submit(request, traceparent);
    }
  }
}
