package dev.penstock.http;

import dev.penstock.job.Failure;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The one place that says what an error of an API is to a job. A code that is known decides; else
 * what the message says, where APIs have no code of their own for it; else the status. {@code
 * docs/providers.md} has it as a table.
 */
final class ErrorRules {
  /** A kind of failure, before it has its message. */
  private enum Kind {
    RETRYABLE,
    THROTTLED,
    OVERLOADED,
    TIMED_OUT,
    INVALID,
    NO_MODEL,
    AUTHENTICATION,
    REFUSED,
    TOO_LONG,
    BUDGET
  }

  private static final Map<String, Kind> BY_CODE =
      Map.ofEntries(
          // The input, or input and output, are too long for this model.
          Map.entry("context_length_exceeded", Kind.TOO_LONG),
          Map.entry("string_above_max_length", Kind.TOO_LONG),
          Map.entry("request_too_large", Kind.TOO_LONG),
          // The account has nothing left.
          Map.entry("insufficient_quota", Kind.BUDGET),
          Map.entry("credit_balance_exhausted", Kind.BUDGET),
          Map.entry("billing_hard_limit_reached", Kind.BUDGET),
          Map.entry("billing_not_active", Kind.BUDGET),
          Map.entry("billing_error", Kind.BUDGET),
          Map.entry("enforced_spend_limit_reached", Kind.BUDGET),
          // Rules of content.
          Map.entry("content_filter", Kind.REFUSED),
          Map.entry("content_policy_violation", Kind.REFUSED),
          Map.entry("responsibleaipolicyviolation", Kind.REFUSED),
          Map.entry("invalid_prompt", Kind.REFUSED),
          Map.entry("refusal", Kind.REFUSED),
          // The key, or what it may do.
          Map.entry("invalid_api_key", Kind.AUTHENTICATION),
          Map.entry("authentication_error", Kind.AUTHENTICATION),
          Map.entry("permission_error", Kind.AUTHENTICATION),
          Map.entry("insufficient_permissions", Kind.AUTHENTICATION),
          Map.entry("account_deactivated", Kind.AUTHENTICATION),
          Map.entry("ip_not_authorized", Kind.AUTHENTICATION),
          Map.entry("unsupported_country_region_territory", Kind.AUTHENTICATION),
          // No such model.
          Map.entry("model_not_found", Kind.NO_MODEL),
          Map.entry("deploymentnotfound", Kind.NO_MODEL),
          Map.entry("not_found_error", Kind.NO_MODEL),
          // Too fast.
          Map.entry("rate_limit_exceeded", Kind.THROTTLED),
          Map.entry("rate_limit_error", Kind.THROTTLED),
          // Too much to do for everyone.
          Map.entry("overloaded_error", Kind.OVERLOADED),
          Map.entry("server_is_overloaded", Kind.OVERLOADED),
          Map.entry("service_unavailable_error", Kind.OVERLOADED),
          Map.entry("engine_overloaded", Kind.OVERLOADED),
          // Its own trouble.
          Map.entry("timeout_error", Kind.TIMED_OUT),
          Map.entry("server_error", Kind.RETRYABLE),
          Map.entry("api_error", Kind.RETRYABLE),
          Map.entry("internal_error", Kind.RETRYABLE),
          Map.entry("conflict_error", Kind.RETRYABLE));

  private static final Pattern NO_SUCH_MODEL =
      Pattern.compile("\\bmodel\\b.{0,200}(not found|does not exist)");

  /** Of a message, where no code decided. */
  private record Rule(Pattern pattern, Kind kind) {}

  private static final List<Rule> BY_MESSAGE =
      List.of(
          new Rule(
              Pattern.compile(
                  "maximum context length|context (length|window|size)|prompt is too long"
                      + "|input is too long|request too large for|too many tokens"),
              Kind.TOO_LONG),
          new Rule(
              Pattern.compile(
                  "credit balance|api usage limits?|spend(ing)? limit|exceeded your current quota"),
              Kind.BUDGET),
          new Rule(
              Pattern.compile("content (management |filter(ing)? )?policy|flagged by moderation"),
              Kind.REFUSED));

  private ErrorRules() {}

  /** The codes that decide, for the page that lists them. */
  static Set<String> codes() {
    return new TreeSet<>(BY_CODE.keySet());
  }

  /**
   * The failure.
   *
   * @param status of HTTP, or 0 where the error came within an answer
   * @param message of the failure, redacted
   * @param retryAfter what the provider asks to wait; zero where it does not
   */
  static Failure failure(int status, ErrorBody error, String message, Duration retryAfter) {
    return switch (kind(status, error)) {
      case RETRYABLE ->
          // A provider that says when it can be asked again is not asked before.
          retryAfter.isZero()
              ? new Failure.Retryable(message)
              : new Failure.Overloaded(message, retryAfter);
      case THROTTLED -> new Failure.Throttled(message, retryAfter);
      case OVERLOADED -> new Failure.Overloaded(message, retryAfter);
      case TIMED_OUT -> new Failure.TimedOut(message);
      case INVALID -> new Failure.InvalidRequest(message);
      case NO_MODEL -> new Failure.ModelNotFound(message);
      case AUTHENTICATION -> new Failure.Authentication(message);
      case REFUSED -> new Failure.ContentRefused(message);
      case TOO_LONG -> new Failure.ContextTooLong(message);
      case BUDGET -> new Failure.BudgetSpent(message);
    };
  }

  private static Kind kind(int status, ErrorBody error) {
    String text = error.message() == null ? "" : error.message().toLowerCase(Locale.ROOT);
    for (String code : error.codes()) {
      Kind kind = BY_CODE.get(code);
      if (kind == Kind.THROTTLED && text.contains("request too large for")) {
        // More tokens than a whole minute has: waiting does not help.
        return Kind.TOO_LONG;
      }
      if (kind != null) {
        return kind;
      }
    }
    if (status == 404 && NO_SUCH_MODEL.matcher(text).find()) {
      // Servers that have no code for it; any other 404 is about the address.
      return Kind.NO_MODEL;
    }
    @Nullable Kind said = status < 500 ? byMessage(text) : null;
    return said == null ? byStatus(status) : said;
  }

  private static @Nullable Kind byMessage(String text) {
    for (Rule rule : BY_MESSAGE) {
      if (rule.pattern().matcher(text).find()) {
        return rule.kind();
      }
    }
    return null;
  }

  private static Kind byStatus(int status) {
    return switch (status) {
      case 401, 403, 407 -> Kind.AUTHENTICATION;
      case 402 -> Kind.BUDGET;
      case 408, 504, 522, 524 -> Kind.TIMED_OUT;
      case 409, 423, 425 -> Kind.RETRYABLE;
      case 413, 414 -> Kind.TOO_LONG;
      case 429 -> Kind.THROTTLED;
      case 451 -> Kind.REFUSED;
      case 503, 529 -> Kind.OVERLOADED;
      // What else is wrong with a request will be wrong again. A redirect is not followed and can
      // be mended in the configuration; 0 is an error within an answer.
      default -> status >= 400 && status < 500 ? Kind.INVALID : Kind.RETRYABLE;
    };
  }
}
