package dev.penstock.api.http;

import dev.penstock.submission.Contract;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** The contract as files, and the page that shows it. Nothing is loaded from elsewhere. */
final class DocsPages {
  private static final Header CSP =
      HeaderValues.createCached(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src"
              + " data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

  private final Contract contract;

  DocsPages(Contract contract) {
    this.contract = contract;
  }

  List<Route> routes() {
    return List.of(
        get("/openapi.yaml", file("application/yaml", contract.yaml())),
        get(
            "/openapi.json",
            (_, response) -> {
              response.header(Answers.JSON);
              response.send(contract.json());
            }),
        get("/docs", file("text/html; charset=utf-8", resource("docs.html"))),
        get("/docs/docs.js", file("text/javascript; charset=utf-8", resource("docs.js"))),
        get("/docs/docs.css", file("text/css; charset=utf-8", resource("docs.css"))),
        get(
            "/",
            (_, response) -> {
              response.status(Status.FOUND_302);
              response.header(HeaderNames.LOCATION, "/docs");
              response.send();
            }));
  }

  private static Route get(String path, Handler handler) {
    return new Route(Method.GET, path, handler);
  }

  private static Handler file(String contentType, byte[] content) {
    Header type = HeaderValues.createCached("Content-Type", contentType);
    return (_, response) -> {
      response.header(type);
      response.header(CSP);
      response.send(content);
    };
  }

  private static byte[] resource(String name) {
    try (InputStream in = DocsPages.class.getResourceAsStream("/docs/" + name)) {
      if (in == null) {
        throw new IllegalStateException("/docs/" + name + " is missing from the class path");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
