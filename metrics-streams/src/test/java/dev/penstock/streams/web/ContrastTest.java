package dev.penstock.streams.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The colours of the style sheet as WCAG 2.2 has it: text at 4.5 to 1 (1.4.3, level AA), signs and
 * the edges of controls at 3 to 1 (1.4.11).
 */
class ContrastTest {
  private static final Path STYLE = Path.of("src/main/resources/dashboard/app.css");
  private static final Pattern COLOUR = Pattern.compile("--([a-z0-9-]+): (#[0-9a-f]{6});");
  private static final double TEXT = 4.5;
  private static final double SIGN = 3.0;

  private static final List<String> GROUNDS = List.of("ground", "surface", "raised", "hover");

  /** Colours of text with the grounds that they stand on. */
  private static final Map<String, List<String>> TEXTS =
      Map.ofEntries(
          Map.entry("ink", plus("accent-soft", "bad-soft")),
          Map.entry("soft", plus("accent-soft")),
          Map.entry("accent", plus("accent-soft")),
          Map.entry("ok", List.of("surface", "ground", "ok-soft")),
          Map.entry("warn", List.of("surface", "ground", "warn-soft")),
          Map.entry("bad", List.of("surface", "ground", "raised", "bad-soft")),
          Map.entry("info", List.of("surface", "info-soft")),
          Map.entry("violet", List.of("surface", "violet-soft")),
          Map.entry("mute", List.of("surface", "raised", "mute-soft")),
          Map.entry("on-accent", List.of("accent")),
          Map.entry("on-danger", List.of("danger")),
          Map.entry("danger", List.of("surface", "bad-soft")),
          Map.entry("surface", List.of("ink")));

  /** What is seen without being read. */
  private static final Map<String, List<String>> SIGNS =
      Map.of(
          "line-strong", List.of("surface", "ground"),
          "chart-1", List.of("surface"),
          "chart-2", List.of("surface"),
          "chart-bad", List.of("surface"));

  private static List<String> plus(String... more) {
    var all = new ArrayList<>(GROUNDS);
    all.addAll(List.of(more));
    return all;
  }

  @Test
  void textCanBeReadInBothThemes() throws Exception {
    String css = Files.readString(STYLE);
    Map<String, String> light = colours(css.substring(0, css.indexOf("data-theme=\"dark\"")));
    var dark = new HashMap<>(light);
    String rest = css.substring(css.indexOf("data-theme=\"dark\""));
    dark.putAll(colours(rest.substring(0, rest.indexOf('}'))));
    assertThat(dark).isNotEqualTo(light);
    var failing = new ArrayList<String>();
    Map.of("light", light, "dark", dark)
        .forEach((name, theme) -> {
          TEXTS.forEach((text, grounds) -> check(name, theme, text, grounds, TEXT, failing));
          SIGNS.forEach((sign, grounds) -> check(name, theme, sign, grounds, SIGN, failing));
        });
    assertThat(failing).isEmpty();
  }

  private static void check(
      String name,
      Map<String, String> theme,
      String text,
      List<String> grounds,
      double least,
      List<String> failing) {
    for (String ground : grounds) {
      double contrast = contrast(colour(theme, text), colour(theme, ground));
      if (contrast < least) {
        failing.add(
            String.format(
                Locale.ROOT,
                "%s: %s on %s has %.2f, needs %.1f",
                name,
                text,
                ground,
                contrast,
                least));
      }
    }
  }

  private static String colour(Map<String, String> theme, String name) {
    String value = theme.get(name);
    assertThat(value).as("--" + name).isNotNull();
    return java.util.Objects.requireNonNull(value);
  }

  private static Map<String, String> colours(String css) {
    var found = new HashMap<String, String>();
    Matcher matcher = COLOUR.matcher(css);
    while (matcher.find()) {
      found.put(matcher.group(1), matcher.group(2));
    }
    return found;
  }

  /** As WCAG 2.2 defines contrast ratio and relative luminance. */
  private static double contrast(String a, String b) {
    double one = luminance(a);
    double two = luminance(b);
    return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  }

  private static double luminance(String hex) {
    double[] parts = new double[3];
    for (int i = 0; i < 3; i++) {
      double c = Integer.parseInt(hex.substring(1 + 2 * i, 3 + 2 * i), 16) / 255.0;
      parts[i] = c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
    }
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  }
}
