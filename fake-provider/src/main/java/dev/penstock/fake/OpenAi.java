package dev.penstock.fake;

import dev.penstock.codec.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * OpenAI: bearer keys (and Azure's {@code api-key}), errors as in its API reference ("Error codes",
 * "Rate limits"), resets as durations such as {@code 6m0s}.
 */
final class OpenAi implements Protocol {
  static final String INVALID = "invalid_request_error";

  private static final String BEARER = "Bearer ";

  @Override
  public String keyOf(Request request) {
    String authorization = request.header("authorization");
    return authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? authorization.substring(BEARER.length()).strip()
        : request.header("api-key");
  }

  @Override
  public String requestId(long mixed) {
    return "req_" + String.format("%016x%016x", mixed, Mix.of(mixed));
  }

  @Override
  public Map<String, String> headers(
      String requestId, Duration took, LimitState limits, Instant now) {
    var headers = new LinkedHashMap<String, String>();
    headers.put("x-request-id", requestId);
    headers.put("openai-processing-ms", String.valueOf(took.toMillis()));
    headers.put("openai-version", "2020-10-01");
    headers.put("openai-organization", "org-fake");
    gauge(headers, "requests", limits.requests());
    gauge(headers, "tokens", limits.tokens());
    return headers;
  }

  private static void gauge(
      Map<String, String> headers, String what, LimitState.@Nullable Gauge gauge) {
    if (gauge != null) {
      headers.put("x-ratelimit-limit-" + what, String.valueOf(gauge.perMinute()));
      headers.put("x-ratelimit-remaining-" + what, String.valueOf(gauge.remaining()));
      headers.put("x-ratelimit-reset-" + what, goDuration(gauge.resetAfter()));
    }
  }

  /**
   * As Go writes durations: {@code 0s}, {@code 12ms}, {@code 1.2s}, {@code 6m0s}, {@code 1h0m0s}.
   */
  static String goDuration(Duration duration) {
    long millis = Math.ceilDiv(duration.toNanos(), 1_000_000L);
    if (millis == 0) {
      return "0s";
    }
    if (millis < 1_000) {
      return millis + "ms";
    }
    long minutes = millis / 60_000;
    String seconds =
        java.math.BigDecimal.valueOf(millis % 60_000, 3).stripTrailingZeros().toPlainString() + "s";
    if (minutes == 0) {
      return seconds;
    }
    return (minutes < 60 ? "" : minutes / 60 + "h") + minutes % 60 + "m" + seconds;
  }

  @Override
  public Misbehaviour.RetryAfterForm retryAfterForm() {
    return Misbehaviour.RetryAfterForm.MILLIS;
  }

  @Override
  public Reply reply(ApiError error, String requestId) {
    if (error.type().equals("html")) {
      return Reply.text(error.status(), "text/html", error.message());
    }
    return Reply.json(error.status(), body(error));
  }

  @Override
  public String streamError(ApiError error) {
    return "data: " + body(error) + "\n\n";
  }

  private static ObjectNode body(ApiError error) {
    ObjectNode body = Json.MAPPER.createObjectNode();
    body.putObject("error")
        .put("message", error.message())
        .put("type", error.type())
        .put("param", error.param())
        .put("code", error.code());
    return body;
  }

  @Override
  public ApiError inStream() {
    return ofStatus(500, null);
  }

  @Override
  public ApiError noKey() {
    return new ApiError(
        401,
        INVALID,
        null,
        null,
        "You didn't provide an API key. You need to provide your API key in an Authorization header"
            + " using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).");
  }

  @Override
  public ApiError wrongKey(String key) {
    return new ApiError(
        401, INVALID, "invalid_api_key", null, "Incorrect API key provided: " + masked(key) + ".");
  }

  private static String masked(String key) {
    return key.length() <= 8
        ? "*".repeat(key.length())
        : key.substring(0, 4)
            + "*".repeat(Math.min(24, key.length() - 8))
            + key.substring(key.length() - 4);
  }

  @Override
  public ApiError badJson(String why) {
    return new ApiError(
        400,
        INVALID,
        null,
        null,
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't"
            + " using your HTTP library correctly. The OpenAI API expects a JSON payload, but what"
            + " was sent was not valid JSON: "
            + why
            + ")");
  }

  @Override
  public ApiError unknownPath(Request request) {
    return new ApiError(
        404, INVALID, null, null, "Invalid URL (" + request.method() + " " + request.path() + ")");
  }

  @Override
  public ApiError noSuchModel(String model) {
    return new ApiError(
        404,
        INVALID,
        "model_not_found",
        null,
        "The model `" + model + "` does not exist or you do not have access to it.");
  }

  @Override
  public ApiError contextTooLong(long max, long got) {
    return new ApiError(
        400,
        INVALID,
        "context_length_exceeded",
        "messages",
        "This model's maximum context length is "
            + max
            + " tokens. However, your messages resulted in "
            + got
            + " tokens. Please reduce the length of the messages.");
  }

  @Override
  public ApiError insufficientQuota() {
    return new ApiError(
        429,
        "insufficient_quota",
        "insufficient_quota",
        null,
        "You exceeded your current quota, please check your plan and billing details.");
  }

  @Override
  public ApiError promptBlocked() {
    // As Azure tells it; OpenAI's own API has the code content_policy_violation for pictures only.
    return new ApiError(
        400,
        INVALID,
        "content_filter",
        "prompt",
        "The response was filtered due to the prompt triggering the content management policy."
            + " Please modify your prompt and retry.");
  }

  @Override
  public ApiError limited(Admission.Refused refused, String model) {
    return switch (refused.kind()) {
      case REQUESTS -> overLimit(refused, model, "requests", "requests per min (RPM)");
      case TOKENS -> overLimit(refused, model, "tokens", "tokens per min (TPM)");
      case CONCURRENCY ->
          new ApiError(
              429,
              "requests",
              "rate_limit_exceeded",
              null,
              "Too many concurrent requests for "
                  + model
                  + ": Limit "
                  + refused.limit()
                  + ". Please try again when one of them has ended.");
    };
  }

  private static ApiError overLimit(
      Admission.Refused refused, String model, String type, String what) {
    return new ApiError(
        429,
        type,
        "rate_limit_exceeded",
        null,
        "Rate limit reached for "
            + model
            + " in organization org-fake on "
            + what
            + ": Limit "
            + refused.limit()
            + ", Used "
            + refused.used()
            + ", Requested "
            + refused.requested()
            + ". Please try again in "
            + goDuration(refused.retryAfter())
            + ".");
  }

  @Override
  public ApiError ofStatus(int status, @Nullable Duration retryAfter) {
    return switch (status) {
      case 400 -> new ApiError(400, INVALID, null, null, "The request is invalid.");
      case 401 -> wrongKey("sk-scripted-as-wrong");
      case 403 ->
          new ApiError(
              403,
              "request_forbidden",
              "unsupported_country_region_territory",
              null,
              "Country, region, or territory not supported");
      case 404 -> noSuchModel("scripted-as-missing");
      case 409 -> new ApiError(409, INVALID, "conflict", null, "The resource was updated.");
      case 413 -> new ApiError(413, INVALID, null, null, "Request body is too large.");
      case 422 -> new ApiError(422, INVALID, null, null, "The request could not be processed.");
      case 429 ->
          new ApiError(
              429,
              "requests",
              "rate_limit_exceeded",
              null,
              "Rate limit reached in organization org-fake on requests per min (RPM): Limit 500,"
                  + " Used 500, Requested 1. Please try again in "
                  + goDuration(retryAfter == null ? Duration.ofMillis(120) : retryAfter)
                  + ".");
      // What stands in front of the API answers in HTML.
      case 502, 504 ->
          new ApiError(
              status,
              "html",
              null,
              null,
              "<html>\r\n<head><title>"
                  + status
                  + " Bad Gateway</title></head>\r\n<body>\r\n<center><h1>"
                  + status
                  + " Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n"
                  + "</html>\r\n");
      case 503 ->
          new ApiError(
              503,
              "service_unavailable_error",
              "server_is_overloaded",
              null,
              "The engine is currently overloaded, please try again later");
      default ->
          status < 500
              ? new ApiError(status, INVALID, null, null, "The request failed with " + status + ".")
              : new ApiError(
                  status,
                  "server_error",
                  null,
                  null,
                  "The server had an error while processing your request. Sorry about that!");
    };
  }
}
