package dev.penstock.runtime.ops;

import dev.penstock.config.SettingsReader;

/**
 * Where a service listens.
 *
 * @param host the address to bind; the loopback one unless set otherwise
 * @param port 0 for any free one
 */
public record HttpConfig(String host, int port) {

  /** Reads {@code SERVICE.host} and {@code SERVICE.port}. */
  public static HttpConfig read(SettingsReader reader, String service, int defaultPort) {
    return new HttpConfig(
        reader.text(service + ".host", "127.0.0.1"),
        reader.integer(service + ".port", defaultPort, 0, 65_535));
  }
}
