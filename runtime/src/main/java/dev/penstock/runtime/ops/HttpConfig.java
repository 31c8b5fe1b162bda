package dev.penstock.runtime.ops;

import dev.penstock.config.SettingsReader;
import dev.penstock.lifecycle.StartException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;

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

  /**
   * Where other machines reach a process that listens so.
   *
   * @param listening the port that it got
   * @param setting that says it where it can't be found out
   * @throws StartException when this machine's own address is not known
   */
  public URI reachableAt(int listening, String setting) {
    String reachable = host.equals("0.0.0.0") ? ownAddress(setting) : host;
    return URI.create(
        "http://"
            + (reachable.contains(":") ? "[" + reachable + "]" : reachable)
            + ":"
            + listening);
  }

  private static String ownAddress(String setting) {
    try {
      return InetAddress.getLocalHost().getHostAddress();
    } catch (UnknownHostException e) {
      throw new StartException(
          "this machine's own address is not known; set "
              + setting
              + " to where other machines reach this one",
          e);
    }
  }
}
