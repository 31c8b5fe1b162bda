package dev.penstock.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Raw settings as text, by key. A later layer wins over an earlier one: file, environment, command
 * line. The key {@code worker.slots} is {@code PENSTOCK_WORKER_SLOTS} in the environment; a dash in
 * a key is an underscore too.
 */
public final class Settings {
  static final String ENVIRONMENT_PREFIX = "PENSTOCK_";

  /** Variables with our prefix that the launch script and the tools read, not the services. */
  private static final List<String> NOT_SETTINGS =
      List.of(
          "PENSTOCK_JAVA_OPTS",
          "PENSTOCK_CONFIG",
          "PENSTOCK_HOME",
          "PENSTOCK_LIBRARY_LOG_LEVEL",
          "PENSTOCK_URL");

  private final Map<String, String> byKey;
  private final Map<String, String> byVariable;

  private Settings(Map<String, String> byKey, Map<String, String> byVariable) {
    this.byKey = Map.copyOf(byKey);
    this.byVariable = Map.copyOf(byVariable);
  }

  /** Settings from keys alone. */
  public static Settings of(Map<String, String> byKey) {
    return new Settings(byKey, Map.of());
  }

  /**
   * Settings from all layers.
   *
   * @param file a properties file in UTF-8, where one is given
   * @param environment the process's environment
   * @param commandLine keys and values given as options
   * @throws ConfigException when the file can't be read
   */
  public static Settings load(
      Optional<Path> file, Map<String, String> environment, Map<String, String> commandLine) {
    var byKey = new HashMap<String, String>();
    file.ifPresent(path -> byKey.putAll(read(path)));
    var byVariable = new TreeMap<String, String>();
    environment.forEach((name, value) -> {
      if (name.startsWith(ENVIRONMENT_PREFIX) && !NOT_SETTINGS.contains(name)) {
        byVariable.put(name, value);
      }
    });
    commandLine.forEach((key, value) -> {
      byKey.put(key, value);
      byVariable.remove(variable(key));
    });
    return new Settings(byKey, byVariable);
  }

  /** These settings with {@code defaults} underneath. */
  public Settings withDefaults(Map<String, String> defaults) {
    var keys = new HashMap<>(defaults);
    keys.putAll(byKey);
    return new Settings(keys, byVariable);
  }

  /** These settings with {@code overrides} on top, the environment included. */
  public Settings with(Map<String, String> overrides) {
    var keys = new HashMap<>(byKey);
    keys.putAll(overrides);
    var variables = new HashMap<>(byVariable);
    overrides.keySet().forEach(key -> variables.remove(variable(key)));
    return new Settings(keys, variables);
  }

  /** A reader that remembers what it is asked for and every error. */
  public SettingsReader reader() {
    return new SettingsReader(this);
  }

  Optional<String> find(String key) {
    String fromEnvironment = byVariable.get(variable(key));
    return Optional.ofNullable(fromEnvironment == null ? byKey.get(key) : fromEnvironment);
  }

  /**
   * What follows {@code prefix} in the keys, with the values. Environment names arrive in lower
   * case.
   */
  Map<String, String> below(String prefix) {
    var found = new TreeMap<String, String>();
    byKey.forEach((key, value) -> {
      if (key.startsWith(prefix)) {
        found.put(key.substring(prefix.length()), value);
      }
    });
    String variablePrefix = variable(prefix);
    byVariable.forEach((name, value) -> {
      if (name.startsWith(variablePrefix)) {
        String rest = name.substring(variablePrefix.length()).toLowerCase(Locale.ROOT);
        found.keySet().removeIf(key -> variable(key).equals(variable(rest)));
        found.put(rest.replace('_', '-'), value);
      }
    });
    return found;
  }

  private static String variable(String key) {
    return ENVIRONMENT_PREFIX + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  private static Map<String, String> read(Path path) {
    var properties = new Properties();
    try (var reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
      properties.load(reader);
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      throw new ConfigException(List.of("the configuration file " + path + " can't be read: " + e));
    }
    var settings = new HashMap<String, String>();
    properties.forEach((key, value) -> settings.put((String) key, (String) value));
    return settings;
  }
}
