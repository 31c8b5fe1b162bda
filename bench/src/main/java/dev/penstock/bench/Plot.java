package dev.penstock.bench;

import com.google.errorprone.annotations.FormatMethod;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A report's parts as a picture: one panel for each unit, one bar for each part. A bar ends at the
 * median; the line on it goes from the least to the most of all rounds.
 */
final class Plot {
  private static final int WIDTH = 760;
  private static final int LEFT = 250;
  private static final int RIGHT = 110;
  private static final int BAR = 16;
  private static final int ROW = 26;
  private static final int HEAD = 34;
  private static final int TITLE = 44;

  private final StringBuilder svg = new StringBuilder();

  private Plot() {}

  /** The picture as an SVG document. */
  static String of(String title, Map<String, Samples> parts) {
    return new Plot().draw(title, parts);
  }

  private String draw(String title, Map<String, Samples> parts) {
    var panels = new LinkedHashMap<String, List<Map.Entry<String, Samples>>>();
    parts
        .entrySet()
        .forEach(part ->
            panels.computeIfAbsent(part.getValue().unit(), _ -> new ArrayList<>()).add(part));
    int height = TITLE + panels.size() * HEAD + parts.size() * ROW + 10;
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\" font-size=\"13\">%n",
        WIDTH, height, WIDTH, height);
    add("<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>%n", WIDTH, height);
    add(
        "<text x=\"12\" y=\"26\" font-size=\"15\" font-weight=\"bold\">%s</text>%n",
        escaped(title));
    int y = TITLE;
    for (var panel : panels.entrySet()) {
      add(
          "<text x=\"12\" y=\"%d\" fill=\"#555555\">%s</text>%n",
          y + 20, escaped(panel.getKey().isEmpty() ? "ratio" : panel.getKey()));
      y += HEAD;
      double most =
          panel.getValue().stream().mapToDouble(part -> part.getValue().max()).max().orElse(0);
      for (var part : panel.getValue()) {
        bar(y, part.getKey(), part.getValue(), most > 0 ? (WIDTH - LEFT - RIGHT) / most : 0);
        y += ROW;
      }
    }
    add("</svg>%n");
    return svg.toString();
  }

  private void bar(int y, String name, Samples samples, double scale) {
    double end = LEFT + Math.max(0, samples.median() * scale);
    double least = LEFT + Math.max(0, samples.min() * scale);
    double most = LEFT + Math.max(0, samples.max() * scale);
    int middle = y + BAR / 2;
    add("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n", LEFT - 8, y + 13, escaped(name));
    add(
        "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#4c78a8\"/>%n",
        LEFT, y, end - LEFT, BAR);
    add(
        "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#222222\"/>%n",
        least, middle, most, middle);
    add(
        "<text x=\"%.1f\" y=\"%d\">%s</text>%n",
        Math.max(end, most) + 6, y + 13, Report.number(samples.median()));
  }

  @FormatMethod
  private void add(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
