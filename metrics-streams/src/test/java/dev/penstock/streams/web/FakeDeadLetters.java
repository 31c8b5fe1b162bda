package dev.penstock.streams.web;

import dev.penstock.codec.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a replayer could say: dead letters, plans and audit, with hostile texts in each. Pure. */
final class FakeDeadLetters {
  /** Dead letters in all, of which each tenth is poison. */
  static final int LETTERS = 300;

  /** One that can't be read. */
  static final String POISON = "3-290";

  static final String PLAN = "20261122-070000-abcd";

  private static final int PAGE = 200;
  private static final List<String> CODES = List.of("timeout", "throttled", "content_refused");
  private static final List<String> STATES =
      List.of("draft", "running", "canary-report", "aborting", "undone", "done", "paused");

  private FakeDeadLetters() {}

  private static String ago(long seconds) {
    return Instant.now().minusSeconds(seconds).toString();
  }

  private static ObjectNode object() {
    return Json.MAPPER.createObjectNode();
  }

  static ObjectNode groups(String by, boolean empty) {
    ObjectNode answer = object().put("by", by).put("complete", true).put("other", 0);
    ArrayNode groups = answer.putArray("groups");
    for (int i = 0; i < (empty ? 0 : 4); i++) {
      ObjectNode group = groups.addObject();
      if (by.equals("fingerprint")) {
        group
            .put("value", "000000000000000" + i)
            .put("code", i == 3 ? "undecodable" : CODES.get(i))
            .put("provider", i == 3 ? "" : "openai")
            .put("model", i == 3 ? "" : "fast")
            .put("kind", i == 3 ? "" : "generate")
            .put("message", i == 2 ? FakeStreams.XSS : "The call took longer than * s");
      } else {
        group.put("value", i == 2 ? FakeStreams.XSS : by + "-" + i);
      }
      group
          .put("count", 120 / (i + 1))
          .put("firstAt", ago(90_000))
          .put("lastAt", ago(12L * (i + 1)));
      group.putArray("examples").add("3-" + i).add("0-" + i);
    }
    return answer.put("matched", empty ? 0 : 250).put("scanned", empty ? 0 : LETTERS);
  }

  private static ObjectNode row(int i) {
    boolean poison = i % 10 == 9;
    ObjectNode row =
        object()
            .put("letter", "3-" + (LETTERS - 1 - i))
            .put("type", poison ? "poison" : "job")
            .put("standing", i % 7 == 6 ? "replayed" : "open");
    if (!poison) {
      row.put("jobId", FakeStreams.id(i))
          .put("generation", i % 3)
          .put("attempts", 1 + i % 4)
          .put("provider", "openai")
          .put("model", "fast")
          .put("kind", "generate")
          .put("tenant", "acme")
          .put("priority", "normal");
      row.putObject("labels").put("plant", "north");
    }
    return row.put("code", poison ? "undecodable" : CODES.get(i % 3))
        .put("message", i % 5 == 0 ? FakeStreams.XSS : "The call took longer than 60 s")
        .put("fingerprint", "0000000000000001")
        .put("at", ago(30L * i))
        .put("bytes", 900 + i);
  }

  /** A first page, an empty one, and the rest. */
  static ObjectNode list(String cursor, boolean empty) {
    ObjectNode page = object().put("scanned", 100);
    ArrayNode letters = page.putArray("letters");
    if (empty || cursor.equals("empty")) {
      return empty ? page : page.put("next", "rest");
    }
    boolean first = cursor.isEmpty();
    for (int i = first ? 0 : PAGE; i < (first ? PAGE : LETTERS); i++) {
      letters.add(row(i));
    }
    return first ? page.put("next", "empty") : page;
  }

  private static ObjectNode bytes(byte[] bytes) {
    return object()
        .put("bytes", bytes.length)
        .put("text", new String(bytes, StandardCharsets.UTF_8))
        .put("base64", Base64.getEncoder().encodeToString(bytes));
  }

  static ObjectNode letter(String id) {
    int i = LETTERS - 1 - Integer.parseInt(id.substring(2));
    ObjectNode letter = row(i).put("partition", 3).put("writtenAt", ago(30L * i));
    byte[] value = ("{\"what\":\"" + FakeStreams.XSS + "\"}").getBytes(StandardCharsets.UTF_8);
    if (id.equals(POISON)) {
      value = new byte[5_000];
      for (int at = 0; at < value.length; at++) {
        value[at] = (byte) at;
      }
      letter.put("reason", "no JSON " + FakeStreams.XSS).put("origin", "penstock.jobs-3@17");
    } else {
      letter.set(
          "record",
          Json.MAPPER.readTree(
              """
              {"job": {"id": "%s"}, "reason": {"code": "timeout", "message": "The call took longer than 60 s"},
               "origin": {"topic": "penstock.jobs", "partition": 3, "offset": 17},
               "attempts": [{"number": 1, "provider": "openai", "worker": "worker-1", "startedAt": "2026-11-22T06:00:00Z",
                 "latency": "PT60S", "failure": {"code": "timeout", "message": "The call took longer than 60 s"}}]}
              """
                  .formatted(FakeStreams.id(i))));
      letter.putObject("submission").put("kind", "generate").put("model", FakeStreams.XSS);
    }
    letter.set("key", bytes("k".getBytes(StandardCharsets.UTF_8)));
    letter.set("value", bytes(value));
    letter
        .putArray("headers")
        .addObject()
        .put("name", "traceparent")
        .setAll(bytes("00-1".getBytes(StandardCharsets.UTF_8)));
    return letter;
  }

  static ObjectNode decoded(String codec) {
    ObjectNode told = object().put("codec", codec).put("version", 1);
    if (codec.equals("ordered")) {
      told.putObject("value").put("key", FakeStreams.XSS);
    } else {
      told.put("reason", "it has no field \"job\"");
    }
    return told;
  }

  private static ObjectNode plan(String id, String state, int version) {
    ObjectNode plan =
        object()
            .put("id", id)
            .put("name", "Retry the outage " + FakeStreams.XSS)
            .put("state", state)
            .put("version", version)
            .put("by", "ada " + FakeStreams.XSS)
            .put("createdAt", ago(120))
            .put("changedAt", ago(20))
            .put("action", "replay")
            .put("maxGeneration", 3)
            .put("stage", state.equals("running") ? "canary" : "rest");
    plan.putObject("selection").putObject("filter").putArray("code").add("timeout");
    plan.putArray("patch")
        .addObject()
        .put("op", "add")
        .put("path", "/model")
        .put("value", FakeStreams.XSS);
    plan.putObject("pace").put("inFlight", 200).put("perSecond", 50);
    plan.putObject("canary").put("count", 20).put("then", "stop").put("minSucceeded", 1);
    plan.putObject("selected").put("canary", 20).put("rest", 180);
    boolean begun = !state.equals("draft");
    ObjectNode progress = plan.putObject("progress");
    progress.put("decided", begun ? 150 : 0).put("replayed", begun ? 146 : 0);
    progress.put("open", begun ? 11 : 0).put("succeeded", begun ? 120 : 0);
    progress.put("deadLettered", begun ? 9 : 0).put("cancelled", begun ? 4 : 0);
    progress.put("expired", begun ? 2 : 0).put("unknown", 0).put("discarded", 0).put("purged", 0);
    ObjectNode refused = progress.putObject("refused");
    if (begun) {
      refused.put("expired", 3).put("already-resolved", 1);
    }
    return plan;
  }

  /**
   * One plan with its preview.
   *
   * @param confirmed whether someone has confirmed it
   */
  static ObjectNode plan(String id, boolean confirmed) {
    ObjectNode plan = plan(id, confirmed ? "running" : "draft", confirmed ? 3 : 2);
    plan.set(
        "preview",
        Json.MAPPER.readTree(
            """
            {"scanned": 300, "matched": 230, "selected": 200, "canary": 20,
             "refused": [{"reason": "returned-too-often", "count": 30, "detail": "3 times", "examples": ["3-4", "0-9"]}],
             "by": {"code": [{"value": "timeout", "count": 200}], "tenant": [{"value": "acme", "count": 120}, {"value": "northwind", "count": 80}]},
             "oldestAt": "2026-11-22T04:00:00Z", "newestAt": "2026-11-22T06:00:00Z",
             "expected": {"calls": 200, "costNanos": 1900000000, "currency": null, "seconds": 62.5, "basis": "one call a job"},
             "examples": [{"letter": "3-17", "jobId": "%s", "before": {}, "after": {"model": "careful"},
               "diff": [{"op": "replace", "path": "/model", "old": "fast", "value": "careful"}]}]}
            """
                .formatted(FakeStreams.id(7))));
    return plan;
  }

  static ObjectNode plans(boolean empty) {
    ObjectNode page = object();
    ArrayNode replays = page.putArray("replays");
    for (int i = 0; i < (empty ? 0 : STATES.size()); i++) {
      replays.add(plan(PLAN + i, STATES.get(i), 4));
    }
    return page;
  }

  static ObjectNode differences() {
    ObjectNode page = object();
    page.putArray("differences")
        .addObject()
        .put("letter", "3-5")
        .put("reason", "expired")
        .put("at", ago(40));
    return page;
  }

  static ObjectNode audit(boolean empty) {
    ObjectNode page = object();
    ArrayNode entries = page.putArray("entries");
    for (int i = empty ? 0 : 3; i > 0; i--) {
      ObjectNode entry =
          entries
              .addObject()
              .put("sequence", i)
              .put("at", ago(60L * (4 - i)))
              .put("who", i == 3 ? FakeStreams.XSS : "ada")
              .put("did", i == 1 ? "create" : "confirm")
              .put("plan", PLAN)
              .put("previousHash", "0".repeat(64))
              .put("hash", String.valueOf(i).repeat(64));
      entry.putObject("detail").put("state", "running").put("name", FakeStreams.XSS);
    }
    return page;
  }

  static JsonNode verification() {
    return object().put("sound", true).put("entries", 3).put("lastHash", "3".repeat(64));
  }
}
