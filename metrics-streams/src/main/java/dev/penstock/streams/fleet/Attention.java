package dev.penstock.streams.fleet;

/**
 * Something that a person should look at.
 *
 * @param severity {@code critical} or {@code warning}
 * @param title what it is, short
 * @param detail what is known of it, and what to do
 * @param href the page that shows more
 */
public record Attention(String code, String severity, String title, String detail, String href) {
  static final String CRITICAL = "critical";
  static final String WARNING = "warning";
}
