package dev.penstock.streams.report;

import dev.penstock.codec.Json;
import dev.penstock.streams.figures.RecentChanges.JobNews;
import dev.penstock.streams.query.Problem;
import dev.penstock.streams.query.StallGuard;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /v1/live}: the overview each second while it changes, and which jobs changed, as
 * server-sent events. Nothing is told again: who was away asks for the overview, which comes first
 * anyway, and for its jobs. A stream ends, cleanly, when the instance stops and after {@link
 * #LIFETIME}. Thread-safe.
 */
final class LiveStreams implements AutoCloseable {
  /** A client that takes nothing for this long is cut off. */
  private static final Duration WRITE_LIMIT = Duration.ofSeconds(20);

  /** The longest that one stream goes on, so that no dead client is kept for ever. */
  private static final Duration LIFETIME = Duration.ofHours(1);

  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final byte[] PING = ": still here\n\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] OPENING = "retry: 1000\n\n".getBytes(StandardCharsets.US_ASCII);

  private final Overviews overviews;
  private final NewsFeed news;
  private final StallGuard guard;
  private final Duration heartbeat;
  private final int limit;
  private final Semaphore free;
  private final CountDownLatch closed = new CountDownLatch(1);

  /** What a stream tells. */
  record Subjects(boolean overview, boolean jobs) {}

  LiveStreams(
      Overviews overviews,
      NewsFeed news,
      StallGuard guard,
      Duration heartbeat,
      int limit,
      MeterRegistry registry) {
    this.overviews = overviews;
    this.news = news;
    this.guard = guard;
    this.heartbeat = heartbeat;
    this.limit = limit;
    this.free = new Semaphore(limit);
    Gauge.builder("penstock.streams.live.streams", free, left -> limit - left.availablePermits())
        .description("Live streams being served")
        .register(registry);
  }

  /** Serves a stream, and returns when it ended. */
  void serve(Subjects subjects, ServerResponse response) throws IOException, InterruptedException {
    if (!free.tryAcquire()) {
      Problem.tooManyStreams(limit).send(response);
      return;
    }
    try {
      response.status(Status.OK_200);
      response.header(HeaderNames.CONTENT_TYPE, "text/event-stream");
      response.header(HeaderNames.CACHE_CONTROL, "no-store");
      try (OutputStream out = response.outputStream()) {
        stream(subjects, out);
      }
    } finally {
      free.release();
    }
  }

  private void stream(Subjects subjects, OutputStream out)
      throws IOException, InterruptedException {
    write(out, OPENING);
    long endNanos = System.nanoTime() + LIFETIME.toNanos();
    long writtenNanos = System.nanoTime();
    long told = news.latest();
    long number = 0;
    @Nullable Overview last = null;
    do {
      var text = new StringBuilder();
      if (subjects.overview) {
        Overview now = overviews.now();
        if (last == null || !now.isSameAs(last)) {
          last = now;
          event(text, ++number, "overview", Json.MAPPER.writeValueAsString(now));
        }
      }
      if (subjects.jobs) {
        List<NewsFeed.Issue> issues = news.after(told);
        for (NewsFeed.Issue issue : issues) {
          told = issue.number();
          event(
              text,
              ++number,
              "jobs",
              Json.MAPPER.writeValueAsString(new Jobs(issue.jobs(), issue.more())));
        }
      }
      if (!text.isEmpty()) {
        write(out, text.toString().getBytes(StandardCharsets.UTF_8));
        writtenNanos = System.nanoTime();
      } else if (System.nanoTime() - writtenNanos >= heartbeat.toNanos()) {
        write(out, PING);
        writtenNanos = System.nanoTime();
      }
    } while (!closed.await(PERIOD.toMillis(), TimeUnit.MILLISECONDS)
        && System.nanoTime() - endNanos < 0);
  }

  /** The data of an event of jobs. */
  private record Jobs(List<JobNews> jobs, long more) {}

  private static void event(StringBuilder text, long number, String name, String data) {
    text.append("id: ")
        .append(number)
        .append("\nevent: ")
        .append(name)
        .append("\ndata: ")
        .append(data)
        .append("\n\n");
  }

  private void write(OutputStream out, byte[] bytes) throws IOException {
    guard.within(
        WRITE_LIMIT,
        () -> {
          out.write(bytes);
          out.flush();
          return bytes.length;
        });
  }

  /** Ends all streams. */
  @Override
  public void close() {
    closed.countDown();
  }
}
