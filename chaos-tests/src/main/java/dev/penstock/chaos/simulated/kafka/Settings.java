package dev.penstock.chaos.simulated.kafka;

import java.time.Duration;
import java.util.Map;

/** Reads the settings of Kafka's clients. */
final class Settings {
  private Settings() {}

  static Duration millis(Map<String, Object> settings, String key, long defaultMillis) {
    return Duration.ofMillis(number(settings, key, defaultMillis));
  }

  static long number(Map<String, Object> settings, String key, long defaultValue) {
    Object value = settings.get(key);
    return value instanceof Number number ? number.longValue() : defaultValue;
  }

  static String text(Map<String, Object> settings, String key, String defaultValue) {
    Object value = settings.get(key);
    return value == null ? defaultValue : value.toString();
  }
}
