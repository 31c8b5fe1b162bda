package dev.penstock.config;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads typed values out of {@link Settings} and collects every error on the way, so that a person
 * sees all of them at once. A wrong value reads as its default until {@link #build} throws. Not
 * thread-safe.
 */
public final class SettingsReader {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,15})\\s*(ms|s|m|h|d)");

  private final Settings settings;
  private final List<String> errors = new ArrayList<>();

  SettingsReader(Settings settings) {
    this.settings = settings;
  }

  /** The text under {@code key}. */
  public String text(String key, String defaultValue) {
    return settings.find(key).orElse(defaultValue);
  }

  /** The text under {@code key}, without which nothing runs. */
  public String requiredText(String key, String hint) {
    String value = settings.find(key).orElse("");
    if (value.isBlank()) {
      errors.add(key + " is not set: " + hint);
    }
    return value;
  }

  /** A secret, or an empty one. Its value appears in no error and no log. */
  public Secret secret(String key) {
    return new Secret(settings.find(key).orElse(""));
  }

  /** A whole number within its bounds. */
  public int integer(String key, int defaultValue, int min, int max) {
    return settings
        .find(key)
        .map(text -> {
          try {
            int value = Integer.parseInt(text.strip());
            if (value >= min && value <= max) {
              return value;
            }
          } catch (NumberFormatException _) {
            // falls through to the one error below
          }
          errors.add(
              key + " is '" + text + "', but must be a whole number from " + min + " to " + max);
          return defaultValue;
        })
        .orElse(defaultValue);
  }

  /** A decimal number within its bounds. */
  public double decimal(String key, double defaultValue, double min, double max) {
    return settings
        .find(key)
        .map(text -> {
          try {
            double value = Double.parseDouble(text.strip());
            if (value >= min && value <= max) {
              return value;
            }
          } catch (NumberFormatException _) {
            // falls through to the one error below
          }
          errors.add(key + " is '" + text + "', but must be a number from " + min + " to " + max);
          return defaultValue;
        })
        .orElse(defaultValue);
  }

  /** {@code true} or {@code false}. */
  public boolean flag(String key, boolean defaultValue) {
    return settings
        .find(key)
        .map(text ->
            switch (text.strip().toLowerCase(Locale.ROOT)) {
              case "true" -> true;
              case "false" -> false;
              default -> {
                errors.add(key + " is '" + text + "', but must be true or false");
                yield defaultValue;
              }
            })
        .orElse(defaultValue);
  }

  /**
   * A duration within its bounds: {@code 250ms}, {@code 30s}, {@code 5m}, {@code 24h}, {@code 7d}
   * or ISO 8601.
   */
  public Duration duration(String key, Duration defaultValue, Duration min, Duration max) {
    return settings
        .find(key)
        .map(text -> {
          try {
            Duration value = parse(text.strip());
            if (value.compareTo(min) >= 0 && value.compareTo(max) <= 0) {
              return value;
            }
          } catch (DateTimeParseException | ArithmeticException _) {
            // falls through to the one error below
          }
          errors.add(
              key
                  + " is '"
                  + text
                  + "', but must be a duration such as 250ms, 30s, 5m or 24h, from "
                  + min
                  + " to "
                  + max);
          return defaultValue;
        })
        .orElse(defaultValue);
  }

  /** Durations within their bounds, with commas between them: {@code 16s,64s,5m}. */
  public List<Duration> durations(
      String key, List<Duration> defaultValue, Duration min, Duration max) {
    return settings
        .find(key)
        .map(text -> {
          try {
            List<Duration> values =
                Arrays.stream(text.split(",", -1)).map(each -> parse(each.strip())).toList();
            if (values.stream().allMatch(v -> v.compareTo(min) >= 0 && v.compareTo(max) <= 0)) {
              return values;
            }
          } catch (DateTimeParseException | ArithmeticException _) {
            // falls through to the one error below
          }
          errors.add(
              key
                  + " is '"
                  + text
                  + "', but must be durations such as 16s,64s,5m, each from "
                  + min
                  + " to "
                  + max);
          return defaultValue;
        })
        .orElse(defaultValue);
  }

  /**
   * All settings below {@code prefix}, for what is passed on as it is (Kafka's own settings, a
   * plugin's).
   */
  public Map<String, String> below(String prefix) {
    return settings.below(prefix);
  }

  /** Notes an error that a rule over several values found. */
  public void error(String message) {
    errors.add(message);
  }

  /**
   * The configuration, when nothing was wrong.
   *
   * @throws ConfigException with all errors
   */
  public <T> T build(Supplier<T> configuration) {
    if (errors.isEmpty()) {
      try {
        return configuration.get();
      } catch (IllegalArgumentException e) {
        errors.add(String.valueOf(e.getMessage()));
      }
    }
    throw new ConfigException(errors);
  }

  private static Duration parse(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      return Duration.parse(text);
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      case "h" -> Duration.ofHours(amount);
      default -> Duration.ofDays(amount);
    };
  }
}
