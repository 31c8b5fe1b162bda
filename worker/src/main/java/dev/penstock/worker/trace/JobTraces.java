package dev.penstock.worker.trace;

import dev.penstock.job.Attempt;
import dev.penstock.job.Failure;
import dev.penstock.job.JobRecord;
import dev.penstock.job.Usage;
import dev.penstock.job.Waits;
import dev.penstock.provider.CallNames;
import dev.penstock.provider.CallReport;
import dev.penstock.provider.Provider;
import dev.penstock.provider.ProviderCall;
import dev.penstock.provider.ProviderResult;
import dev.penstock.runtime.telemetry.Span;
import dev.penstock.runtime.telemetry.SpanKind;
import dev.penstock.runtime.telemetry.Traces;
import dev.penstock.worker.core.Batch;
import dev.penstock.worker.core.Claim;
import dev.penstock.worker.judge.Settlement;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of attempts, calls and commits as parts of their jobs' traces. An attempt is {@code
 * process} and goes on until it is committed; in it are its call, with the names that OpenTelemetry
 * has for generative AI, and its {@code commit}. What was asked and answered is never told.
 * Thread-safe.
 */
public final class JobTraces {
  private static final Logger log = LoggerFactory.getLogger(JobTraces.class);

  /** Tells nothing. */
  public static final JobTraces OFF =
      new JobTraces(Traces.OFF, InstantSource.system(), "", "", false);

  /** So many of the jobs of one transaction it has a link to. */
  static final int MAX_LINKS = 64;

  private static final String OUTCOME = "penstock.outcome";

  private final Traces traces;
  private final InstantSource clock;
  private final String worker;
  private final String group;
  private final boolean toProviders;

  /**
   * @param worker who tells it
   * @param group the consumer group of the workers
   * @param toProviders whether providers are told in which trace a call stands
   */
  public JobTraces(
      Traces traces, InstantSource clock, String worker, String group, boolean toProviders) {
    this.traces = traces;
    this.clock = clock;
    this.worker = worker;
    this.group = group;
    this.toProviders = toProviders;
  }

  /** Whether any trace may be kept. */
  public boolean isOn() {
    return traces.isOn();
  }

  /** The trace context of the job's submission; empty where it has none. */
  private static String traceparent(Claim claim) {
    byte[] header = claim.traceparent();
    return header == null ? "" : new String(header, StandardCharsets.ISO_8859_1);
  }

  /** The trace context of the attempt, or of its submission where nobody tells of attempts. */
  public static String traceparent(Claim claim, Span attempt) {
    String own = attempt.traceparent();
    return own.isEmpty() ? traceparent(claim) : own;
  }

  /** An attempt begins. */
  public Span attempt(Claim claim, ProviderCall call, Instant startedAt) {
    Span attempt = traces.begin(SpanKind.CONSUMER, "process", traceparent(claim), startedAt);
    if (!attempt.isRecording()) {
      return attempt;
    }
    JobRecord record = claim.record();
    attempt
        .set("messaging.system", "kafka")
        .set("messaging.operation.type", "process")
        .set("messaging.operation.name", "process")
        .set("messaging.destination.name", claim.partition().topic())
        .set("messaging.destination.partition.id", String.valueOf(claim.partition().partition()))
        .set("messaging.consumer.group.name", group)
        .set("messaging.kafka.offset", claim.offset())
        .set("penstock.worker.id", worker)
        .set("penstock.job.id", record.job().id().toString())
        .set("penstock.job.kind", call.input().kind().wireName())
        .set("penstock.job.model", record.job().model())
        .set("penstock.job.tenant", record.job().tenant().name())
        .set("penstock.job.generation", record.generation())
        .set("penstock.attempt", call.attempt());
    Waits waits = claim.waits();
    if (waits != null) {
      attempt
          .set("penstock.wait.queued_ms", waits.queuedMillis())
          .set("penstock.wait.limit_ms", waits.limitMillis());
    }
    claim.traced(attempt);
    return attempt;
  }

  /** A provider is about to be called. */
  public Span call(Span attempt, Provider provider, ProviderCall call) {
    if (!attempt.isRecording()) {
      return Span.NONE;
    }
    CallNames names = names(provider, call);
    return attempt
        .child(SpanKind.CLIENT, name(names.operation(), names.model()), clock.instant())
        .set("gen_ai.operation.name", names.operation())
        .set("gen_ai.provider.name", names.vendor())
        .set("gen_ai.request.model", names.model())
        .set("penstock.provider", provider.name());
  }

  /** A plugin may throw anything; no call is lost for its name. */
  private static CallNames names(Provider provider, ProviderCall call) {
    try {
      return provider.names(call);
    } catch (RuntimeException | LinkageError e) {
      log.warn("the provider {} can't name its calls; that is a bug of it", provider.name(), e);
      return new CallNames(provider.name(), call.input().kind().wireName(), call.target().model());
    }
  }

  private static String name(String operation, String model) {
    return model.isEmpty() ? operation : operation + " " + model;
  }

  /** The call as the provider is to see it. */
  public ProviderCall told(ProviderCall call, Span attempt, Span made) {
    if (!toProviders) {
      return call;
    }
    String traceparent = made.traceparent().isEmpty() ? attempt.traceparent() : made.traceparent();
    return traceparent.isEmpty() ? call : call.within(traceparent);
  }

  /**
   * The provider has answered, or failed to.
   *
   * @param interrupted whether nobody waits for it any more
   */
  public void answered(Span call, ProviderResult result, boolean interrupted) {
    if (!call.isRecording()) {
      return;
    }
    CallReport report = result.report();
    Usage usage = report.usage();
    call.set("gen_ai.response.model", report.model())
        .set("penstock.provider.request_id", report.requestId());
    if (!usage.equals(Usage.NONE)) {
      call.set("gen_ai.usage.input_tokens", usage.inputTokens())
          .set("gen_ai.usage.output_tokens", usage.outputTokens());
      if (usage.cachedTokens() > 0) {
        call.set("gen_ai.usage.cache_read.input_tokens", usage.cachedTokens());
      }
    }
    if (report.costNanos() != null) {
      call.set("penstock.cost_nanos", report.costNanos());
    }
    if (interrupted) {
      call.failed("interrupted");
    } else if (result instanceof ProviderResult.Failed(Failure failure, _)) {
      call.failed(failure.code());
    }
    call.end(clock.instant());
  }

  /**
   * A transaction is committed: the attempts that it settles have ended.
   *
   * @param begunAt when it began
   * @param at when it was committed
   */
  public void committed(Batch batch, Instant begunAt, Instant at) {
    var told = new ArrayList<Told>();
    for (Batch.Settled settled : batch.settled()) {
      if (!(settled.settlement() instanceof Settlement.Hold)) {
        Told each = told(settled, begunAt);
        if (each != null) {
          told.add(each);
        }
      }
    }
    if (told.isEmpty()) {
      return;
    }
    // It is of many jobs, so its trace is its own; where that is not kept, nothing has a link to
    // it.
    Span transaction =
        traces
            .begin(SpanKind.INTERNAL, "transaction", null, begunAt)
            .set("messaging.system", "kafka")
            .set("messaging.batch.message_count", batch.size())
            .set("penstock.worker.id", worker);
    if (transaction.isRecording()) {
      told.stream().limit(MAX_LINKS).forEach(each -> transaction.link(each.commit));
      told.forEach(each -> each.commit.link(transaction));
    }
    transaction.end(at);
    for (Told each : told) {
      each.commit.set("messaging.batch.message_count", batch.size()).end(at);
      if (each.attempt != null) {
        each.attempt.end(at);
      }
    }
  }

  /** What is told of one settled job. */
  private record Told(@Nullable Span attempt, Span commit) {}

  private @Nullable Told told(Batch.Settled settled, Instant begunAt) {
    Claim claim = settled.claim();
    Span attempt = claim.span();
    Span commit;
    if (attempt == null) {
      // No call was made here, or nobody keeps the trace.
      commit = traces.begin(SpanKind.INTERNAL, "commit", traceparent(claim), begunAt);
      if (!commit.isRecording()) {
        return null;
      }
      commit.set("penstock.job.id", claim.record().job().id().toString());
    } else {
      commit = attempt.child(SpanKind.INTERNAL, "commit", begunAt);
    }
    String outcome = outcome(settled.settlement());
    commit.set(OUTCOME, outcome);
    Failure failure = failure(settled.settlement());
    if (attempt != null) {
      attempt.set(OUTCOME, outcome);
      if (failure != null) {
        attempt.failed(failure.code());
      }
    }
    return new Told(attempt, commit);
  }

  private static String outcome(Settlement settlement) {
    return switch (settlement) {
      case Settlement.Finish finish -> finish.outcome().state().wireName();
      case Settlement.Retry _ -> "retry";
      case Settlement.Hold _ -> "hold";
    };
  }

  private static @Nullable Failure failure(Settlement settlement) {
    List<Attempt> attempts =
        switch (settlement) {
          case Settlement.Finish finish -> finish.attempts();
          case Settlement.Retry retry -> List.of(retry.failed());
          case Settlement.Hold _ -> List.of();
        };
    return attempts.isEmpty() ? null : attempts.getLast().failure();
  }
}
