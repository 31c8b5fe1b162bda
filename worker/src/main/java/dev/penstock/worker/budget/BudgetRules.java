package dev.penstock.worker.budget;

import dev.penstock.config.SettingsReader;
import dev.penstock.job.TenantId;
import dev.penstock.limit.SpendReport;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What may be spent. Amounts are in billionths of the price table's currency.
 *
 * @param tenants by the tenant's name; under {@link #EVERY} for each tenant that has no rule of its
 *     own
 * @param routes by the route's name
 */
public record BudgetRules(
    Map<String, Map<Period, Long>> tenants, Map<String, Map<Period, Long>> routes) {
  /** No budgets. */
  public static final BudgetRules NONE = new BudgetRules(Map.of(), Map.of());

  /** Stands for every tenant without a rule of its own. */
  static final String EVERY = "*";

  /** Those that are too many to have a budget each; no tenant's name. */
  static final String OTHERS = "(others)";

  /** The largest budget, in whole units of the currency. */
  static final long MAX_AMOUNT = SpendReport.MAX_AMOUNT / 1_000_000_000;

  static final String PREFIX = "worker.budget.";
  private static final String TENANT = "tenant";
  private static final String ROUTE = "route";
  private static final int MAX_RULES = 1_000;

  public BudgetRules {
    tenants = Map.copyOf(tenants);
    routes = Map.copyOf(routes);
  }

  /** Whether there are none. */
  public boolean isEmpty() {
    return tenants.isEmpty() && routes.isEmpty();
  }

  boolean isOfTenants() {
    return !tenants.isEmpty();
  }

  /** The budget of a tenant; null where it may spend what it wants. */
  @Nullable Scope ofTenant(TenantId tenant) {
    String name = tenant.name();
    Map<Period, Long> own = tenants.get(name);
    if (own != null) {
      return new Scope(TENANT, name, name, own);
    }
    Map<Period, Long> every = tenants.get(EVERY);
    return every == null ? null : new Scope(TENANT, name, EVERY, every);
  }

  /** The budget of jobs whose model is {@code model}; null where they have none. */
  @Nullable Scope ofRoute(String model) {
    Map<Period, Long> own = routes.get(model);
    return own == null ? null : new Scope(ROUTE, model, model, own);
  }

  /** The budget that reports of {@code key} are about; null where there is none here. */
  @Nullable Scope ofKey(String key) {
    int slash = key.indexOf('/');
    String name = key.substring(slash + 1);
    return switch (slash < 0 ? "" : key.substring(0, slash)) {
      case TENANT -> ofTenantsKey(name);
      case ROUTE -> ofRoute(name);
      default -> null;
    };
  }

  private @Nullable Scope ofTenantsKey(String name) {
    Map<Period, Long> every = tenants.get(EVERY);
    if (name.equals(OTHERS) && every != null) {
      return new Scope(TENANT, OTHERS, EVERY, every);
    }
    return TenantId.isName(name) ? ofTenant(TenantId.of(name)) : null;
  }

  /**
   * Whose budget it is.
   *
   * @param kind {@code tenant} or {@code route}
   * @param name the tenant's or route's
   * @param rule the name in the setting: {@link #EVERY} where it is that of every tenant
   * @param limits what may be spent in each period
   */
  record Scope(String kind, String name, String rule, Map<Period, Long> limits) {
    /** As it stands in reports. */
    String key() {
      return kind + "/" + name;
    }

    String setting(Period period) {
      return PREFIX + kind + "." + rule + "." + period.setting();
    }

    @Override
    public String toString() {
      return kind + " " + name;
    }
  }

  /**
   * Reads {@code worker.budget.*}. What is wrong with them becomes an error of the reader.
   *
   * @param routeNames the names of the worker's routes
   */
  public static BudgetRules read(SettingsReader reader, Set<String> routeNames) {
    var tenants = new TreeMap<String, Map<Period, Long>>();
    var routes = new TreeMap<String, Map<Period, Long>>();
    Map<String, String> settings = reader.below(PREFIX);
    if (settings.size() > MAX_RULES) {
      reader.error(
          "there are " + settings.size() + " settings " + PREFIX + "*; at most " + MAX_RULES);
    }
    settings.forEach((key, value) -> {
      Period period = period(key);
      String kind = kind(key);
      if (period == null || kind == null || key.length() <= ends(kind, period)) {
        reader.error(
            PREFIX
                + key
                + " is no setting; it is "
                + PREFIX
                + "tenant.NAME. or "
                + PREFIX
                + "route.NAME. and then per-hour, per-day or per-month");
        return;
      }
      String name = key.substring(kind.length() + 1, key.length() - period.setting().length() - 1);
      String problem = kind.equals(TENANT) ? noTenant(name) : noRoute(name, routeNames);
      if (problem != null) {
        reader.error(PREFIX + key + " " + problem);
        return;
      }
      long amount = amount(value);
      if (amount < 0) {
        reader.error(
            PREFIX
                + key
                + " is '"
                + value
                + "', but must be an amount of the price table's currency, from 0 to "
                + MAX_AMOUNT
                + " with at most 9 decimals");
        return;
      }
      (kind.equals(TENANT) ? tenants : routes)
          .computeIfAbsent(name, _ -> new EnumMap<>(Period.class))
          .put(period, amount);
    });
    return new BudgetRules(tenants, routes);
  }

  private static int ends(String kind, Period period) {
    return kind.length() + period.setting().length() + 2;
  }

  /** In the environment the parts of a name are not kept apart. */
  private static @Nullable Period period(String key) {
    for (Period period : Period.values()) {
      if (key.endsWith("." + period.setting()) || key.endsWith("-" + period.setting())) {
        return period;
      }
    }
    return null;
  }

  private static @Nullable String kind(String key) {
    for (String kind : new String[] {TENANT, ROUTE}) {
      if (key.startsWith(kind + ".") || key.startsWith(kind + "-")) {
        return kind;
      }
    }
    return null;
  }

  private static @Nullable String noTenant(String name) {
    return name.equals(EVERY) || TenantId.isName(name)
        ? null
        : "names no tenant: that is 1 to "
            + TenantId.MAX_CHARS
            + " lower-case letters, digits, '.', '_' and '-', or * for every tenant without a"
            + " budget of its own";
  }

  private static @Nullable String noRoute(String name, Set<String> routes) {
    return routes.contains(name)
        ? null
        : "names no route of this worker; worker.route.* has " + new java.util.TreeSet<>(routes);
  }

  private static long amount(String value) {
    try {
      long nanos = Money.nanos(value);
      return nanos <= SpendReport.MAX_AMOUNT ? nanos : -1;
    } catch (NumberFormatException | ArithmeticException _) {
      return -1;
    }
  }
}
