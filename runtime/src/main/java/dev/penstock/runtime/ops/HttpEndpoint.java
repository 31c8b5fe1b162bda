package dev.penstock.runtime.ops;

import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.lifecycle.StartException;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A web server as a service. One virtual thread serves one request; handlers may block. */
public final class HttpEndpoint implements Service {
  private final String name;
  private final HttpConfig config;
  private final Consumer<WebServerConfig.Builder> setup;
  private @Nullable WebServer server;
  private boolean closed;

  /**
   * @param setup adds routes and limits to the server before it starts
   */
  public HttpEndpoint(String name, HttpConfig config, Consumer<WebServerConfig.Builder> setup) {
    this.name = name;
    this.config = config;
    this.setup = setup;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public synchronized void start() {
    if (server != null || closed) {
      return;
    }
    var builder =
        WebServer.builder()
            .host(config.host())
            .port(config.port())
            // Else the last part of a longer answer waits 40 ms for the acknowledgement of the
            // first.
            .connectionOptions(options -> options.tcpNoDelay(true))
            .shutdownHook(false)
            .shutdownGracePeriod(Duration.ofSeconds(2));
    setup.accept(builder);
    var starting = builder.build();
    try {
      starting.start();
    } catch (RuntimeException e) {
      throw new StartException(cannotListen(), e);
    }
    // A port that can't be bound is logged by the server, not thrown.
    if (!starting.isRunning()) {
      throw new StartException(cannotListen());
    }
    server = starting;
  }

  private String cannotListen() {
    return name
        + " can't listen on "
        + config.host()
        + ":"
        + config.port()
        + ": the port is taken or not allowed; give another one";
  }

  /** The port that it listens on; 0 before the start. */
  public synchronized int port() {
    return server == null ? 0 : server.port();
  }

  @Override
  public synchronized Health health() {
    if (server == null) {
      return new Health.NotReady("not started");
    }
    return server.isRunning() ? Health.READY : new Health.Dead("the web server has stopped");
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (server != null) {
      server.stop();
    }
  }
}
