package dev.penstock.api.http;

import dev.penstock.config.SettingsReader;
import dev.penstock.topic.Topics;
import java.time.Duration;

/**
 * The bounds of what one client can ask for.
 *
 * @param bodyBytes of one job, and of one line of a stream
 * @param streamLines of one stream of jobs
 * @param streamBytes of one stream of jobs
 * @param bodyTimeout for a job's whole body, for the headers of a request, and for the next bytes
 *     of a stream
 * @param bulkStreams streams of jobs at once
 * @param eventStreams followed jobs at once
 * @param jobsPerSecond 0 for no limit
 */
public record Limits(
    int bodyBytes,
    int streamLines,
    long streamBytes,
    Duration bodyTimeout,
    int bulkStreams,
    int eventStreams,
    int jobsPerSecond) {

  /** Reads {@code api.*}. */
  public static Limits read(SettingsReader reader) {
    return new Limits(
        reader.integer("api.max-body-bytes", Topics.MAX_JOB_BYTES, 1_000, 8_000_000),
        reader.integer("api.max-stream-lines", 1_000_000, 1, Integer.MAX_VALUE),
        1_000_000L * reader.integer("api.max-stream-megabytes", 2_000, 1, 1_000_000),
        reader.duration(
            "api.body-timeout",
            Duration.ofSeconds(15),
            Duration.ofMillis(100),
            Duration.ofMinutes(10)),
        reader.integer("api.max-bulk-streams", 32, 1, 10_000),
        reader.integer("api.max-event-streams", 2_000, 1, 100_000),
        reader.integer("api.rate-limit-per-second", 0, 0, 10_000_000));
  }
}
