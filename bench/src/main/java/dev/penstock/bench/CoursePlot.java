package dev.penstock.bench;

import com.google.errorprone.annotations.FormatMethod;
import java.util.List;
import java.util.Locale;

/** How values changed over time, as a picture: one panel below the other over the same seconds. */
final class CoursePlot {
  private static final int WIDTH = 860;
  private static final int LEFT = 70;
  private static final int RIGHT = 130;
  private static final int PANEL = 130;
  private static final int GAP = 44;
  private static final int TITLE = 44;
  private static final String[] COLOURS = {"#4c78a8", "#e45756", "#54a24b", "#b279a2"};

  private final StringBuilder svg = new StringBuilder();
  private final double seconds;

  private CoursePlot(double seconds) {
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
    return new CoursePlot(Math.max(1, seconds)).draw(title, panels);
  }

  private String draw(String title, List<Panel> panels) {
    int height = TITLE + panels.size() * (PANEL + GAP) + 10;
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\" font-size=\"12\">%n",
        WIDTH, height, WIDTH, height);
    add("<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>%n", WIDTH, height);
    add(
        "<text x=\"12\" y=\"26\" font-size=\"15\" font-weight=\"bold\">%s</text>%n",
        escaped(title));
    int y = TITLE;
    for (Panel panel : panels) {
      draw(panel, y + 18);
      y += PANEL + GAP;
    }
    add("</svg>%n");
    return svg.toString();
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
    add(
        "<text x=\"%d\" y=\"%d\" fill=\"#555555\">%s</text>%n",
        LEFT, top - 5, escaped(panel.title()));
    add(
        "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#f3e3e3\"/>%n",
        x(panel.from()),
        top,
        x(Math.min(panel.to(), seconds)) - x(Math.min(panel.from(), seconds)),
        PANEL);
    add(
        "<path d=\"M%d %d V%d H%d\" fill=\"none\" stroke=\"#999999\"/>%n",
        LEFT, top, bottom, WIDTH - RIGHT);
    add(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n",
        LEFT - 6, top + 10, Report.number(most));
    add("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>%n", LEFT - 6, bottom);
    for (int second = 0; second <= seconds; second += 10) {
      add(
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
      add("<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"/>%n", path, colour);
      add(
          "<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>%n",
          WIDTH - RIGHT + 8, top + 12 + 16 * i, colour, escaped(line.name()));
    }
  }

  private double x(double second) {
    return LEFT + second * (WIDTH - LEFT - RIGHT) / seconds;
  }

  @FormatMethod
  private void add(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
