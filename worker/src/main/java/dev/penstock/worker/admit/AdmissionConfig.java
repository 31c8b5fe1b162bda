package dev.penstock.worker.admit;

import dev.penstock.config.SettingsReader;
import dev.penstock.job.Job;
import dev.penstock.provider.Target;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Who is called for what, and when not.
 *
 * @param routes the targets of each route, by its name, in the order in which they are tried
 * @param breaker when a target is left alone
 */
public record AdmissionConfig(Map<String, List<Target>> routes, BreakerRule breaker) {
  /** No routes, and breakers as they are usually. */
  public static final AdmissionConfig DEFAULT = new AdmissionConfig(Map.of(), BreakerRule.DEFAULT);

  static final int MAX_ROUTES = 100;
  static final int MAX_TARGETS = 10;

  private static final String PREFIX = "worker.route.";
  private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,50}");

  public AdmissionConfig {
    routes = Map.copyOf(routes);
  }

  /**
   * Reads {@code worker.route.*} and {@code worker.breaker.*}.
   *
   * @param providers the names of all providers
   */
  public static AdmissionConfig read(SettingsReader reader, Set<String> providers) {
    var routes = new LinkedHashMap<String, List<Target>>();
    var settings = new TreeMap<>(reader.below(PREFIX));
    if (settings.size() > MAX_ROUTES) {
      reader.error(
          "there are " + settings.size() + " settings worker.route.*; at most " + MAX_ROUTES);
    }
    settings.forEach((name, text) -> {
      if (!NAME.matcher(name).matches()) {
        reader.error(
            PREFIX + name + ": a route's name has 1 to 50 lower case letters, digits and '-'");
      } else if (providers.contains(name)) {
        reader.error(PREFIX + name + ": a provider has this name; give the route another one");
      } else {
        routes.put(name, targets(reader, name, text, providers));
      }
    });
    return new AdmissionConfig(routes, BreakerRule.read(reader));
  }

  private static List<Target> targets(
      SettingsReader reader, String route, String text, Set<String> providers) {
    var targets = new ArrayList<Target>();
    String setting = PREFIX + route + " is '" + text + "', but ";
    for (String part : text.split(",", MAX_TARGETS + 1)) {
      String target = part.strip();
      Target read = target.isEmpty() || target.startsWith(":") ? null : Target.of(target);
      if (read == null || targets.size() == MAX_TARGETS || target.length() > Job.MAX_MODEL_CHARS) {
        reader.error(
            setting
                + "is made of 1 to "
                + MAX_TARGETS
                + " targets with commas between them, each PROVIDER or PROVIDER:MODEL");
        return List.of();
      }
      if (!providers.contains(read.provider())) {
        reader.error(
            setting
                + "there is no provider '"
                + read.provider()
                + "'; worker.providers has "
                + new java.util.TreeSet<>(providers));
      } else if (targets.contains(read)) {
        reader.error(setting + "names '" + read + "' twice");
      }
      targets.add(read);
    }
    return List.copyOf(targets);
  }
}
