package dev.penstock.bench;

import com.google.errorprone.annotations.FormatMethod;
import java.util.Locale;

/** A picture that is being drawn: white, with a title. */
final class Svg {
  /** Where what follows the title begins. */
  static final int TITLE = 44;

  private final StringBuilder svg = new StringBuilder();

  Svg(int width, int height, int fontSize, String title) {
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\" font-size=\"%d\">%n",
        width, height, width, height, fontSize);
    add("<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>%n", width, height);
    add(
        "<text x=\"12\" y=\"26\" font-size=\"15\" font-weight=\"bold\">%s</text>%n",
        escaped(title));
  }

  /** Adds an element. */
  @FormatMethod
  void add(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values));
  }

  /** The whole document; nothing is added after it. */
  String end() {
    add("</svg>%n");
    return svg.toString();
  }

  static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
