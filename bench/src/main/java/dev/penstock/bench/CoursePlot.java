package dev.penstock.bench;

import java.util.List;
import java.util.Locale;

/** How values changed over time, as a picture: one panel below the other over the same seconds. */
final class CoursePlot {
  private static final int WIDTH = 860;
  private static final int LEFT = 70;
  private static final int RIGHT = 130;
  private static final int PANEL = 130;
  private static final int GAP = 44;
  private static final int FONT = 12;
  private static final String[] COLOURS = {"#4c78a8", "#e45756", "#54a24b", "#b279a2"};

  private final Svg svg;
  private final double seconds;

  private CoursePlot(Svg svg, double seconds) {
    this.svg = svg;
    this.seconds = seconds;
  }

  /** A value at a time. */
  record Point(double seconds, double value) {}

  /** A named course of values. */
  record Line(String name, List<Point> points) {}

  /**
   * Lines over the same axis.
   *
   * @param from when the time begins that is shaded, in seconds
   * @param to when it ends
   */
  record Panel(String title, List<Line> lines, double from, double to) {}

  /** The picture as an SVG document. */
  static String of(String title, List<Panel> panels) {
    double seconds =
        panels.stream()
            .flatMap(panel -> panel.lines().stream())
            .flatMap(line -> line.points().stream())
            .mapToDouble(Point::seconds)
            .max()
            .orElse(1);
    int height = Svg.TITLE + panels.size() * (PANEL + GAP) + 10;
    return new CoursePlot(new Svg(WIDTH, height, FONT, title), Math.max(1, seconds)).draw(panels);
  }

  private String draw(List<Panel> panels) {
    int y = Svg.TITLE;
    for (Panel panel : panels) {
      draw(panel, y + 18);
      y += PANEL + GAP;
    }
    return svg.end();
  }

  private void draw(Panel panel, int top) {
    double most =
        panel.lines().stream()
            .flatMap(line -> line.points().stream())
            .mapToDouble(Point::value)
            .max()
            .orElse(1);
    double scale = most > 0 ? PANEL / most : 0;
    int bottom = top + PANEL;
    svg.add(
        "<text x=\"%d\" y=\"%d\" fill=\"#555555\">%s</text>%n",
        LEFT, top - 5, Svg.escaped(panel.title()));
    svg.add(
        "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#f3e3e3\"/>%n",
        x(panel.from()),
        top,
        x(Math.min(panel.to(), seconds)) - x(Math.min(panel.from(), seconds)),
        PANEL);
    svg.add(
        "<path d=\"M%d %d V%d H%d\" fill=\"none\" stroke=\"#999999\"/>%n",
        LEFT, top, bottom, WIDTH - RIGHT);
    svg.add(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
        LEFT - 6, top + 10, Report.number(most));
    svg.add("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>%n", LEFT - 6, bottom);
    for (int second = 0; second <= seconds; second += 10) {
      svg.add(
          "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d s</text>%n",
          x(second), bottom + 14, second);
    }
    for (int i = 0; i < panel.lines().size(); i++) {
      Line line = panel.lines().get(i);
      String colour = COLOURS[i % COLOURS.length];
      var path = new StringBuilder();
      for (Point point : line.points()) {
        path.append(
            String.format(
                Locale.ROOT,
                path.isEmpty() ? "M%.1f %.1f" : " L%.1f %.1f",
                x(point.seconds()),
                bottom - point.value() * scale));
      }
      svg.add("<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"/>%n", path, colour);
      svg.add(
          "<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>%n",
          WIDTH - RIGHT + 8, top + 12 + 16 * i, colour, Svg.escaped(line.name()));
    }
  }

  private double x(double second) {
    return LEFT + second * (WIDTH - LEFT - RIGHT) / seconds;
  }
}
