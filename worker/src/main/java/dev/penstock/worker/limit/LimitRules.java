package dev.penstock.worker.limit;

import dev.penstock.config.SettingsReader;
import dev.penstock.limit.LimitReport;
import dev.penstock.provider.Target;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is configured of limits.
 *
 * @param rules by {@code PROVIDER} or {@code PROVIDER:MODEL}
 * @param learns whether limits are also taken from what providers tell
 * @param adapts whether calls at once are bounded by how targets fare, where no limit is known
 */
public record LimitRules(Map<String, Rule> rules, boolean learns, boolean adapts) {
  /** Nothing is limited, whatever happens. */
  public static final LimitRules NONE = new LimitRules(Map.of(), false, false);

  private static final String PREFIX = "worker.limit.";
  private static final String MODEL = ".model.";

  public LimitRules {
    rules = Map.copyOf(rules);
  }

  /**
   * The limits of one provider or model; null where there is none.
   *
   * @param requestsPerMinute calls that begin in a minute
   * @param tokensPerMinute tokens of input and output in a minute
   * @param concurrency calls at once
   */
  public record Rule(
      @Nullable Long requestsPerMinute,
      @Nullable Long tokensPerMinute,
      @Nullable Long concurrency) {
    /** No limit. */
    static final Rule NONE = new Rule(null, null, null);

    @Nullable Long of(Kind kind) {
      return switch (kind) {
        case REQUESTS -> requestsPerMinute;
        case TOKENS -> tokensPerMinute;
        case CONCURRENCY -> concurrency;
      };
    }

    private Rule with(Kind kind, long value) {
      return new Rule(
          kind == Kind.REQUESTS ? Long.valueOf(value) : requestsPerMinute,
          kind == Kind.TOKENS ? Long.valueOf(value) : tokensPerMinute,
          kind == Kind.CONCURRENCY ? Long.valueOf(value) : concurrency);
    }
  }

  /** What is limited. */
  enum Kind {
    REQUESTS("requests-per-minute"),
    TOKENS("tokens-per-minute"),
    CONCURRENCY("concurrency");

    private final String setting;

    Kind(String setting) {
      this.setting = setting;
    }

    /** The last part of its setting, and of its label in metrics. */
    String setting() {
      return setting;
    }
  }

  /** The limits of a target's model alone. */
  Rule ofModel(Target target) {
    return target.model().isEmpty() ? Rule.NONE : rules.getOrDefault(target.toString(), Rule.NONE);
  }

  /** The limits of all of a provider's models together. */
  Rule ofProvider(Target target) {
    return rules.getOrDefault(target.provider(), Rule.NONE);
  }

  /**
   * Reads {@code worker.limit.PROVIDER.*}, {@code worker.limits.learn} and {@code
   * worker.adaptive-concurrency}. What is wrong with them becomes an error of the reader.
   *
   * @param providers the names of the providers of this worker
   */
  public static LimitRules read(SettingsReader reader, Set<String> providers) {
    var rules = new TreeMap<String, Rule>();
    reader
        .below(PREFIX)
        .forEach((key, value) -> {
          Kind kind = kind(key);
          String scope = kind == null ? "" : scope(key, kind);
          if (kind == null || scope.isEmpty()) {
            reader.error(
                PREFIX
                    + key
                    + " is no setting; it is "
                    + PREFIX
                    + "PROVIDER. or "
                    + PREFIX
                    + "PROVIDER.model.MODEL. and then requests-per-minute, tokens-per-minute or"
                    + " concurrency");
            return;
          }
          if (!providers.contains(Target.of(scope).provider())) {
            reader.error(
                PREFIX
                    + key
                    + " limits a provider that this worker does not have; it has "
                    + providers);
            return;
          }
          long most = LimitReport.MAX_AMOUNT / LimitReport.UNIT / 1_000;
          long amount = amount(value);
          if (amount < 1 || amount > most) {
            reader.error(
                PREFIX + key + " is '" + value + "', but must be a whole number from 1 to " + most);
            return;
          }
          rules.merge(
              scope, Rule.NONE.with(kind, amount), (before, _) -> before.with(kind, amount));
        });
    if (rules.size() * Kind.values().length > LimitReport.MAX_ENTRIES / 2) {
      reader.error(
          PREFIX
              + "* limits "
              + rules.size()
              + " providers and models; they are at most "
              + LimitReport.MAX_ENTRIES / 2 / Kind.values().length);
    }
    return new LimitRules(
        rules,
        reader.flag("worker.limits.learn", true),
        reader.flag("worker.adaptive-concurrency", true));
  }

  private static @Nullable Kind kind(String key) {
    for (Kind kind : Kind.values()) {
      if (key.endsWith("." + kind.setting())) {
        return kind;
      }
    }
    return null;
  }

  private static String scope(String key, Kind kind) {
    String named = key.substring(0, key.length() - kind.setting().length() - 1);
    int model = named.indexOf(MODEL);
    return model < 0
        ? named
        : named.substring(0, model) + ":" + named.substring(model + MODEL.length());
  }

  private static long amount(String value) {
    try {
      return Long.parseLong(value.strip());
    } catch (NumberFormatException _) {
      return -1;
    }
  }
}
