package dev.penstock.api.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.ProxyProtocolData;
import io.helidon.webserver.Router;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;

/**
 * Stands between the server and each connection's socket, because the server itself knows neither a
 * deadline for a request nor a bound on the size of one chunk: gives every connection an {@link
 * IncomingBytes}, and lets a refused client read its answer before the connection is closed.
 */
final class ConnectionGuard implements ServerConnectionSelector {
  private final Http1ConnectionSelector http1 =
      Http1ConnectionSelector.builder().config(http -> http.validateRequestHeaders(true)).build();
  private final Duration requestTimeout;

  /**
   * @param requestTimeout how long the headers may take
   */
  ConnectionGuard(Duration requestTimeout) {
    this.requestTimeout = requestTimeout;
  }

  @Override
  public int bytesToIdentifyConnection() {
    return 0;
  }

  @Override
  public Support supports(BufferData data) {
    return Support.SUPPORTED;
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return http1.supportedApplicationProtocols();
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    SocketChannel channel = AcceptedSockets.ofThisThread(context.remotePeer().address());
    var incoming = new IncomingBytes(context.serverSocket(), channel.socket(), requestTimeout);
    return new Guarded(http1.connection(new GuardedContext(context, incoming.reader())), incoming);
  }

  /** The connection, which lingers for a moment after it refused a request. */
  private static final class Guarded implements ServerConnection, InterruptableTask<Void> {
    private final ServerConnection connection;
    private final IncomingBytes incoming;

    Guarded(ServerConnection connection, IncomingBytes incoming) {
      this.connection = connection;
      this.incoming = incoming;
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
      IncomingBytes.bind(incoming);
      try {
        connection.handle(limit);
      } finally {
        incoming.drainRefused();
        IncomingBytes.unbind();
      }
    }

    @Override
    public boolean canInterrupt() {
      return connection instanceof InterruptableTask<?> task && task.canInterrupt();
    }

    @Override
    public Duration idleTime() {
      return connection.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
      connection.close(interrupt);
    }
  }

  /** The server's context, with our reader. */
  private record GuardedContext(ConnectionContext context, DataReader dataReader)
      implements ConnectionContext {
    @Override
    public ListenerContext listenerContext() {
      return context.listenerContext();
    }

    @Override
    public ExecutorService executor() {
      return context.executor();
    }

    @Override
    public DataWriter dataWriter() {
      return context.dataWriter();
    }

    @Override
    public Router router() {
      return context.router();
    }

    @Override
    public Optional<ProxyProtocolData> proxyProtocolData() {
      return context.proxyProtocolData();
    }

    @Override
    public HelidonSocket serverSocket() {
      return context.serverSocket();
    }

    @Override
    public PeerInfo remotePeer() {
      return context.remotePeer();
    }

    @Override
    public PeerInfo localPeer() {
      return context.localPeer();
    }

    @Override
    public boolean isSecure() {
      return context.isSecure();
    }

    @Override
    public String socketId() {
      return context.socketId();
    }

    @Override
    public String childSocketId() {
      return context.childSocketId();
    }
  }
}
