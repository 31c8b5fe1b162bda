package dev.penstock.submission;

import dev.penstock.codec.Json;
import dev.penstock.job.CacheRule;
import dev.penstock.job.CacheTag;
import dev.penstock.job.Job;
import dev.penstock.job.JobInput;
import dev.penstock.job.Ordering;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryRule;
import dev.penstock.job.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads a submission in one pass over the bytes, without a tree. It accepts exactly what the
 * contract's schemas accept, extractions aside, and says nothing about the rest: {@link
 * SubmissionReader} asks the schemas why. A test holds the two together.
 */
final class FastReader {
  private @Nullable String kind;
  private boolean hasInput;
  private @Nullable String text;
  private @Nullable Integer maxSentences;
  private @Nullable List<String> inputLabels;
  private @Nullable String system;
  private @Nullable Integer maxOutputTokens;
  private @Nullable String model;
  private @Nullable Integer maxAttempts;
  private @Nullable Duration attemptTimeout;
  private @Nullable Instant expireAt;
  private @Nullable Instant runAt;
  private @Nullable Duration delay;
  private @Nullable RetryRule retry;
  private @Nullable String orderingKey;
  private Ordering.@Nullable OnDeadLetter onDeadLetter;
  private @Nullable Priority priority;
  private @Nullable Boolean progress;
  private TenantId tenant = TenantId.DEFAULT;
  private @Nullable CacheRule cache;
  private Map<String, String> labels = Map.of();
  private @Nullable String idempotencyKey;

  private FastReader() {}

  /**
   * The submission, or null when anything about it is not plainly right.
   *
   * @param line whether it may have an idempotency key
   */
  static Submission.@Nullable Valid read(byte[] bytes, int offset, int length, boolean line) {
    try (JsonParser parser = Json.MAPPER.createParser(bytes, offset, length)) {
      var reader = new FastReader();
      return reader.job(parser, line) && parser.nextToken() == null ? reader.build() : null;
    } catch (JacksonException _) {
      return null;
    }
  }

  private boolean job(JsonParser parser, boolean line) {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return false;
    }
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken token = parser.nextToken();
      boolean right =
          switch (name) {
            case "kind" -> {
              kind = string(parser, token);
              yield kind != null;
            }
            case "input" -> token == JsonToken.START_OBJECT && input(parser);
            case "model" -> {
              model = string(parser, token);
              yield model != null && Rules.isModel(model);
            }
            case "maxAttempts" -> {
              maxAttempts = integer(parser, token, Job.MAX_ATTEMPTS);
              yield maxAttempts != null;
            }
            case "attemptTimeout" -> {
              String spelled = string(parser, token);
              attemptTimeout = spelled == null ? null : Rules.duration(spelled);
              yield attemptTimeout != null;
            }
            case "expireAt" -> {
              String spelled = string(parser, token);
              expireAt = spelled == null ? null : Rules.instant(spelled);
              yield expireAt != null;
            }
            case "runAt" -> {
              String spelled = string(parser, token);
              runAt = spelled == null ? null : Rules.instant(spelled);
              yield runAt != null;
            }
            case "delay" -> {
              delay = delay(parser, token);
              yield delay != null;
            }
            case "retry" -> token == JsonToken.START_OBJECT && retry(parser);
            case "priority" -> {
              String spelled = string(parser, token);
              priority = spelled == null ? null : Priority.ofWireName(spelled).orElse(null);
              yield priority != null;
            }
            case "progress" -> {
              progress = token == JsonToken.VALUE_TRUE;
              yield progress || token == JsonToken.VALUE_FALSE;
            }
            case "labels" -> token == JsonToken.START_OBJECT && labels(parser);
            case "orderingKey" -> {
              orderingKey = string(parser, token);
              yield orderingKey != null && Ordering.isKey(orderingKey);
            }
            case "onDeadLetter" -> {
              String spelled = string(parser, token);
              onDeadLetter = spelled == null ? null : Rules.onDeadLetter(spelled);
              yield onDeadLetter != null;
            }
            case "tenant" -> {
              String spelled = string(parser, token);
              if (spelled == null || !TenantId.isName(spelled)) {
                yield false;
              }
              tenant = TenantId.of(spelled);
              yield true;
            }
            case "cache" -> cache(parser, token);
            case "idempotencyKey" -> {
              idempotencyKey = string(parser, token);
              yield line && idempotencyKey != null && Rules.isIdempotencyKey(idempotencyKey);
            }
            default -> false;
          };
      if (!right) {
        return false;
      }
    }
    return parser.currentToken() == JsonToken.END_OBJECT;
  }

  private boolean cache(JsonParser parser, JsonToken token) {
    if (token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE) {
      cache = token == JsonToken.VALUE_TRUE ? null : CacheRule.NEVER;
      return true;
    }
    if (token != JsonToken.START_OBJECT) {
      return false;
    }
    Duration ttl = null;
    List<String> tags = List.of();
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken value = parser.nextToken();
      boolean right =
          switch (name) {
            case "ttl" -> {
              String spelled = string(parser, value);
              ttl = spelled == null ? null : Rules.cacheTtl(spelled);
              yield ttl != null;
            }
            case "tags" -> {
              List<String> read = value == JsonToken.START_ARRAY ? tags(parser) : null;
              tags = read == null ? List.of() : read;
              yield read != null;
            }
            default -> false;
          };
      if (!right) {
        return false;
      }
    }
    cache = Rules.cacheRule(ttl, tags);
    return parser.currentToken() == JsonToken.END_OBJECT;
  }

  private static @Nullable List<String> tags(JsonParser parser) {
    var tags = new ArrayList<String>();
    while (parser.nextToken() == JsonToken.VALUE_STRING) {
      String tag = parser.getString();
      if (tags.size() == CacheRule.MAX_TAGS || !CacheTag.isTag(tag) || tags.contains(tag)) {
        return null;
      }
      tags.add(tag);
    }
    return parser.currentToken() == JsonToken.END_ARRAY ? tags : null;
  }

  private static @Nullable Duration delay(JsonParser parser, JsonToken token) {
    String spelled = string(parser, token);
    return spelled == null ? null : Rules.delay(spelled);
  }

  private boolean retry(JsonParser parser) {
    Duration baseDelay = null;
    Duration maxDelay = null;
    Double multiplier = null;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken token = parser.nextToken();
      boolean right =
          switch (name) {
            case "baseDelay" -> (baseDelay = delay(parser, token)) != null;
            case "maxDelay" -> (maxDelay = delay(parser, token)) != null;
            case "multiplier" -> (multiplier = multiplier(parser, token)) != null;
            default -> false;
          };
      if (!right) {
        return false;
      }
    }
    if (!Rules.isOrdered(baseDelay, maxDelay)) {
      return false;
    }
    retry =
        baseDelay == null && maxDelay == null && multiplier == null
            ? null
            : new RetryRule(baseDelay, maxDelay, multiplier);
    return parser.currentToken() == JsonToken.END_OBJECT;
  }

  private static @Nullable Double multiplier(JsonParser parser, JsonToken token) {
    if (token != JsonToken.VALUE_NUMBER_INT && token != JsonToken.VALUE_NUMBER_FLOAT) {
      return null;
    }
    double value = parser.getDoubleValue();
    return value >= 1 && value <= RetryRule.MAX_MULTIPLIER ? value : null;
  }

  private boolean input(JsonParser parser) {
    hasInput = true;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken token = parser.nextToken();
      boolean right =
          switch (name) {
            case "text" -> token == JsonToken.VALUE_STRING && text(parser.getString());
            case "maxSentences" -> {
              maxSentences = integer(parser, token, JobInput.MAX_SENTENCES);
              yield maxSentences != null;
            }
            case "labels" -> token == JsonToken.START_ARRAY && inputLabels(parser);
            case "system" -> token == JsonToken.VALUE_STRING && system(parser.getString());
            case "maxOutputTokens" -> {
              maxOutputTokens = integer(parser, token, JobInput.MAX_OUTPUT_TOKENS);
              yield maxOutputTokens != null;
            }
            default -> false;
          };
      if (!right) {
        return false;
      }
    }
    return parser.currentToken() == JsonToken.END_OBJECT;
  }

  private boolean text(String value) {
    text = value;
    return value.length() <= JobInput.MAX_TEXT_CHARS && !value.isBlank() && Rules.isUnicode(value);
  }

  private boolean system(String value) {
    system = value;
    return value.length() <= JobInput.MAX_SYSTEM_CHARS
        && !value.isBlank()
        && Rules.isUnicode(value);
  }

  private boolean inputLabels(JsonParser parser) {
    var read = new ArrayList<String>();
    while (parser.nextToken() == JsonToken.VALUE_STRING) {
      String label = parser.getString();
      if (read.size() == JobInput.MAX_LABELS
          || label.isBlank()
          || label.length() > JobInput.MAX_LABEL_CHARS
          || !Rules.isUnicode(label)) {
        return false;
      }
      read.add(label);
    }
    inputLabels = read;
    return parser.currentToken() == JsonToken.END_ARRAY
        && read.size() >= 2
        && new HashSet<>(read).size() == read.size();
  }

  private boolean labels(JsonParser parser) {
    var read = new HashMap<String, String>();
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        return false;
      }
      String value = parser.getString();
      if (name.isEmpty()
          || name.length() > Job.MAX_LABEL_CHARS
          || value.length() > Job.MAX_LABEL_CHARS
          || !Rules.isUnicode(value)) {
        return false;
      }
      read.put(name, value);
    }
    labels = read;
    return parser.currentToken() == JsonToken.END_OBJECT && read.size() <= Job.MAX_LABELS;
  }

  private static @Nullable String string(JsonParser parser, JsonToken token) {
    return token == JsonToken.VALUE_STRING ? parser.getString() : null;
  }

  /** The integer from 1 to {@code max}, or null; to JSON Schema 3.0 is an integer too. */
  private static @Nullable Integer integer(JsonParser parser, JsonToken token, int max) {
    if (token != JsonToken.VALUE_NUMBER_INT && token != JsonToken.VALUE_NUMBER_FLOAT) {
      return null;
    }
    double value = parser.getDoubleValue();
    return value >= 1 && value <= max && value == Math.rint(value) ? (int) value : null;
  }

  private Submission.@Nullable Valid build() {
    if (kind == null || !hasInput || text == null || (runAt != null && delay != null)) {
      return null;
    }
    if (orderingKey == null ? onDeadLetter != null : runAt != null || delay != null) {
      return null;
    }
    if (!kind.equals("generate") && (system != null || maxOutputTokens != null)) {
      return null;
    }
    JobInput input =
        switch (kind) {
          case "summarize" ->
              inputLabels == null
                  ? new JobInput.Summarize(
                      text, maxSentences == null ? JobRequest.DEFAULT_MAX_SENTENCES : maxSentences)
                  : null;
          case "classify" ->
              maxSentences == null && inputLabels != null
                  ? new JobInput.Classify(text, inputLabels)
                  : null;
          case "embed" ->
              maxSentences == null && inputLabels == null ? new JobInput.Embed(text) : null;
          case "detect-language" ->
              maxSentences == null && inputLabels == null
                  ? new JobInput.DetectLanguage(text)
                  : null;
          case "generate" ->
              maxSentences == null && inputLabels == null
                  ? new JobInput.Generate(
                      text,
                      system,
                      maxOutputTokens == null
                          ? JobRequest.DEFAULT_MAX_OUTPUT_TOKENS
                          : maxOutputTokens)
                  : null;
          // An extraction's schema is a tree in any case.
          default -> null;
        };
    return input == null
        ? null
        : new Submission.Valid(
            new JobRequest(
                input,
                model,
                maxAttempts,
                attemptTimeout,
                expireAt,
                runAt,
                delay,
                retry,
                priority,
                labels,
                Rules.ordering(orderingKey, onDeadLetter),
                progress,
                tenant,
                cache),
            idempotencyKey);
  }
}
