package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.io.IOException;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** What tests and people talk to: {@code /_fake/...}. No key is asked for. */
final class Control {
  static final String PREFIX = "/_fake/";

  private static final String PROBLEM = "application/problem+json";

  private final Calls calls;
  private final Ledger ledger;
  private final Ticker ticker;

  Control(Calls calls, Ledger ledger, Ticker ticker) {
    this.calls = calls;
    this.ledger = ledger;
    this.ticker = ticker;
  }

  void serve(Request request, Connection connection) throws IOException {
    reply(request).writeTo(connection);
  }

  private Reply reply(Request request) {
    return switch (request.method() + " " + request.path().substring(PREFIX.length())) {
      case "PUT script" -> script(request);
      case "DELETE script" -> {
        calls.script(Script.NONE);
        yield nothing();
      }
      case "GET stats" ->
          Reply.json(200, Json.MAPPER.valueToTree(ledger.stats(calls.limits(), ticker.nanos())));
      case "DELETE stats" -> {
        ledger.reset(ticker.now(), ticker.nanos());
        yield nothing();
      }
      case "GET calls" -> Reply.json(200, Json.MAPPER.valueToTree(ledger.calls()));
      case "GET health" -> Reply.json(200, Json.MAPPER.createObjectNode().put("status", "up"));
      default ->
          problem(
              404,
              "not_found",
              request.method()
                  + " "
                  + request.path()
                  + " is not there; there are PUT and DELETE /_fake/script, GET and DELETE"
                  + " /_fake/stats, GET /_fake/calls, GET /_fake/health",
              List.of());
    };
  }

  private Reply script(Request request) {
    try {
      calls.script(Script.parse(request.body()));
      return nothing();
    } catch (ScriptException e) {
      return problem(400, "script_invalid", "the script was not set", e.errors());
    }
  }

  private static Reply nothing() {
    return Reply.text(204, "text/plain", "");
  }

  private static Reply problem(int status, String code, String detail, List<String> errors) {
    ObjectNode problem =
        Json.MAPPER
            .createObjectNode()
            .put("type", "about:blank")
            .put("title", code.replace('_', ' '))
            .put("status", status)
            .put("code", code)
            .put("detail", detail);
    if (!errors.isEmpty()) {
      var list = problem.putArray("errors");
      errors.forEach(error -> list.addObject().put("message", error));
    }
    return Reply.json(status, problem)
        .withBody(PROBLEM, List.of(Json.MAPPER.writeValueAsBytes(problem)));
  }
}
