package dev.penstock.submission.problem;

import java.util.Arrays;
import java.util.Optional;

/**
 * Every kind of problem that the intake, and the replayer behind it, answers with. The codes are
 * stable: programs go by them.
 */
public enum ProblemType {
  MALFORMED_JSON(400, "malformed_json", "The body is not valid JSON"),
  EMPTY_BODY(400, "empty_body", "The body is empty"),
  INCOMPLETE_BODY(400, "incomplete_body", "The body ended early"),
  INVALID_IDEMPOTENCY_KEY(400, "invalid_idempotency_key", "The idempotency key is not valid"),
  INVALID_JOB_ID(400, "invalid_job_id", "Not a job id"),
  INVALID_LAST_EVENT_ID(400, "invalid_last_event_id", "Not the id of an event"),
  INVALID_PARAMETER(400, "invalid_parameter", "Invalid parameter"),
  INVALID_SCHEDULE_NAME(400, "invalid_schedule_name", "Not the name of a schedule"),
  BAD_REQUEST(400, "bad_request", "The request can't be read"),
  NOT_FOUND(404, "not_found", "There is nothing here"),
  JOB_NOT_FOUND(404, "job_not_found", "There is no such job"),
  SCHEDULE_NOT_FOUND(404, "schedule_not_found", "There is no such schedule"),
  DEAD_LETTER_NOT_FOUND(404, "dead_letter_not_found", "There is no such dead letter"),
  REPLAY_NOT_FOUND(404, "replay_not_found", "There is no such plan"),
  EXPERIMENT_NOT_FOUND(404, "experiment_not_found", "There is no such experiment"),
  WORKER_NOT_FOUND(404, "worker_not_found", "There is no such worker"),
  METHOD_NOT_ALLOWED(405, "method_not_allowed", "The method is not allowed here"),
  REQUEST_TIMEOUT(408, "request_timeout", "The request did not arrive in time"),
  ALREADY_FINISHED(409, "already_finished", "The job has already ended"),
  JOB_NOT_FINISHED(409, "job_not_finished", "The job has not finished"),
  JOB_NOT_WAITING(409, "job_not_waiting", "The job does not wait for a time"),
  NOT_BLOCKING(409, "not_blocking", "The job does not block an ordering key"),
  IDEMPOTENCY_IN_PROGRESS(
      409, "idempotency_in_progress", "The same idempotency key is being worked on"),
  REPLAY_CONFLICT(409, "replay_conflict", "The plan's state does not allow it"),
  EXPERIMENT_CONFLICT(409, "experiment_conflict", "The experiment's state does not allow it"),
  TOO_MANY_SCHEDULES(409, "too_many_schedules", "There are too many schedules"),
  PRECONDITION_FAILED(412, "precondition_failed", "The schedule is not as you expect"),
  BODY_TOO_LARGE(413, "body_too_large", "The body is too large"),
  JOB_TOO_LARGE(413, "job_too_large", "The job is too large"),
  LINE_TOO_LONG(413, "line_too_long", "The line is too long"),
  TOO_MANY_LINES(413, "too_many_lines", "The stream has too many lines"),
  STREAM_TOO_LARGE(413, "stream_too_large", "The stream is too large"),
  URI_TOO_LONG(414, "uri_too_long", "The URI is too long"),
  UNSUPPORTED_MEDIA_TYPE(415, "unsupported_media_type", "This media type is not supported"),
  UNSUPPORTED_ENCODING(415, "unsupported_encoding", "Encoded bodies are not supported"),
  INVALID_JOB(422, "invalid_job", "The job is not valid"),
  INVALID_SCHEDULE(422, "invalid_schedule", "The schedule is not valid"),
  INVALID_CACHE_ENTRY(422, "invalid_cache_entry", "The cache's entries are not valid"),
  INVALID_REPLAY(422, "invalid_replay", "The plan is not valid"),
  INVALID_EXPERIMENT(422, "invalid_experiment", "The experiment is not valid"),
  IDEMPOTENCY_KEY_REUSED(
      422, "idempotency_key_reused", "The idempotency key stands for another submission"),
  RATE_LIMITED(429, "rate_limited", "Too many jobs"),
  HEADERS_TOO_LARGE(431, "headers_too_large", "The headers are too large"),
  INTERNAL_ERROR(500, "internal_error", "A fault of the service"),
  NOT_IMPLEMENTED(501, "not_implemented", "This is not implemented"),
  KAFKA_UNAVAILABLE(503, "kafka_unavailable", "Kafka can't be reached"),
  ACCEPTANCE_UNKNOWN(503, "acceptance_unknown", "No one knows whether this was accepted"),
  VIEW_UNAVAILABLE(503, "view_unavailable", "The views can't be reached"),
  TOO_MANY_STREAMS(503, "too_many_streams", "Too many streams are open"),
  IDEMPOTENCY_UNAVAILABLE(
      503, "idempotency_unavailable", "No intake can decide about this idempotency key now"),
  IDEMPOTENCY_FULL(503, "idempotency_full", "Too many idempotency keys are remembered"),
  SCHEDULES_UNAVAILABLE(
      503, "schedules_unavailable", "No intake can tell or change this schedule now"),
  REPLAYER_UNAVAILABLE(503, "replayer_unavailable", "Dead letters can't be read or replayed now"),
  HTTP_VERSION_NOT_SUPPORTED(
      505, "http_version_not_supported", "This version of HTTP is not supported");

  private final int status;
  private final String code;
  private final String title;

  ProblemType(int status, String code, String title) {
    this.status = status;
    this.code = code;
    this.title = title;
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }

  /** The stable code. */
  public String code() {
    return code;
  }

  /** The same for every occurrence. */
  public String title() {
    return title;
  }

  /** The type with this code, or nothing. */
  public static Optional<ProblemType> ofCode(String code) {
    return Arrays.stream(values()).filter(type -> type.code.equals(code)).findFirst();
  }
}
