package dev.penstock.worker.cache;

import dev.penstock.config.SettingsReader;
import dev.penstock.job.CacheRule;
import dev.penstock.job.Job;
import dev.penstock.provider.Target;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How answers are cached.
 *
 * @param enabled whether any are
 * @param ttls of jobs that do not say one, by their model as they name it
 * @param bytes how much is kept in memory
 * @param answerBytes the largest answer that is kept
 */
public record CacheConfig(
    boolean enabled, Map<String, Duration> ttls, long bytes, int answerBytes) {
  private static final String TTL = "worker.cache-ttl.";
  private static final int MAX_TTLS = 200;

  /** As it is without settings: only jobs that ask for it are cached. */
  public static final CacheConfig DEFAULT =
      new CacheConfig(true, Map.of(), 64_000_000L, 256 * 1024);

  /** Nothing is cached. */
  public static final CacheConfig OFF = new CacheConfig(false, Map.of(), 1, 1);

  public CacheConfig {
    ttls = Map.copyOf(ttls);
  }

  /**
   * Reads {@code worker.cache-*}. What is wrong with them becomes an error of the reader.
   *
   * @param routes the names of the routes
   * @param providers the names of the providers of this worker
   */
  public static CacheConfig read(SettingsReader reader, Set<String> routes, Set<String> providers) {
    var ttls = new HashMap<String, Duration>();
    Set<String> models = reader.below(TTL).keySet();
    if (models.size() > MAX_TTLS) {
      reader.error("there are " + models.size() + " settings " + TTL + "*; at most " + MAX_TTLS);
    }
    for (String model : models) {
      if (!routes.contains(model) && (model.isEmpty() || !providers.contains(provider(model)))) {
        reader.error(
            TTL
                + model
                + " is for jobs whose model is '"
                + model
                + "', but there is no such route or provider");
      }
      ttls.put(
          model,
          reader.duration(TTL + model, CacheRule.MIN_TTL, CacheRule.MIN_TTL, CacheRule.MAX_TTL));
    }
    return new CacheConfig(
        reader.flag("worker.cache-enabled", DEFAULT.enabled()),
        ttls,
        reader.integer("worker.cache-megabytes", 64, 1, 100_000) * 1_000_000L,
        reader.integer("worker.cache-answer-kilobytes", 256, 1, 1_000) * 1024);
  }

  private static String provider(String model) {
    return model.startsWith(":") ? "" : Target.of(model).provider();
  }

  /** How long the job's answer is kept and how old an answer for it may be; null for not at all. */
  @Nullable Duration ttl(Job job) {
    CacheRule rule = job.cache();
    if (!enabled || (rule != null && !rule.allowed())) {
      return null;
    }
    Duration own = rule == null ? null : rule.ttl();
    return own == null && !ttls.isEmpty() ? ttls.get(job.model()) : own;
  }
}
