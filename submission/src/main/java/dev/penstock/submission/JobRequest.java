package dev.penstock.submission;

import dev.penstock.codec.Json;
import dev.penstock.job.CacheRule;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.Ordering;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryRule;
import dev.penstock.job.TenantId;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/**
 * A valid submission. What was left out is null, so that a change of defaults does not make another
 * submission of it.
 *
 * @param runAt not to be run before; only where {@code delay} is null
 * @param delay not to be run before it has passed since the acceptance
 * @param retry what it says about its retries; null when nothing
 * @param priority how urgent it is, or null where it does not say
 * @param labels sorted by name
 * @param ordering after which jobs it is to be run; null for whenever there is room
 * @param progress whether the answer is to be told while it is written, or null where it does not
 *     say
 * @param tenant on whose behalf it is to be run; whoever names none is the same tenant as who names
 *     the default one
 * @param cache what it says about sharing answers; null for as its route has it
 */
public record JobRequest(
    JobInput input,
    @Nullable String model,
    @Nullable Integer maxAttempts,
    @Nullable Duration attemptTimeout,
    @Nullable Instant expireAt,
    @Nullable Instant runAt,
    @Nullable Duration delay,
    @Nullable RetryRule retry,
    @Nullable Priority priority,
    Map<String, String> labels,
    @Nullable Ordering ordering,
    @Nullable Boolean progress,
    TenantId tenant,
    @Nullable CacheRule cache) {
  static final int DEFAULT_MAX_SENTENCES = 3;
  static final int DEFAULT_MAX_OUTPUT_TOKENS = 1_024;
  private static final int DEFAULT_MAX_ATTEMPTS = 5;
  private static final Duration DEFAULT_ATTEMPT_TIMEOUT = Duration.ofSeconds(60);

  public JobRequest {
    labels = labels.isEmpty() ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(labels));
  }

  /**
   * The submission that would ask for {@code job} again, to be run at once: what the job says,
   * without when it was first to run.
   */
  public static JobRequest of(Job job) {
    return new JobRequest(
        job.input(),
        job.model(),
        job.maxAttempts(),
        job.attemptTimeout(),
        job.expireAt(),
        null,
        null,
        job.retry(),
        job.priority(),
        job.labels(),
        job.ordering(),
        job.progress() ? true : null,
        job.tenant(),
        job.cache());
  }

  /** The job that this asks for. */
  public Job toJob(JobId id, Instant acceptedAt, String defaultModel) {
    return new Job(
        id,
        model == null ? defaultModel : model,
        input,
        maxAttempts == null ? DEFAULT_MAX_ATTEMPTS : maxAttempts,
        attemptTimeout == null ? DEFAULT_ATTEMPT_TIMEOUT : attemptTimeout,
        acceptedAt,
        expireAt,
        labels,
        delay == null ? runAt : acceptedAt.plus(delay),
        retry,
        ordering,
        priority == null ? Priority.NORMAL : priority,
        progress != null && progress,
        tenant,
        cache);
  }

  /** Whether the job is not to run at once. */
  public boolean isScheduled() {
    return runAt != null || delay != null;
  }

  /**
   * The submission in the one form in which two that mean the same are equal, byte for byte: fixed
   * order, no spaces, one spelling of each value. It is itself a valid submission.
   */
  public byte[] canonicalJson() {
    var out = new ByteArrayOutputStream(256 + input.text().length());
    try (JsonGenerator json = Json.MAPPER.createGenerator(out)) {
      json.writeStartObject();
      json.writeStringProperty("kind", input.kind().wireName());
      json.writeObjectPropertyStart("input");
      json.writeStringProperty("text", input.text());
      switch (input) {
        case JobInput.Summarize s -> json.writeNumberProperty("maxSentences", s.maxSentences());
        case JobInput.Classify c -> {
          json.writeArrayPropertyStart("labels");
          c.labels().forEach(json::writeString);
          json.writeEndArray();
        }
        case JobInput.Embed _, JobInput.DetectLanguage _ -> {}
        case JobInput.Generate g -> {
          if (g.system() != null) {
            json.writeStringProperty("system", g.system());
          }
          json.writeNumberProperty("maxOutputTokens", g.maxOutputTokens());
        }
        case JobInput.Extract e -> {
          json.writeName("schema");
          json.writeRawValue(e.schema().text());
        }
      }
      json.writeEndObject();
      if (model != null) {
        json.writeStringProperty("model", model);
      }
      if (maxAttempts != null) {
        json.writeNumberProperty("maxAttempts", maxAttempts);
      }
      if (attemptTimeout != null) {
        json.writeStringProperty("attemptTimeout", attemptTimeout.toMillis() + "ms");
      }
      if (expireAt != null) {
        json.writeStringProperty("expireAt", expireAt.toString());
      }
      if (runAt != null) {
        json.writeStringProperty("runAt", runAt.toString());
      }
      if (delay != null) {
        json.writeStringProperty("delay", delay.toMillis() + "ms");
      }
      if (retry != null) {
        write(retry, json);
      }
      if (priority != null) {
        json.writeStringProperty("priority", priority.wireName());
      }
      if (!labels.isEmpty()) {
        json.writeObjectPropertyStart("labels");
        labels.forEach(json::writeStringProperty);
        json.writeEndObject();
      }
      if (ordering != null) {
        json.writeStringProperty("orderingKey", ordering.key());
        json.writeStringProperty("onDeadLetter", ordering.onDeadLetter().wireName());
      }
      if (progress != null) {
        json.writeBooleanProperty("progress", progress);
      }
      if (!tenant.equals(TenantId.DEFAULT)) {
        json.writeStringProperty("tenant", tenant.name());
      }
      if (cache != null) {
        write(cache, json);
      }
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private static void write(CacheRule cache, JsonGenerator json) {
    if (!cache.allowed()) {
      json.writeBooleanProperty("cache", false);
      return;
    }
    json.writeObjectPropertyStart("cache");
    if (cache.ttl() != null) {
      json.writeStringProperty("ttl", cache.ttl().toMillis() + "ms");
    }
    if (!cache.tags().isEmpty()) {
      json.writeArrayPropertyStart("tags");
      cache.tags().forEach(tag -> json.writeString(tag.text()));
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private static void write(RetryRule retry, JsonGenerator json) {
    json.writeObjectPropertyStart("retry");
    if (retry.baseDelay() != null) {
      json.writeStringProperty("baseDelay", retry.baseDelay().toMillis() + "ms");
    }
    if (retry.maxDelay() != null) {
      json.writeStringProperty("maxDelay", retry.maxDelay().toMillis() + "ms");
    }
    if (retry.multiplier() != null) {
      json.writeNumberProperty("multiplier", retry.multiplier());
    }
    json.writeEndObject();
  }
}
