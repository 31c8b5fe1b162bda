package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Anthropic: {@code x-api-key}, errors and headers as in its API reference ("Errors", "Rate
 * limits"), resets as RFC 3339.
 */
final class Anthropic implements Protocol {
  static final String INVALID = "invalid_request_error";

  private static final String BEARER = "Bearer ";

  @Override
  public String keyOf(Request request) {
    String authorization = request.header("authorization");
    String key = request.header("x-api-key");
    return key.isEmpty() && authorization.startsWith(BEARER)
        ? authorization.substring(BEARER.length())
        : key;
  }

  @Override
  public String requestId(long mixed) {
    return "req_011C" + Mix.id(mixed, 20);
  }

  @Override
  public Map<String, String> headers(
      String requestId, Duration took, LimitState limits, Instant now) {
    var headers = new LinkedHashMap<String, String>();
    headers.put("request-id", requestId);
    headers.put("anthropic-organization-id", "00000000-0000-0000-0000-000000000000");
    gauge(headers, "requests", limits.requests(), now);
    gauge(headers, "tokens", limits.tokens(), now);
    return headers;
  }

  private static void gauge(
      Map<String, String> headers, String what, LimitState.@Nullable Gauge gauge, Instant now) {
    if (gauge != null) {
      String prefix = "anthropic-ratelimit-" + what + "-";
      headers.put(prefix + "limit", String.valueOf(gauge.perMinute()));
      headers.put(prefix + "remaining", String.valueOf(gauge.remaining()));
      // Whole seconds, rounded up: nobody should come back too early.
      Instant reset = now.plus(gauge.resetAfter()).plusMillis(999);
      headers.put(prefix + "reset", reset.truncatedTo(ChronoUnit.SECONDS).toString());
    }
  }

  @Override
  public Misbehaviour.RetryAfterForm retryAfterForm() {
    return Misbehaviour.RetryAfterForm.SECONDS;
  }

  @Override
  public Reply reply(ApiError error, String requestId) {
    if (error.type().equals("html")) {
      return Reply.text(error.status(), "text/html", error.message());
    }
    return Reply.json(error.status(), body(error).put("request_id", requestId));
  }

  @Override
  public String streamError(ApiError error) {
    return "event: error\ndata: " + body(error) + "\n\n";
  }

  private static ObjectNode body(ApiError error) {
    ObjectNode body = Json.MAPPER.createObjectNode().put("type", "error");
    ObjectNode inner = body.putObject("error");
    inner.put("type", error.type()).put("message", error.message());
    if (error.code() != null) {
      inner.putObject("details").put("error_code", error.code());
    }
    return body;
  }

  static ApiException invalid(String message) {
    return new ApiException(error(400, INVALID, message));
  }

  private static ApiError error(int status, String type, String message) {
    return new ApiError(status, type, null, null, message);
  }

  @Override
  public ApiError inStream() {
    return ofStatus(529, null);
  }

  @Override
  public ApiError noKey() {
    return error(401, "authentication_error", "x-api-key header is required");
  }

  @Override
  public ApiError wrongKey(String key) {
    return error(401, "authentication_error", "invalid x-api-key");
  }

  @Override
  public ApiError badJson(String why) {
    return error(400, INVALID, "The request body is not valid JSON: " + why);
  }

  @Override
  public ApiError unknownPath(Request request) {
    return error(404, "not_found_error", "Not Found");
  }

  @Override
  public ApiError noSuchModel(String model) {
    return error(404, "not_found_error", "model: " + model);
  }

  @Override
  public ApiError contextTooLong(long max, long got) {
    return error(400, INVALID, "prompt is too long: " + got + " tokens > " + max + " maximum");
  }

  @Override
  public ApiError insufficientQuota() {
    return error(
        400,
        INVALID,
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing"
            + " to upgrade or purchase credits.");
  }

  @Override
  public ApiError promptBlocked() {
    return error(400, INVALID, "Output blocked by content filtering policy");
  }

  @Override
  public ApiError limited(Admission.Refused refused, String model) {
    return switch (refused.kind()) {
      case REQUESTS -> rate(refused.limit() + " requests per minute");
      case TOKENS -> rate(refused.limit() + " tokens per minute");
      case CONCURRENCY ->
          error(
              429,
              "rate_limit_error",
              "Number of concurrent connections has exceeded your rate limit. Please try again"
                  + " later or contact sales at https://www.anthropic.com/contact-sales to discuss"
                  + " your options for a rate limit increase.");
    };
  }

  private static ApiError rate(String limit) {
    return error(
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit of "
            + limit
            + ". For details, refer to: https://docs.claude.com/en/api/rate-limits.");
  }

  @Override
  public ApiError ofStatus(int status, @Nullable Duration retryAfter) {
    return switch (status) {
      case 400 -> error(400, INVALID, "The request is invalid.");
      case 401 -> wrongKey("");
      case 402 -> error(402, "billing_error", "There is an issue with your billing.");
      case 403 ->
          error(
              403,
              "permission_error",
              "Your API key does not have permission to use the specified resource.");
      case 404 -> noSuchModel("scripted-as-missing");
      case 413 -> error(413, "request_too_large", "Request exceeds the maximum size");
      case 429 -> rate("50 requests per minute");
      case 500 -> error(500, "api_error", "Internal server error");
      case 502 ->
          error(
              502,
              "html",
              "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502"
                  + " Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n"
                  + "</html>\r\n");
      case 504 -> error(504, "timeout_error", "The request timed out.");
      case 529 -> error(529, "overloaded_error", "Overloaded");
      default ->
          status < 500
              ? error(status, INVALID, "The request failed with " + status + ".")
              : error(status, "api_error", "Internal server error");
    };
  }
}
