package dev.penstock.runtime.ops;

import dev.penstock.lifecycle.Health;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerResponse;
import java.util.function.Supplier;

/**
 * {@code /healthz} (200 while the process need not be restarted), {@code /readyz} (200 while it
 * does its work) and {@code /metrics}. The answers of the first two are one line of text that gives
 * the reason, and are metrics too.
 */
public final class OpsRoutes implements HttpService {
  private final Supplier<Health> health;
  private final Metrics metrics;

  public OpsRoutes(Supplier<Health> health, Metrics metrics) {
    this.health = health;
    this.metrics = metrics;
    metrics.health(health);
  }

  @Override
  public void routing(HttpRules rules) {
    rules
        .get("/healthz", (_, response) -> live(response))
        .get("/readyz", (_, response) -> ready(response))
        .get(
            "/metrics",
            (request, response) -> {
              Metrics.Page page =
                  metrics.page(String.join(",", request.headers().values(HeaderNames.ACCEPT)));
              response.header(HeaderNames.CONTENT_TYPE, page.contentType());
              response.send(page.text());
            });
  }

  private void live(ServerResponse response) {
    switch (health.get()) {
      case Health.Ready _, Health.NotReady _ -> answer(response, Status.OK_200, "alive");
      case Health.Dead(String reason) -> answer(response, Status.SERVICE_UNAVAILABLE_503, reason);
    }
  }

  private void ready(ServerResponse response) {
    switch (health.get()) {
      case Health.Ready(String note) ->
          answer(response, Status.OK_200, note.isEmpty() ? "ready" : "ready; " + note);
      case Health.NotReady(String reason) ->
          answer(response, Status.SERVICE_UNAVAILABLE_503, reason);
      case Health.Dead(String reason) -> answer(response, Status.SERVICE_UNAVAILABLE_503, reason);
    }
  }

  private static void answer(ServerResponse response, Status status, String line) {
    response.status(status);
    response.header(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    response.send(line + "\n");
  }
}
