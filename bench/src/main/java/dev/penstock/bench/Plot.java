package dev.penstock.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
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
  private static final int FONT = 13;

  private final Svg svg;

  private Plot(Svg svg) {
    this.svg = svg;
  }

  /** The picture as an SVG document. */
  static String of(String title, Map<String, Samples> parts) {
    var panels = new LinkedHashMap<String, List<Map.Entry<String, Samples>>>();
    parts
        .entrySet()
        .forEach(part ->
            panels.computeIfAbsent(part.getValue().unit(), _ -> new ArrayList<>()).add(part));
    int height = Svg.TITLE + panels.size() * HEAD + parts.size() * ROW + 10;
    return new Plot(new Svg(WIDTH, height, FONT, title)).draw(panels);
  }

  private String draw(Map<String, List<Map.Entry<String, Samples>>> panels) {
    int y = Svg.TITLE;
    for (var panel : panels.entrySet()) {
      svg.add(
          "<text x=\"12\" y=\"%d\" fill=\"#555555\">%s</text>%n",
          y + 20, Svg.escaped(panel.getKey().isEmpty() ? "ratio" : panel.getKey()));
      y += HEAD;
      double most =
          panel.getValue().stream().mapToDouble(part -> part.getValue().max()).max().orElse(0);
      for (var part : panel.getValue()) {
        bar(y, part.getKey(), part.getValue(), most > 0 ? (WIDTH - LEFT - RIGHT) / most : 0);
        y += ROW;
      }
    }
    return svg.end();
  }

  private void bar(int y, String name, Samples samples, double scale) {
    double end = LEFT + Math.max(0, samples.median() * scale);
    double least = LEFT + Math.max(0, samples.min() * scale);
    double most = LEFT + Math.max(0, samples.max() * scale);
    int middle = y + BAR / 2;
    svg.add(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
        LEFT - 8, y + 13, Svg.escaped(name));
    svg.add(
        "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#4c78a8\"/>%n",
        LEFT, y, end - LEFT, BAR);
    svg.add(
        "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#222222\"/>%n",
        least, middle, most, middle);
    svg.add(
        "<text x=\"%.1f\" y=\"%d\">%s</text>%n",
        Math.max(end, most) + 6, y + 13, Report.number(samples.median()));
  }
}
