package dev.penstock.standalone;

import dev.penstock.cli.Terminal;
import dev.penstock.config.ConfigException;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.lifecycle.StartException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service in the foreground of this process: started, stopped by SIGTERM or SIGINT, and given up
 * when it is dead. One line says why something can't start.
 */
final class ForegroundService {
  private static final long HEALTH_PERIOD_MILLIS = 500;

  private final String command;
  private final Service service;
  private final Terminal terminal;
  private final CountDownLatch stopping = new CountDownLatch(1);

  /**
   * @param command for messages
   */
  ForegroundService(String command, Service service, Terminal terminal) {
    this.command = command;
    this.service = service;
    this.terminal = terminal;
  }

  /** What a command does while its service runs; the result is the process's exit code. */
  interface Body {
    int run() throws InterruptedException;
  }

  /**
   * Starts the service, runs {@code body}, and returns its code; the service is stopped when the
   * process ends.
   *
   * @param afterStop runs when everything has stopped
   */
  int run(Body body, Runnable afterStop) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  stopping.countDown();
                  try {
                    service.close();
                  } finally {
                    afterStop.run();
                  }
                },
                command + "-stop"));
    try {
      service.start();
      return body.run();
    } catch (StartException e) {
      LoggerFactory.getLogger(ForegroundService.class).debug("{} can't start", command, e);
      return cannot(Commands.CANNOT_START, e.getMessage());
    } catch (ConfigException e) {
      return cannot(Commands.USAGE, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Commands.FAILED;
    } catch (RuntimeException e) {
      if (isStopping()) {
        // Whatever was under way lost what it worked with.
        return awaitEnd();
      }
      throw e;
    }
  }

  /** Whether the process is ending. */
  boolean isStopping() {
    return stopping.getCount() == 0;
  }

  /** Returns only when the service has died. */
  int serve() throws InterruptedException {
    Logger log = LoggerFactory.getLogger(ForegroundService.class);
    while (!stopping.await(HEALTH_PERIOD_MILLIS, TimeUnit.MILLISECONDS)) {
      if (service.health() instanceof Health.Dead(String reason)) {
        log.error("{} is dead: {}", command, reason);
        return cannot(Commands.FAILED, reason);
      }
    }
    return awaitEnd();
  }

  private int cannot(int code, @org.jspecify.annotations.Nullable String reason) {
    if (isStopping()) {
      return awaitEnd();
    }
    terminal.err().println("penstock " + command + ": " + reason);
    return code;
  }

  /** The process is ending with the code of a signal, which a call of exit would wait for. */
  private static int awaitEnd() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Commands.FAILED;
  }
}
