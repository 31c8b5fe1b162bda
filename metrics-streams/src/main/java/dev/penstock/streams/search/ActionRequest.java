package dev.penstock.streams.search;

import dev.penstock.codec.Json;
import dev.penstock.job.JobId;
import dev.penstock.streams.query.Problem;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** What {@code POST /v1/jobs/actions} is asked for. */
sealed interface ActionRequest {
  int MAX_IDS = 1_000;

  /** The most jobs that one action is for. */
  long MAX_MATCHING = 1_000_000;

  int MAX_BODY_BYTES = 100_000;

  JobAction action();

  /** These jobs, each once. */
  record Of(JobAction action, List<JobId> ids) implements ActionRequest {}

  /**
   * The jobs that match.
   *
   * @param expected how many the one who asks has been told
   */
  record Matching(JobAction action, SearchRequest selection, long expected)
      implements ActionRequest {}

  /** What is wrong with it. */
  final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String pointer;

    MalformedException(String pointer, String rule) {
      super(rule);
      this.pointer = pointer;
    }

    Problem problem() {
      return Problem.invalidParameter(
          List.of(new Problem.Violation(pointer, String.valueOf(getMessage()))));
    }
  }

  /** Reads the body of a request. */
  static ActionRequest parse(byte[] body) throws MalformedException {
    JsonNode json;
    try {
      json = Json.MAPPER.readTree(body);
    } catch (JacksonException _) {
      throw new MalformedException("", "the body has to be JSON");
    }
    if (json == null || !json.isObject()) {
      throw new MalformedException("", "the body has to be a JSON object");
    }
    for (String name : json.propertyNames()) {
      if (!Set.of("action", "ids", "query", "expected").contains(name)) {
        throw new MalformedException("", "the fields are action, and ids or query and expected");
      }
    }
    JobAction action =
        Optional.ofNullable(json.get("action"))
            .filter(JsonNode::isString)
            .flatMap(name -> JobAction.ofWireName(name.stringValue()))
            .orElseThrow(
                () -> new MalformedException("/action", "action is cancel, release or retry-now"));
    boolean ids = json.has("ids");
    if (ids == json.has("query")) {
      throw new MalformedException("/ids", "there is one of ids and query");
    }
    return ids ? of(action, json.get("ids")) : matching(action, json);
  }

  private static ActionRequest of(JobAction action, JsonNode ids) throws MalformedException {
    if (!ids.isArray() || ids.isEmpty() || ids.size() > MAX_IDS) {
      throw new MalformedException("/ids", "ids are 1 to " + MAX_IDS + " job ids");
    }
    var jobs = new LinkedHashSet<JobId>();
    for (int i = 0; i < ids.size(); i++) {
      JsonNode id = ids.get(i);
      int place = i;
      jobs.add(
          Optional.ofNullable(id.isString() ? id.stringValue() : null)
              .flatMap(JobId::parse)
              .orElseThrow(() -> new MalformedException("/ids/" + place, "it is no job id")));
    }
    return new Of(action, new ArrayList<>(jobs));
  }

  private static ActionRequest matching(JobAction action, JsonNode json) throws MalformedException {
    JsonNode query = json.get("query");
    JsonNode expected = json.get("expected");
    if (!query.isString()) {
      throw new MalformedException("/query", "query is text, such as state=queued&tenant=a");
    }
    if (expected == null || !expected.canConvertToLong() || !expected.isIntegralNumber()) {
      throw new MalformedException(
          "/expected", "expected is how many jobs match, as GET /v1/jobs told it");
    }
    long count = expected.longValue();
    if (count < 0 || count > MAX_MATCHING) {
      throw new MalformedException("/expected", "expected is 0 to " + MAX_MATCHING);
    }
    try {
      return new Matching(action, SearchRequest.parse(query.stringValue()), count);
    } catch (InvalidParameterException e) {
      throw new MalformedException("/query", "query: " + e.getMessage());
    }
  }
}
