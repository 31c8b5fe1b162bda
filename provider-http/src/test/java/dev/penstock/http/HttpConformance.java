package dev.penstock.http;

import dev.penstock.kit.ProviderConformance;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What a worker relies on, of a provider that is reached over HTTP, against small servers. */
public abstract class HttpConformance extends ProviderConformance {
  private final String type;
  private final Servers servers;
  private final Map<String, String> particular;

  /**
   * @param particular the settings of this way of calling
   */
  protected HttpConformance(String type, Servers servers, Map<String, String> particular) {
    this.type = type;
    this.servers = servers;
    this.particular = Map.copyOf(particular);
  }

  /**
   * Whom it calls.
   *
   * @param good has every model but {@code no-such-model}
   * @param silent never answers
   * @param broken answers with an error
   */
  public record Servers(TinyServer good, TinyServer silent, TinyServer broken)
      implements AutoCloseable {
    /** Starts them; the broken one answers with {@code error}, under status 500. */
    public static Servers start(TinyServer.Script good, String error) {
      return new Servers(
          TinyServer.start(good),
          TinyServer.start((_, _) -> Thread.sleep(Long.MAX_VALUE)),
          TinyServer.start(TinyServer.json(500, error)));
    }

    @Override
    public void close() {
      good.close();
      silent.close();
      broken.close();
    }
  }

  @Override
  protected final String type() {
    return type;
  }

  @Override
  protected final Map<String, String> settings() {
    return settings(servers.good());
  }

  @Override
  protected final Optional<Map<String, String>> hangingSettings() {
    return Optional.of(settings(servers.silent()));
  }

  @Override
  protected final Optional<Map<String, String>> failingSettings() {
    return Optional.of(settings(servers.broken()));
  }

  @Override
  protected final Optional<String> unknownModel() {
    return Optional.of("no-such-model");
  }

  private Map<String, String> settings(TinyServer of) {
    var settings = new HashMap<>(particular);
    settings.put("base-url", of.url());
    settings.put("model", "tiny");
    return settings;
  }
}
