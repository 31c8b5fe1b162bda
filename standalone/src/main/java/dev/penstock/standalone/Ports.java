package dev.penstock.standalone;

import dev.penstock.lifecycle.StartException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Chooses ports before anything is started, so that a taken one is said in the first moment, and
 * keeps them from other processes until they are used. Hands out no port twice.
 */
final class Ports {
  private final InetAddress host = InetAddress.getLoopbackAddress();
  private final Set<Integer> given = new HashSet<>();
  private final List<Socket> reserved = new ArrayList<>();

  /**
   * {@code port}, or any free one for 0.
   *
   * @throws StartException when it is taken
   */
  int exactly(int port, String what, String option) {
    if (port == 0) {
      return any();
    }
    if (!isFree(port)) {
      throw new StartException(
          "port "
              + port
              + " for "
              + what
              + " is taken; stop what listens there (lsof -i :"
              + port
              + " tells), or give another one with "
              + option);
    }
    given.add(port);
    return port;
  }

  /** Keeps {@code port} until {@link #release}; who connects to it meanwhile is refused. */
  int reserve(int port) {
    var socket = new Socket();
    try {
      socket.setReuseAddress(false);
      socket.bind(new InetSocketAddress(host, port));
      reserved.add(socket);
    } catch (IOException _) {
      // A connection that ended a moment ago holds it; it will be free to listen on all the same.
      closeSocket(socket);
    }
    return port;
  }

  /** Lets go of the ports, right before they are listened on. */
  void release() {
    reserved.forEach(Ports::closeSocket);
    reserved.clear();
  }

  private static void closeSocket(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@code port} when it is free, else any free one. */
  int preferably(int port) {
    return isFree(port) && given.add(port) ? port : any();
  }

  private int any() {
    while (true) {
      try (var socket = new ServerSocket(0, 1, host)) {
        if (given.add(socket.getLocalPort())) {
          return socket.getLocalPort();
        }
      } catch (IOException e) {
        throw new StartException("there is no free port on " + host.getHostAddress(), e);
      }
    }
  }

  private boolean isFree(int port) {
    try (var socket = new ServerSocket()) {
      // As the web server does: ports of connections that ended a moment ago are free.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port), 1);
      return true;
    } catch (IOException _) {
      return false;
    }
  }
}
