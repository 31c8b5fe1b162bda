package dev.penstock.api.http;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.http.DirectHandler;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ServerConnectionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What one connection receives, within bounds: a request that has begun must be complete by a
 * deadline, however its bytes drip, and no more is taken in at a time than its reader has asked
 * for. Used by the connection's own thread only.
 *
 * <p>The wait for the next request is one without a timeout, which costs half as much: nearly every
 * request comes in one read, so nearly every read is such a one. The server ends it when the
 * connection was idle for {@link #KEEP_ALIVE}. All other reads are timed; the socket's own read
 * timeout must be {@link #TICK}, deadlines are looked at that often.
 */
final class IncomingBytes {
  /** How late a deadline may be noticed. */
  static final Duration TICK = Duration.ofSeconds(1);

  /** How long a connection may wait for its next request. */
  static final Duration KEEP_ALIVE = Duration.ofSeconds(75);

  /** The most that one chunk, or the bytes read ahead, may hold. */
  private static final long MAX_UNREAD_BYTES = 16L * 1024 * 1024;

  private static final int BUFFER_BYTES = 32 * 1024;
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(2);
  private static final long MAX_DRAINED_BYTES = 64L * 1024 * 1024;

  private static final ThreadLocal<@Nullable IncomingBytes> CURRENT = new ThreadLocal<>();

  private final HelidonSocket socket;
  private final Socket timed;
  private final long requestTimeoutNanos;
  private final DataReader reader;
  private byte @Nullable [] buffer;
  private boolean between = true;
  private boolean unreadBody;
  private boolean ended;
  private boolean refused;
  private long deadlineNanos = System.nanoTime() + KEEP_ALIVE.toNanos();
  private long unreadBytes;

  /**
   * @param socket which the server writes to
   * @param timed the same one, with a read timeout
   */
  IncomingBytes(HelidonSocket socket, Socket timed, Duration requestTimeout) {
    this.socket = socket;
    this.timed = timed;
    this.requestTimeoutNanos = requestTimeout.toNanos();
    this.reader = DataReader.create(this::next);
  }

  /** Makes it the one of this thread. */
  static void bind(IncomingBytes incoming) {
    CURRENT.set(incoming);
  }

  static void unbind() {
    CURRENT.remove();
  }

  /** That of the connection whose request this thread handles. */
  static IncomingBytes current() {
    IncomingBytes incoming = CURRENT.get();
    if (incoming == null) {
      throw new IllegalStateException("only a connection's own thread reads from it");
    }
    return incoming;
  }

  DataReader reader() {
    return reader;
  }

  /** From now on the rest of the request has {@code timeout} to arrive. */
  void expectWithin(Duration timeout) {
    between = false;
    unreadBytes = 0;
    deadlineNanos = System.nanoTime() + timeout.toNanos();
  }

  /** What has arrived so far was taken by its reader. */
  void consumed() {
    unreadBytes = 0;
  }

  /**
   * The request was answered.
   *
   * @param unreadBody whether the rest of its body is still to be read, and thrown away
   */
  void requestDone(boolean unreadBody) {
    between = true;
    this.unreadBody = unreadBody;
    unreadBytes = 0;
    deadlineNanos = System.nanoTime() + KEEP_ALIVE.toNanos();
  }

  /** The request was answered before it was read; the connection ends. */
  void refuse() {
    refused = true;
  }

  private byte @Nullable [] next() {
    if (refused) {
      throw new CloseConnectionException("the request was refused before it was read");
    }
    while (true) {
      long left = deadlineNanos - System.nanoTime();
      if (left < 0) {
        if (between) {
          throw new CloseConnectionException("idle for " + KEEP_ALIVE);
        }
        throw refusal(Status.REQUEST_TIMEOUT_408);
      }
      if (unreadBytes > MAX_UNREAD_BYTES) {
        throw refusal(Status.REQUEST_ENTITY_TOO_LARGE_413);
      }
      try {
        byte[] bytes = between && !unreadBody ? socket.get() : timedRead();
        if (bytes == null) {
          ended = true;
          return null;
        }
        unreadBytes += bytes.length;
        if (between) {
          between = false;
          unreadBody = false;
          deadlineNanos = System.nanoTime() + requestTimeoutNanos;
        }
        return bytes;
      } catch (SocketTimeoutException _) {
        // The loop looks at the deadline.
      } catch (IOException | UncheckedIOException e) {
        ended = true;
        throw new ServerConnectionException("the connection broke", e);
      }
    }
  }

  /**
   * What comes within a tick, null at the end.
   *
   * @throws SocketTimeoutException when nothing came
   */
  private byte @Nullable [] timedRead() throws IOException {
    byte[] into = buffer;
    if (into == null) {
      into = new byte[BUFFER_BYTES];
      buffer = into;
    }
    int read = timed.getInputStream().read(into);
    return read < 0 ? null : Arrays.copyOf(into, read);
  }

  private RequestException refusal(Status status) {
    refuse();
    return RequestException.builder()
        .type(DirectHandler.EventType.BAD_REQUEST)
        .status(status)
        .message(status.reasonPhrase())
        .setKeepAlive(false)
        .build();
  }

  /**
   * After a refusal: takes what the client still sends and forgets it, for a moment. Closing while
   * it sends would reset the connection, and the client would never see the answer.
   */
  void drainRefused() {
    if (!refused) {
      return;
    }
    long until = System.nanoTime() + DRAIN_TIMEOUT.toNanos();
    long drained = 0;
    while (!ended && drained < MAX_DRAINED_BYTES && System.nanoTime() < until) {
      try {
        byte[] bytes = timedRead();
        ended = bytes == null;
        drained += bytes == null ? 0 : bytes.length;
      } catch (IOException _) {
        // It broke, or the client has been silent for a tick: it has seen the answer.
        ended = true;
      }
    }
  }
}
