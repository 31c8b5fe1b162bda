package dev.penstock.bench.load;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * Closed-loop load: each of a number of keep-alive connections sends its next request when the
 * answer to the last one is complete; where the server says that it closes, a new one takes its
 * place. All on the calling thread, over one selector, with request bytes that are made beforehand:
 * some microseconds of CPU a request, so that on a small machine the server and not its client is
 * measured.
 */
public final class HttpLoad {
  private static final int READ_BUFFER_BYTES = 64 * 1024;
  private static final long MICROS_HIGHEST = Duration.ofMinutes(10).toNanos() / 1_000;

  /** How long the whole load may stand still. */
  private static final Duration STALL_TIMEOUT = Duration.ofSeconds(60);

  /**
   * What came of a load.
   *
   * @param byStatus the number of answers of each status
   * @param elapsed from the first byte sent to the last one received
   * @param latencyMicros from a request's first byte sent to its answer's last one, in microseconds
   */
  public record Result(Map<Integer, Long> byStatus, Duration elapsed, Histogram latencyMicros) {
    public Result {
      byStatus = Map.copyOf(byStatus);
    }

    /** Answers of all statuses. */
    public long answers() {
      return byStatus.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Answers a second. */
    public double rate() {
      return answers() * 1e9 / elapsed.toNanos();
    }
  }

  private final Selector selector;
  private final InetSocketAddress server;
  private final ByteBuffer received = ByteBuffer.allocateDirect(READ_BUFFER_BYTES);
  private final ByteBuffer request;
  private final Map<Integer, Long> byStatus = new TreeMap<>();
  private final Histogram latencyMicros = new Histogram(MICROS_HIGHEST, 3);
  private long unsent;
  private long outstanding;

  private HttpLoad(Selector selector, int port, byte[] request, long requests) {
    this.selector = selector;
    this.server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    this.request = ByteBuffer.allocateDirect(request.length).put(request).flip();
    this.unsent = requests;
  }

  /**
   * Sends {@code requests} times the same request and waits for all answers.
   *
   * @param port where the server listens on the loopback interface
   * @param request head and body, as they go over the wire
   * @throws IOException when the server closes a connection without saying so, or answers nothing
   *     for 60 seconds
   */
  public static Result run(int port, int connections, byte[] request, long requests)
      throws IOException {
    try (var selector = Selector.open()) {
      var load = new HttpLoad(selector, port, request, requests);
      try {
        for (int i = 0; i < Math.min(connections, requests); i++) {
          load.connect();
        }
        return load.drive();
      } finally {
        for (SelectionKey key : selector.keys()) {
          key.channel().close();
        }
      }
    }
  }

  private SelectionKey connect() throws IOException {
    SocketChannel channel = SocketChannel.open(server);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.configureBlocking(false);
    return channel.register(selector, SelectionKey.OP_READ, new Connection(channel));
  }

  private Result drive() throws IOException {
    long start = System.nanoTime();
    for (SelectionKey key : selector.keys()) {
      ((Connection) key.attachment()).sendNext(key);
    }
    while (outstanding > 0) {
      if (selector.select(STALL_TIMEOUT.toMillis()) == 0) {
        throw new IOException(
            "the server answered nothing for "
                + STALL_TIMEOUT
                + "; "
                + outstanding
                + " requests wait");
      }
      for (SelectionKey key : selector.selectedKeys()) {
        ((Connection) key.attachment()).progress(key);
      }
      selector.selectedKeys().clear();
    }
    return new Result(byStatus, Duration.ofNanos(System.nanoTime() - start), latencyMicros);
  }

  private final class Connection {
    private final SocketChannel channel;
    private final ResponseReader reader = new ResponseReader();
    private final ByteBuffer sending = request.duplicate();
    private long startedAt;
    private boolean waiting;

    Connection(SocketChannel channel) {
      this.channel = channel;
    }

    void sendNext(SelectionKey key) throws IOException {
      if (unsent == 0) {
        key.interestOps(0);
        return;
      }
      unsent--;
      outstanding++;
      waiting = true;
      reader.reset();
      sending.rewind();
      startedAt = System.nanoTime();
      write(key);
    }

    private void write(SelectionKey key) throws IOException {
      channel.write(sending);
      int ops =
          sending.hasRemaining()
              ? SelectionKey.OP_READ | SelectionKey.OP_WRITE
              : SelectionKey.OP_READ;
      if (key.interestOps() != ops) {
        key.interestOps(ops);
      }
    }

    void progress(SelectionKey key) throws IOException {
      if (key.isWritable()) {
        write(key);
      }
      if (key.isReadable()) {
        read(key);
      }
    }

    private void read(SelectionKey key) throws IOException {
      received.clear();
      if (channel.read(received) < 0) {
        throw new EOFException(
            "the server closed a connection"
                + (waiting ? " before it answered" : " that was to be kept"));
      }
      received.flip();
      if (!waiting || !reader.take(received)) {
        return;
      }
      waiting = false;
      outstanding--;
      byStatus.merge(reader.status(), 1L, Long::sum);
      latencyMicros.recordValue(Math.min(MICROS_HIGHEST, (System.nanoTime() - startedAt) / 1_000));
      if (sending.hasRemaining()) {
        throw new IOException(
            "the server answered " + reader.status() + " before it had read the request");
      }
      if (reader.closes()) {
        channel.close();
        if (unsent > 0) {
          SelectionKey next = connect();
          ((Connection) next.attachment()).sendNext(next);
        }
      } else {
        sendNext(key);
      }
    }
  }
}
