package dev.penstock.runtime.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsReader;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * What {@code log.*} says, put into effect for the process: {@code log.format}, {@code log.level}
 * of Penstock's own loggers, {@code log.level.NAME} of any other. Until then {@code logback.xml}
 * holds.
 */
public final class Logging {
  private static final String OURS = "dev.penstock";
  private static final int MAX_LOGGERS = 100;
  private static final Set<String> LEVELS =
      Set.of("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "OFF");

  private Logging() {}

  /**
   * Logs as the settings say from now on.
   *
   * @throws dev.penstock.config.ConfigException with everything that is wrong with them
   */
  public static void apply(Settings settings) {
    SettingsReader reader = settings.reader();
    String wanted = reader.text("log.format", "");
    LogFormat format = LogFormat.of(wanted).orElse(null);
    if (!wanted.isBlank() && format == null) {
      reader.error("log.format is '" + wanted + "', but must be auto, json or text");
    }
    var levels = new TreeMap<String, Level>();
    level(reader, "log.level", reader.text("log.level", ""), OURS, levels);
    Map<String, String> named = reader.below("log.level.");
    if (named.size() > MAX_LOGGERS) {
      reader.error("there are more than " + MAX_LOGGERS + " settings log.level.NAME");
    }
    // A logger's name has no dashes, and in a variable's name there are no dots.
    named.forEach(
        (name, level) -> level(reader, "log.level." + name, level, name.replace('-', '.'), levels));
    boolean done = reader.build(() -> true);
    if (done && LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      levels.forEach((name, level) -> context.getLogger(name).setLevel(level));
      if (format != null) {
        use(format, context);
      }
      bridge();
    }
  }

  private static void level(
      SettingsReader reader, String key, String text, String logger, Map<String, Level> levels) {
    String level = text.strip().toUpperCase(Locale.ROOT);
    if (LEVELS.contains(level)) {
      levels.put(logger, Level.toLevel(level));
    } else if (!level.isEmpty()) {
      reader.error(key + " is '" + text + "', but must be trace, debug, info, warn, error or off");
    }
  }

  private static void use(LogFormat format, LoggerContext context) {
    Iterator<Appender<ILoggingEvent>> appenders =
        context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
    while (appenders.hasNext()) {
      LogEncoder encoder = encoder(appenders.next());
      if (encoder != null) {
        encoder.use(format);
      }
    }
  }

  private static @Nullable LogEncoder encoder(Appender<ILoggingEvent> appender) {
    return appender instanceof OutputStreamAppender<ILoggingEvent> stream
            && stream.getEncoder() instanceof LogEncoder encoder
        ? encoder
        : null;
  }

  /** Libraries that log elsewhere log here too. */
  private static void bridge() {
    if (!SLF4JBridgeHandler.isInstalled()) {
      SLF4JBridgeHandler.removeHandlersForRootLogger();
      SLF4JBridgeHandler.install();
    }
  }
}
