package dev.penstock.streams;

import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import dev.penstock.runtime.kafka.KafkaConfig;
import dev.penstock.runtime.ops.HttpConfig;
import dev.penstock.streams.figures.Retentions;
import dev.penstock.streams.query.Queries;
import dev.penstock.streams.search.SearchText;
import dev.penstock.streams.web.DashboardConfig;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.streams.state.HostInfo;

/**
 * The validated configuration.
 *
 * @param kafka Kafka and the topics
 * @param http where the internal API listens
 * @param advertised {@code host:port} at which other instances reach this one; nothing for the
 *     address that it listens on
 * @param stateDirectory where RocksDB keeps the state; one directory for each instance
 * @param threads stream threads
 * @param standbyReplicas how many other instances keep a copy of each partition's state
 * @param finishedRetention how long after their end finished jobs are shown
 * @param limits of queries
 * @param api the intake, which takes what people want done about jobs
 * @param searchText which texts of jobs may be searched
 * @param figures how long windows are kept
 * @param dashboard who may act through the dashboard
 */
record StreamsConfiguration(
    KafkaConfig kafka,
    HttpConfig http,
    Optional<HostInfo> advertised,
    Path stateDirectory,
    int threads,
    int standbyReplicas,
    Duration finishedRetention,
    Queries.Limits limits,
    URI api,
    SearchText searchText,
    Retentions figures,
    DashboardConfig dashboard) {
  private static final int DEFAULT_PORT = 8082;
  private static final String DEFAULT_API = "http://127.0.0.1:8080";
  private static final Duration DEFAULT_RETENTION = Duration.ofDays(7);

  /** Reads {@code streams.*}, {@code kafka.*} and {@code topics.*}. */
  static StreamsConfiguration read(Settings settings) {
    SettingsReader reader = settings.reader();
    KafkaConfig kafka = KafkaConfig.read(reader);
    HttpConfig http = HttpConfig.read(reader, "streams", DEFAULT_PORT);
    Optional<HostInfo> advertised = advertised(reader);
    Path stateDirectory = Path.of(reader.text("streams.state-dir", "data/streams"));
    int threads = reader.integer("streams.threads", 1, 1, 64);
    int standbys = reader.integer("streams.standby-replicas", 0, 0, 5);
    Duration retention =
        reader.duration(
            "streams.finished-retention",
            min(DEFAULT_RETENTION, kafka.topics().eventRetention()),
            Duration.ofSeconds(1),
            Duration.ofDays(3650));
    Duration wait =
        reader.duration(
            "streams.view-wait",
            Duration.ofSeconds(3),
            Duration.ofMillis(1),
            Duration.ofSeconds(60));
    int eventStreams = reader.integer("streams.max-event-streams", 2_000, 1, 100_000);
    Duration heartbeat =
        reader.duration(
            "streams.event-heartbeat",
            Duration.ofSeconds(15),
            Duration.ofMillis(10),
            Duration.ofSeconds(60));
    URI api = api(reader);
    SearchText searchText = searchText(reader);
    Retentions figures = figures(reader);
    DashboardConfig dashboard = DashboardConfig.read(reader);
    if (advertised.isEmpty() && isWildcard(http.host())) {
      reader.error(
          "streams.host is '"
              + http.host()
              + "', which no other instance can connect to: set streams.advertised-url to the"
              + " host:port at which they reach this one");
    }
    if (retention.compareTo(kafka.topics().eventRetention()) > 0) {
      reader.error(
          "streams.finished-retention is "
              + retention
              + ", but must be at most topics.event-retention ("
              + kafka.topics().eventRetention()
              + "), or views could not be computed anew");
    }
    return reader.build(() ->
        new StreamsConfiguration(
            kafka,
            http,
            advertised,
            stateDirectory,
            threads,
            standbys,
            retention,
            new Queries.Limits(wait, eventStreams, heartbeat),
            api,
            searchText,
            figures,
            dashboard));
  }

  private static Retentions figures(SettingsReader reader) {
    var defaults = Retentions.DEFAULT;
    return new Retentions(
        reader.duration(
            "streams.figures.10s-retention",
            defaults.tenSeconds(),
            Duration.ofMinutes(5),
            Duration.ofDays(7)),
        reader.duration(
            "streams.figures.1m-retention",
            defaults.minute(),
            Duration.ofHours(2),
            Duration.ofDays(31)),
        reader.duration(
            "streams.figures.1h-retention",
            defaults.hour(),
            Duration.ofDays(1),
            Duration.ofDays(3650)));
  }

  private static Optional<HostInfo> advertised(SettingsReader reader) {
    String text = reader.text("streams.advertised-url", "").strip();
    if (text.isEmpty()) {
      return Optional.empty();
    }
    int colon = text.lastIndexOf(':');
    if (colon > 0 && text.indexOf('/') < 0) {
      try {
        int port = Integer.parseInt(text.substring(colon + 1));
        if (port >= 1 && port <= 65_535) {
          return Optional.of(new HostInfo(text.substring(0, colon), port));
        }
      } catch (NumberFormatException _) {
        // falls through to the one error below
      }
    }
    reader.error(
        "streams.advertised-url is '"
            + text
            + "', but must be host:port with a port of 1 to 65535");
    return Optional.empty();
  }

  private static SearchText searchText(SettingsReader reader) {
    String text = reader.text("streams.search-text", SearchText.ALL.wireName());
    for (SearchText each : SearchText.values()) {
      if (each.wireName().equals(text)) {
        return each;
      }
    }
    reader.error(
        "streams.search-text is '" + text + "', but must be one of all, input, output and none");
    return SearchText.ALL;
  }

  private static URI api(SettingsReader reader) {
    String text = reader.text("streams.api-url", DEFAULT_API).strip();
    try {
      var uri = new URI(text.replaceAll("/+$", ""));
      if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null
          && uri.getQuery() == null
          && uri.getFragment() == null) {
        return uri;
      }
    } catch (URISyntaxException _) {
      // falls through to the one error below
    }
    reader.error("streams.api-url is '" + text + "', but must be a URL such as " + DEFAULT_API);
    return URI.create(DEFAULT_API);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) <= 0 ? a : b;
  }

  private static boolean isWildcard(String host) {
    return host.equals("0.0.0.0") || host.equals("::") || host.equals("[::]");
  }
}
