package dev.penstock.job;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What cached answers are invalidated by. Tags are hierarchical: {@code kb/articles} stands for
 * {@code kb/articles/17} too, but not for {@code kb/articles2}.
 *
 * @param text segments of printable ASCII characters with {@code /} between them
 */
public record CacheTag(String text) {
  public static final int MAX_CHARS = 100;

  private static final Pattern SEGMENTS = Pattern.compile("[!-.0-~]+(/[!-.0-~]+)*");

  public CacheTag {
    if (!isTag(text)) {
      throw new IllegalArgumentException(
          "a tag has 1 to "
              + MAX_CHARS
              + " printable ASCII characters without spaces, with single '/' between its segments");
    }
  }

  /** Whether {@code text} can be a tag. */
  public static boolean isTag(String text) {
    return text.length() <= MAX_CHARS && SEGMENTS.matcher(text).matches();
  }

  /** The tags that stand for this one, itself included, the shortest first. */
  public List<CacheTag> lineage() {
    var lineage = new ArrayList<CacheTag>();
    for (int at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) {
      lineage.add(new CacheTag(text.substring(0, at)));
    }
    lineage.add(this);
    return lineage;
  }

  @Override
  public String toString() {
    return text;
  }
}
