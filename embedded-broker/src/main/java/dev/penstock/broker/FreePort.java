package dev.penstock.broker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for whoever is told where to listen.
 *
 * <p>They lie below the range from which Linux takes the ports of outgoing connections (32768 and
 * up). Else a client that keeps trying to reach a stopped server can be given the server's own port
 * as its source, connect to itself, and keep the server from coming back.
 */
public final class FreePort {
  private static final int LOWEST = 20_000;
  private static final int HIGHEST = 32_000;
  private static final int TRIES = 1_000;

  private FreePort() {}

  /** A port on which nothing listens at this moment. */
  public static int find() {
    for (int i = 0; i < TRIES; i++) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
      try (var socket = new ServerSocket()) {
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return port;
      } catch (IOException _) {
        // taken: try another one
      }
    }
    throw new IllegalStateException(
        "no free port found from " + LOWEST + " to " + HIGHEST + " in " + TRIES + " tries");
  }
}
