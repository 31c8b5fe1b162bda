package dev.penstock.fake;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A small HTTP/1.1 server: a virtual thread a connection, over plain sockets. It is our own because
 * a real one (Helidon, the JDK's) protects its clients from just what this one is for: half a body
 * under a whole length, a reset in the middle, a byte at a time. Thread-safe.
 */
final class HttpServer implements AutoCloseable {
  /** Clients that connect all at once; the system's own bound may be lower. */
  private static final int BACKLOG = 8192;

  private final ServerSocket listener;
  private final Handler handler;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final Thread acceptor;
  private volatile boolean closed;

  /** Answers requests. */
  @FunctionalInterface
  interface Handler {
    /**
     * Answers one.
     *
     * @return whether the connection can serve another
     */
    boolean handle(Request request, Connection connection) throws IOException, InterruptedException;
  }

  /**
   * Listens.
   *
   * @param port 0 for any free one
   * @throws IOException when it can't; the message says what stands in the way
   */
  HttpServer(InetAddress host, int port, Handler handler) throws IOException {
    this.handler = handler;
    this.listener = new ServerSocket();
    try {
      listener.setReuseAddress(true);
      listener.bind(new InetSocketAddress(host, port), BACKLOG);
    } catch (IOException e) {
      listener.close();
      throw new IOException(
          "can't listen on " + host.getHostAddress() + ":" + port + ": " + e.getMessage(), e);
    }
    this.acceptor = Thread.ofVirtual().name("fake-provider-accept").start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  private void accept() {
    while (!closed) {
      try {
        Socket socket = listener.accept();
        var connection = new Connection(socket);
        connections.add(connection);
        if (closed) {
          connection.close();
        }
        Thread.ofVirtual().name("fake-provider-call").start(() -> serve(connection));
      } catch (IOException e) {
        if (!closed && listener.isClosed()) {
          throw new java.io.UncheckedIOException(e);
        }
        // else: one client that went away while it connected
      }
    }
  }

  private void serve(Connection connection) {
    try (connection) {
      serveAll(connection);
    } catch (IOException _) {
      // the client went away; what it missed is in the statistics of its call
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      connections.remove(connection);
    }
  }

  private void serveAll(Connection connection) throws IOException, InterruptedException {
    try {
      boolean again = true;
      while (again && !closed) {
        Optional<Request> request = connection.read();
        if (request.isEmpty()) {
          return;
        }
        again = handler.handle(request.get(), connection);
      }
    } catch (BadHttpException e) {
      refuse(connection, e);
    }
  }

  private static void refuse(Connection connection, BadHttpException bad) throws IOException {
    Reply.text(bad.status(), "text/plain", "fake provider: " + bad.getMessage() + "\n")
        .writeTo(connection);
    connection.endAfterAnswer();
  }

  /** Stops listening and cuts every connection. */
  @Override
  public void close() {
    closed = true;
    try {
      listener.close();
    } catch (IOException _) {
      // it is closed for us all the same
    }
    connections.forEach(Connection::close);
    try {
      acceptor.join(java.time.Duration.ofSeconds(5));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
