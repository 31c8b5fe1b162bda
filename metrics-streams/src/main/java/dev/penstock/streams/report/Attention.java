package dev.penstock.streams.report;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Something that someone has to look after.
 *
 * @param code stable, for example {@code dead_letters_rising}
 * @param title one line
 * @param detail what it is, by figures, and what to do next
 * @param href where the dashboard shows more
 */
public record Attention(String code, Severity severity, String title, String detail, String href) {
  /** How soon. */
  public enum Severity {
    @JsonProperty("critical")
    CRITICAL,
    @JsonProperty("warning")
    WARNING
  }
}
