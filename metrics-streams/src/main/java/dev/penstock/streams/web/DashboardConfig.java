package dev.penstock.streams.web;

import dev.penstock.config.Secret;
import dev.penstock.config.SettingsReader;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who may act through the dashboard.
 *
 * @param token what a person must know to change anything; empty where nobody is asked
 * @param hosts names under which browsers may reach the dashboard without a token, besides {@code
 *     localhost} and addresses; in lower case
 */
public record DashboardConfig(Secret token, Set<String> hosts) {
  private static final int MIN_TOKEN_CHARS = 12;
  private static final int MAX_TOKEN_CHARS = 512;
  private static final int MAX_HOSTS = 50;

  /** Reads {@code streams.dashboard-token} and {@code streams.dashboard-hosts}. */
  public static DashboardConfig read(SettingsReader reader) {
    Secret token = reader.secret("streams.dashboard-token");
    int chars = token.reveal().length();
    if (chars > 0 && (chars < MIN_TOKEN_CHARS || chars > MAX_TOKEN_CHARS)) {
      reader.error(
          "streams.dashboard-token has "
              + chars
              + " characters, but must have "
              + MIN_TOKEN_CHARS
              + " to "
              + MAX_TOKEN_CHARS
              + ", or be left out");
    } else if (!token.reveal().chars().allMatch(c -> c > ' ' && c < 127)) {
      reader.error(
          "streams.dashboard-token has characters that can't stand in a header; use letters,"
              + " digits and punctuation of ASCII, without spaces");
    }
    Set<String> hosts =
        Arrays.stream(reader.text("streams.dashboard-hosts", "").split(",", -1))
            .map(host -> host.strip().toLowerCase(Locale.ROOT))
            .filter(host -> !host.isEmpty())
            .collect(Collectors.toUnmodifiableSet());
    if (hosts.size() > MAX_HOSTS) {
      reader.error(
          "streams.dashboard-hosts names " + hosts.size() + " hosts; at most " + MAX_HOSTS);
    }
    return new DashboardConfig(token, hosts);
  }
}
