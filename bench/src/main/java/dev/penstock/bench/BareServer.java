package dev.penstock.bench;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import java.nio.charset.StandardCharsets;

/**
 * The ceiling of the intake: the same web server, which reads the body, checks and stores nothing,
 * and answers 202 with as many bytes. Runs in a JVM of its own, with the port as its argument.
 */
final class BareServer {
  private static final byte[] ANSWER =
      """
      {"id":"01900000-0000-7000-8000-000000000000","state":"queued",\
      "acceptedAt":"2026-01-01T00:00:00.000000Z"}\
      """
          .getBytes(StandardCharsets.UTF_8);

  private BareServer() {}

  /** Serves until the process is ended. */
  public static void main(String[] args) {
    WebServer.builder()
        .host("127.0.0.1")
        .port(Integer.parseInt(args[0]))
        .routing(routing ->
            routing
                .get("/readyz", (_, response) -> response.send("ready\n"))
                .post(
                    "/v1/jobs",
                    (request, response) -> {
                      byte[] body = request.content().as(byte[].class);
                      response.status(
                          body.length > 0 ? Status.ACCEPTED_202 : Status.BAD_REQUEST_400);
                      response.header(HeaderNames.CONTENT_TYPE, "application/json");
                      response.header(
                          HeaderNames.LOCATION, "/v1/jobs/01900000-0000-7000-8000-000000000000");
                      response.send(ANSWER);
                    }))
        .build()
        .start();
  }
}
