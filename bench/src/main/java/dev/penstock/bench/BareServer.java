package dev.penstock.bench;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerResponse;
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
    serve(
        Integer.parseInt(args[0]),
        (request, response) -> {
          if (request.content().as(byte[].class).length == 0) {
            throw new IllegalStateException("there is no body");
          }
          accept(response);
        });
  }

  /** Starts the server of an intake. */
  static void serve(int port, Handler post) {
    serve(port, "/v1/jobs", post);
  }

  /** Starts a server that takes one kind of request. */
  static void serve(int port, String path, Handler post) {
    WebServer.builder()
        .host("127.0.0.1")
        .port(port)
        .routing(routing ->
            routing.get("/readyz", (_, response) -> response.send("ready\n")).post(path, post))
        .build()
        .start();
  }

  /** Answers 202. */
  static void accept(ServerResponse response) {
    response.status(Status.ACCEPTED_202);
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    response.header(HeaderNames.LOCATION, "/v1/jobs/01900000-0000-7000-8000-000000000000");
    response.send(ANSWER);
  }
}
