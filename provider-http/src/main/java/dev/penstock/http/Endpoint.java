package dev.penstock.http;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where an API is. Requests go to its host and to no other.
 *
 * @param base absolute, without a slash at its end
 */
record Endpoint(URI base) {
  /**
   * Reads a base URL.
   *
   * @throws IllegalArgumentException when it is none that may be called; the message says why
   */
  static Endpoint of(String url, boolean allowHttp) {
    String text = url.strip();
    while (text.endsWith("/")) {
      text = text.substring(0, text.length() - 1);
    }
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("base-url is no URL: " + e.getReason(), e);
    }
    String host = uri.getHost();
    if (uri.getRawUserInfo() != null) {
      throw new IllegalArgumentException("base-url has a user in it; keys belong into api-keys");
    }
    if (host == null || uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw new IllegalArgumentException(
          "base-url is '" + text + "', but must be https://HOST[:PORT][/PATH] and nothing more");
    }
    boolean plain = "http".equals(scheme(uri));
    if (!plain && !"https".equals(scheme(uri))) {
      throw new IllegalArgumentException("base-url is '" + text + "', but must begin with https:");
    }
    if (plain && !allowHttp && !isLoopback(host)) {
      throw new IllegalArgumentException(
          "base-url is '"
              + text
              + "', which would send keys and texts unencrypted; use https:, or set allow-http=true"
              + " where the network is trusted");
    }
    return new Endpoint(uri);
  }

  /**
   * The address of something below the base.
   *
   * @param path begins with a slash; may have a query
   */
  URI at(String path) {
    return URI.create(base + path);
  }

  /**
   * Refuses what is not on this host.
   *
   * @throws IllegalStateException when it is not
   */
  void check(URI target) {
    if (!scheme(base).equals(scheme(target))
        || !base.getHost().equalsIgnoreCase(target.getHost())
        || base.getPort() != target.getPort()) {
      throw new IllegalStateException(
          "a request was to go to " + target.getHost() + ", but only " + host() + " is configured");
    }
  }

  /** For messages. */
  String host() {
    return base.getRawAuthority();
  }

  private static String scheme(URI uri) {
    @Nullable String scheme = uri.getScheme();
    return scheme == null ? "" : scheme.toLowerCase(Locale.ROOT);
  }

  /** By its name alone: nothing is looked up. */
  private static boolean isLoopback(String host) {
    return host.equalsIgnoreCase("localhost")
        || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}")
        || host.equals("[::1]");
  }
}
