package dev.penstock.standalone;

import dev.penstock.cli.HelpOption;
import dev.penstock.config.Settings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of everything that runs here. */
final class RunOptions {
  private static final String LEVEL = "PENSTOCK_LOG_LEVEL";

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Settings of the services, as a properties file. Default: $PENSTOCK_CONFIG.")
  private @Nullable Path config;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "One setting, for example worker.slots=64. Repeatable.")
  private @Nullable LinkedHashMap<String, String> set;

  @Option(
      names = "--verbose",
      description = "Log what happens, and say what the time to start was made of.")
  private boolean verbose;

  @Mixin final HelpOption help = new HelpOption();

  boolean isVerbose() {
    return verbose;
  }

  /** All settings; {@code own} are those that a command has an option of its own for. */
  Settings settings(Map<String, String> own) {
    var options = new HashMap<String, String>();
    if (set != null) {
      options.putAll(set);
    }
    options.putAll(own);
    Optional<Path> file =
        Optional.ofNullable(config)
            .or(() -> Optional.ofNullable(System.getenv("PENSTOCK_CONFIG")).map(Path::of));
    return Settings.load(file, System.getenv(), options);
  }

  /**
   * Logs warnings only, unless the person said otherwise. To be called before anything logs: the
   * logging library reads this once.
   */
  void quieten() {
    if (!verbose && System.getenv(LEVEL) == null) {
      System.setProperty(LEVEL, "WARN");
    }
  }
}
