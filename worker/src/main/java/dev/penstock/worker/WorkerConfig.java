package dev.penstock.worker;

import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.ops.HttpConfig;
import dev.penstock.runtime.telemetry.TelemetryConfig;
import dev.penstock.worker.admit.AdmissionConfig;
import dev.penstock.worker.budget.BudgetRules;
import dev.penstock.worker.cache.CacheConfig;
import dev.penstock.worker.core.CoreLimits;
import dev.penstock.worker.limit.LimitRules;
import dev.penstock.worker.provider.ProviderSetup;
import dev.penstock.worker.window.MovedOffsets;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * How a worker runs.
 *
 * @param id who it is: part of its {@code transactional.id}, so it must differ between workers and
 *     should be the same after a restart
 * @param limits its bounds
 * @param retry when failed attempts are made again
 * @param timing how long it waits for what
 * @param vigilance what it does not bear
 * @param kafka how to reach Kafka
 * @param http where health and metrics are served
 * @param providers whom it can call, and what that costs
 * @param admission who is called for what, and when not
 * @param providerLimits the limits of providers, which it shares with the other workers
 * @param budgets what may be spent, by all workers together
 * @param cache how answers are shared with identical jobs
 * @param reporting how it tells about itself
 * @param telemetry whether it tells of traces
 * @param holding how it moves held jobs on
 */
public record WorkerConfig(
    String id,
    CoreLimits limits,
    Retries retry,
    Timing timing,
    Vigilance vigilance,
    KafkaConfig kafka,
    HttpConfig http,
    ProviderSetup providers,
    AdmissionConfig admission,
    LimitRules providerLimits,
    BudgetRules budgets,
    CacheConfig cache,
    Reporting reporting,
    TelemetryConfig telemetry,
    Holding holding) {
  /** One slot in so many is kept for jobs of high priority, up to some. */
  private static final int SLOTS_FOR_ONE_RESERVED = 64;

  private static final int MOST_RESERVED_BY_DEFAULT = 8;

  private static final Pattern ID = Pattern.compile("[a-zA-Z0-9._-]{1,200}");

  /** Of a worker that may spend what it wants and shares no answers. */
  public WorkerConfig(
      String id,
      CoreLimits limits,
      Retries retry,
      Timing timing,
      Vigilance vigilance,
      KafkaConfig kafka,
      HttpConfig http,
      ProviderSetup providers,
      AdmissionConfig admission,
      LimitRules providerLimits) {
    this(
        id,
        limits,
        retry,
        timing,
        vigilance,
        kafka,
        http,
        providers,
        admission,
        providerLimits,
        BudgetRules.NONE,
        CacheConfig.OFF,
        new Reporting(Duration.ofSeconds(2), true),
        TelemetryConfig.OFF,
        Holding.DEFAULT);
  }

  /**
   * How long a worker waits for what.
   *
   * @param drainGrace how long running calls may go on when the worker stops
   * @param transactionTimeout after how long Kafka ends the transaction of a worker that is gone;
   *     until then readers of what it wrote wait
   */
  public record Timing(Duration drainGrace, Duration transactionTimeout) {}

  /**
   * What a worker does not bear.
   *
   * @param clockBound how far its clock may be off Kafka's; beyond, it does nothing and is not
   *     ready
   * @param stuckPercent from how many slots on that have calls that do not end, in a hundred, it is
   *     to be restarted
   */
  public record Vigilance(Duration clockBound, int stuckPercent) {}

  /**
   * How a worker tells about itself.
   *
   * @param interval of its reports
   * @param drainOutlivesRestart whether one that was drained by an operator stays so after a
   *     restart
   */
  public record Reporting(Duration interval, boolean drainOutlivesRestart) {}

  /**
   * How a worker moves held jobs on.
   *
   * @param metadataChars how long the metadata of a committed offset may get; Kafka takes 4,096
   */
  public record Holding(int metadataChars) {
    public static final Holding DEFAULT = new Holding(MovedOffsets.MAX_CHARS);
  }

  /**
   * Reads {@code worker.*} and what the worker shares with other services.
   *
   * @throws dev.penstock.config.ConfigException with everything that is wrong with them
   */
  public static WorkerConfig read(Settings settings) {
    SettingsReader reader = settings.reader();
    HttpConfig http = HttpConfig.read(reader, "worker", 8081);
    String id =
        reader.text(
            "worker.id",
            hostName() + "-" + (http.port() == 0 ? ProcessHandle.current().pid() : http.port()));
    if (!ID.matcher(id).matches()) {
      reader.error(
          "worker.id is '" + id + "', but must be 1 to 200 letters, digits, '.', '_' and '-'");
    }
    KafkaConfig kafka = KafkaConfig.read(reader);
    int slots = reader.integer("worker.slots", 256, 1, 100_000);
    var limits =
        new CoreLimits(
            slots,
            reader.integer("worker.window-jobs", 2_000, 1, 20_000),
            reader.integer("worker.claimed-megabytes", 128, 1, 100_000) * 1_000_000L,
            reader.integer("worker.batch-records", 10_000, 1, 100_000),
            reader.duration(
                "worker.commit-linger", Duration.ofMillis(3), Duration.ZERO, Duration.ofSeconds(1)),
            new CoreLimits.Waiting(
                reader.integer("worker.window-waiting", 16_000, 1, 20_000),
                kafka.topics().waitingHorizon()),
            laneRule(reader, slots),
            reader.duration(
                "worker.stuck-after",
                CoreLimits.DEFAULT_STUCK_AFTER,
                Duration.ofSeconds(1),
                Duration.ofDays(1)));
    Duration clockBound =
        reader.duration(
            "worker.clock-bound",
            Duration.ofMillis(500),
            Duration.ofMillis(10),
            Duration.ofMinutes(10));
    Retries retry = Retries.read(reader, clockBound);
    var timing =
        new Timing(
            reader.duration(
                "worker.drain-grace", Duration.ofSeconds(20), Duration.ZERO, Duration.ofHours(1)),
            reader.duration(
                "worker.transaction-timeout",
                Duration.ofSeconds(10),
                Duration.ofSeconds(1),
                Duration.ofMinutes(15)));
    var vigilance = new Vigilance(clockBound, reader.integer("worker.stuck-percent", 50, 1, 100));
    ProviderSetup providers = ProviderSetup.read(reader);
    Set<String> names = providers.names();
    AdmissionConfig admission = AdmissionConfig.read(reader, names);
    LimitRules providerLimits = LimitRules.read(reader, names);
    BudgetRules budgets = BudgetRules.read(reader, admission.routes().keySet());
    CacheConfig cache = CacheConfig.read(reader, admission.routes().keySet(), names);
    var reporting =
        new Reporting(
            reader.duration(
                "worker.report-interval",
                Duration.ofSeconds(2),
                Duration.ofMillis(100),
                Duration.ofSeconds(5)),
            reader.flag("worker.drain-outlives-restart", true));
    TelemetryConfig telemetry = TelemetryConfig.read(reader, "worker");
    return reader.build(() ->
        new WorkerConfig(
            id,
            limits,
            retry,
            timing,
            vigilance,
            kafka,
            http,
            providers,
            admission,
            providerLimits,
            budgets,
            cache,
            reporting,
            telemetry,
            Holding.DEFAULT));
  }

  private static CoreLimits.LaneRule laneRule(SettingsReader reader, int slots) {
    var usual = CoreLimits.LaneRule.DEFAULT;
    int most = CoreLimits.LaneRule.MAX_WEIGHT;
    return new CoreLimits.LaneRule(
        reader.integer(
            "worker.slots-reserved-for-high",
            Math.min(slots / SLOTS_FOR_ONE_RESERVED, MOST_RESERVED_BY_DEFAULT),
            0,
            slots - 1),
        reader.integer("worker.weight-high", usual.high(), 1, most),
        reader.integer("worker.weight-normal", usual.normal(), 1, most),
        reader.integer("worker.weight-low", usual.low(), 1, most),
        reader.duration(
            "worker.priority-ageing", usual.ageing(), Duration.ofSeconds(1), Duration.ofDays(1)));
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException _) {
      return "worker";
    }
  }
}
