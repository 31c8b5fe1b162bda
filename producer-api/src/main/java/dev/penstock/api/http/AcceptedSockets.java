package dev.penstock.api.http;

import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.ServerConnectionException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Options of accepted sockets, with a read timeout for those who read from the socket; reads from
 * its channel wait without one. Also tells the thread of each connection which channel is its own,
 * because the server does not.
 */
record AcceptedSockets(SocketOptions options) implements SocketOptions {
  /** The thread that accepts starts that of the connection right after it has set the options. */
  private static final InheritableThreadLocal<@Nullable SocketChannel> ACCEPTED =
      new InheritableThreadLocal<>();

  static AcceptedSockets of(Duration readTimeout) {
    return new AcceptedSockets(
        SocketOptions.builder().readTimeout(readTimeout).tcpNoDelay(true).build());
  }

  /**
   * The channel of the connection that this thread serves.
   *
   * @param remote its other end
   */
  static SocketChannel ofThisThread(SocketAddress remote) {
    SocketChannel channel = ACCEPTED.get();
    if (channel == null || !remote.equals(channel.socket().getRemoteSocketAddress())) {
      throw new ServerConnectionException(
          "the connection from " + remote + " is not the one that was accepted last",
          new SocketException("not connected"));
    }
    return channel;
  }

  @Override
  public void configureSocket(SocketChannel channel) {
    options.configureSocket(channel);
    try {
      channel.socket().setSoTimeout((int) readTimeout().toMillis());
    } catch (SocketException e) {
      throw new IllegalStateException("a connection ended before it began", e);
    }
    ACCEPTED.set(channel);
  }

  @Override
  public Map<SocketOption<?>, Object> socketOptions() {
    return options.socketOptions();
  }

  @Override
  public Duration connectTimeout() {
    return options.connectTimeout();
  }

  @Override
  public Duration readTimeout() {
    return options.readTimeout();
  }

  @Override
  public Optional<Integer> socketReceiveBufferSize() {
    return options.socketReceiveBufferSize();
  }

  @Override
  public Optional<Integer> socketSendBufferSize() {
    return options.socketSendBufferSize();
  }

  @Override
  public boolean socketReuseAddress() {
    return options.socketReuseAddress();
  }

  @Override
  public boolean socketKeepAlive() {
    return options.socketKeepAlive();
  }

  @Override
  public boolean tcpNoDelay() {
    return options.tcpNoDelay();
  }
}
