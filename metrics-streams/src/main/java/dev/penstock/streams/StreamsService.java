package dev.penstock.streams;

import dev.penstock.config.Settings;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.lifecycle.StartException;
import dev.penstock.runtime.kafka.TopicProvisioner;
import dev.penstock.runtime.ops.HttpEndpoint;
import dev.penstock.runtime.ops.Metrics;
import dev.penstock.runtime.ops.OpsRoutes;
import dev.penstock.runtime.ops.RequestTimer;
import dev.penstock.streams.figures.FigureBoard;
import dev.penstock.streams.figures.FigureTopology;
import dev.penstock.streams.fleet.Fleet;
import dev.penstock.streams.fleet.FleetRoutes;
import dev.penstock.streams.order.HeldLines;
import dev.penstock.streams.partial.PartialTail;
import dev.penstock.streams.query.JobRoutes;
import dev.penstock.streams.query.Queries;
import dev.penstock.streams.records.JobRecords;
import dev.penstock.streams.report.ReportRoutes;
import dev.penstock.streams.report.Reports;
import dev.penstock.streams.search.JobFinder;
import dev.penstock.streams.search.SearchRoutes;
import dev.penstock.streams.topology.JobTopology;
import dev.penstock.streams.topology.RecordMeters;
import dev.penstock.streams.topology.RocksDbMemory;
import dev.penstock.streams.view.ChangeHub;
import dev.penstock.streams.view.ViewProgress;
import dev.penstock.streams.web.DashboardFiles;
import dev.penstock.streams.web.IntakeRelay;
import dev.penstock.streams.web.WriteGuard;
import dev.penstock.topic.Topics;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.HostInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The views of jobs as a service: folds the topics into state with Kafka Streams and answers for it
 * over the internal HTTP API. Several instances share the partitions; each answers for all jobs.
 * Beside them it runs the sequencer of ordered jobs.
 */
public final class StreamsService implements Service {
  private static final Logger log = LoggerFactory.getLogger(StreamsService.class);

  private final StreamsConfiguration config;
  private final Metrics metrics = new Metrics("streams");
  private final ChangeHub hub = new ChangeHub();
  private final ViewProgress progress = new ViewProgress(hub);
  private final JobRoutes routes = new JobRoutes();
  private final FleetRoutes fleetRoutes = new FleetRoutes();
  private final SearchRoutes searchRoutes = new SearchRoutes();
  private final ReportRoutes reportRoutes = new ReportRoutes();
  private final HttpEndpoint http;

  /** What was opened, the last first. */
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  private boolean used;

  /** How the service itself is; its applications tell for themselves. */
  private volatile Health health = new Health.NotReady("not started");

  private volatile List<StreamsApp> apps = List.of();

  private StreamsService(StreamsConfiguration config) {
    this.config = config;
    this.http =
        new HttpEndpoint(
            "streams-http",
            config.http(),
            server ->
                server.routing(routing -> {
                  routing.addFilter(
                      new RequestTimer(metrics.registry(), "penstock.streams.requests"));
                  routing.addFilter(new WriteGuard(config.dashboard()));
                  routing.register(new OpsRoutes(this::health, metrics));
                  routing.register(routes);
                  routing.register(fleetRoutes);
                  routing.register(searchRoutes);
                  routing.register(reportRoutes);
                  routing.register(relay());
                  routing.register(new DashboardFiles());
                }));
  }

  /**
   * A service as the settings say; nothing runs yet.
   *
   * @throws dev.penstock.config.ConfigException with all that is wrong with them
   */
  public static StreamsService of(Settings settings) {
    return new StreamsService(StreamsConfiguration.read(settings));
  }

  private IntakeRelay relay() {
    var relay = new IntakeRelay(config.api());
    opened.push(relay);
    return relay;
  }

  /** The port of the HTTP API; 0 before the start. */
  public int port() {
    return http.port();
  }

  @Override
  public String name() {
    return "streams";
  }

  @Override
  public synchronized void start() {
    if (used) {
      return;
    }
    used = true;
    health = new Health.NotReady("starting");
    try {
      open();
    } catch (KafkaException e) {
      close();
      throw new StartException("the views can't start: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * The native library is loaded beside the first talk with Kafka. The HTTP API comes before Kafka
   * Streams, which tells the other instances its address; until the state is there it answers 503.
   */
  private void open() {
    Thread.ofPlatform().name("penstock-rocksdb-load").daemon().start(RocksDbMemory::load);
    opened.push(metrics);
    new TopicProvisioner(config.kafka()).ensure();
    String instanceId = InstanceId.in(config.stateDirectory());
    opened.push(http);
    http.start();
    HostInfo self =
        config.advertised().orElseGet(() -> new HostInfo(config.http().host(), http.port()));
    Topics topics = config.kafka().topics();
    Topology topology =
        JobTopology.build(
            topics,
            config.finishedRetention(),
            progress,
            hub,
            new RecordMeters(metrics.registry()));
    var running = new CompletableFuture<KafkaStreams>();
    JobFinder finder = finder(topology, self, running);
    opened.push(finder);
    var board = new FigureBoard(config.figures(), metrics.registry());
    FigureTopology.addTo(topology, JobTopology.FOLD, JobTopology.LIVES, board);
    var streams =
        new KafkaStreams(
            topology,
            StreamsProperties.of(config, self, instanceId),
            JobTopology.clients(topics, progress));
    running.complete(streams);
    var views = new StreamsApp("the views", streams);
    opened.push(views);
    StreamsMeters.bind(progress, metrics.registry());
    StreamsMeters.bind(streams, "views", metrics.registry());
    Admin admin = Admin.create(config.kafka().clientSettings("penstock-streams-ends"));
    opened.push(admin);
    var partial =
        new PartialTail(
            topics.progress(),
            () ->
                new KafkaConsumer<>(
                    StreamsProperties.ofPartialAnswers(config.kafka()),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer()),
            InstantSource.system());
    opened.push(partial);
    var queries =
        Queries.of(
            new Queries.View(topics, streams, progress, hub, partial, records()),
            admin,
            self,
            config.limits(),
            metrics.registry());
    opened.push(queries);
    opened.push(routes::close);
    Fleet fleet = Fleet.open(config.kafka(), admin, InstantSource.system());
    opened.push(fleet);
    opened.push(fleetRoutes::close);
    fleetRoutes.open(fleet);
    opened.push(searchRoutes::close);
    var lines = new HeldLines(topics.partitions());
    Reports reports =
        Reports.of(
            new Reports.View(board, streams, self, topics.partitions(), queries, lines),
            List.of(fleet.attention()),
            fleet::currency,
            config.limits(),
            InstantSource.system(),
            metrics.registry());
    opened.push(reports);
    opened.push(reportRoutes::close);
    StreamsApp order = OrderApp.open(config, instanceId, metrics.registry());
    opened.push(order);
    lines.open(order.streams());
    apps = List.of(views, order);
    views.start();
    order.start();
    health = Health.READY;
    routes.open(queries);
    searchRoutes.open(finder);
    reportRoutes.open(reports);
  }

  private JobFinder finder(
      Topology topology, HostInfo self, CompletableFuture<KafkaStreams> running) {
    return JobFinder.of(
        new JobFinder.Config(
            config.kafka(),
            config
                .stateDirectory()
                .resolve("search")
                .resolve(config.kafka().topics().streamsApplication()),
            config.searchText(),
            config.finishedRetention(),
            config.api()),
        topology,
        progress,
        running::join,
        self,
        metrics.registry());
  }

  private JobRecords records() {
    return new JobRecords(
        config.kafka().topics(),
        () ->
            new KafkaConsumer<>(
                StreamsProperties.ofRecords(config.kafka()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer()));
  }

  @Override
  public Health health() {
    Health own = health;
    if (!(own instanceof Health.Ready)) {
      return own;
    }
    Health worst = http.health() instanceof Health.Dead dead ? dead : own;
    for (StreamsApp app : apps) {
      Health its = app.health();
      if (its instanceof Health.Dead || worst instanceof Health.Ready) {
        worst = its;
      }
    }
    return worst;
  }

  @Override
  public synchronized void close() {
    used = true;
    Health last = health();
    health = last instanceof Health.Dead ? last : new Health.NotReady("stopped");
    while (!opened.isEmpty()) {
      AutoCloseable next = opened.pop();
      try {
        next.close();
      } catch (Exception e) {
        log.warn("stopping the views: {} did not close", next, e);
      }
    }
  }
}
