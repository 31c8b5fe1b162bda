package dev.penstock.api.http;

import io.helidon.common.socket.SocketOptions;
import java.net.SocketException;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Options of accepted sockets, with a read timeout: the server's own setting of that name is not
 * applied to the sockets that it accepts.
 */
record TimedSockets(SocketOptions options) implements SocketOptions {
  static TimedSockets of(Duration readTimeout) {
    return new TimedSockets(
        SocketOptions.builder().readTimeout(readTimeout).tcpNoDelay(true).build());
  }

  @Override
  public void configureSocket(SocketChannel channel) {
    options.configureSocket(channel);
    try {
      channel.socket().setSoTimeout((int) readTimeout().toMillis());
    } catch (SocketException e) {
      throw new IllegalStateException("a connection ended before it began", e);
    }
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
