package dev.penstock.runtime.process;

import dev.penstock.config.ConfigException;
import dev.penstock.config.Settings;
import dev.penstock.lifecycle.Health;
import dev.penstock.lifecycle.Service;
import dev.penstock.lifecycle.StartException;
import dev.penstock.runtime.logging.Logging;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one service as a process: reads {@code --config FILE}, {@code --bootstrap HOST:PORT} and
 * {@code --set KEY=VALUE}, starts, stops on SIGTERM or SIGINT, and ends by itself when the service
 * is dead, so that whoever runs it starts it again.
 */
public final class ServiceProcess {
  /** Ended by a signal after a clean stop. */
  public static final int OK = 0;

  /** Died while running. */
  public static final int DEAD = 1;

  /** Wrong options or configuration. */
  public static final int USAGE = 2;

  /** Could not start. */
  public static final int CANNOT_START = 3;

  private static final Logger log = LoggerFactory.getLogger(ServiceProcess.class);
  private static final long HEALTH_PERIOD_MILLIS = 1_000;

  private ServiceProcess() {}

  /**
   * Runs until the end of the process.
   *
   * @param name the command, for messages
   * @param args the command line
   * @param build makes the service out of its settings
   */
  public static void run(String name, String[] args, Function<Settings, Service> build) {
    Service service;
    try {
      Settings settings = settings(args, System.getenv());
      Logging.apply(settings);
      service = build.apply(settings);
    } catch (ConfigException | UsageException e) {
      System.err.println("penstock " + name + ": " + e.getMessage());
      System.exit(USAGE);
      return;
    }
    var stopped = new CountDownLatch(1);
    var hook =
        new Thread(
            () -> {
              log.info("{} stops", name);
              try {
                service.close();
              } finally {
                stopped.countDown();
              }
            },
            name + "-stop");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      service.start();
    } catch (StartException e) {
      log.debug("{} can't start", name, e);
      System.err.println("penstock " + name + ": " + e.getMessage());
      System.exit(CANNOT_START);
    }
    log.info("{} runs", name);
    watch(name, service, stopped);
  }

  private static void watch(String name, Service service, CountDownLatch stopped) {
    try {
      while (!stopped.await(HEALTH_PERIOD_MILLIS, java.util.concurrent.TimeUnit.MILLISECONDS)) {
        if (service.health() instanceof Health.Dead(String reason)) {
          log.error("{} is dead and ends its process: {}", name, reason);
          System.err.println("penstock " + name + ": " + reason);
          System.exit(DEAD);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The settings that a command line and an environment give. */
  static Settings settings(String[] args, Map<String, String> environment) {
    var options = new HashMap<String, String>();
    Optional<Path> file = Optional.ofNullable(environment.get("PENSTOCK_CONFIG")).map(Path::of);
    for (int i = 0; i < args.length; i++) {
      String option = args[i];
      if (i + 1 == args.length) {
        throw new UsageException(
            "'"
                + option
                + "' is not an option with a value; known are --config FILE, --bootstrap HOST:PORT,"
                + " --set KEY=VALUE");
      }
      String value = args[++i];
      switch (option) {
        case "--config" -> file = Optional.of(Path.of(value));
        case "--bootstrap" -> options.put("kafka.bootstrap", value);
        case "--set" -> {
          int equals = value.indexOf('=');
          if (equals < 1) {
            throw new UsageException("--set takes KEY=VALUE, not '" + value + "'");
          }
          options.put(value.substring(0, equals), value.substring(equals + 1));
        }
        default ->
            throw new UsageException(
                "unknown option '"
                    + option
                    + "'; known are --config FILE, --bootstrap HOST:PORT, --set KEY=VALUE");
      }
    }
    return Settings.load(file, environment, options);
  }

  /** The command line is wrong. */
  static final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
      super(message);
    }
  }
}
