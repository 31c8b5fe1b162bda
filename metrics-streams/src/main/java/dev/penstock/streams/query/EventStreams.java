package dev.penstock.streams.query;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.job.LifePosition;
import dev.penstock.job.PartialAnswer;
import dev.penstock.streams.partial.PartialTail;
import dev.penstock.streams.partial.Watch;
import dev.penstock.streams.query.JobReader.Reading;
import dev.penstock.streams.view.ChangeHub;
import dev.penstock.streams.view.JobLife;
import dev.penstock.streams.view.LifeEntry;
import dev.penstock.streams.view.Signal;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * The lives of jobs as server-sent events: what is known already, then what happens, until the job
 * is finished. A stream also ends, cleanly, when the job moves to another instance, when this one
 * stops, and after {@link #LIFETIME}: the client resumes with {@code Last-Event-ID}. Thread-safe.
 */
final class EventStreams {
  /** A client that takes nothing for this long is cut off. */
  static final Duration WRITE_LIMIT = Duration.ofSeconds(20);

  /** The longest that one stream goes on, so that no dead client is kept for ever. */
  static final Duration LIFETIME = Duration.ofHours(1);

  /** Another instance that sends not even a heartbeat for this long is given up. */
  private static final Duration RELAY_LIMIT = Duration.ofMinutes(2);

  private static final byte[] PING = ": still here\n\n".getBytes(StandardCharsets.US_ASCII);

  /** The first bytes; a client whose stream ended waits this long before it resumes. */
  private static final byte[] OPENING = "retry: 1000\n\n".getBytes(StandardCharsets.US_ASCII);

  private static final int RELAY_BUFFER_BYTES = 8 << 10;

  private final JobReader reader;
  private final ChangeHub hub;
  private final PartialTail partial;
  private final StallGuard guard;
  private final int limit;
  private final Duration heartbeat;
  private final Semaphore free;
  private volatile boolean closed;

  EventStreams(
      JobReader reader,
      ChangeHub hub,
      PartialTail partial,
      StallGuard guard,
      Queries.Limits limits,
      MeterRegistry registry) {
    this.reader = reader;
    this.hub = hub;
    this.partial = partial;
    this.guard = guard;
    this.limit = limits.maxEventStreams();
    this.heartbeat = limits.heartbeat();
    this.free = new Semaphore(limit);
    Gauge.builder("penstock.streams.event.streams", free, left -> limit - left.availablePermits())
        .description("Event streams being served")
        .register(registry);
  }

  /** Serves a job that is here, and returns when the stream ended. */
  void serve(JobId id, Reading.Found found, Optional<LifePosition> seen, ServerResponse response)
      throws IOException, InterruptedException {
    if (found.life().end() != null
        && seen.isPresent()
        && seen.get().compareTo(found.life().position()) >= 0) {
      // Nothing will follow. 204 tells an EventSource not to come back.
      response.status(Status.NO_CONTENT_204).send();
      return;
    }
    if (!free.tryAcquire()) {
      Problem.tooManyStreams(limit).send(response);
      return;
    }
    try {
      var deadline = new Deadline(LIFETIME);
      var signal = new Signal();
      try (var _ = hub.watch(id, signal);
          Watch answer = watchAnswer(id, found, signal);
          OutputStream out = open(response)) {
        stream(id, found, seen, signal, answer, deadline, out);
      }
    } finally {
      free.release();
    }
  }

  /** Watches what is written of the job's answer; null where that is over. */
  private @Nullable Watch watchAnswer(JobId id, Reading.Found found, Signal signal) {
    return found.life().end() == null ? partial.watch(id, found.stay().partition(), signal) : null;
  }

  /** Passes on what another instance sends. */
  void relay(InputStream from, ServerResponse response) throws IOException {
    if (!free.tryAcquire()) {
      Problem.tooManyStreams(limit).send(response);
      return;
    }
    try (OutputStream out = open(response)) {
      var buffer = new byte[RELAY_BUFFER_BYTES];
      while (!closed) {
        int read;
        try {
          read = guard.within(RELAY_LIMIT, () -> from.read(buffer));
        } catch (IOException _) {
          // The owner is gone: the stream ends and the client resumes.
          return;
        }
        if (read < 0) {
          return;
        }
        write(out, buffer, read);
      }
    } finally {
      free.release();
    }
  }

  /** Ends all streams. */
  void close() {
    closed = true;
    hub.wakeAll();
  }

  private void stream(
      JobId id,
      Reading.Found found,
      Optional<LifePosition> seen,
      Signal signal,
      @Nullable Watch answer,
      Deadline deadline,
      OutputStream out)
      throws IOException, InterruptedException {
    write(out, OPENING, OPENING.length);
    Optional<LifePosition> told = seen;
    while (!closed && deadline.left().isPositive()) {
      Optional<JobLife> life;
      try {
        life = reader.lookAgain(id, found.stay());
      } catch (LocalView.Unavailable _) {
        return;
      }
      if (life.isEmpty()) {
        return;
      }
      told = tell(life.get(), told, out);
      if (life.get().end() != null) {
        return;
      }
      if (answer != null) {
        tellAnswer(life.get(), answer.take(), out);
      }
      if (!signal.await(heartbeat)) {
        write(out, PING, PING.length);
      }
    }
  }

  /** Tells what comes after {@code told}, and says up to where it has now been told. */
  private Optional<LifePosition> tell(JobLife life, Optional<LifePosition> told, OutputStream out)
      throws IOException {
    var text = new StringBuilder();
    Optional<LifePosition> last = told;
    for (LifeEntry entry : LifeEntry.of(life)) {
      if (last.isEmpty() || entry.position().compareTo(last.get()) > 0) {
        text.append("id: ")
            .append(entry.position())
            .append("\nevent: ")
            .append(entry.event())
            .append("\ndata: ")
            .append(Json.MAPPER.writeValueAsString(entry.data()))
            .append("\n\n");
        last = Optional.of(entry.position());
      }
    }
    if (!text.isEmpty()) {
      byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
      write(out, bytes, bytes.length);
    }
    return last;
  }

  /**
   * Tells what was written of the answer, of an attempt that is not known to be over. No id: what
   * is missed is not told again.
   */
  private void tellAnswer(JobLife life, List<PartialAnswer> pieces, OutputStream out)
      throws IOException {
    var text = new StringBuilder();
    for (PartialAnswer piece : pieces) {
      if (piece.generation() == life.generation() && !isOver(life, piece.attempt())) {
        text.append("event: progress\ndata: ")
            .append(
                Json.MAPPER.writeValueAsString(
                    new Written(piece.attempt(), piece.from(), piece.text())))
            .append("\n\n");
      }
    }
    if (!text.isEmpty()) {
      byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
      write(out, bytes, bytes.length);
    }
  }

  /** The data of a progress event. */
  private record Written(int attempt, long from, String text) {}

  private static boolean isOver(JobLife life, int attempt) {
    return life.attempts().stream()
        .anyMatch(
            each -> each.number() > attempt || (each.number() == attempt && each.retry() != null));
  }

  private void write(OutputStream out, byte[] bytes, int length) throws IOException {
    guard.within(
        WRITE_LIMIT,
        () -> {
          out.write(bytes, 0, length);
          out.flush();
          return length;
        });
  }

  private static OutputStream open(ServerResponse response) {
    response.status(Status.OK_200);
    response.header(HeaderNames.CONTENT_TYPE, "text/event-stream");
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    return response.outputStream();
  }
}
