package dev.penstock.streams.query;

import dev.penstock.codec.Json;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;

/** What went wrong, as RFC 9457 has it. */
public record Problem(
    int status, String code, String title, String detail, List<Violation> errors) {
  private static final String RETRY_AFTER_SECONDS = "1";

  public Problem {
    errors = List.copyOf(errors);
  }

  public Problem(int status, String code, String title, String detail) {
    this(status, code, title, detail, List.of());
  }

  /**
   * One thing that is wrong.
   *
   * @param pointer where: a JSON Pointer into the body, or the name of a parameter behind a slash
   */
  public record Violation(String pointer, String message) {}

  /** The JSON form. */
  private record Body(
      String type, String title, int status, String code, String detail, List<Violation> errors) {}

  /** What was asked can't be asked so. */
  public static Problem invalidParameter(List<Violation> errors) {
    return new Problem(
        400,
        "invalid_parameter",
        "Invalid parameter",
        String.join("; ", errors.stream().map(Violation::message).toList()),
        errors);
  }

  public static Problem jobNotFound(String id) {
    return new Problem(
        404,
        "job_not_found",
        "Job not found",
        "There is no job " + id + "; finished jobs are dropped after a while.");
  }

  static Problem jobNotFinished(String state) {
    return new Problem(
        409,
        "job_not_finished",
        "Job not finished",
        "The job is " + state + " and has no result yet.");
  }

  static Problem inputGone(String id) {
    return new Problem(
        410,
        "input_gone",
        "Input gone",
        "The record of job " + id + " is no longer on its topic, and its input with it.");
  }

  /** What is asked for can't be told now. */
  public static Problem viewNotReady(String why) {
    return new Problem(503, "view_not_ready", "View not ready", why + " Try again in a moment.");
  }

  /** All streams are in use. */
  public static Problem tooManyStreams(int limit) {
    return new Problem(
        503,
        "too_many_event_streams",
        "Too many event streams",
        "All " + limit + " event streams of this instance are in use. Try again later.");
  }

  static Problem badHeader(String name, String rule) {
    return new Problem(
        400, "invalid_header", "Invalid header", "The header " + name + " " + rule + ".");
  }

  /** Answers with it. */
  public void send(ServerResponse response) {
    response.status(Status.create(status));
    response.header(HeaderNames.CONTENT_TYPE, "application/problem+json");
    response.header(HeaderNames.CACHE_CONTROL, "no-store");
    if (status == 503) {
      response.header(HeaderNames.RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    response.send(
        Json.MAPPER.writeValueAsBytes(
            new Body(
                "https://penstock.dev/problems/" + code, title, status, code, detail, errors)));
  }
}
