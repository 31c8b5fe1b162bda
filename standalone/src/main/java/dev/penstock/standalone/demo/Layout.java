package dev.penstock.standalone.demo;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Text in columns, where a Chinese or Japanese character takes two of them. */
final class Layout {
  private static final String CUT = "…";

  private Layout() {}

  /** How many columns {@code text} takes. */
  static int width(String text) {
    return text.codePoints().map(Layout::width).sum();
  }

  /** {@code text} on one line of at most {@code columns}. */
  static String cut(String text, int columns) {
    String line = text.strip().replaceAll("\\s+", " ");
    return width(line) <= columns ? line : head(line, columns - 1).stripTrailing() + CUT;
  }

  /** {@code text}, cut and filled up to exactly {@code columns}. */
  static String cell(String text, int columns) {
    String cut = cut(text, columns);
    return cut + " ".repeat(columns - width(cut));
  }

  /** {@code text} to the right of a cell of {@code columns}. */
  static String right(String text, int columns) {
    return " ".repeat(Math.max(0, columns - width(text))) + text;
  }

  /** {@code text} on at most {@code maxLines} lines of at most {@code columns}. */
  static List<String> wrap(String text, int columns, int maxLines) {
    String whole = text.strip().replaceAll("\\s+", " ");
    var lines = new ArrayList<String>();
    while (lines.size() < maxLines - 1 && width(whole) > columns) {
      int end = lineEnd(whole, columns);
      lines.add(whole.substring(0, end).stripTrailing());
      whole = whole.substring(end).stripLeading();
    }
    lines.add(cut(whole, columns));
    return lines;
  }

  /** Where the longest line of at most {@code columns} ends: between words where there is one. */
  private static int lineEnd(String text, int columns) {
    int fits = head(text, columns).length();
    BreakIterator breaks = BreakIterator.getLineInstance(Locale.ROOT);
    breaks.setText(text);
    int end;
    if (fits < text.length() && Character.isWhitespace(text.charAt(fits))) {
      // A space at the end of a line takes no place.
      end = fits + 1;
    } else {
      end = breaks.isBoundary(fits) ? fits : breaks.preceding(fits);
    }
    return end > 0 ? end : Math.max(1, fits);
  }

  private static String head(String text, int columns) {
    int left = columns;
    int end = 0;
    while (end < text.length()) {
      int codePoint = text.codePointAt(end);
      left -= width(codePoint);
      if (left < 0) {
        break;
      }
      end += Character.charCount(codePoint);
    }
    return text.substring(0, end);
  }

  /** After Unicode's East Asian Width (UAX 11), for the scripts of the passages. */
  private static int width(int codePoint) {
    if (Character.getType(codePoint) == Character.NON_SPACING_MARK) {
      return 0;
    }
    boolean wide =
        (codePoint >= 0x1100 && codePoint <= 0x115F)
            || (codePoint >= 0x2E80 && codePoint <= 0xA4CF)
            || (codePoint >= 0xAC00 && codePoint <= 0xD7A3)
            || (codePoint >= 0xF900 && codePoint <= 0xFAFF)
            || (codePoint >= 0xFE30 && codePoint <= 0xFE4F)
            || (codePoint >= 0xFF00 && codePoint <= 0xFF60)
            || (codePoint >= 0xFFE0 && codePoint <= 0xFFE6)
            || (codePoint >= 0x20000 && codePoint <= 0x3FFFD);
    return wide ? 2 : 1;
  }
}
