package dev.penstock.codec;

import dev.penstock.job.CacheRule;
import dev.penstock.job.Job;
import dev.penstock.job.JobId;
import dev.penstock.job.JobInput;
import dev.penstock.job.Ordering;
import dev.penstock.job.Priority;
import dev.penstock.job.RetryRule;
import dev.penstock.job.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.SerializedString;

/** {@link Job}. */
final class JobShape extends Shape<Job> {
  static final JobShape JOB = new JobShape();

  private static final SerializedString ID = new SerializedString("id");
  private static final SerializedString MODEL = new SerializedString("model");
  private static final SerializedString INPUT = new SerializedString("input");
  private static final SerializedString MAX_ATTEMPTS = new SerializedString("maxAttempts");
  private static final SerializedString ATTEMPT_TIMEOUT = new SerializedString("attemptTimeout");
  private static final SerializedString ACCEPTED_AT = new SerializedString("acceptedAt");
  private static final SerializedString EXPIRE_AT = new SerializedString("expireAt");
  private static final SerializedString LABELS = new SerializedString("labels");
  private static final SerializedString RUN_AT = new SerializedString("runAt");
  private static final SerializedString RETRY = new SerializedString("retry");
  private static final SerializedString ORDERING_KEY = new SerializedString("orderingKey");
  private static final SerializedString ON_DEAD_LETTER = new SerializedString("onDeadLetter");
  private static final SerializedString PRIORITY = new SerializedString("priority");
  private static final SerializedString PROGRESS = new SerializedString("progress");
  private static final SerializedString TENANT = new SerializedString("tenant");
  private static final SerializedString CACHE = new SerializedString("cache");

  @Override
  Job readFields(Fields in) {
    JobId id = null;
    String model = null;
    JobInput input = null;
    Integer maxAttempts = null;
    Duration attemptTimeout = null;
    Instant acceptedAt = null;
    Instant expireAt = null;
    Map<String, String> labels = null;
    Instant runAt = null;
    RetryRule retry = null;
    String orderingKey = null;
    Ordering.OnDeadLetter onDeadLetter = Ordering.OnDeadLetter.RELEASE;
    Priority priority = Priority.NORMAL;
    boolean progress = false;
    TenantId tenant = TenantId.DEFAULT;
    CacheRule cache = null;
    for (String name = in.next(); name != null; name = in.next()) {
      switch (name) {
        case "id" -> id = in.id();
        case "model" -> model = in.text();
        case "input" -> input = in.object(InputShape.INPUT);
        case "maxAttempts" -> maxAttempts = in.integer();
        case "attemptTimeout" -> attemptTimeout = in.duration();
        case "acceptedAt" -> acceptedAt = in.instant();
        case "expireAt" -> expireAt = in.isNull() ? null : in.instant();
        case "labels" -> labels = in.textByName();
        case "runAt" -> runAt = in.isNull() ? null : in.instant();
        case "retry" -> retry = in.isNull() ? null : in.object(RetryRuleShape.RETRY_RULE);
        case "orderingKey" -> orderingKey = in.isNull() ? null : in.text();
        case "onDeadLetter" -> {
          if (!in.isNull()) {
            onDeadLetter = Ordering.OnDeadLetter.of(in.text());
          }
        }
        case "priority" -> priority = in.isNull() ? Priority.NORMAL : priority(in);
        case "progress" -> progress = !in.isNull() && in.bool();
        case "tenant" -> tenant = in.isNull() ? TenantId.DEFAULT : TenantId.of(in.text());
        case "cache" -> cache = in.isNull() ? null : in.object(CacheRuleShape.CACHE_RULE);
        default -> in.skip();
      }
    }
    return new Job(
        in.required("id", id),
        in.required("model", model),
        in.required("input", input),
        in.required("maxAttempts", maxAttempts),
        in.required("attemptTimeout", attemptTimeout),
        in.required("acceptedAt", acceptedAt),
        expireAt,
        in.required("labels", labels),
        runAt,
        retry,
        orderingKey == null ? null : new Ordering(orderingKey, onDeadLetter),
        priority,
        progress,
        tenant,
        cache);
  }

  private static Priority priority(Fields in) {
    return Priority.ofWireName(in.text()).orElseThrow(() -> in.misfit("not a priority"));
  }

  @Override
  void writeFields(Job job, JsonGenerator out) {
    out.writeName(ID).writeString(job.id().toString());
    out.writeName(MODEL).writeString(job.model());
    out.writeName(INPUT);
    InputShape.INPUT.write(job.input(), out);
    out.writeName(MAX_ATTEMPTS).writeNumber(job.maxAttempts());
    out.writeName(ATTEMPT_TIMEOUT).writeString(TimeText.text(job.attemptTimeout()));
    out.writeName(ACCEPTED_AT).writeString(TimeText.text(job.acceptedAt()));
    Instant expireAt = job.expireAt();
    if (expireAt != null) {
      out.writeName(EXPIRE_AT).writeString(TimeText.text(expireAt));
    }
    out.writeName(LABELS).writeStartObject();
    job.labels().forEach((name, value) -> out.writeName(name).writeString(value));
    out.writeEndObject();
    Instant runAt = job.runAt();
    if (runAt != null) {
      out.writeName(RUN_AT).writeString(TimeText.text(runAt));
    }
    RetryRule retry = job.retry();
    if (retry != null) {
      out.writeName(RETRY);
      RetryRuleShape.RETRY_RULE.write(retry, out);
    }
    Ordering ordering = job.ordering();
    if (ordering != null) {
      out.writeName(ORDERING_KEY).writeString(ordering.key());
      out.writeName(ON_DEAD_LETTER).writeString(ordering.onDeadLetter().wireName());
    }
    if (job.priority() != Priority.NORMAL) {
      out.writeName(PRIORITY).writeString(job.priority().wireName());
    }
    if (job.progress()) {
      out.writeName(PROGRESS).writeBoolean(true);
    }
    if (!job.tenant().equals(TenantId.DEFAULT)) {
      out.writeName(TENANT).writeString(job.tenant().name());
    }
    CacheRule cache = job.cache();
    if (cache != null) {
      out.writeName(CACHE);
      CacheRuleShape.CACHE_RULE.write(cache, out);
    }
  }
}
