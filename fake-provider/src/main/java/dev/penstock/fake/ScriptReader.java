package dev.penstock.fake;

import dev.penstock.codec.Json;
import dev.penstock.fake.Misbehaviour.RetryAfterForm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Reads one script and collects all errors on the way. Fields that it does not know are errors. */
final class ScriptReader {
  static final int MAX_RULES = 1_000;
  static final int MAX_CALLS = 100_000;
  static final int MAX_TEXT_CHARS = 1_000;
  static final int MAX_MODELS = 1_000;
  static final int MAX_ANSWER_TOKENS = 200_000;
  static final int MAX_CONTEXT_TOKENS = 100_000_000;
  static final long MAX_HUGE_BYTES = 1L << 32;
  static final double MAX_SIGMA = 4;
  static final Duration MAX_WINDOW = Duration.ofDays(1);

  private static final long MAX_NUMBER = 1_000_000_000_000_000L;
  private static final Duration ZERO = Duration.ZERO;
  private static final Pattern DURATION = Pattern.compile("(\\d{1,12})(ms|s|m|h|d)");
  private static final List<String> CONDITIONS =
      List.of("calls", "every", "share", "from", "for", "model", "prompt", "path", "times");

  private final List<String> errors = new ArrayList<>();

  Script read(byte[] json) throws ScriptException {
    JsonNode root;
    try {
      root = Json.MAPPER.readTree(json);
    } catch (JacksonException e) {
      throw new ScriptException(List.of("the script is no JSON: " + e.getOriginalMessage()));
    }
    knows(
        root,
        "",
        List.of(
            "seed",
            "latency",
            "answerTokens",
            "contextTokens",
            "cachedTokens",
            "models",
            "limits",
            "rules"));
    var script =
        new Script(
            integer(root, "", "seed", 1, Long.MIN_VALUE, Long.MAX_VALUE),
            root.has("latency") ? latency(root.get("latency"), "/latency") : Latency.NONE,
            (int)
                integer(
                    root, "", "answerTokens", Script.DEFAULT_ANSWER_TOKENS, 1, MAX_ANSWER_TOKENS),
            (int)
                integer(
                    root,
                    "",
                    "contextTokens",
                    Script.DEFAULT_CONTEXT_TOKENS,
                    1,
                    MAX_CONTEXT_TOKENS),
            (int) integer(root, "", "cachedTokens", 0, 0, MAX_CONTEXT_TOKENS),
            models(root),
            root.has("limits") ? limits(root.get("limits")) : null,
            rules(root));
    if (!errors.isEmpty()) {
      throw new ScriptException(errors);
    }
    return script;
  }

  private List<String> models(JsonNode root) {
    var models = new ArrayList<String>();
    for (JsonNode model : array(root, "", "models", MAX_MODELS)) {
      if (model.isString() && !model.stringValue().isBlank()) {
        models.add(model.stringValue());
      } else {
        wrong("/models/" + models.size(), model, "must be the name of a model");
        models.add("");
      }
    }
    return models;
  }

  private Limits limits(JsonNode node) {
    String at = "/limits";
    knows(node, at, List.of("requestsPerMinute", "tokensPerMinute", "concurrency", "burst"));
    long max = Limits.MAX_PER_MINUTE;
    return new Limits(
        integer(node, at, "requestsPerMinute", 0, 0, max),
        integer(node, at, "tokensPerMinute", 0, 0, max),
        (int) integer(node, at, "concurrency", 0, 0, Integer.MAX_VALUE),
        duration(node, at, "burst", Limits.DEFAULT_BURST, Limits.MIN_BURST, Limits.MAX_BURST));
  }

  private List<Rule> rules(JsonNode root) {
    var rules = new ArrayList<Rule>();
    for (JsonNode rule : array(root, "", "rules", MAX_RULES)) {
      rules.add(rule(rule, "/rules/" + rules.size()));
    }
    return rules;
  }

  private Rule rule(JsonNode node, String at) {
    Rule.When when = when(node.path("when"), at + "/when");
    Latency latency = node.has("latency") ? latency(node.get("latency"), at + "/latency") : null;
    if (!node.has("do")) {
      knows(node, at, List.of("when", "latency"));
      if (latency == null && node.isObject()) {
        errors.add(at + " does nothing: it needs a 'do' or a 'latency'");
      }
      return new Rule(when, null, latency);
    }
    return new Rule(when, misbehaviour(node, at), latency);
  }

  private @Nullable Misbehaviour misbehaviour(JsonNode node, String at) {
    String name = node.get("do").asString("");
    return switch (name) {
      case "error" -> {
        takes(node, at, "status", "code", "retryAfter", "retryAfterAs", "quotaHeaders");
        if (!node.has("status")) {
          errors.add(at + "/status is missing: an error needs its status, from 400 to 599");
        }
        int status = (int) integer(node, at, "status", 500, 400, 599);
        yield new Misbehaviour.Status(
            status,
            text(node, at, "code"),
            node.has("retryAfter")
                ? duration(node, at, "retryAfter", ZERO, ZERO, MAX_WINDOW)
                : null,
            retryAfterForm(node, at),
            flag(node, at, "quotaHeaders", status == 429));
      }
      case "context_length_exceeded" -> plain(node, at, new Misbehaviour.ContextTooLong());
      case "insufficient_quota" -> plain(node, at, new Misbehaviour.InsufficientQuota());
      case "prompt_blocked" -> plain(node, at, new Misbehaviour.PromptBlocked());
      case "refusal" -> plain(node, at, new Misbehaviour.Refuse());
      case "content_filter" -> plain(node, at, new Misbehaviour.ContentFilter());
      case "length" -> plain(node, at, new Misbehaviour.Length());
      case "malformed_json" -> plain(node, at, new Misbehaviour.MalformedJson());
      case "wrong_content_type" -> plain(node, at, new Misbehaviour.WrongContentType());
      case "empty_body" -> plain(node, at, new Misbehaviour.EmptyBody());
      case "unfinished_stream" -> plain(node, at, new Misbehaviour.UnfinishedStream());
      case "stream_error" -> plain(node, at, new Misbehaviour.StreamError());
      case "huge_body" -> {
        takes(node, at, "bytes");
        yield new Misbehaviour.HugeBody(integer(node, at, "bytes", 64L << 20, 1, MAX_HUGE_BYTES));
      }
      case "drip" -> {
        takes(node, at, "over");
        yield new Misbehaviour.Drip(
            duration(node, at, "over", Duration.ofSeconds(30), Duration.ofMillis(1), Latency.MAX));
      }
      case "cut" -> {
        takes(node, at, "at");
        yield new Misbehaviour.Cut(decimal(node, at, "at", 0.5, 0, 1));
      }
      case "reset" -> {
        takes(node, at, "at");
        yield new Misbehaviour.Reset(decimal(node, at, "at", 0, 0, 1));
      }
      case "hang" -> {
        takes(node, at, "at", "for");
        yield new Misbehaviour.Hang(
            decimal(node, at, "at", 0, 0, 1),
            duration(node, at, "for", Latency.MAX, Duration.ofMillis(1), Latency.MAX));
      }
      default -> {
        wrong(
            at + "/do",
            node.get("do"),
            "must be one of error, context_length_exceeded, insufficient_quota, prompt_blocked,"
                + " refusal, content_filter, length, malformed_json, wrong_content_type,"
                + " empty_body, unfinished_stream, stream_error, huge_body, drip, cut, reset,"
                + " hang");
        yield null;
      }
    };
  }

  private Misbehaviour plain(JsonNode node, String at, Misbehaviour misbehaviour) {
    takes(node, at);
    return misbehaviour;
  }

  private void takes(JsonNode node, String at, String... parameters) {
    var names = new ArrayList<>(List.of("do", "when", "latency"));
    names.addAll(List.of(parameters));
    knows(node, at, names);
  }

  private RetryAfterForm retryAfterForm(JsonNode node, String at) {
    String form = text(node, at, "retryAfterAs");
    return switch (form) {
      case null -> RetryAfterForm.SECONDS;
      case "seconds" -> RetryAfterForm.SECONDS;
      case "date" -> RetryAfterForm.DATE;
      case "ms" -> RetryAfterForm.MILLIS;
      default -> {
        wrong(at + "/retryAfterAs", node.get("retryAfterAs"), "must be seconds, date or ms");
        yield RetryAfterForm.SECONDS;
      }
    };
  }

  private Rule.When when(JsonNode node, String at) {
    if (!node.isMissingNode()) {
      knows(node, at, CONDITIONS);
    }
    return new Rule.When(
        calls(node, at),
        integer(node, at, "every", 0, 1, MAX_NUMBER),
        decimal(node, at, "share", 1, 0, 1),
        duration(node, at, "from", ZERO, ZERO, MAX_WINDOW),
        node.has("for")
            ? duration(node, at, "for", MAX_WINDOW, Duration.ofMillis(1), MAX_WINDOW)
            : null,
        text(node, at, "model"),
        text(node, at, "prompt"),
        text(node, at, "path"),
        integer(node, at, "times", 0, 1, MAX_NUMBER));
  }

  private Set<Long> calls(JsonNode node, String at) {
    var calls = new HashSet<Long>();
    int index = 0;
    for (JsonNode call : array(node, at, "calls", MAX_CALLS)) {
      if (call.isIntegralNumber() && call.canConvertToLong() && call.longValue() >= 1) {
        calls.add(call.longValue());
      } else {
        wrong(at + "/calls/" + index, call, "must be the number of a call, from 1");
      }
      index++;
    }
    if (index == 0 && node.has("calls")) {
      wrong(at + "/calls", node.get("calls"), "must name at least one call");
    }
    return calls;
  }

  private Latency latency(JsonNode node, String at) {
    if (node.isString()) {
      return new Latency.Constant(time(node, at, ZERO, ZERO, Latency.MAX));
    }
    knows(node, at, List.of("median", "sigma", "max"));
    return new Latency.LogNormal(
        duration(node, at, "median", Duration.ofSeconds(1), Duration.ofMillis(1), Latency.MAX),
        decimal(node, at, "sigma", 0.5, 0, MAX_SIGMA),
        duration(node, at, "max", Latency.MAX, Duration.ofMillis(1), Latency.MAX));
  }

  private void knows(JsonNode node, String at, List<String> names) {
    if (!node.isObject()) {
      wrong(at.isEmpty() ? "the script" : at, node, "must be an object");
      return;
    }
    for (var field : node.properties()) {
      if (!names.contains(field.getKey())) {
        errors.add(
            at
                + "/"
                + field.getKey()
                + " is not known here; known are "
                + String.join(", ", names));
      }
    }
  }

  private Iterable<JsonNode> array(JsonNode node, String at, String name, int most) {
    JsonNode value = node.path(name);
    if (value.isMissingNode()) {
      return List.of();
    }
    if (!value.isArray() || value.size() > most) {
      wrong(at + "/" + name, value, "must be a list of at most " + most);
      return List.of();
    }
    return value;
  }

  private @Nullable String text(JsonNode node, String at, String name) {
    JsonNode value = node.path(name);
    if (value.isMissingNode()) {
      return null;
    }
    if (!value.isString()
        || value.stringValue().isEmpty()
        || value.stringValue().length() > MAX_TEXT_CHARS) {
      wrong(at + "/" + name, value, "must be a text of 1 to " + MAX_TEXT_CHARS + " characters");
      return null;
    }
    return value.stringValue();
  }

  private boolean flag(JsonNode node, String at, String name, boolean defaultValue) {
    JsonNode value = node.path(name);
    if (!value.isMissingNode() && !value.isBoolean()) {
      wrong(at + "/" + name, value, "must be true or false");
      return defaultValue;
    }
    return value.booleanValue(defaultValue);
  }

  private long integer(
      JsonNode node, String at, String name, long defaultValue, long min, long max) {
    JsonNode value = node.path(name);
    if (value.isMissingNode()) {
      return defaultValue;
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < min
        || value.longValue() > max) {
      wrong(at + "/" + name, value, "must be a whole number from " + min + " to " + max);
      return Math.clamp(defaultValue, min, max);
    }
    return value.longValue();
  }

  private double decimal(
      JsonNode node, String at, String name, double defaultValue, double min, double max) {
    JsonNode value = node.path(name);
    if (value.isMissingNode()) {
      return defaultValue;
    }
    if (!value.isNumber() || value.doubleValue() < min || value.doubleValue() > max) {
      wrong(at + "/" + name, value, "must be a number from " + min + " to " + max);
      return defaultValue;
    }
    return value.doubleValue();
  }

  private Duration duration(
      JsonNode node, String at, String name, Duration defaultValue, Duration min, Duration max) {
    JsonNode value = node.path(name);
    return value.isMissingNode()
        ? defaultValue
        : time(value, at + "/" + name, defaultValue, min, max);
  }

  private Duration time(
      JsonNode value, String at, Duration defaultValue, Duration min, Duration max) {
    if (value.isString()) {
      Matcher matcher = DURATION.matcher(value.stringValue());
      if (matcher.matches()) {
        Duration time = of(Long.parseLong(matcher.group(1)), matcher.group(2));
        if (time.compareTo(min) >= 0 && time.compareTo(max) <= 0) {
          return time;
        }
      }
    }
    wrong(
        at,
        value,
        "must be a duration such as 250ms, 30s or 5m, from " + said(min) + " to " + said(max));
    return defaultValue;
  }

  private static Duration of(long amount, String unit) {
    return switch (unit) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      case "h" -> Duration.ofHours(amount);
      default -> Duration.ofDays(amount);
    };
  }

  private static String said(Duration time) {
    return time.isZero() ? "0s" : time.toString().substring(2).toLowerCase(Locale.ROOT);
  }

  private void wrong(String at, JsonNode value, String bound) {
    String said = value.isMissingNode() ? "missing" : value.toString();
    errors.add(
        at + " is " + (said.length() > 80 ? said.substring(0, 80) + "…" : said) + ", but " + bound);
  }
}
