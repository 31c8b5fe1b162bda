package dev.penstock.local;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The settings {@code worker.provider.local.*}.
 *
 * @param inferenceThreads how many threads models run on
 * @param cachedLabels how many labels' vectors are kept
 */
record LocalSettings(int inferenceThreads, int cachedLabels) {
  private static final String PREFIX = "worker.provider.local.";
  private static final int MAX_INFERENCE_THREADS = 256;
  private static final int MAX_CACHED_LABELS = 1_000_000;
  private static final int DEFAULT_CACHED_LABELS = 10_000;

  /**
   * Reads {@code inference-threads} (half the processors, 1 at least) and {@code cached-labels}.
   *
   * @throws IllegalArgumentException with all that is wrong
   */
  static LocalSettings read(Map<String, String> settings) {
    var errors = new ArrayList<String>();
    var left = new TreeMap<String, String>(settings);
    int processors = Runtime.getRuntime().availableProcessors();
    int threads =
        integer(
            left, "inference-threads", Math.max(1, processors / 2), MAX_INFERENCE_THREADS, errors);
    int labels = integer(left, "cached-labels", DEFAULT_CACHED_LABELS, MAX_CACHED_LABELS, errors);
    left.forEach((key, value) ->
        errors.add(
            PREFIX
                + key
                + " is '"
                + value
                + "', but there is no such setting; known are inference-threads, cached-labels"));
    if (!errors.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", errors));
    }
    return new LocalSettings(threads, labels);
  }

  private static int integer(
      Map<String, String> left, String key, int defaultValue, int max, List<String> errors) {
    String text = left.remove(key);
    if (text == null) {
      return defaultValue;
    }
    try {
      int value = Integer.parseInt(text.strip());
      if (value >= 1 && value <= max) {
        return value;
      }
    } catch (NumberFormatException _) {
      // falls through to the one error below
    }
    errors.add(PREFIX + key + " is '" + text + "', but must be a whole number from 1 to " + max);
    return defaultValue;
  }
}
